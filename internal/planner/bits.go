package planner

import (
	"iter"
	"math/bits"
)

// bitset is a set of small numbers, 64 to a word.
type bitset []uint64

func only(n int) bitset {
	b := make(bitset, n/64+1)
	b.add(n)
	return b
}

func (b bitset) add(n int) { b[n/64] |= 1 << (n % 64) }

func (b bitset) has(n int) bool { return n/64 < len(b) && b[n/64]&(1<<(n%64)) != 0 }

// union is a new set with the members of both.
func (b bitset) union(o bitset) bitset {
	u := make(bitset, max(len(b), len(o)))
	copy(u, b)
	for i, w := range o {
		u[i] |= w
	}
	return u
}

// all runs through the members in order.
func (b bitset) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(i*64 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}
