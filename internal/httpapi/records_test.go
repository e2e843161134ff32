package httpapi

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

func TestLookupShowsByRights(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, theirs := s.one, s.two
	web := func(r *CreateBookingRequest) { r.Guest = &planted }
	mine, other := s.book(v, 2, "19:00", web), s.book(theirs, 2, "19:00", web)
	bare := s.book(v, 2, "19:00")
	ask := map[string]any{"bookingIds": []string{mine, other, bare, uuid.NewString(), mine}}
	version := s.do(http.MethodGet, v.path("/version"), v.tokens[seating.RoleHost], nil).text("version")
	host := s.do(http.MethodPost, v.path("/guests/lookup"), v.tokens[seating.RoleHost], ask, headerKey, "").want(http.StatusOK)
	want := map[string]any{"bookingId": mine, "name": planted.Name, "phone": planted.Phone, "email": planted.Email, "notes": planted.Notes}
	if d := cmp.Diff([]map[string]any{want}, host.list("guests")); d != "" {
		t.Errorf("guests for a host (-want +got):\n%s", d)
	}
	delete(want, "phone")
	delete(want, "email")
	server := s.do(http.MethodPost, v.path("/guests/lookup"), v.tokens[seating.RoleServer], ask).want(http.StatusOK)
	if d := cmp.Diff([]map[string]any{want}, server.list("guests")); d != "" {
		t.Errorf("guests for a server (-want +got):\n%s", d)
	}
	if host.text("version") != version || server.text("version") != version {
		t.Errorf("a lookup moved the version from %s to %s", version, server.text("version"))
	}
	for body, pointer := range map[string]string{`{}`: "/bookingIds", `{"bookingIds":[]}`: "/bookingIds", `{"bookingIds":["x"]}`: "/bookingIds/0"} {
		if p := s.do(http.MethodPost, v.path("/guests/lookup"), v.tokens[seating.RoleHost], body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{pointer}) {
			t.Errorf("lookup %s: pointers = %v, want %s", body, p, pointer)
		}
	}
}

// selectors that are none, of export and erase alike.
func TestGuestSelectors(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id := s.book(v, 2, "19:00", func(r *CreateBookingRequest) { r.Guest = &planted })
	for _, path := range []string{"/guests/export", "/guests/erase"} {
		for body, pointer := range map[string]string{
			`{}`: "", `{"email":"a@b","phone":"1"}`: "", `{"phone":"1","bookingIds":["` + id + `"]}`: "", `{"email":""}`: "/email", `{"email":"  "}`: "/email",
			`{"phone":"+-"}`: "/phone", `{"bookingIds":[]}`: "/bookingIds", `{"name":"Zebedee Quux"}`: "/name",
		} {
			got := s.do(http.MethodPost, v.path(path), owner, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
			if p := got.pointers(); !slices.Equal(p, []string{pointer}) {
				t.Errorf("POST %s %s: pointers = %v, want %q", path, body, p, pointer)
			}
		}
	}
	got := s.do(http.MethodGet, v.path("/bookings/"+id), owner, nil).want(http.StatusOK)
	if got.text("booking", "guest", "name") != planted.Name {
		t.Errorf("a refused erasure erased: %s", got.raw)
	}
}

func TestExportOfAGuest(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	guest := func(r *CreateBookingRequest) { r.Guest = &planted }
	id := s.book(v, 3, "19:00", guest)
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), owner, map[string]any{
		"tableIds": []string{v.tables["T6"]}, "override": Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "vip", Note: "said: give them space"},
	}).want(http.StatusOK)
	second := s.book(v, 2, "20:00", guest)
	s.book(v, 2, "20:00", func(r *CreateBookingRequest) { r.Guest = &GuestRequest{Name: "Somebody Else", Phone: "1"} })
	s.book(s.two, 2, "20:00", guest)
	for what, body := range map[string]string{
		"e-mail": `{"email":"ZQ@secret.EXAMPLE"}`, "phone": `{"phone":"(99) 555-0199"}`, "ids": `{"bookingIds":["` + second + `","` + id + `","` + uuid.NewString() + `"]}`,
	} {
		got := s.do(http.MethodPost, v.path("/guests/export"), owner, body).want(http.StatusOK)
		records := got.list("bookings")
		var ids []string
		for _, r := range records {
			b := r["booking"].(map[string]any)
			ids = append(ids, b["id"].(string))
			if g := b["guest"].(map[string]any); g["phone"] != planted.Phone || g["notes"] != planted.Notes {
				t.Errorf("by %s: guest = %v, want all of it", what, g)
			}
		}
		slices.Sort(ids)
		want := []string{id, second}
		slices.Sort(want)
		if !slices.Equal(ids, want) || got.text("generatedAt") == "" {
			t.Errorf("by %s: bookings %v at %v, want %v", what, ids, got.at("generatedAt"), want)
		}
		for _, expected := range []string{"Chez ", "said: give them space", `"summary":"given T6"`, `"summary":"check slack set aside (vip)"`} {
			if what == "e-mail" && !strings.Contains(string(got.raw), expected) {
				t.Errorf("export lacks %s: %s", expected, got.raw)
			}
		}
		if strings.Contains(string(got.raw), "Somebody Else") {
			t.Errorf("by %s: somebody else is told: %s", what, got.raw)
		}
	}
	none := s.do(http.MethodPost, v.path("/guests/export"), owner, `{"email":"nobody@example.org"}`).want(http.StatusOK)
	if len(none.list("bookings")) != 0 {
		t.Errorf("export of nobody = %s, want an empty list", none.raw)
	}
}

