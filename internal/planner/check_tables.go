package planner

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckTables refuses a selection of no table, of tables this restaurant does
// not have or has retired, and of more tables than Policy.MaxTables (1 to 8).
// Codes: TABLES_REQUIRED, TABLE_NOT_FOUND, TOO_MANY_TABLES. Source: docs/domain.md, checks.
func CheckTables(h *house.House, _ Request, s Selection) seating.Check {
	switch n := len(s.Tables) + len(s.Unknown); {
	case n == 0:
		return refuse(seating.CodeTablesRequired, "Select at least one table.")
	case n > h.Policy.MaxTables:
		c := refuse(seating.CodeTooManyTables, fmt.Sprintf("%d tables are selected; at most %d may be joined.", n, h.Policy.MaxTables))
		c.Limit = h.Policy.MaxTables
		return c
	case len(s.Unknown) > 0:
		c := refuse(seating.CodeTableNotFound, fmt.Sprintf("%d of the selected tables do not exist.", len(s.Unknown)))
		for _, id := range s.Unknown {
			c.Tables = append(c.Tables, seating.TableRef{ID: id})
		}
		return c
	}
	return seating.Check{}
}
