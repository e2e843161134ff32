package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// retentionTests say what may be deleted behind the back of the rules, without a
// new version, and what must not be.
var retentionTests = []test{
	{"EndedHoldsMayGoWithoutAVersion", endedHoldsMayGo},
	{"AnEndedHoldCountsAgainstTheBudgetUntilItIsDeleted", endedHoldCounts},
	{"AReceiptThatIsGoneMakesItsKeyNew", receiptsMayGo},
	{"HistoryMayGoWithItsNotes", historyMayGo},
	{"TheJournalMayGoBehindACheckpoint", journalMayGoBehindACheckpoint},
	{"TheEntryOfTheCurrentVersionMustStay", currentEntryMustStay},
	{"AnEntryThatIsMissingInTheMiddleIsErrGone", missingEntryIsGone},
	{"OutboxRowsMayGo", outboxRowsMayGo},
	{"NothingOfCapacityMayGoWithoutAVersion", nothingOfCapacityMayGo},
	{"AGuestIsErasedEverywhereAtOnce", guestIsErased},
	{"PruningBesideCommitsDisturbsNobody", pruningBesideCommits},
}

// pruner deletes rows of one restaurant by hand.
type pruner struct {
	t   *testing.T
	raw Raw
	d   *Seed
}

func prunerOf(t *testing.T, e Env, d *Seed) pruner { return pruner{t: t, raw: rawOf(t, e), d: d} }

// where are the rows of the restaurant in a table that meet a condition.
func (p pruner) where(table, condition string) string {
	return table + " WHERE restaurant_id = '" + p.d.ID().String() + "' AND " + condition
}

// delete deletes as many rows as there must be, and checks that the version stands
// where it stood.
func (p pruner) delete(rows int64, table, condition string) {
	p.t.Helper()
	n, err := p.raw.RawCount(p.t.Context(), "SELECT COUNT(restaurant_id) FROM "+p.where(table, condition))
	if err != nil || n != rows {
		p.t.Fatalf("%s has %d rows where %s, %v, want %d: the test deletes something else", table, n, condition, err, rows)
	}
	if err := p.raw.RawSQL(p.t.Context(), "DELETE FROM "+p.where(table, condition)); err != nil {
		p.t.Fatalf("DELETE FROM %s where %s = %v", table, condition, err)
	}
	states, err := p.d.Store.States(p.t.Context(), []seating.RestaurantID{p.d.ID()})
	if err != nil || states[p.d.ID()] != stateOf(p.d.House) {
		p.t.Errorf("after deleting from %s the restaurant stands at %+v, %v, want %+v", table, states[p.d.ID()], err, stateOf(p.d.House))
	}
}

// refused runs a script that the database must refuse.
func (p pruner) refused(script, because string) {
	p.t.Helper()
	if err := p.raw.RawSQL(p.t.Context(), script); err == nil || !strings.Contains(strings.ToLower(err.Error()), because) {
		p.t.Errorf("%s = %v, want it refused: %s", script, err, because)
	}
}

func is(column string, id fmt.Stringer) string { return column + " = '" + id.String() + "'" }

