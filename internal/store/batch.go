package store

import "fmt"

// MaxErase bounds the bookings whose guests one change erases: while it is
// written nobody else writes the restaurant.
const MaxErase = 200

// WellFormed refuses, with ErrInvalid, a batch whose changes do not follow each
// other, or one of which erases more than MaxErase.
func (b Batch) WellFormed() error {
	if len(b.Changes) == 0 {
		return fmt.Errorf("%w: the batch is empty", ErrInvalid)
	}
	for i, c := range b.Changes {
		switch {
		case c.Restaurant != b.Restaurant:
			return fmt.Errorf("%w: change %d is of another restaurant", ErrInvalid, i)
		case c.ID.IsZero():
			return fmt.Errorf("%w: change %d has no id", ErrInvalid, i)
		case len(c.Erase) > MaxErase:
			return fmt.Errorf("%w: change %d erases the guests of %d bookings, at most %d at once", ErrInvalid, i, len(c.Erase), MaxErase)
		case i == 0:
		case c.Base != b.Changes[i-1].Version(), c.BaseHead != b.Changes[i-1].ID, c.Epoch != b.Changes[i-1].Public().Epoch:
			return fmt.Errorf("%w: change %d does not follow the one before it", ErrInvalid, i)
		}
	}
	return nil
}
