package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// operatorOperations are those that operators alone may call.
var operatorOperations = []string{
	"create-restaurant", "get-outbox-status", "list-outbox-rows", "get-outbox-row", "retry-outbox-rows", "redrive-outbox", "skip-outbox-row",
	"pause-sink", "resume-sink", "list-operations", "list-jobs", "run-job",
}

// deploymentHolds are hold rules that a deployment sets for new restaurants.
func deploymentHolds() seating.HoldRules {
	rules := seating.DefaultHoldRules()
	rules.DefaultTTL += 45
	return rules
}

// founder is what a server has: the command line's own function.
func founder(a *control.App) Founder {
	return func(ctx context.Context, in Founding) (Founded, error) {
		made, err := control.CreateRestaurant(ctx, a, control.NewRestaurant{
			Slug: in.Slug, Name: in.Name, Zone: in.Zone, OwnerEmail: in.OwnerEmail, OwnerName: in.OwnerName,
		})
		return Founded{Restaurant: made.Restaurant, Owner: made.Owner, OwnerEmail: made.OwnerEmail, Token: made.Secret, Version: made.Version}, err
	}
}

// strongest is the token that may call an operation, whatever it needs.
func (s *stack) strongest(v venue, operation string) string {
	if slices.Contains(operatorOperations, operation) {
		return s.operator
	}
	return v.tokens[seating.RoleOwner]
}

// freshSlug lets a mutated example of a new restaurant not meet the one that an
// earlier mutation made.
func freshSlug(body string) string {
	return strings.Replace(body, `"slug":"chez-nous"`, `"slug":"s-`+uuid.NewString()+`"`, 1)
}

func newRestaurant(slug string) CreateRestaurantRequest {
	return CreateRestaurantRequest{
		Slug: slug, Name: "Chez " + slug, Zone: "Europe/Paris", Owner: NewOwnerRequest{Email: slug + "@example.com", Name: "Alma"},
	}
}

