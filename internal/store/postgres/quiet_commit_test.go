package postgres_test

import "testing"

// G5: NOTIFY takes a lock of the whole server at the end of its transaction, so
// that commits queue up behind each other. The first thing to be heard after
// commits must be what the test itself tells.
func TestACommitNotifiesNobody(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	ear := s.db.Connect(t)
	if _, err := ear.Exec(t.Context(), "LISTEN maitred_moved"); err != nil {
		t.Fatal(err)
	}
	d := seeds[0]
	b := d.Booking("R1", 0, 90)
	d.Commit(d.Book(b, d.Tables[0]))
	d.Commit(d.TakeHold(d.Hold(b), d.Tables[1]))
	if err := s.RawSQL(t.Context(), "SELECT pg_notify('maitred_moved', 'after the commits')"); err != nil {
		t.Fatal(err)
	}
	n, err := ear.WaitForNotification(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n.Payload != "after the commits" {
		t.Errorf("a commit told %q in its transaction", n.Payload)
	}
}
