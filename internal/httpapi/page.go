package httpapi

import "github.com/maitred/maitred/internal/seating"

// page is a place in a list that runs from the newest back by numbers.
type page struct {
	of     string
	before int64 // 0: from the newest
	limit  int
}

// newest reads the page that is asked for of a list with the given filters.
func (c *call) newest(filters ...string) (page, *seating.Error) {
	limit, refusal := c.limit()
	if refusal != nil {
		return page{}, refusal
	}
	p := page{of: c.listKey(filters...), limit: limit}
	if text := c.query.Get("cursor"); text != "" {
		if refusal := c.api.cursors.open(p.of, text, &p.before); refusal != nil {
			return page{}, refusal
		}
	}
	return p, nil
}

// next is the cursor behind a page of which one row more than its limit was asked
// for; empty when that row is not there.
func (p page) next(c *call, rows int, id func(i int) int64) (string, error) {
	if rows <= p.limit {
		return "", nil
	}
	return c.api.cursors.seal(p.of, id(p.limit-1))
}
