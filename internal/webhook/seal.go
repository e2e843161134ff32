package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"github.com/maitred/maitred/internal/seating"
)

// Sealer keeps secrets that must be had back as they were: of an endpoint's secret
// a hash would not do, because it signs. What is sealed opens with the same key and
// for the same endpoint only.
type Sealer struct {
	seal cipher.AEAD
	open []cipher.AEAD // the newest first
}

// errSealed says that what is sealed does not open, and not why.
var errSealed = errors.New("the secret cannot be opened with this deployment's key")

// sealVersion is the first byte of what is sealed.
const sealVersion = 1

// NewSealer makes a sealer of the deployment's key; previous, when there is one,
// opens what it sealed but seals nothing any more. Nil without a key.
func NewSealer(key, previous []byte) *Sealer {
	if len(key) == 0 {
		return nil
	}
	s := &Sealer{seal: aead(key)}
	s.open = []cipher.AEAD{s.seal}
	if len(previous) > 0 {
		s.open = append(s.open, aead(previous))
	}
	return s
}

// aead derives the key of the cipher from text of any length. The word before it
// makes it another key than those that other secrets give, should somebody use one
// text for several.
func aead(text []byte) cipher.AEAD {
	key := sha256.Sum256(append([]byte("maitred seal 1\n"), text...))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// Seal hides a secret of an endpoint.
func (s *Sealer) Seal(endpoint seating.EndpointID, secret []byte) []byte {
	sealed := make([]byte, 1+s.seal.NonceSize(), 1+s.seal.NonceSize()+len(secret)+s.seal.Overhead())
	sealed[0] = sealVersion
	_, _ = rand.Read(sealed[1:]) // never fails
	return s.seal.Seal(sealed, sealed[1:], secret, endpoint[:])
}

// Open gives a secret of an endpoint back.
func (s *Sealer) Open(endpoint seating.EndpointID, sealed []byte) ([]byte, error) {
	if s == nil || len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, errSealed
	}
	for _, key := range s.open {
		if n := 1 + key.NonceSize(); len(sealed) > n {
			if secret, err := key.Open(nil, sealed[1:n], sealed[n:], endpoint[:]); err == nil {
				return secret, nil
			}
		}
	}
	return nil, errSealed
}