func TestT10_G08_AnOperatorMakesARestaurantWithItsOwner(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	made := s.do(http.MethodPost, "/v1/restaurants", s.operator, newRestaurant("chez-nous")).want(http.StatusCreated)
	id, token := made.text("restaurant", "id"), made.text("token")
	if made.at("restaurant", "slug") != "chez-nous" || made.at("restaurant", "zone") != "Europe/Paris" || made.at("restaurant", "active") != true ||
		made.text("owner", "email") != "chez-nous@example.com" || made.header.Get("Cache-Control") != "no-store" || made.text("serverNow") == "" {
		t.Errorf("POST /v1/restaurants = %s", made.raw)
	}
	if v := made.text("version"); !strings.HasSuffix(v, ".0") {
		t.Errorf("version = %s, want the first of an epoch", v)
	}
	// What the answer says can be used at once.
	me := s.do(http.MethodGet, "/v1/me", token, nil).want(http.StatusOK).list("restaurants")
	if len(me) != 1 || me[0]["restaurantId"] != id || me[0]["role"] != "owner" {
		t.Errorf("GET /v1/me of the owner's token = %v", me)
	}
	got := s.do(http.MethodGet, "/v1/restaurants/"+id, token, nil).want(http.StatusOK)
	if got.text("version") != made.text("version") || cmp.Diff(got.object("restaurant"), made.object("restaurant")) != "" {
		t.Errorf("GET of the new restaurant = %s, want what was answered: %s", got.raw, made.raw)
	}
	policy := s.do(http.MethodGet, "/v1/restaurants/"+id+"/policy", token, nil).want(http.StatusOK)
	if ttl := policy.at("policy", "hold", "defaultTtlSeconds"); ttl != float64(deploymentHolds().DefaultTTL) {
		t.Errorf("hold rules = %v, want those of the deployment", policy.at("policy", "hold"))
	}
	members, err := s.store.Members(t.Context(), parsed(t, id))
	if err != nil || len(members) != 1 || members[0].User.String() != made.text("owner", "userId") || members[0].Role != seating.RoleOwner {
		t.Errorf("Members = %v, %v, want the owner alone", members, err)
	}
	// Who did it is in the log, and nothing else of what was sent or made.
	log := s.log.String()
	if !strings.Contains(log, `"operator":"`+s.operatorID.String()+`","restaurant":"`+id+`"`) {
		t.Errorf("the log does not say which operator made which restaurant:\n%s", log)
	}
	for _, secret := range []string{token, s.operator, "chez-nous@example.com", "Alma"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	// An owner who is known already stays who they are.
	again := newRestaurant("second")
	again.Owner = NewOwnerRequest{Email: "CHEZ-nous@example.com", Name: "Somebody"}
	second := s.do(http.MethodPost, "/v1/restaurants", s.operator, again).want(http.StatusCreated)
	if d := cmp.Diff(made.object("owner"), second.object("owner")); d != "" {
		t.Errorf("the owner of a second restaurant (-first +second):\n%s", d)
	}
}

func parsed(t *testing.T, id string) seating.RestaurantID {
	t.Helper()
	r, err := seating.ParseID[seating.RestaurantID](id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A key makes no difference: a repeated request finds the slug taken, and makes
// nothing.
func TestATakenSlugIsTold(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	in := newRestaurant("chez-nous")
	s.do(http.MethodPost, "/v1/restaurants", s.operator, in, headerKey, "k").want(http.StatusCreated)
	before := s.slugs()
	for _, key := range []string{"k", "", "other"} {
		again := s.do(http.MethodPost, "/v1/restaurants", s.operator, in, headerKey, key).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := again.pointers(); !slices.Equal(p, []string{"/slug"}) || !strings.Contains(again.text("detail"), `"chez-nous"`) || again.header.Get(headerReplayed) != "" {
			t.Errorf("a taken slug = %s, want it named", again.raw)
		}
	}
	if after := s.slugs(); !slices.Equal(before, after) {
		t.Errorf("restaurants = %v, want %v", after, before)
	}
}

func (s *stack) slugs() []string {
	s.t.Helper()
	all, err := s.store.Restaurants(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var slugs []string
	for _, r := range all {
		slugs = append(slugs, r.Slug)
	}
	return slugs
}

// Of many who want one slug, one gets it.
func TestG08_OneSlugOneRestaurant(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	var wg sync.WaitGroup
	answers := make([]*answer, 8)
	for i := range answers {
		in := newRestaurant("chez-nous")
		in.Owner.Email = fmt.Sprintf("owner%d@example.com", i)
		wg.Go(func() { answers[i] = s.do(http.MethodPost, "/v1/restaurants", s.operator, in) })
	}
	wg.Wait()
	made := ""
	for _, a := range answers {
		switch {
		case a.status == http.StatusCreated && made == "":
			made = a.text("restaurant", "id")
		case a.status == http.StatusCreated:
			t.Errorf("two restaurants have one slug: %s and %s", made, a.raw)
		default:
			a.refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		}
	}
	if n := len(s.slugs()); made == "" || n != 3 {
		t.Errorf("%d restaurants, one of them %q, want the three", n, made)
	}
}

func TestFaultsOfANewRestaurant(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	before := s.slugs()
	for want, change := range map[string]func(*CreateRestaurantRequest){
		"/slug":        func(r *CreateRestaurantRequest) { r.Slug = "Chez" },
		"/name":        func(r *CreateRestaurantRequest) { r.Name = " " },
		"/zone":        func(r *CreateRestaurantRequest) { r.Zone = "Local" },
		"/owner/email": func(r *CreateRestaurantRequest) { r.Owner.Email = "Alma <a@example.com>" },
		"/owner/name":  func(r *CreateRestaurantRequest) { r.Owner.Name = "a\nb" },
		"/slug /name /zone /owner/email /owner/name": func(r *CreateRestaurantRequest) {
			*r = CreateRestaurantRequest{Slug: "-", Zone: "Mars", Owner: NewOwnerRequest{Name: " Alma"}}
		},
		"/slug (long)":        func(r *CreateRestaurantRequest) { r.Slug = strings.Repeat("s", 61) },
		"/name (long)":        func(r *CreateRestaurantRequest) { r.Name = strings.Repeat("é", 201) },
		"/owner/email (long)": func(r *CreateRestaurantRequest) { r.Owner.Email = strings.Repeat("a", 320) + "@example.com" },
	} {
		in := newRestaurant("chez-nous")
		change(&in)
		got := s.do(http.MethodPost, "/v1/restaurants", s.operator, in).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		want, _, _ = strings.Cut(want, " (")
		if p := strings.Join(got.pointers(), " "); p != want {
			t.Errorf("%+v: pointers = %s, want %s", in, p, want)
		}
	}
	for body, want := range map[string]string{
		`{"slug":"s","name":"n","zone":"UTC"}`: "/owner", `{"slug":"s","name":"n","zone":"UTC","owner":{"email":"a@example.com"},"id":"x"}`: "/id",
	} {
		got := s.do(http.MethodPost, "/v1/restaurants", s.operator, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
		if p := got.pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("%s: pointers = %v, want %s", body, p, want)
		}
	}
	s.do(http.MethodPost, "/v1/restaurants", s.operator, newRestaurant("chez-nous"), headerIfMatch, `"eone.1"`).refused(http.StatusBadRequest, seating.CodeUnreadable)
	s.do(http.MethodPost, "/v1/restaurants?dryRun=true", s.operator, newRestaurant("chez-nous")).refused(http.StatusBadRequest, seating.CodeUnreadable)
	if after := s.slugs(); !slices.Equal(before, after) {
		t.Errorf("restaurants = %v, want %v", after, before)
	}
}

func TestMeOfAnOperator(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	me := s.do(http.MethodGet, "/v1/me", s.operator, nil, headerActingFor, "agent-7").want(http.StatusOK)
	want := map[string]any{"principal": "operator:" + s.operatorID.String(), "kind": "operator", "name": "ops", "restaurants": []any{}}
	if d := cmp.Diff(want, me.body); d != "" {
		t.Errorf("GET /v1/me (-want +got):\n%s", d)
	}
}

// The rights of a second ago are not enough to make a restaurant.
func TestARevokedOperatorMakesNothing(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	s.do(http.MethodGet, "/v1/me", s.operator, nil).want(http.StatusOK)
	before := s.slugs()
	if err := s.store.RevokeOperator(t.Context(), s.operatorID); err != nil {
		t.Fatal(err)
	}
	s.do(http.MethodPost, "/v1/restaurants", s.operator, newRestaurant("chez-nous")).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodGet, "/v1/me", s.operator, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	if after := s.slugs(); !slices.Equal(before, after) {
		t.Errorf("restaurants = %v, want %v", after, before)
	}

	short, secret := access.NewOperator(newUUID(), "short", 0)
	now, err := s.store.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	short.ExpiresAt = now.Add(time.Minute)
	if err := s.store.PutOperator(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	s.do(http.MethodPost, "/v1/restaurants", secret, newRestaurant("chez-nous")).want(http.StatusCreated)
	s.clock.advance(time.Minute)
	s.do(http.MethodPost, "/v1/restaurants", secret, newRestaurant("chez-vous")).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
}

// What the store says about the outcome reaches the operator: made or not is never
// guessed.
func TestTheOutcomeOfANewRestaurantIsTold(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for name, x := range map[string]struct {
		err     error
		status  int
		outcome any
	}{
		"ambiguous":   {fmt.Errorf("%w: cut off", store.ErrAmbiguous), http.StatusServiceUnavailable, "unknown"},
		"unread":      {fmt.Errorf("%w: made: %w", store.ErrAmbiguous, store.ErrUnavailable), http.StatusServiceUnavailable, "unknown"},
		"unavailable": {store.ErrUnavailable, http.StatusServiceUnavailable, nil},
		"a bug":       {errors.New("SELECT secret"), http.StatusInternalServerError, nil},
	} {
		d := s.deps
		d.Registry, d.Found = prometheus.NewRegistry(), func(context.Context, Founding) (Founded, error) { return Founded{}, x.err }
		api, err := New(d)
		if err != nil {
			t.Fatal(err)
		}
		broken := *s
		broken.api = api
		got := broken.do(http.MethodPost, "/v1/restaurants", s.operator, newRestaurant("chez-nous")).want(x.status)
		if got.body["outcome"] != x.outcome || strings.Contains(string(got.raw), "SELECT") {
			t.Errorf("%s = %s, want outcome %v", name, got.raw, x.outcome)
		}
	}
}
