package main

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// An operator makes a restaurant at a running server, in either store: what the
// answer says can be used at once, by the command line too, and a revoked operator
// makes no other.
func TestOperatorsMakeRestaurants(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "a.db") },
		"PostgreSQL": func(t *testing.T) string { t.Helper(); return pgtest.Database(t).URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			r := serve(t, "--db", db)
			command := func(out any, args ...string) {
				t.Helper()
				both, errs := newOutput(), newOutput()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if code := run(ctx, append(args, "--db", db), nil, strings.NewReader(""), both, errs); code != exitOK {
					t.Fatalf("maitred %v exits %d:\n%s%s", args, code, both, errs)
				}
				if out == nil {
					return
				}
				if err := json.Unmarshal([]byte(both.String()), out); err != nil {
					t.Fatal(err)
				}
			}
			var operator control.MadeOperator
			command(&operator, "operator", "create", "--name", "ops", "--json")
			in := map[string]any{"slug": "chez", "name": "Chez", "zone": "Europe/Paris", "owner": map[string]any{"email": "alma@example.com"}}
			status, made := r.ask(http.MethodPost, "/v1/restaurants", operator.Secret, in)
			if status != http.StatusCreated {
				t.Fatalf("POST /v1/restaurants = %d %v", status, made)
			}
			restaurant, token := made["restaurant"].(map[string]any), made["token"].(string)
			root := "/v1/restaurants/" + restaurant["id"].(string)
			if status, got := r.ask(http.MethodGet, root, token, nil); status != http.StatusOK || got["version"] != made["version"] {
				t.Errorf("GET by the owner's token = %d %v, want version %v", status, got, made["version"])
			}
			if status, got := r.ask(http.MethodGet, root, operator.Secret, nil); status != http.StatusNotFound {
				t.Errorf("GET by the operator = %d %v, want 404", status, got)
			}
			if status, got := r.ask(http.MethodPost, "/v1/restaurants", operator.Secret, in); status != http.StatusUnprocessableEntity || got["code"] != "INVALID" {
				t.Errorf("the same again = %d %v, want a taken slug", status, got)
			}
			if status, got := r.ask(http.MethodPost, "/v1/restaurants", token, in); status != http.StatusForbidden {
				t.Errorf("the same by an owner = %d %v, want 403", status, got)
			}
			// The way on after a lost answer.
			var another control.MadeToken
			command(&another, "token", "create", "chez", "--name", "again", "--role", "owner", "--json")
			if status, got := r.ask(http.MethodGet, root, another.Secret, nil); status != http.StatusOK {
				t.Errorf("GET by another token of the owner = %d %v", status, got)
			}
			var members []control.MemberRow
			command(&members, "member", "ls", "chez", "--json")
			if len(members) != 1 || members[0].Email != "alma@example.com" || members[0].User.String() != made["owner"].(map[string]any)["userId"] {
				t.Errorf("member ls = %+v, want the owner of %v", members, made["owner"])
			}
			command(nil, "verify")

			command(nil, "operator", "revoke", operator.ID.String())
			in["slug"] = "second"
			if status, got := r.ask(http.MethodPost, "/v1/restaurants", operator.Secret, in); status != http.StatusUnauthorized {
				t.Errorf("POST by a revoked operator = %d %v, want 401", status, got)
			}
			if log := r.log.String(); strings.Contains(log, operator.Secret) || strings.Contains(log, token) || strings.Contains(log, "alma@") {
				t.Errorf("the log has a secret or an address:\n%s", log)
			}
		})
	}
}
