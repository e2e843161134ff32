package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Kinds of demands that maitred.advance judges by the clock alone. The others are
// named like the guards, but for access, which is a user's or a token's.
const (
	demandBefore = "before" // the clock has not reached the number
	demandFrom   = "from"   // the clock has reached the number
	demandNever  = "never"  // cannot be met
)

// demands are the guards and keys of a batch as the parallel lists of
// maitred.advance.
type demands struct {
	kinds    []string
	subjects []pgtype.UUID
	numbers  []pgtype.Int8
	words    []pgtype.Text
	guards   []demanded // what each stands for

	principals []string
	keys       []string
	receipts   []int // the change each key is of
}

type demanded struct {
	change int
	guard  house.Guard
}

// demandsOf spells out what a batch demands. The database is judged as it is
// before the batch; what an earlier change of the batch does to a hold or takes
// as a reference is known here.
func demandsOf(b store.Batch) *demands {
	d := &demands{}
	expiry := map[seating.HoldID]servicetime.Instant{} // 0: ended
	references := map[string]bool{}
	for i, c := range b.Changes {
		if c.Receipt != nil {
			d.principals = append(d.principals, c.Receipt.Principal)
			d.keys = append(d.keys, c.Receipt.Key)
			d.receipts = append(d.receipts, i)
		}
		for _, g := range c.Guards {
			until, written := expiry[g.Hold]
			of := demanded{change: i, guard: g}
			switch {
			case g.Kind == house.GuardHoldLive && written:
				d.add(of, demandBefore, noSubject, int64(until), "") // 0 is never before
			case g.Kind == house.GuardHoldLapsed && written && until == 0:
				d.add(of, demandNever, noSubject, 0, "")
			case g.Kind == house.GuardHoldLapsed && written:
				d.add(of, demandFrom, noSubject, int64(until), "")
			case g.Kind == house.GuardHoldLive, g.Kind == house.GuardHoldLapsed:
				d.add(of, string(g.Kind), uid(g.Hold), 0, "")
			case g.Kind == house.GuardReference && references[g.Reference]:
				d.add(of, demandNever, noSubject, 0, "")
			case g.Kind == house.GuardReference:
				d.add(of, string(g.Kind), noSubject, 0, g.Reference)
			case g.Kind == house.GuardBefore:
				d.add(of, demandBefore, noSubject, int64(g.Until), "")
			case g.Kind == house.GuardAccess:
				d.access(of)
			default: // a demand nobody can judge is not met
				d.add(of, demandNever, noSubject, 0, "")
			}
		}
		for _, h := range c.Rows.EndHolds {
			expiry[h.ID] = 0
		}
		for _, h := range c.Rows.PutHolds {
			expiry[h.ID] = h.ExpiresAt
		}
		for _, b := range c.Rows.PutBookings {
			references[b.Reference] = true
		}
	}
	return d
}

var noSubject pgtype.UUID

func (d *demands) add(of demanded, kind string, subject pgtype.UUID, number int64, word string) {
	d.kinds = append(d.kinds, kind)
	d.subjects = append(d.subjects, subject)
	d.numbers = append(d.numbers, pgtype.Int8{Int64: number, Valid: true})
	d.words = append(d.words, orNull(word))
	d.guards = append(d.guards, of)
}

// access is a demand on the revision of a user's or a token's rights.
func (d *demands) access(of demanded) {
	kind, subject, _ := strings.Cut(of.guard.Subject, ":")
	id, err := seating.ParseID[seating.AnyID](subject)
	if err != nil || kind != "user" && kind != "token" {
		d.add(of, demandNever, noSubject, 0, "")
		return
	}
	d.add(of, kind, uid(id), of.guard.Access, "")
}
