package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/webhook"
)

const tagWebhooks = "webhooks"

// defaultOverlap is for how many hours a replaced secret stays good.
const defaultOverlap = 24

func (a *API) hooks() []*operation {
	const hooks, one = base + "/webhooks", base + "/webhooks/{endpointId}"
	unkept := "A key is ignored, because receipts are of changes of the house, and a webhook is no part of it."
	return []*operation{
		{
			id: "list-webhooks", method: http.MethodGet, path: hooks, tag: tagWebhooks,
			summary: "The restaurant's webhooks, oldest first",
			who:     members, cap: seating.CapAdminister, status: http.StatusOK, answer: gives[WebhooksAnswer](), do: listWebhooks,
		},
		{
			id: "create-webhook", method: http.MethodPost, path: hooks, tag: tagWebhooks,
			summary: "Have events of the restaurant sent somewhere",
			about: "At most 10. Events from now on are sent, each at least once and those of one booking in order. The secret in the answer verifies " +
				"them. " + unkept + " After a lost answer, list them and delete the one whose secret nobody knows.",
			who: members, cap: seating.CapAdminister, status: http.StatusCreated, codes: []seating.Code{seating.CodeNotConfigured},
			body: takes(CreateWebhookRequest{
				URL: "https://example.com/maitred", Description: "till", Events: []string{"booking.*", "capacity.assignment.sync"},
			}),
			answer: gives[WebhookSecretAnswer](), do: createWebhook,
		},
		{
			id: "get-webhook", method: http.MethodGet, path: one, tag: tagWebhooks,
			summary: "Get a webhook",
			who:     members, cap: seating.CapAdminister, status: http.StatusOK, answer: gives[WebhookAnswer](), do: getWebhook,
		},
		{
			id: "change-webhook", method: http.MethodPatch, path: one, tag: tagWebhooks,
			summary: "Change where a webhook leads, what it is sent, and whether",
			about:   "What is left out stays. It is in force within a second. " + unkept,
			who:     members, cap: seating.CapAdminister, status: http.StatusOK,
			body: takes(ChangeWebhookRequest{Events: []string{"booking.*"}}), answer: gives[WebhookAnswer](), do: changeWebhook,
		},
		{
			id: "remove-webhook", method: http.MethodDelete, path: one, tag: tagWebhooks,
			summary: "Remove a webhook",
			about:   "What waits to be sent there goes with it, and the log of its deliveries. " + unkept,
			who:     members, cap: seating.CapAdminister, status: http.StatusNoContent, do: removeWebhook,
		},
		{
			id: "rotate-webhook-secret", method: http.MethodPost, path: one + "/rotate", tag: tagWebhooks,
			summary: "Replace a webhook's secret",
			about: "The new one is in the answer. For a while the one before signs beside it, so that the receiver can change at its leisure; " +
				"the one before that signs no more. " + unkept,
			who: members, cap: seating.CapAdminister, status: http.StatusOK, codes: []seating.Code{seating.CodeNotConfigured},
			body: takes(RotateWebhookRequest{Overlap: new(defaultOverlap)}), answer: gives[WebhookSecretAnswer](), do: rotateWebhook,
		},
		{
			id: "test-webhook", method: http.MethodPost, path: one + "/test", tag: tagWebhooks,
			summary: "Send a webhook an event to try it",
			about:   "An event webhook.test, whatever the webhook's filter says. The deliveries tell what became of it. " + unkept,
			who:     members, cap: seating.CapAdminister, status: http.StatusAccepted, codes: []seating.Code{seating.CodeInvalid},
			answer: gives[WebhookTestAnswer](), do: testWebhook,
		},
		{
			id: "list-deliveries", method: http.MethodGet, path: one + "/deliveries", tag: tagWebhooks,
			summary: "What was sent to a webhook, newest first",
			about:   "Each attempt of the last 14 days.",
			who:     members, cap: seating.CapAdminister, status: http.StatusOK, answer: gives[DeliveriesAnswer](), do: listDeliveries,
			query: []param{limitParam(), cursorParam()},
		},
	}
}

func noWebhook() *seating.Error {
	return seating.Refuse(seating.CodeNotFound, "There is no such webhook.")
}

func noSealKey() *seating.Error {
	return seating.Refuse(seating.CodeNotConfigured, "this deployment has no key to seal secrets with: set MAITRED_SEAL_KEY")
}

func listWebhooks(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	rows, err := c.api.webhooks.Webhooks(c.ctx, c.restaurant)
	if err != nil {
		return nil, err
	}
	var who []string
	for _, w := range rows {
		who = appendPrincipal(who, w.CreatedBy)
	}
	known, stamp := c.names(who...), c.stamp(h)
	out := WebhooksAnswer{Webhooks: []Webhook{}, Stamp: stamp}
	for _, w := range rows {
		out.Webhooks = append(out.Webhooks, webhookOf(w, stamp.ServerNow, known))
	}
	return &reply{body: out}, nil
}

