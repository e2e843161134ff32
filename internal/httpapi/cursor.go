package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/maitred/maitred/internal/seating"
)

// cursors signs places in lists, so that a cursor is only good for the list, the
// restaurant and the filters it came from, and cannot be made up.
type cursors struct{ key []byte }

// sealed is what a cursor carries. Of is the list: operation, restaurant and
// filters.
type sealed struct {
	Of    string          `json:"o"`
	Place json.RawMessage `json:"p"`
}

const macSize = 16

func (c cursors) seal(of string, place any) (string, error) {
	raw, err := json.Marshal(place)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(sealed{Of: of, Place: raw})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(c.mac(body), body...)), nil
}

// open reads a cursor into place. Everything but a cursor of this very list is
// refused with one answer.
func (c cursors) open(of, text string, place any) *seating.Error {
	bad := unreadable("cursor", "the cursor is not one of this list")
	if len(text) > maxCursor {
		return bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < macSize {
		return bad
	}
	body := raw[macSize:]
	if !hmac.Equal(raw[:macSize], c.mac(body)) {
		return bad
	}
	var s sealed
	if json.Unmarshal(body, &s) != nil || s.Of != of || json.Unmarshal(s.Place, place) != nil {
		return bad
	}
	return nil
}

func (c cursors) mac(body []byte) []byte {
	m := hmac.New(sha256.New, c.key)
	m.Write([]byte("maitred cursor 1\n"))
	m.Write(body)
	return m.Sum(nil)[:macSize]
}