// X05: erased, a guest is nowhere: not in what is read, not in the store's files.
func TestEraseLeavesNoTrace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m.db")
	s := build(t.Context(), t, path)
	t.Cleanup(s.close)
	s.one = s.venue("one")
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	guest := func(r *CreateBookingRequest) { r.Guest, r.Tables = &planted, []UUID{UUID(v.tables["T2"])} }
	id := s.book(v, 2, "19:00", guest, func(r *CreateBookingRequest) { r.Tables = nil })
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), owner, map[string]any{
		"tableIds": []string{v.tables["T6"]}, "override": Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "vip", Note: "Zebedee said: marzipan"},
	}).want(http.StatusOK)
	other := s.book(v, 4, "19:00", guest)
	kept := s.book(v, 2, "19:00", func(r *CreateBookingRequest) { r.Guest = &GuestRequest{Name: "Ann"} })
	before := s.do(http.MethodGet, v.path("/timeline"), owner, nil).want(http.StatusOK).object("totals")
	key := uuid.NewString()
	erase := func() *answer {
		return s.do(http.MethodPost, v.path("/guests/erase"), owner, `{"email":"zq@secret.example"}`, headerKey, key).want(http.StatusOK)
	}
	first := erase()
	if first.at("erased") != 2.0 || len(first.list("bookings")) != 2 {
		t.Errorf("erase = %s, want two bookings", first.raw)
	}
	again := erase()
	if again.header.Get(headerReplayed) != "true" || again.at("erased") != 2.0 {
		t.Errorf("erase again with its key = %s, want the first answer", again.raw)
	}
	if n := s.do(http.MethodPost, v.path("/guests/erase"), owner, `{"phone":"995550199"}`).want(http.StatusOK).at("erased"); n != 0.0 {
		t.Errorf("erased %v by phone afterwards, want 0", n)
	}
	for _, path := range []string{
		"/bookings", "/bookings/" + id, "/bookings/" + id + "/history", "/history", "/timeline", "/timeline?format=print",
		"/exports/bookings.csv?from=" + friday + "&to=" + friday,
	} {
		got := s.do(http.MethodGet, v.path(path), owner, nil).want(http.StatusOK)
		wantNoGuest(t, path, string(got.raw))
	}
	if n := len(s.do(http.MethodGet, v.path("/bookings?q=Zebedee"), owner, nil).want(http.StatusOK).list("bookings")); n != 0 {
		t.Errorf("%d bookings found by the erased name, want none", n)
	}
	export := s.do(http.MethodPost, v.path("/guests/export"), owner, map[string]any{"bookingIds": []string{id, other}}).want(http.StatusOK)
	wantNoGuest(t, "the export", string(export.raw))
	if after := s.do(http.MethodGet, v.path("/timeline"), owner, nil).want(http.StatusOK).object("totals"); cmp.Diff(before, after) != "" {
		t.Errorf("the totals changed: %v, then %v", before, after)
	}
	if got := s.do(http.MethodGet, v.path("/bookings/"+kept), owner, nil).want(http.StatusOK); got.text("booking", "guest", "name") != "Ann" {
		t.Errorf("somebody else's guest = %s, want Ann", got.raw)
	}
	for table, rows := range everything(t, path) {
		wantNoGuest(t, "the table "+table, rows)
	}
	wantNoGuest(t, "the log", s.log.String())
}

