package seating

import (
	"crypto/sha256"
	"encoding/binary"
)

// referenceLetters leaves out what is misread or misheard: 0 O, 1 I L, U V.
const referenceLetters = "23456789ABCDEFGHJKMNPQRSTWXYZ"

// ReferenceLength is the number of letters of a reference: 29^6, some 600
// million.
const ReferenceLength = 6

// ReferenceFor derives a booking's reference from its ID. The attempt picks
// another one when the first is taken in the restaurant.
func ReferenceFor(id BookingID, attempt int) string {
	var seed [24]byte
	copy(seed[:], id[:])
	binary.BigEndian.PutUint64(seed[16:], uint64(attempt))
	sum := sha256.Sum256(seed[:])
	n := binary.BigEndian.Uint64(sum[:8])
	b := make([]byte, ReferenceLength)
	for i := range b {
		b[i] = referenceLetters[n%uint64(len(referenceLetters))]
		n /= uint64(len(referenceLetters))
	}
	return string(b)
}
