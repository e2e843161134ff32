package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

var directoryTests = []test{
	{"CreateRestaurantWritesVersion0WithOwnerAndToken", func(t *testing.T, e Env) {
		r := NewRestaurant("one")
		if err := e.Store.CreateRestaurant(t.Context(), r); err != nil {
			t.Fatalf("CreateRestaurant = %v", err)
		}
		h, _, err := e.Store.Load(t.Context(), r.State.Restaurant.ID)
		if err != nil {
			t.Fatalf("Load = %v", err)
		}
		want := r.State
		want.LastAt = e.Clock.Instant()
		if diff := cmp.Diff(want, h.State(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the new restaurant (-want +got):\n%s", diff)
		}
		owner := r.Owner
		owner.Access = 1
		members, err := e.Store.Members(t.Context(), owner.Restaurant)
		if diff := cmp.Diff([]store.Member{owner}, members); err != nil || diff != "" {
			t.Errorf("Members = %v (-want +got):\n%s", err, diff)
		}
		token := r.Token
		token.Access, token.CreatedAt = 1, e.Clock.Instant()
		tokens, err := e.Store.Tokens(t.Context(), owner.Restaurant)
		if diff := cmp.Diff([]store.Token{token}, tokens); err != nil || diff != "" {
			t.Errorf("Tokens = %v (-want +got):\n%s", err, diff)
		}
		all, err := e.Store.Restaurants(t.Context())
		if diff := cmp.Diff([]seating.Restaurant{r.State.Restaurant}, all); err != nil || diff != "" {
			t.Errorf("Restaurants = %v (-want +got):\n%s", err, diff)
		}
		if got, err := e.Store.RestaurantBySlug(t.Context(), "one"); err != nil || got != r.State.Restaurant {
			t.Errorf("RestaurantBySlug = %v, %v", got, err)
		}
		if _, err := e.Store.RestaurantBySlug(t.Context(), "two"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("RestaurantBySlug(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"CreateRestaurantIsAllOrNothing", func(t *testing.T, e Env) {
		Plant(t, e.Store, e.Clock, "one")
		for name, c := range map[string]struct {
			change func(r *store.NewRestaurant)
			want   error
		}{
			"taken slug":     {func(r *store.NewRestaurant) { r.State.Restaurant.Slug = "one" }, store.ErrExists},
			"taken token":    {func(r *store.NewRestaurant) { r.Token.Hash = NewRestaurant("one").Token.Hash }, store.ErrExists},
			"no owner":       {func(r *store.NewRestaurant) { r.Owner.Role = seating.RoleManager }, store.ErrInvalid},
			"not empty":      {func(r *store.NewRestaurant) { r.State.Zones = []seating.Zone{{}} }, store.ErrInvalid},
			"not version 0":  {func(r *store.NewRestaurant) { r.State.Version = 1 }, store.ErrInvalid},
			"slug of spaces": {func(r *store.NewRestaurant) { r.State.Restaurant.Slug = "a b" }, store.ErrInvalid},
			"unsound policy": {func(r *store.NewRestaurant) { r.State.Policy.MaxTables = 9 }, store.ErrInvalid},
			"too many holds": {func(r *store.NewRestaurant) { r.Token.HoldCap = 10001 }, store.ErrInvalid},
		} {
			r := NewRestaurant("two")
			c.change(&r)
			if err := e.Store.CreateRestaurant(t.Context(), r); !errors.Is(err, c.want) {
				t.Errorf("CreateRestaurant(%s) = %v, want %v", name, err, c.want)
			}
			if _, _, err := e.Store.Load(t.Context(), r.State.Restaurant.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Load after CreateRestaurant(%s) = %v, want ErrNotFound", name, err)
			}
		}
		if err := e.Store.CreateRestaurant(t.Context(), NewRestaurant("two")); err != nil {
			t.Errorf("CreateRestaurant after all that = %v", err)
		}
	}},
	{"DropRestaurantRemovesAllItsRows", dropRestaurantRemovesAllItsRows},
	{"PutMemberFindsAUserByEmailIgnoringCase", func(t *testing.T, e Env) {
		d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
		first, second := d.member("Zoë@Example.org", seating.RoleHost), o.member("ZOË@example.ORG", seating.RoleServer)
		if first.User != second.User || second.Email != "Zoë@Example.org" || second.Role != seating.RoleServer {
			t.Errorf("PutMember = %+v and %+v, want one user", first, second)
		}
	}},
	{"PutMemberRaisesTheAccessRevision", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		var got []int64
		for _, role := range []seating.Role{seating.RoleHost, seating.RoleManager, seating.RoleManager, seating.RoleHost} {
			got = append(got, d.member("h@example.org", role).Access)
		}
		if diff := cmp.Diff([]int64{1, 2, 2, 3}, got); diff != "" {
			t.Errorf("access revisions (-want +got):\n%s", diff)
		}
	}},
	{"PutMemberMustRefuseToTakeAwayTheLastOwner", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		o := Plant(t, e.Store, e.Clock, "two") // its owner does not count here
		owner := d.New.Owner
		demoted := owner
		demoted.Role = seating.RoleManager
		if _, err := e.Store.PutMember(t.Context(), demoted); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("PutMember(last owner as manager) = %v, want ErrInvalid", err)
		}
		if err := e.Store.DropMember(t.Context(), d.ID(), owner.User); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("DropMember(last owner) = %v, want ErrInvalid", err)
		}
		d.member(o.New.Owner.Email, seating.RoleOwner)
		if _, err := e.Store.PutMember(t.Context(), demoted); err != nil {
			t.Errorf("PutMember(one of two owners as manager) = %v", err)
		}
		if err := e.Store.DropMember(t.Context(), d.ID(), owner.User); err != nil {
			t.Errorf("DropMember(manager) = %v", err)
		}
		if members, err := e.Store.Members(t.Context(), d.ID()); err != nil || len(members) != 1 || members[0].User != o.New.Owner.User {
			t.Errorf("Members = %v, %v, want the other owner alone", members, err)
		}
	}},
	{"MembersAndTokensOfNoRestaurantAreErrNotFound", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		none := NewID[seating.RestaurantID]()
		_, members := e.Store.Members(t.Context(), none)
		_, tokens := e.Store.Tokens(t.Context(), none)
		_, member := e.Store.PutMember(t.Context(), store.Member{Restaurant: none, User: NewID[seating.UserID](), Email: "a@b.c", Role: seating.RoleHost})
		for name, err := range map[string]error{
			"Members": members, "Tokens": tokens, "PutMember": member,
			"PutToken":             e.Store.PutToken(t.Context(), store.Token{ID: NewID[seating.TokenID](), Restaurant: none, Role: seating.RoleHost, HoldCap: 1}),
			"DropMember(unknown)":  e.Store.DropMember(t.Context(), d.ID(), NewID[seating.UserID]()),
			"RevokeToken(unknown)": e.Store.RevokeToken(t.Context(), d.ID(), NewID[seating.TokenID]()),
			"RevokeToken(foreign)": e.Store.RevokeToken(t.Context(), none, d.New.Token.ID),
			"DropRestaurant":       e.Store.DropRestaurant(t.Context(), none),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s = %v, want ErrNotFound", name, err)
			}
		}
	}},
	{"TokenByHashFindsOnlyValidTokens", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		token := store.Token{
			ID: NewID[seating.TokenID](), Restaurant: d.ID(), Name: "site", Role: seating.RoleHost, Hash: [32]byte{7}, HoldCap: 10000,
			Access: 1, CreatedAt: e.Clock.Instant(), ExpiresAt: e.Clock.Instant().Add(time.Hour),
		}
		if err := e.Store.PutToken(t.Context(), token); err != nil {
			t.Fatalf("PutToken = %v", err)
		}
		find := func(hash [32]byte, want error) {
			t.Helper()
			if _, err := e.Store.TokenByHash(t.Context(), hash); !errors.Is(err, want) {
				t.Errorf("TokenByHash = %v, want %v", err, want)
			}
		}
		got, err := e.Store.TokenByHash(t.Context(), token.Hash)
		if diff := cmp.Diff(token, got); err != nil || diff != "" {
			t.Errorf("TokenByHash = %v (-want +got):\n%s", err, diff)
		}
		find([32]byte{8}, store.ErrNotFound)
		e.Clock.Set(token.ExpiresAt - 1)
		find(token.Hash, nil)
		e.Clock.Set(token.ExpiresAt)
		find(token.Hash, store.ErrNotFound)
		find(d.New.Token.Hash, nil)
		for range 2 { // twice is fine
			if err := e.Store.RevokeToken(t.Context(), d.ID(), d.New.Token.ID); err != nil {
				t.Errorf("RevokeToken = %v", err)
			}
		}
		find(d.New.Token.Hash, store.ErrNotFound)
		tokens, err := e.Store.Tokens(t.Context(), d.ID())
		if err != nil || len(tokens) != 2 || tokens[0].RevokedAt != e.Clock.Instant() || tokens[0].Access != 2 {
			t.Errorf("Tokens = %+v, %v, want the revoked one with access revision 2", tokens, err)
		}
		twin := token
		twin.ID = NewID[seating.TokenID]()
		if err := e.Store.PutToken(t.Context(), twin); !errors.Is(err, store.ErrExists) {
			t.Errorf("PutToken(hash of another) = %v, want ErrExists", err)
		}
	}},
	{"OperatorsAreFoundWhileTheyAreValid", operatorsAreFoundWhileTheyAreValid},
	{"BoundsOfAnOperator", boundsOfAnOperator},
	{"NamesAreOfOneRestaurant", func(t *testing.T, e Env) {
		d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
		gone := d.member("gone@example.org", seating.RoleHost)
		if err := e.Store.DropMember(t.Context(), d.ID(), gone.User); err != nil {
			t.Fatalf("DropMember = %v", err)
		}
		owner, token, left := seating.UserPrincipal(d.New.Owner.User), "token:"+d.New.Token.ID.String(), seating.UserPrincipal(gone.User)
		names, err := e.Store.Names(t.Context(), d.ID(), []string{
			owner, token, left, "system", "user:x", seating.UserPrincipal(o.New.Owner.User), "token:" + o.New.Token.ID.String(),
		})
		if diff := cmp.Diff(map[string]string{owner: "Olive Owner", token: "till", left: "N. N."}, names); err != nil || diff != "" {
			t.Errorf("Names = %v (-want +got):\n%s", err, diff)
		}
	}},
}

