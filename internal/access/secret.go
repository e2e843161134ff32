package access

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Prefix begins every secret of an API token, so that scanners find leaked ones.
const Prefix = "mtr_"

// OperatorPrefix begins every secret of an operator. It is another one, so that
// whoever finds or pastes a secret sees what it opens, and each is looked for in
// one place only.
const OperatorPrefix = "mtro_"

// MaxSecret bounds the length of what is looked up, in bytes.
const MaxSecret = 128

// NewSecret makes the secret of an API token and the hash under which it is
// kept. The secret has at least 256 random bits and is shown once.
func NewSecret() (secret string, hash [32]byte) { return newSecret(Prefix) }

func newSecret(prefix string) (secret string, hash [32]byte) {
	secret = prefix + rand.Text() + rand.Text()
	return secret, Hash(secret)
}

// Hash is what is stored of a secret. A secret has full entropy, so a plain
// SHA-256 is enough; it is no password.
func Hash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// NewToken makes an API token of a restaurant with its secret, with the default
// cap on live holds and without an expiry.
func NewToken(id seating.TokenID, restaurant seating.RestaurantID, name string, role seating.Role, at servicetime.Instant) (store.Token, string) {
	secret, hash := NewSecret()
	return store.Token{
		ID: id, Restaurant: restaurant, Name: name, Role: role, Hash: hash,
		HoldCap: seating.TokenHoldCap, Access: 1, CreatedAt: at,
	}, secret
}

// NewOperator makes an operator of the deployment with its secret, without an
// expiry.
func NewOperator(id seating.OperatorID, name string, at servicetime.Instant) (store.Operator, string) {
	secret, hash := newSecret(OperatorPrefix)
	return store.Operator{ID: id, Name: name, Hash: hash, Access: 1, CreatedAt: at}, secret
}

// bearer takes the secret out of an Authorization header, and says whether it is
// an operator's; false when it cannot be one of ours, which needs no look-up.
func bearer(authorization string) (secret string, operator, ok bool) {
	scheme, secret, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || len(secret) > MaxSecret {
		return "", false, false
	}
	body, operator := strings.CutPrefix(secret, OperatorPrefix)
	if !operator {
		if body, ok = strings.CutPrefix(secret, Prefix); !ok {
			return "", false, false
		}
	}
	if body == "" {
		return "", false, false
	}
	for _, c := range []byte(body) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "", false, false
		}
	}
	return secret, operator, true
}

// ValidActingFor reports whether the text may stand in the header Acting-For: 1
// to 64 visible ASCII characters.
func ValidActingFor(s string) bool {
	if len(s) < 1 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
