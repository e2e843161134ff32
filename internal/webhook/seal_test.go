package webhook

import (
	"bytes"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/seating"
)

func TestSealedSecrets(t *testing.T) {
	t.Parallel()
	key, older := []byte(strings.Repeat("k", 32)), []byte(strings.Repeat("o", 32))
	one, two := seating.EndpointID{1}, seating.EndpointID{2}
	secret := []byte("thirty-two bytes of plain secret")
	s := NewSealer(key, nil)
	sealed := s.Seal(one, secret)
	if bytes.Contains(sealed, secret) {
		t.Fatal("what is sealed can be read")
	}
	if got, err := s.Open(one, sealed); err != nil || !bytes.Equal(got, secret) {
		t.Fatalf("Open = %q, %v, want what was sealed", got, err)
	}
	if again := s.Seal(one, secret); bytes.Equal(again, sealed) {
		t.Error("a secret is sealed twice the same: the nonce is not new")
	}
	// After the key was replaced.
	rotated := NewSealer(older, key)
	if got, err := rotated.Open(one, sealed); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("with the key as previous: Open = %q, %v", got, err)
	}
	if _, err := s.Open(one, rotated.Seal(one, secret)); err == nil {
		t.Error("the previous key seals")
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if got, err := s.Open(one, changed); err == nil {
			t.Fatalf("with byte %d changed: Open = %q, want an error", i, got)
		}
		if got, err := s.Open(one, sealed[:i]); err == nil {
			t.Fatalf("cut to %d bytes: Open = %q, want an error", i, got)
		}
	}
	for what, x := range map[string]struct {
		s  *Sealer
		id seating.EndpointID
	}{
		"another endpoint": {s, two}, "another key": {NewSealer(older, nil), one}, "no key": {NewSealer(nil, older), one},
	} {
		if got, err := x.s.Open(x.id, sealed); err == nil {
			t.Errorf("%s: Open = %q, want an error", what, got)
		}
	}
	if NewSealer(nil, nil) != nil {
		t.Error("there is a sealer without a key")
	}
}
