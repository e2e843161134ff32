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

// MaxSecret bounds the length of what is looked up, in bytes.
const MaxSecret = 128

// NewSecret makes the secret of an API token and the hash under which it is
// kept. The secret has at least 256 random bits and is shown once.
func NewSecret() (secret string, hash [32]byte) {
	secret = Prefix + rand.Text() + rand.Text()
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

// bearer takes the secret out of an Authorization header; false when it cannot
// be one of ours, which needs no look-up.
func bearer(authorization string) (string, bool) {
	scheme, secret, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, Prefix) || len(secret) > MaxSecret {
		return "", false
	}
	body := secret[len(Prefix):]
	if body == "" {
		return "", false
	}
	for _, c := range []byte(body) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "", false
		}
	}
	return secret, true
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