func endedHoldsMayGo(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	p := prunerOf(t, e, d)
	o.lived()
	b := d.Booking("B1", 0, 60)
	d.Commit(d.Book(b))
	var ended []seating.EndedHold
	for range 3 {
		h := d.Hold(b)
		d.Commit(d.TakeHold(h, d.Tables[0]))
		release := d.Release(h, seating.EndReleased, d.Tables[0])
		d.Commit(release)
		ended = append(ended, release.Rows.EndHolds[0])
		e.Clock.Advance(2 * time.Hour)
	}
	live := d.Hold(b)
	d.Commit(d.TakeHold(live, d.Tables[0]))
	other, before := o.Dump(), d.Dump()
	h := "'" + d.ID().String() + "'"
	p.refused("UPDATE ended_holds SET ended_by = 'nobody' WHERE restaurant_id = "+h, "unversioned write")
	p.refused("INSERT INTO ended_holds (restaurant_id, id) SELECT restaurant_id, booking_id FROM ended_holds WHERE restaurant_id = "+h, "unversioned write")
	d.Unchanged(before)

	p.delete(2, "ended_holds", "ended_at <= "+p.raw.Literal(ended[1].EndedAt))
	d.Same()
	for i, was := range ended {
		got, err := e.Store.EndedHold(t.Context(), d.ID(), was.ID)
		proof, provedErr := e.Store.Prove(t.Context(), d.ID(), store.Ask{Holds: []seating.HoldID{was.ID}})
		if provedErr != nil {
			t.Fatalf("Prove = %v", provedErr)
		}
		proved, there := proof.Ended[was.ID]
		switch {
		case i < 2:
			if !errors.Is(err, store.ErrNotFound) || there {
				t.Errorf("EndedHold(a deleted one) = %+v, %v, in a proof %t, want ErrNotFound", got, err, there)
			}
		case err != nil || !cmp.Equal(got, was) || !cmp.Equal(proved, was):
			t.Errorf("EndedHold(the one that was kept) = %+v, %v, in a proof %+v, want %+v", got, err, proved, was)
		}
	}
	if dump := d.Dump(); len(dump.Ended) != 1 || len(dump.State.Holds) != 1 {
		t.Errorf("Dump has %d ended holds and %d others, want one of each", len(dump.Ended), len(dump.State.Holds))
	}
	o.Unchanged(other)
	d.passing(house.Guard{Kind: house.GuardHoldLive, Hold: live.ID})
	d.Commit(d.Confirm(b, live, d.Tables[0]))
	d.Same()
}

// endedHoldCounts: a hold that is over is the record of its creation; while it is
// there it counts, and a deletion that says until when takes no later one (X02).
func endedHoldCounts(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	b := d.Booking("B1", 0, 60)
	d.Commit(d.Book(b))
	grants := func(want ...seating.HoldID) {
		t.Helper()
		var got []seating.HoldID
		for _, g := range d.Load().Booking(b.ID).Grants {
			if g.Principal != d.Actor.Principal {
				t.Errorf("a grant is of %s, want %s", g.Principal, d.Actor.Principal)
			}
			got = append(got, g.Hold)
		}
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b seating.HoldID) bool { return a.Compare(b) < 0 })); diff != "" {
			t.Errorf("creations that a budget counts (-want +got):\n%s", diff)
		}
	}
	take := func(end seating.HoldEnd) seating.HoldID {
		h := d.Hold(b)
		d.Commit(d.TakeHold(h, d.Tables[0]))
		d.Commit(d.Release(h, end, d.Tables[0]))
		return h.ID
	}
	old := take(seating.EndReleased)
	horizon := e.Clock.Instant()
	e.Clock.Advance(time.Second)
	recent, expired := take(seating.EndSuperseded), take(seating.EndExpired)
	grants(old, recent, expired)
	d.Same()
	p.delete(1, "ended_holds", "created_at <= "+p.raw.Literal(horizon))
	grants(recent, expired)
	p.delete(0, "ended_holds", "created_at <= "+p.raw.Literal(horizon))
	grants(recent, expired)
	p.delete(1, "ended_holds", is("id", recent))
	grants(expired)
	p.delete(1, "ended_holds", is("id", expired))
	grants()
}