// everything spells out every row of every table of a database.
func everything(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	query := func(text string) (rows [][]any) {
		t.Helper()
		r, err := db.QueryContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		columns, err := r.Columns()
		for err == nil && r.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			err = r.Scan(into...)
			rows = append(rows, row)
		}
		if err = errors.Join(err, r.Err()); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	tables := map[string]string{}
	for _, name := range query(`SELECT name FROM sqlite_master WHERE type = 'table'`) {
		text := strings.Builder{}
		for _, row := range query(fmt.Sprintf(`SELECT * FROM %q`, name[0])) {
			for _, v := range row {
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				fmt.Fprintln(&text, v)
			}
		}
		tables[fmt.Sprint(name[0])] = text.String()
	}
	if !strings.Contains(tables["guest"], "Ann") {
		t.Errorf("the table guest is %q, want somebody else's guest in it", tables["guest"])
	}
	return tables
}

// The guests of closed days are read, exported and erased like those of open ones.
func TestGuestsOfClosedDays(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v := s.one
	day, err := servicetime.ParseDate(friday)
	if err != nil {
		t.Fatal(err)
	}
	guest := func(r *CreateBookingRequest) { r.Guest = &planted }
	old := s.book(v, 4, "19:00", guest, func(r *CreateBookingRequest) { r.Tables = []UUID{UUID(v.tables["T2"])} })
	open := s.book(v, 2, "19:00", guest, func(r *CreateBookingRequest) { r.Date = "2026-11-30" })
	before := s.do(http.MethodGet, v.path("/timeline?date="+friday), v.tokens[seating.RoleOwner], nil).want(http.StatusOK)
	s.clock.advance(36 * time.Hour)
	if _, err := s.lines.Do(t.Context(), line.Request{Restaurant: v.id, Command: decide.CloseDay{Date: day}, Actor: seating.System()}); err != nil {
		t.Fatal(err)
	}
	owner := v.tokens[seating.RoleOwner]
	after := s.do(http.MethodGet, v.path("/timeline?date="+friday), owner, nil).want(http.StatusOK)
	if bars := after.bars("T2"); after.at("closed") != true || len(bars) != 1 || bars[0]["status"] != "no_show" || bars[0]["guestName"] != planted.Name {
		t.Errorf("timeline of the closed day = %s, want the bar of who did not come; before: %s", after.raw, before.raw)
	}
	both := map[string]any{"bookingIds": []string{old, open}}
	if n := len(s.do(http.MethodPost, v.path("/guests/lookup"), owner, both).want(http.StatusOK).list("guests")); n != 2 {
		t.Errorf("%d guests, want those of the closed day and of the open one", n)
	}
	if n := len(s.do(http.MethodPost, v.path("/guests/export"), owner, `{"phone":"99 555 0199"}`).want(http.StatusOK).list("bookings")); n != 2 {
		t.Errorf("%d bookings exported, want both", n)
	}
	if rows := s.do(http.MethodGet, v.path("/exports/bookings.csv?from="+friday+"&to=2026-11-30"), owner, nil).want(http.StatusOK).table(); len(rows) != 2 || rows[0]["status"] != "no_show" {
		t.Errorf("rows = %v, want both bookings", rows)
	}
	// a closed day's and one that is none: nothing is erased
	s.do(http.MethodPost, v.path("/guests/erase"), owner, map[string]any{"bookingIds": []string{old, uuid.NewString()}}).refused(http.StatusNotFound, seating.CodeNotFound)
	if got := s.do(http.MethodPost, v.path("/guests/erase"), owner, both).want(http.StatusOK); got.at("erased") != 2.0 {
		t.Errorf("erase = %s, want both", got.raw)
	}
	if l := s.do(http.MethodGet, v.path("/bookings/"+old+"/history"), owner, nil).want(http.StatusOK).list("history")[0]; l["summary"] != "guest data erased" {
		t.Errorf("newest line of the closed day's booking = %v, want the erasure", l)
	}
}

