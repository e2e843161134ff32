package servicetime

// Window is a half-open stretch of time [Start, End): 19:00-21:00 and
// 21:00-23:00 do not overlap.
type Window struct {
	Start Instant `json:"start"`
	End   Instant `json:"end"`
}

// Overlaps reports whether the two windows share an instant. An empty window
// overlaps nothing.
func (w Window) Overlaps(o Window) bool {
	return w.Start < o.End && o.Start < w.End && w.Start < w.End && o.Start < o.End
}

// Contains reports whether the instant lies in the window.
func (w Window) Contains(i Instant) bool { return w.Start <= i && i < w.End }

// Within reports whether w lies entirely in o.
func (w Window) Within(o Window) bool { return o.Start <= w.Start && w.End <= o.End }

// Empty reports whether the window holds no instant.
func (w Window) Empty() bool { return w.End <= w.Start }

// Hull is the smallest window that covers both; an empty window adds nothing.
func (w Window) Hull(o Window) Window {
	switch {
	case w.Empty():
		return o
	case o.Empty():
		return w
	}
	return Window{Start: min(w.Start, o.Start), End: max(w.End, o.End)}
}