// receiptsMayGo: while a receipt is kept its key is answered with it, and afterwards
// the key may be used again (X04).
func receiptsMayGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	key := func(word string) house.ReceiptKey {
		return house.ReceiptKey{Principal: d.Actor.Principal, Key: word}
	}
	book := func(reference, word string) *house.Change {
		c := d.Book(d.Booking(reference, 0, 60))
		c.Receipt = receipt(d, key(word), c)
		return c
	}
	old := book("OLD", "old")
	d.Commit(old)
	e.Clock.Advance(time.Hour)
	kept := book("KEPT", "kept")
	d.Commit(kept)
	for _, word := range []string{"old", "kept"} {
		if _, ok := errors.AsType[*store.ReplayError](d.Refused(book("AGAIN", word))); !ok {
			t.Errorf("a second effect of the key %q is not refused while its receipt is kept", word)
		}
	}
	p.delete(1, "receipts", "at < "+p.raw.Literal(kept.Receipt.At))
	d.Same()
	replay, ok := errors.AsType[*store.ReplayError](d.Refused(book("AGAIN", "kept")))
	if !ok || !cmp.Equal(replay.Receipt, *kept.Receipt) {
		t.Errorf("a second effect of the key that was kept = %+v, want *ReplayError with its receipt", replay)
	}
	proof, err := e.Store.Prove(t.Context(), d.ID(), store.Ask{Keys: []house.ReceiptKey{key("old"), key("kept")}})
	if diff := cmp.Diff(map[house.ReceiptKey]house.Receipt{key("kept"): *kept.Receipt}, proof.Receipts); err != nil || diff != "" {
		t.Errorf("Prove = %v, receipts (-want +got):\n%s", err, diff)
	}
	// The identical batch needs no receipt: the journal knows it.
	if _, err := e.Store.Commit(t.Context(), d.Batch(old)); err != nil {
		t.Errorf("Commit of the identical batch = %v, want nil", err)
	}
	again := book("AGAIN", "old")
	d.Commit(again)
	d.Same()
	replay, ok = errors.AsType[*store.ReplayError](d.Refused(book("THIRD", "old")))
	if !ok || !cmp.Equal(replay.Receipt, *again.Receipt) {
		t.Errorf("a third effect of the key = %+v, want *ReplayError with the second receipt", replay)
	}
}

func historyMayGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	old, kept := d.Booking("OLD", 0, 60), d.Booking("KEPT", 0, 60)
	for _, b := range []seating.Booking{old, kept} {
		c := d.Book(b)
		c.Notes = []house.NotePut{{Subject: c.History[0].Subject, Text: "note of " + b.Reference}}
		d.Commit(c)
	}
	last := d.House.Version
	cut := fmt.Sprintf("version < %d", last)
	before := d.Dump()
	p.refused("DELETE FROM "+p.where("history", cut), "foreign key")
	d.Unchanged(before)
	p.delete(1, "staff_note", cut)
	p.delete(last-1, "history", cut)
	lines, err := e.Store.History(t.Context(), d.ID(), "", 0, 100)
	if err != nil || len(lines) != 1 || lines[0].Subject != "booking:"+kept.ID.String() || lines[0].Note != "note of KEPT" {
		t.Errorf("History = %+v, %v, want the newest line with its note", lines, err)
	}
	if lines, err := e.Store.History(t.Context(), d.ID(), "booking:"+old.ID.String(), 0, 100); err != nil || len(lines) != 0 {
		t.Errorf("History of a booking whose lines are gone = %+v, %v, want none", lines, err)
	}
	if diff := cmp.Diff(map[int64]int{last: 1}, d.Dump().History); diff != "" {
		t.Errorf("lines by version (-want +got):\n%s", diff)
	}
	d.Commit(d.Change("next", house.Rows{}))
	d.Same()
	replayEqualsLoad(t, d)
}

// checkpointed writes the house as it is now as a checkpoint, as a pruner does
// before it deletes.
func (p pruner) checkpointed() int64 {
	p.t.Helper()
	body, err := json.Marshal(p.d.House.State())
	if err != nil {
		p.t.Fatal(err)
	}
	at := p.raw.Literal(p.d.Clock.Instant())
	script := fmt.Sprintf("INSERT INTO checkpoints (restaurant_id, version, body, written_at) VALUES ('%s', %d, '%s', %s)",
		p.d.ID(), p.d.House.Version, strings.ReplaceAll(string(body), "'", "''"), at)
	if err := p.raw.RawSQL(p.t.Context(), script); err != nil {
		p.t.Fatalf("write a checkpoint = %v", err)
	}
	return p.d.House.Version
}