// More than fit into one change go with several; the key covers the first.
func TestEraseOfManyBookings(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	day, err := servicetime.ParseDate(friday)
	if err != nil {
		t.Fatal(err)
	}
	const many = 2*decide.MaxErased + 50
	start := servicetime.InstantOf(s.clock.now()).Add(8 * time.Hour)
	window := servicetime.Window{Start: start, End: start.Add(time.Hour)}
	var imported []decide.Imported
	for i := range many {
		imported = append(imported, decide.Imported{Guest: seating.Guest{Name: "Ann", Phone: "+44 1"}, Booking: seating.Booking{
			ID: newUUID(), Reference: fmt.Sprintf("MANY%03d", i), Covers: 2, Date: day, Time: servicetime.NewClock(20, 0), ServiceDate: day, Window: window, Dining: window,
			Status: seating.Waitlisted, Source: seating.SourceImport, CreatedAt: start.Add(-24 * time.Hour), CreatedBy: "operator",
		}})
	}
	var done line.Answer
	for chunk := range slices.Chunk(imported, 200) {
		if done, err = s.lines.Do(t.Context(), line.Request{Restaurant: v.id, Command: decide.ImportBookings{Bookings: chunk}, Actor: seating.System()}); err != nil {
			t.Fatal(err)
		}
	}
	got := s.do(http.MethodPost, v.path("/guests/erase"), owner, `{"phone":"441"}`, headerKey, "one-key").want(http.StatusOK)
	ids := map[any]bool{}
	for _, id := range got.at("bookings").([]any) {
		ids[id] = true
	}
	if got.at("erased") != float64(many) || len(ids) != many {
		t.Errorf("erased %v with %d ids, want %d", got.at("erased"), len(ids), many)
	}
	if want := fmt.Sprintf("%s.%d", done.Result.Version.Epoch, done.Result.Version.N+3); got.text("version") != want {
		t.Errorf("version = %s, want %s: three changes", got.text("version"), want)
	}
}

// By ids: an unknown one, or one of another restaurant, refuses all.
func TestEraseByIDs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	guest := func(r *CreateBookingRequest) { r.Guest = &planted }
	mine, theirs := s.book(v, 2, "19:00", guest), s.book(s.two, 2, "19:00", guest)
	for _, stranger := range []string{theirs, uuid.NewString()} {
		refused := s.do(http.MethodPost, v.path("/guests/erase"), owner, map[string]any{"bookingIds": []string{mine, stranger}}).refused(http.StatusNotFound, seating.CodeNotFound)
		if !strings.Contains(refused.text("detail"), stranger) {
			t.Errorf("refusal = %s, want it to name %s", refused.raw, stranger)
		}
	}
	got := s.do(http.MethodPost, v.path("/guests/erase"), owner, map[string]any{"bookingIds": []string{mine, mine}}).want(http.StatusOK)
	if got.at("erased") != 1.0 {
		t.Errorf("erase of one named twice = %s, want 1", got.raw)
	}
	line := s.do(http.MethodGet, v.path("/bookings/"+mine+"/history"), owner, nil).want(http.StatusOK).list("history")[0]
	if line["command"] != "erase_guests" || line["summary"] != "guest data erased" || line["detail"] != nil {
		t.Errorf("newest line = %v, want that guest data were erased, and nothing of it", line)
	}
}

// table reads a CSV answer into rows by column.
func (a *answer) table() []map[string]string {
	a.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(a.raw))).ReadAll()
	if err != nil {
		a.t.Fatalf("%s: %v in %q", a.what, err, a.raw)
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		all = append(all, m)
	}
	return all
}

