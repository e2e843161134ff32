package planner

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckZone refuses tables of several zones unless the policy allows
// combinations across zones, and warns of tables that are not what the party
// wished for. A wish is never a lock. Code: ZONE_MISMATCH. Source: docs/domain.md, checks.
func CheckZone(h *house.House, r Request, s Selection) seating.Check {
	if n := s.zones(); n > 1 && !h.Policy.CrossZone {
		c := refuse(seating.CodeZoneMismatch, fmt.Sprintf("The tables stand in %d zones; they may not be joined across zones.", n))
		c.Tables = s.refs()
		return c
	}
	var against []*seating.Table
	for _, t := range s.Tables {
		if !Wished(r, t) {
			against = append(against, t)
		}
	}
	if len(against) == 0 {
		return seating.Check{}
	}
	c := warn(seating.CodeZoneMismatch, are(refs(against))+" not what the party wished for.")
	c.Tables = refs(against)
	return c
}

// Wished reports whether the table is in the zone and has the seating that the
// party wished for, where it wished for any.
func Wished(r Request, t *seating.Table) bool {
	return (r.ZoneWish.IsZero() || t.Zone == r.ZoneWish) && (r.SeatingWish == "" || t.Seating == r.SeatingWish)
}