// gone demands ErrGone after a version, and that CommitLocked agrees.
func (p pruner) gone(after int64, want bool) {
	p.t.Helper()
	entries, err := p.d.Store.Journal(p.t.Context(), p.d.ID(), after, 1000)
	shown := p.d.shown(after, store.Ask{})
	switch {
	case want && (!errors.Is(err, store.ErrGone) || !shown.Gone):
		p.t.Errorf("Journal(after %d) = %d entries, %v, under the lock gone %t, want ErrGone and gone", after, len(entries), err, shown.Gone)
	case !want && (err != nil || int64(len(entries)) != p.d.House.Version-after || shown.Gone || len(shown.Entries) != len(entries)):
		p.t.Errorf("Journal(after %d) = %d entries, %v, under the lock %d, gone %t, want all up to %d",
			after, len(entries), err, len(shown.Entries), shown.Gone, p.d.House.Version)
	}
}

func journalMayGoBehindACheckpoint(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	b := d.lived()
	kept := p.checkpointed()
	replays := func() {
		t.Helper()
		SameHouse(t, d.Load(), d.replayed(d.Dump()))
		d.Same()
	}
	next := d.Book(d.Booking("NEXT", 60, 120), d.Tables[0])
	d.Commit(next)
	replays() // from the first one, which is still there
	p.delete(kept+1, "journal", fmt.Sprintf("version <= %d", kept))
	p.delete(1, "checkpoints", fmt.Sprintf("version < %d", kept))
	if dump := d.Dump(); dump.Checkpoint == nil || dump.Checkpoint.Version != kept || len(dump.Journal) != 1 || dump.Journal[0].BaseHead != dump.Checkpoint.Head {
		t.Errorf("Dump has the checkpoint %+v and %d entries, want that of version %d and the one behind it", dump.Checkpoint, len(dump.Journal), kept)
	}
	replays()
	p.gone(0, true)
	p.gone(kept-1, true)
	p.gone(kept, false)
	p.gone(kept+1, false)
	for _, after := range []int64{0, kept - 1} {
		if _, err := e.Store.Journal(t.Context(), d.ID(), after, 1); !errors.Is(err, store.ErrGone) {
			t.Errorf("Journal(after %d, limit 1) = %v, want ErrGone", after, err)
		}
	}
	// Commits go on, and what had been committed is still known where it is kept.
	d.Commit(d.Book(d.Booking("MORE", 120, 180), d.Tables[0]))
	replays()
	if _, err := e.Store.Commit(t.Context(), d.Batch(next)); err != nil {
		t.Errorf("Commit of a batch whose entry is kept = %v, want nil", err)
	}
	if row, err := e.Store.Booking(t.Context(), d.ID(), b.ID); err != nil || row.Reference != b.Reference {
		t.Errorf("Booking = %+v, %v, want the one whose entry is gone", row, err)
	}
}

func currentEntryMustStay(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	for range 3 {
		d.Commit(d.Change("step", house.Rows{}))
	}
	current := fmt.Sprintf("version = %d", d.House.Version)
	before := d.Dump()
	p.refused("DELETE FROM "+p.where("journal", current), "the entry of the current version stays")
	p.refused("DELETE FROM "+p.where("journal", "version >= 0"), "the entry of the current version stays")
	p.refused("UPDATE journal SET written_at = written_at WHERE restaurant_id = '"+d.ID().String()+"'", "never changes")
	d.Unchanged(before)
	p.delete(1, "journal", fmt.Sprintf("version = %d", d.House.Version-1))
	d.Commit(d.Change("step", house.Rows{}))
	p.delete(1, "journal", current) // it is not the current one any more
	d.Same()
	d.Commit(d.Change("step", house.Rows{}))
	d.Same()
}