func TestBookingsAsCSV(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	zone := v.floor["zones"].([]any)[0].(map[string]any)["id"].(string)
	evil := GuestRequest{Name: `=cmd|' /C calc'!A0`, Phone: "+44 20 7946 0000", Email: "@x@y.example"[1:], Notes: "says \"hi\", and\nleaves; -1"}
	s.book(v, 9, "19:00", func(r *CreateBookingRequest) {
		r.Guest, r.Tables, r.ZoneID, r.Seating = &evil, []UUID{UUID(v.tables["T3"]), UUID(v.tables["T2"])}, UUID(zone), seating.SeatingSofa
	})
	s.book(v, 2, "18:00", func(r *CreateBookingRequest) { r.Guest = &GuestRequest{Name: "Zoë", Notes: "-3 kg"} })
	path := v.path("/exports/bookings.csv?from=2026-11-01&to=2026-11-30")
	got := s.do(http.MethodGet, path, owner, nil).want(http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type":        "text/csv; charset=utf-8; header=present",
		"Content-Disposition": `attachment; filename="` + v.slug + `-bookings-2026-11-01-2026-11-30.csv"`, "Cache-Control": "no-store",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.header.Get(name), want)
		}
	}
	if n, lines := strings.Count(string(got.raw), "\r\n"), strings.Count(string(got.raw), "\n"); n != 4 || lines != n {
		t.Errorf("%d line ends, %d of them CRLF, want 4: header, two bookings, one in a note", lines, n)
	}
	rows := got.table()
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2", len(rows))
	}
	first, second := rows[0], rows[1]
	for column, want := range map[string]string{
		"time": "18:00", "guest_name": "Zoë", "guest_notes": "'-3 kg", "status": "pending", "tables": "", "zone_wish": "", "arrived_at": "",
	} {
		if first[column] != want {
			t.Errorf("first row: %s = %q, want %q", column, first[column], want)
		}
	}
	for column, want := range map[string]string{
		"service_date": friday, "date": friday, "time": "19:00", "covers": "9", "status": "confirmed", "tables": "T2 T3", "zone_wish": "Main", "seating_wish": "sofa",
		"source": "phone", "created_by": "token:" + v.ids[seating.RoleHost].String(), "turn_minutes": "90", "checked_in_at": "", "ended_at": "",
		"guest_name": "'" + evil.Name, "guest_phone": "'" + evil.Phone, "guest_email": evil.Email, "guest_notes": evil.Notes, // A11
	} {
		if second[column] != want {
			t.Errorf("second row: %s = %q, want %q", column, second[column], want)
		}
	}
	if len(second["reference"]) != 6 || !strings.HasPrefix(second["created_at"], "2026-11-27T12:") || len(second) != len(csvColumns) {
		t.Errorf("second row = %v, want a reference, a time and %d columns", second, len(csvColumns))
	}
	for query, pointer := range map[string]string{
		"from=2026-11-27": "to", "to=2026-11-27": "from", "": "from", "from=2026-11-28&to=2026-11-27": "to", "from=2026-01-01&to=2027-01-02": "to", "from=x&to=y": "from",
		"from=1970-01-01&to=1970-01-01": "from",
	} {
		if p := s.do(http.MethodGet, v.path("/exports/bookings.csv?"+query), owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable).pointers(); !slices.Equal(p, []string{pointer}) {
			t.Errorf("export %s: pointers = %v, want %s", query, p, pointer)
		}
	}
	s.do(http.MethodGet, v.path("/exports/bookings.csv?from=2026-01-01&to=2027-01-01"), owner, nil).want(http.StatusOK)
}

func TestHarmlessCells(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "a=b": "a=b", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\n=1": "'\n=1", "＝1": "'＝1", "'=1": "'=1", "é": "é",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("harmless(%q) = %q, want %q", cell, got, want)
		}
	}
}

// failing serves pages of a book until one fails.
type failing struct {
	store.Lists
	pages atomic.Int64
	good  int64
}

func (f *failing) Bookings(_ context.Context, _ seating.RestaurantID, q store.BookingQuery) ([]store.BookingRow, error) {
	n := f.pages.Add(1)
	if n > f.good {
		return nil, errors.New("the disk is gone")
	}
	rows := make([]store.BookingRow, q.Limit)
	for i := range rows {
		rows[i] = store.BookingRow{Booking: seating.Booking{ID: newUUID(), Reference: "AAAAAA", Covers: 2}}
	}
	return rows, nil
}