// hook reads the webhook of the path. One of another restaurant is none.
func (c *call) hook() (store.Webhook, error) {
	w, err := c.api.webhooks.Endpoint(c.ctx, c.endpoint)
	if errors.Is(err, store.ErrNotFound) || err == nil && w.Restaurant != c.restaurant {
		return store.Webhook{}, noWebhook()
	}
	return w, err
}

// shown is a webhook for an answer.
func (c *call) shown(w store.Webhook) Webhook {
	return webhookOf(w, c.api.reader.Now(), c.names(w.CreatedBy))
}

func getWebhook(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	w, err := c.hook()
	if err != nil {
		return nil, err
	}
	return &reply{body: WebhookAnswer{Webhook: c.shown(w), Stamp: c.stamp(h)}}, nil
}

// changesHooks begins every change of webhooks: by the caller's rights of this
// moment, because no guard of a commit looks at them.
func (c *call) changesHooks() (*house.House, error) {
	if err := c.reauthorize(); err != nil {
		return nil, err
	}
	return c.api.reader.House(c.ctx, c.restaurant, nil)
}

// tells makes the event of what happens to the webhook.
func (c *call) tells(h *house.House, t seating.EventType, what string, id seating.EndpointID) store.Told {
	return store.Told{
		Restaurant: c.restaurant, Version: h.Version, Key: store.ToldKey(c.api.newID()),
		Event: seating.Event{Type: t, Severity: seating.SeverityNotice, Payload: seating.EventPayload{
			SchemaVersion: seating.EventSchemaVersion, Restaurant: c.restaurant, Version: h.Public(), At: c.api.reader.Now(),
			Actor: c.actor, What: what, Endpoint: id,
		}},
	}
}

func createWebhook(c *call) (*reply, error) {
	in := c.body.(*CreateWebhookRequest)
	h, err := c.changesHooks()
	if err != nil {
		return nil, err
	}
	if c.api.sealer == nil {
		return nil, noSealKey()
	}
	events, faults := eventFilter(in.Events)
	if err := webhook.CheckURL(in.URL, c.api.allow); err != nil {
		faults = append([]seating.Field{{Pointer: "/url", Message: err.Error()}}, faults...)
	}
	if refusal := seating.InvalidFields(faults); refusal != nil {
		return nil, refusal
	}
	id := seating.EndpointID(c.api.newID())
	key, secret := webhook.NewSecret()
	now := c.api.reader.Now()
	w := store.Webhook{
		ID: id, Restaurant: c.restaurant, URL: in.URL, Description: in.Description, Events: events, Active: in.Active == nil || *in.Active,
		Secret: c.api.sealer.Seal(id, key), CreatedAt: now, CreatedBy: c.actor.Principal, ChangedAt: now,
	}
	switch err := c.api.webhooks.PutWebhook(c.ctx, w, c.tells(h, seating.EventWebhookChanged, "created", id)); {
	case errors.Is(err, store.ErrExists):
		return nil, seating.Invalid("", "the restaurant has %d webhooks already, as many as there can be: remove one first", store.MaxWebhooks)
	case errors.Is(err, store.ErrNotFound):
		return nil, access.NoRestaurant()
	case err != nil:
		return nil, err
	}
	return &reply{body: WebhookSecretAnswer{Webhook: c.shown(w), Secret: secret, Stamp: c.stamp(h)}}, nil
}

func changeWebhook(c *call) (*reply, error) {
	in := c.body.(*ChangeWebhookRequest)
	h, err := c.changesHooks()
	if err != nil {
		return nil, err
	}
	w, err := c.rewrite(h, "changed", func(w *store.Webhook) error { return in.apply(w, c.api.allow) })
	if err != nil {
		return nil, err
	}
	return &reply{body: WebhookAnswer{Webhook: c.shown(w), Stamp: c.stamp(h)}}, nil
}

// apply makes the change to a webhook.
func (in *ChangeWebhookRequest) apply(w *store.Webhook, allow webhook.Allow) error {
	var faults []seating.Field
	if in.URL != nil {
		if err := webhook.CheckURL(*in.URL, allow); err != nil {
			faults = append(faults, seating.Field{Pointer: "/url", Message: err.Error()})
		}
		w.URL = *in.URL
	}
	if in.Events != nil {
		events, wrong := eventFilter(in.Events)
		faults = append(faults, wrong...)
		w.Events = events
	}
	if in.Description != nil {
		w.Description = *in.Description
	}
	if in.Active != nil {
		w.Active = *in.Active
	}
	if refusal := seating.InvalidFields(faults); refusal != nil {
		return refusal
	}
	return nil
}