// missingEntryIsGone: what is asked for after a version is there without a gap, or
// it is gone; nobody is led across one.
func missingEntryIsGone(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	for range 5 {
		d.Commit(d.Change("step", house.Rows{}))
	}
	for after := range d.House.Version + 1 {
		p.gone(after, false)
	}
	const missing = 4
	p.delete(1, "journal", fmt.Sprintf("version = %d", missing))
	for after := range d.House.Version + 1 {
		p.gone(after, after < missing)
	}
	// A page that ends before the gap is whole.
	if entries, err := e.Store.Journal(t.Context(), d.ID(), 1, missing-2); err != nil || len(entries) != missing-2 {
		t.Errorf("Journal(after 1, limit %d) = %d entries, %v, want them", missing-2, len(entries), err)
	}
	d.Same()
	d.Commit(d.Change("step", house.Rows{}))
	d.Same()
}

func outboxRowsMayGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	rows := func(after int64, want int) []store.OutboxRow {
		t.Helper()
		rows, err := e.Store.OutboxRows(t.Context(), store.SinkObservability, after, 100)
		if err != nil || len(rows) != want {
			t.Fatalf("OutboxRows(after %d) = %d rows, %v, want %d", after, len(rows), err, want)
		}
		return rows
	}
	for i := range 4 {
		e.Clock.Advance(time.Second)
		d.Commit(d.Book(d.Booking(fmt.Sprintf("B%d", i), 0, 60)))
	}
	all := rows(0, 4)
	p.delete(1, "capacity_outbox", fmt.Sprintf("id = %d", all[0].ID))
	p.delete(1, "capacity_outbox", fmt.Sprintf("id = %d", all[3].ID))
	if diff := cmp.Diff(all[1:3], rows(0, 2)); diff != "" {
		t.Errorf("the rows that were kept (-want +got):\n%s", diff)
	}
	backlog, err := e.Store.Backlog(t.Context())
	if err != nil || len(backlog) != 2 || backlog[0].Rows != 2 || backlog[0].Oldest != all[1].CreatedAt {
		t.Errorf("Backlog = %+v, %v, want two rows, the oldest of %s", backlog, err, all[1].CreatedAt)
	}
	d.Same()
	// Who reads on from the newest row finds the next one, also when that is gone.
	d.Commit(d.Book(d.Booking("NEXT", 0, 60)))
	if next := rows(all[3].ID, 1); next[0].AggregateSeq != d.House.Version {
		t.Errorf("the next row is of version %d, want %d", next[0].AggregateSeq, d.House.Version)
	}
	p.delete(3, "capacity_outbox", "id > 0")
	rows(0, 0)
	d.Same()
	replayEqualsLoad(t, d)
}