func dropRestaurantRemovesAllItsRows(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	for _, s := range []*Seed{d, o} {
		b := s.Booking("B1", 0, 60)
		book := s.Book(b, s.Tables[0])
		book.Receipt = receipt(s, house.ReceiptKey{Principal: "p", Key: "k"}, book)
		book.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "Ada"}}}
		book.Notes = []house.NotePut{{Subject: book.History[0].Subject, Text: "note"}}
		s.Commit(book)
		h := s.Hold(b)
		s.Commit(s.TakeHold(h, s.Tables[1]))
		s.Commit(s.Release(h, seating.EndReleased, s.Tables[1]))
		s.Commit(s.TakeHold(s.Hold(b), s.Tables[2]))
		s.Commit(s.Change("block", house.Rows{
			PutBlocks:       []seating.Block{{ID: NewID[seating.BlockID](), Tables: s.Tables[3:], Window: b.Window}},
			PutEdges:        []seating.Edge{seating.NewEdge(s.Tables[0], s.Tables[1])},
			PutCombinations: []seating.Combination{{ID: NewID[seating.CombinationID](), Tables: s.Tables[:2], MinCovers: 1, MaxCovers: 8}},
		}))
	}
	raw, isRaw := e.Store.(Raw)
	if isRaw {
		for _, s := range []*Seed{d, o} { // what the worker of the outbox writes
			r := "'" + s.ID().String() + "'"
			const columns = "id, sink, lane, restaurant_id, booking_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, " +
				"headers, attempts, next_attempt_at, last_error, created_at"
			err := raw.RawSQL(t.Context(), "INSERT INTO outbox_dead ("+columns+", dead_at, cause) SELECT "+columns+", created_at, 'refused' FROM capacity_outbox WHERE restaurant_id = "+r+";\n"+
				"INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason) VALUES ('observability', "+r+", 'x', "+r+", "+raw.Literal(At(0))+", "+raw.Literal(At(0))+", 1, 1, 'failed')")
			if err != nil {
				t.Fatalf("writing as the worker does = %v", err)
			}
			endpoint := s.endpoint()
			err = raw.RawSQL(t.Context(), "INSERT INTO webhook_deliveries (restaurant_id, endpoint_id, event_id, event_type, dedupe_key, attempt, at, took, outcome, status, error) "+
				"VALUES ("+r+", '"+endpoint.String()+"', 1, 'x', 'x', 1, "+raw.Literal(At(0))+", 1, 'failed', 500, '');\n"+
				"INSERT INTO observability_events (dedupe_key, id, restaurant_id, booking_id, source, event_type, severity, version, schema_version, context, created_at, recorded_at) "+
				"SELECT dedupe_key, id, restaurant_id, booking_id, 'x', event_type, severity, 1, 1, '{}', created_at, created_at FROM outbox_dead WHERE restaurant_id = "+r)
			if err != nil {
				t.Fatalf("writing as the sinks do = %v", err)
			}
		}
	}
	before := o.Dump()
	if err := e.Store.DropRestaurant(t.Context(), d.ID()); err != nil {
		t.Fatalf("DropRestaurant = %v", err)
	}
	if _, err := e.Store.Dump(t.Context(), d.ID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Dump of a dropped restaurant = %v, want ErrNotFound", err)
	}
	o.Unchanged(before)
	rows, err := e.Store.OutboxRows(t.Context(), store.SinkObservability, 0, 100)
	if err != nil || len(rows) == 0 || slices.ContainsFunc(rows, func(r store.OutboxRow) bool { return r.Restaurant != o.ID() }) {
		t.Errorf("OutboxRows = %v, %v, want the other restaurant's alone", rows, err)
	}
	if isRaw {
		for _, table := range []string{
			"members", "tokens", "restaurant_state", "zones", "tables", "adjacencies", "combinations", "combination_tables", "blocks", "policies",
			"service_periods", "closures", "bookings", "holds", "ended_holds", "allocations", "guest", "staff_note", "journal", "history",
			"receipts", "due_work", "checkpoints", "capacity_outbox", "outbox_block", "outbox_dead",
			"webhook_endpoints", "webhook_deliveries", "observability_events",
		} {
			n, err := raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+table+" WHERE restaurant_id = '"+d.ID().String()+"'")
			if err != nil || n != 0 {
				t.Errorf("%s has %d rows of the dropped restaurant, %v", table, n, err)
			}
			if n, err := raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+table+" WHERE restaurant_id = '"+o.ID().String()+"'"); err != nil || table != "service_periods" && table != "closures" && n == 0 {
				t.Errorf("%s has %d rows of the other restaurant, %v: the test looks at nothing", table, n, err)
			}
		}
	}
	if err := e.Store.CreateRestaurant(t.Context(), NewRestaurant("one")); err != nil {
		t.Errorf("CreateRestaurant with the free slug = %v", err)
	}
}