// maxRewrites bounds how often a change is made anew because somebody else made one
// to the same webhook meanwhile.
const maxRewrites = 5

// rewrite changes the webhook of the path. Whoever rotates a secret while another
// changes the address keeps the other's change: it is made to what was read, or to
// what is read again. A change that changes nothing is none.
func (c *call) rewrite(h *house.House, what string, change func(*store.Webhook) error) (store.Webhook, error) {
	for try := 1; ; try++ {
		old, err := c.hook()
		if err != nil {
			return old, err
		}
		w := old
		if err := change(&w); err != nil {
			return old, err
		}
		if sameHook(old, w) {
			return old, nil
		}
		w.CreatedAt, w.Seen, w.ChangedAt = 0, old.ChangedAt, max(c.api.reader.Now(), old.ChangedAt+1)
		err = c.api.webhooks.PutWebhook(c.ctx, w, c.tells(h, seating.EventWebhookChanged, what, w.ID))
		w.CreatedAt = old.CreatedAt
		switch {
		case errors.Is(err, store.ErrNotFound):
			return old, noWebhook()
		case errors.Is(err, store.ErrChanged) && try < maxRewrites:
			continue
		case errors.Is(err, store.ErrChanged):
			return old, fmt.Errorf("%w: webhook %s is changed by others without a pause", store.ErrUnavailable, w.ID)
		}
		return w, err
	}
}

func sameHook(a, b store.Webhook) bool {
	return a.URL == b.URL && a.Description == b.Description && a.Active == b.Active && slices.Equal(a.Events, b.Events) && bytes.Equal(a.Secret, b.Secret)
}

func removeWebhook(c *call) (*reply, error) {
	h, err := c.changesHooks()
	if err != nil {
		return nil, err
	}
	err = c.api.webhooks.DropWebhook(c.ctx, c.restaurant, c.endpoint, c.tells(h, seating.EventWebhookChanged, "deleted", c.endpoint))
	if errors.Is(err, store.ErrNotFound) {
		return nil, noWebhook()
	}
	return &reply{}, err
}

func rotateWebhook(c *call) (*reply, error) {
	overlap := time.Duration(unless(c.body.(*RotateWebhookRequest).Overlap, defaultOverlap)) * time.Hour
	h, err := c.changesHooks()
	if err != nil {
		return nil, err
	}
	key, secret := webhook.NewSecret()
	w, err := c.rewrite(h, "rotated", func(w *store.Webhook) error {
		if c.api.sealer == nil {
			return noSealKey()
		}
		w.PreviousSecret, w.PreviousUntil = nil, 0
		if overlap > 0 {
			w.PreviousSecret, w.PreviousUntil = w.Secret, c.api.reader.Now().Add(overlap)
		}
		w.Secret = c.api.sealer.Seal(w.ID, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &reply{body: WebhookSecretAnswer{Webhook: c.shown(w), Secret: secret, Stamp: c.stamp(h)}}, nil
}

func testWebhook(c *call) (*reply, error) {
	h, err := c.changesHooks()
	if err != nil {
		return nil, err
	}
	w, err := c.hook()
	if err != nil {
		return nil, err
	}
	if !w.Active {
		return nil, seating.Refuse(seating.CodeInvalid, "the webhook is not active, so nothing is sent to it: make it active first")
	}
	e := c.tells(h, seating.EventWebhookTest, "", w.ID)
	e.Event.Severity = seating.SeverityInfo
	if err := c.api.webhooks.TestWebhook(c.ctx, w.ID, e); errors.Is(err, store.ErrNotFound) {
		return nil, noWebhook()
	} else if err != nil {
		return nil, err
	}
	return &reply{body: WebhookTestAnswer{Event: e.Key, Stamp: c.stamp(h)}}, nil
}

func listDeliveries(c *call) (*reply, error) {
	p, refusal := c.newest(c.endpoint.String())
	if refusal != nil {
		return nil, refusal
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	if _, err := c.hook(); err != nil {
		return nil, err
	}
	rows, err := c.api.webhooks.Deliveries(c.ctx, c.restaurant, c.endpoint, p.before, p.limit+1)
	if err != nil {
		return nil, err
	}
	out := DeliveriesAnswer{Deliveries: []Delivery{}, Stamp: c.stamp(h)}
	for _, d := range rows[:min(len(rows), p.limit)] {
		out.Deliveries = append(out.Deliveries, Delivery{
			At: d.At, Event: d.DedupeKey, Type: d.EventType, Attempt: d.Attempt, Outcome: d.Outcome, Status: d.Status, Error: d.Error,
			TookMS: d.Took.Milliseconds(),
		})
	}
	out.NextCursor, err = p.next(c, len(rows), func(i int) int64 { return rows[i].ID })
	return &reply{body: out}, err
}