// nothingOfCapacityMayGo: rows of what is past, closed, lapsed or retired are
// deleted by a change only. What a pruner may delete goes by the same means.
func nothingOfCapacityMayGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	old, today := d.Booking("OLD", -24*60, -23*60), Today
	old.ServiceDate, old.Date = Yesterday, Yesterday
	book := d.Book(old, d.Tables[0])
	book.Guests = []house.GuestPut{{Booking: old.ID, Guest: seating.Guest{Name: "Ada"}}}
	book.Receipt = receipt(d, house.ReceiptKey{Principal: "p", Key: "k"}, book)
	book.Notes = []house.NotePut{{Subject: book.History[0].Subject, Text: "note"}}
	d.Commit(book)
	d.lived()
	past := block(-600, -540, d.Tables[5])
	retired := *d.House.Floor.Table(d.Tables[5])
	d.Commit(d.Change("past block", house.Rows{PutBlocks: []seating.Block{past}}, seating.AspectFloor))
	retired.Retired, retired.Active = true, false
	d.Commit(d.Change("retire", house.Rows{PutTables: []seating.Table{retired}}, seating.AspectFloor))
	d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}, seating.AspectBookings))
	lapsed := d.House.State().Holds[0]
	e.Clock.Set(lapsed.ExpiresAt.Add(24 * time.Hour))
	before := d.Dump()
	for table, condition := range map[string]string{
		"bookings":    is("id", old.ID),
		"allocations": is("owner_id", old.ID),
		"holds":       is("id", lapsed.ID),
		"blocks":      is("id", past.ID),
		"tables":      is("id", retired.ID),
		"zones":       is("id", d.Zone),
		"policies":    "TRUE",
	} {
		if n, err := p.raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+p.where(table, condition)); err != nil || n == 0 {
			t.Fatalf("%s has %d such rows, %v: the test tries nothing", table, n, err)
		}
		p.refused("DELETE FROM "+p.where(table, condition), "unversioned write")
	}
	p.refused("DELETE FROM restaurants WHERE "+is("id", d.ID()), "unversioned write")
	p.refused("DELETE FROM restaurant_state WHERE "+is("restaurant_id", d.ID()), "the state goes last")
	d.Unchanged(before)
	// The same means, and what may go.
	for table, condition := range map[string]string{
		"ended_holds": "TRUE", "receipts": is("key", word("k")), "due_work": is("subject", word("hold:"+lapsed.ID.String())), "staff_note": "TRUE", "guest": is("booking_id", old.ID),
		"capacity_outbox": "TRUE", "journal": "version = 0", "checkpoints": "version = 0",
	} {
		n, err := p.raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+p.where(table, condition))
		if err != nil || n == 0 {
			t.Fatalf("%s has %d such rows, %v: the test tries nothing", table, n, err)
		}
		p.delete(n, table, condition)
	}
	d.Commit(d.Release(lapsed, seating.EndExpired, d.Tables[1], d.Tables[2]))
	d.Same()
}

// word is a text where an id could be.
type word string

func (w word) String() string { return string(w) }

// guestIsErased: the rows of guest and notes are all there is of a person. Without
// them nothing of the restaurant changes (T17, X05).
func guestIsErased(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	b := d.lived()
	kept := d.Booking("KEPT", 60, 120)
	stays := d.Book(kept, d.Tables[0])
	stays.Guests = []house.GuestPut{{Booking: kept.ID, Guest: seating.Guest{Name: "Grace Hopper"}}}
	d.Commit(stays)
	columns := map[string]string{
		"guest": "name || name_key || phone || email || notes", "staff_note": "text", "journal": "COALESCE(CAST(body AS TEXT), '')",
		"history": "subject || from_state || to_state || reason || COALESCE(CAST(detail AS TEXT), '')", "receipts": "COALESCE(CAST(body AS TEXT), '') || fingerprint",
		"capacity_outbox": "CAST(payload AS TEXT) || COALESCE(CAST(headers AS TEXT), '')", "checkpoints": "CAST(body AS TEXT)", "bookings": "reference || created_by",
	}
	traces := func(text string) (found []string) {
		t.Helper()
		for table, column := range columns {
			n, err := p.raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+p.where(table, "LOWER("+column+") LIKE '%"+text+"%'"))
			if err != nil {
				t.Fatalf("look into %s = %v", table, err)
			}
			if n > 0 {
				found = append(found, table)
			}
		}
		return found
	}
	for text, table := range map[string]string{"lovelace": "guest", "by the window": "staff_note", "hopper": "guest"} {
		if diff := cmp.Diff([]string{table}, traces(text)); diff != "" {
			t.Errorf("tables that know %q (-want +got):\n%s", text, diff)
		}
	}
	before := d.Dump()
	p.delete(1, "guest", is("booking_id", b.ID))
	p.delete(1, "staff_note", "TRUE")
	for _, text := range []string{"lovelace", "by the window", "ada@example.org", "+44 1"} {
		if found := traces(text); found != nil {
			t.Errorf("%v know %q of a guest who was erased", found, text)
		}
	}
	d.Unchanged(before) // a booking is all that is left, and it is whole
	d.Same()
	guests, err := e.Store.Guests(t.Context(), d.ID(), []seating.BookingID{b.ID, kept.ID})
	if diff := cmp.Diff(map[seating.BookingID]seating.Guest{kept.ID: {Name: "Grace Hopper"}}, guests); err != nil || diff != "" {
		t.Errorf("Guests = %v (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]int{"lovelace": 0, "hopper": 1, "seated": 1} {
		found, err := e.Store.Bookings(t.Context(), d.ID(), store.BookingQuery{From: Today, To: Today, Text: text, Limit: 10})
		if err != nil || len(found) != want {
			t.Errorf("Bookings(%q) = %d, %v, want %d", text, len(found), err, want)
		}
	}
	sound(t, d)
}

