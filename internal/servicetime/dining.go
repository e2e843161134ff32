package servicetime

// Bounds of a turn time and of a buffer, inclusive. A buffer may be 0.
const (
	MinTurn   Minutes = 1
	MaxTurn   Minutes = 600
	MaxBuffer Minutes = 120
)

// Dining is the time a party sits: from its start for the turn time. A turn is
// elapsed time, so a clock change does not lengthen or shorten it.
func Dining(start Instant, turn Minutes) Window {
	return Window{Start: start, End: start.Add(turn.Duration())}
}

// WithBuffers is the time a party takes up its table: the dining window with the
// time to lay the table before it and to reset it after.
func WithBuffers(w Window, before, after Minutes) Window {
	return Window{Start: w.Start.Add(-before.Duration()), End: w.End.Add(after.Duration())}
}