// Half a file does not look like a whole one: the connection is cut.
func TestCSVIsCutWhenItCannotBeFinished(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	export := func(good int64) (w *httptest.ResponseRecorder, cut any) {
		d := s.deps
		d.Lists, d.Registry = &failing{Lists: s.store, good: good}, prometheus.NewRegistry()
		api, err := New(d)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.one.path("/exports/bookings.csv?from="+friday+"&to="+friday), nil)
		req.Header.Set(headerAuthorization, "Bearer "+s.one.tokens[seating.RoleOwner])
		w = httptest.NewRecorder()
		defer func() { cut = recover() }()
		api.ServeHTTP(w, req)
		return w, nil
	}
	w, cut := export(2)
	if cut != any(http.ErrAbortHandler) {
		t.Errorf("an export that fails on its third page ended with %v, want the connection cut", cut)
	}
	if n := strings.Count(w.Body.String(), "AAAAAA"); n != 400 {
		t.Errorf("%d bookings were sent before, want the 400 of two pages: it is streamed", n)
	}
	w, cut = export(0)
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); cut != nil || err != nil || w.Code != http.StatusInternalServerError {
		t.Errorf("an export that fails on its first page = %d %s (%v), want a problem", w.Code, w.Body, cut)
	}
	if log := s.log.String(); !strings.Contains(log, "the disk is gone") {
		t.Errorf("the failure is not in the log: %s", log)
	}
}

func TestHistoryOfTheRestaurant(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id := s.book(v, 4, "19:00")
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), v.tokens[seating.RoleHost], s.tables(v, "T2")).want(http.StatusOK)
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), v.tokens[seating.RoleManager], s.tables(v, "T3")).want(http.StatusOK)
	all := s.do(http.MethodGet, v.path("/history"), owner, nil).want(http.StatusOK).list("history")
	newest := all[0]
	if newest["summary"] != "moved from T2 to T3" || newest["actor"].(map[string]any)["name"] != "the manager" || newest["subject"] != "booking:"+id {
		t.Errorf("newest line = %v, want who moved what", newest)
	}
	if last := all[len(all)-1]; last["subject"] != "floor" || !strings.HasPrefix(last["summary"].(string), "floor changed: ") {
		t.Errorf("oldest line = %v, want the floor's", last)
	}
	of := s.do(http.MethodGet, v.path("/bookings/"+id+"/history"), owner, nil).want(http.StatusOK).list("history")
	if of[0]["summary"] != "moved from T2 to T3" || of[len(of)-1]["summary"] != "booked" {
		t.Errorf("history of the booking = %v, want it in words", of)
	}
	for subject, want := range map[string]int{
		"floor": 1, "policy": 1, "restaurant": 0, "booking:" + id: len(of), "block:" + uuid.NewString(): 0, "day:" + friday: 0, "booking:" + uuid.NewString(): 0,
	} {
		if n := len(s.do(http.MethodGet, v.path("/history?subject="+subject), owner, nil).want(http.StatusOK).list("history")); n != want {
			t.Errorf("history of %s has %d lines, want %d", subject, n, want)
		}
	}
	for _, bad := range []string{"", "floor:1", "booking", "booking:x", "day:x", "guest:1", "booking:" + id + ":1"} {
		s.do(http.MethodGet, v.path("/history?subject="+bad), owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
	}
	// somebody else's booking has no history here
	theirs := s.book(s.two, 2, "19:00")
	if n := len(s.do(http.MethodGet, v.path("/history?subject=booking:"+theirs), owner, nil).want(http.StatusOK).list("history")); n != 0 {
		t.Errorf("%d lines of another restaurant's booking", n)
	}
	// pages hang together and are of one list
	var paged []map[string]any
	next := ""
	for range 20 {
		page := s.do(http.MethodGet, v.path("/history?limit=2"+next), owner, nil).want(http.StatusOK)
		paged = append(paged, page.list("history")...)
		if page.at("nextCursor") == nil {
			break
		}
		next = "&cursor=" + page.text("nextCursor")
	}
	if d := cmp.Diff(all, paged); d != "" {
		t.Errorf("pages differ from the whole (-whole +pages):\n%s", d)
	}
	s.do(http.MethodGet, v.path("/history?subject=floor"+next), owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
}