// pruningBesideCommits: a pruner that deletes what is old and the commits of the
// evening do not wait for each other in a circle, and the replay from its newest
// checkpoint leads to what is there.
func pruningBesideCommits(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := prunerOf(t, e, d)
	p.checkpointed()
	from := d.House.Version
	const parties = 15
	done := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		defer close(done)
		for n := range parties {
			changes, err := d.visit(fmt.Sprintf("B%d", n), n, d.Tables[n%len(d.Tables)])
			if err != nil {
				return err
			}
			if _, err := e.Store.Commit(t.Context(), d.Batch(changes...)); err != nil {
				return fmt.Errorf("commit beside a pruner: %w", err)
			}
			for _, c := range changes {
				if d.House, err = house.Apply(d.House, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
	id := d.ID().String()
	g.Go(func() error {
		for last := false; ; {
			select {
			case <-done:
				last = true // once more, after the last commit
			default:
			}
			for _, script := range []string{
				"DELETE FROM ended_holds WHERE restaurant_id = '" + id + "'",
				"DELETE FROM receipts WHERE restaurant_id = '" + id + "'",
				"DELETE FROM staff_note WHERE restaurant_id = '" + id + "'",
				"DELETE FROM capacity_outbox WHERE restaurant_id = '" + id + "'",
				fmt.Sprintf("DELETE FROM journal WHERE restaurant_id = '%s' AND version < %d", id, from),
			} {
				if err := p.raw.RawSQL(t.Context(), script); err != nil {
					return fmt.Errorf("%s: %w", script, err)
				}
			}
			if last {
				return nil
			}
		}
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	dump := d.Dump()
	if len(dump.Ended)+len(dump.Receipts)+len(dump.Outbox) > 0 {
		t.Errorf("Dump has %d ended holds, %d receipts and %d events, want none", len(dump.Ended), len(dump.Receipts), len(dump.Outbox))
	}
	if len(dump.Journal) != int(d.House.Version-from)+1 {
		t.Errorf("Dump has %d entries, want those from %d to %d", len(dump.Journal), from, d.House.Version)
	}
	p.delete(1, "checkpoints", "version = 0")
	// Without the ended holds nothing remembers that they were made.
	want, replayed, got := d.House.State(), d.replayed(d.Dump()).State(), d.Load().State()
	live := map[seating.HoldID]bool{}
	for _, h := range got.Holds {
		live[h.ID] = true
	}
	for _, g := range got.Grants {
		if !live[g.Hold] {
			t.Errorf("the creation of %s is counted, and it was deleted", g.Hold)
		}
	}
	want.Grants, replayed.Grants, got.Grants = nil, nil, nil
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the stored house differs (-applied +stored):\n%s", diff)
	}
	if diff := cmp.Diff(want, replayed, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the replay from the checkpoint differs (-applied +replayed):\n%s", diff)
	}
}
