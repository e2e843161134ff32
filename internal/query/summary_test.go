package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/store"
)

// TestSummary is every kind of line that commands write, in words.
func TestSummary(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, nil)
	booking := "booking:" + housetest.Booking(1).String()
	table := func(n int) string { return `"` + housetest.Table(n).String() + `"` }
	tables := func(ns ...int) string {
		list := make([]string, len(ns))
		for i, n := range ns {
			list[i] = table(n)
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	held := fmt.Sprintf(`{"hold":%q,"tables":%s`, housetest.Hold(1), tables(3, 2))
	for _, c := range []struct {
		line store.HistoryLine
		want string
	}{
		// a booking is made
		{store.HistoryLine{Command: "create_booking", To: "pending"}, "booked"},
		{store.HistoryLine{Command: "create_booking", To: "waitlisted"}, "booked, onto the waitlist"},
		{store.HistoryLine{Command: "import_bookings", To: "no_show", Reason: "imported"}, "brought in as no show"},
		// its steps
		{store.HistoryLine{Command: "confirm", From: "pending", To: "confirmed"}, "confirmed"},
		{store.HistoryLine{Command: "assign", From: "waitlisted", To: "confirmed"}, "confirmed"},
		{store.HistoryLine{Command: "assign", From: "confirmed", To: "checked_in"}, "checked in"},
		{store.HistoryLine{Command: "check_out", From: "checked_in", To: "completed"}, "checked out"},
		{store.HistoryLine{Command: "close_day", From: "checked_in", To: "completed", Reason: "closed"}, "checked out (closed)"},
		{store.HistoryLine{Command: "cancel", From: "confirmed", To: "cancelled", Reason: "guest_called"}, "cancelled (guest called)"},
		{store.HistoryLine{Command: "mark_no_show", From: "confirmed", To: "no_show"}, "marked as a no-show"},
		{store.HistoryLine{Command: "unassign", From: "confirmed", To: "pending", Reason: "unassigned"}, "set back to pending (unassigned)"},
		{store.HistoryLine{Command: "wait", From: "pending", To: "waitlisted"}, "put on the waitlist"},
		// and back
		{store.HistoryLine{Command: "unwait", From: "waitlisted", To: "pending"}, "taken off the waitlist"},
		{store.HistoryLine{Command: "undo_check_in", From: "checked_in", To: "confirmed"}, "check-in taken back"},
		{store.HistoryLine{Command: "reopen", From: "completed", To: "checked_in"}, "check-out taken back"},
		{store.HistoryLine{Command: "undo_no_show", From: "no_show", To: "confirmed"}, "no-show taken back"},
		{store.HistoryLine{Command: "undo_no_show", From: "no_show", To: "pending"}, "no-show taken back"},
		{store.HistoryLine{Command: "reinstate", From: "cancelled", To: "pending"}, "reinstated"},
		// tables
		{store.HistoryLine{Command: "assign", To: "assigned", Detail: `{"from":[],"to":` + tables(2, 1) + `}`}, "given T1 and T2"},
		{store.HistoryLine{Command: "assign", To: "assigned", Detail: `{"from":` + tables(1) + `,"to":` + tables(4) + `}`}, "moved from T1 to T4"},
		{store.HistoryLine{Command: "confirm", To: "assigned", Detail: `{"from":` + tables(1) + `,"to":` + tables(1) + `}`}, "kept T1"},
		{store.HistoryLine{Command: "unassign", To: "unassigned", Detail: `{"from":` + tables(1, 2, 3) + `,"to":[]}`}, "taken off T1, T2 and T3"},
		{store.HistoryLine{Command: "unassign", To: "unassigned", Detail: `{"from":` + tables(1, 2) + `,"to":` + tables(2) + `}`}, "taken off T1, keeps T2"},
		{store.HistoryLine{Command: "assign", To: "assigned", Detail: `{"from":[],"to":` + tables(77) + `}`}, "given a table that is gone"},
		// holds
		{store.HistoryLine{Command: "hold", To: "hold_live", Detail: held + `,"expiresAt":"2026-11-27T18:30:05Z"}`}, "hold made on T2 and T3 until 19:30:05"},
		{store.HistoryLine{Command: "hold", To: "hold_live", Detail: held + `}`}, "hold made on T2 and T3"},
		{store.HistoryLine{Command: "take_over", To: "hold_live", Reason: "guest_waiting", Detail: held + `}`}, "hold made on T2 and T3 (guest waiting)"},
		{store.HistoryLine{Command: "extend", From: "hold_live", To: "hold_extended", Detail: `{"hold":"x","expiresAt":"2026-11-27T18:33:00Z"}`}, "hold extended until 19:33:00"},
		{store.HistoryLine{Command: "release", From: "hold_live", To: "hold_released", Detail: held + `}`}, "hold on T2 and T3 released"},
		{store.HistoryLine{Command: "cancel", From: "hold_live", To: "hold_released", Reason: "cancelled", Detail: held + `}`}, "hold on T2 and T3 released (cancelled)"},
		{store.HistoryLine{Command: "expire_holds", From: "hold_live", To: "hold_expired", Detail: held + `}`}, "hold on T2 and T3 expired"},
		{store.HistoryLine{Command: "hold", From: "hold_live", To: "hold_superseded", Detail: held + `}`}, "hold on T2 and T3 superseded"},
		{store.HistoryLine{Command: "confirm", From: "hold_live", To: "hold_confirmed", Detail: held + `}`}, "hold on T2 and T3 confirmed"},
		// what else befalls a booking
		{store.HistoryLine{Command: "assign", To: "override", Reason: "large_party", Detail: `{"check":"slack","code":"SLACK_EXCEEDED"}`}, "check slack set aside (large party)"},
		{store.HistoryLine{Command: "put_floor", To: "wish_dropped", Reason: "zone_removed"}, "zone wish dropped (zone removed)"},
		{store.HistoryLine{Command: "erase_guests", To: "guest_erased"}, "guest data erased"},
		// the restaurant
		{store.HistoryLine{Subject: "floor", Command: "put_floor", To: "changed", Detail: `{"changed":["tables","zones"]}`}, "floor changed: tables, zones"},
		{store.HistoryLine{Subject: "policy", Command: "put_policy", To: "changed", Detail: `{"changed":["slackBudget"]}`}, "policy changed: slackBudget"},
		{store.HistoryLine{Subject: "floor", Command: "mark_ready", To: "changed"}, "floor changed"},
		{store.HistoryLine{Subject: "day:2026-11-27", Command: "close_day", From: "open", To: "closed", Reason: "closed", Detail: `{"bookings":12}`}, "day closed, 12 bookings ended"},
		{store.HistoryLine{Subject: "day:2026-11-27", Command: "close_day", From: "open", To: "closed", Reason: "closed", Detail: `{"bookings":1}`}, "day closed, 1 booking ended"},
		{store.HistoryLine{Subject: "day:2026-11-27", Command: "close_day", From: "open", To: "closed", Reason: "closed", Detail: `{"bookings":0}`}, "day closed"},
		{store.HistoryLine{Subject: "restaurant", Command: "rotate_epoch", To: "epoch", Reason: "restored"}, "a new epoch begun (restored)"},
		{store.HistoryLine{Subject: "restaurant", Command: "change_restaurant", To: "changed", Detail: `{"changed":["name"]}`}, "restaurant changed: name"},
		{store.HistoryLine{Subject: "floor", Command: "mark_ready", From: "ready", To: "not_ready", Detail: `{"table":` + table(4) + `}`}, "T4 not ready"},
		{store.HistoryLine{Subject: "floor", Command: "change_table", To: "table_changed", Detail: `{"changed":["table"],"id":` + table(4) + `}`}, "table changed: T4"},
		{store.HistoryLine{Subject: "floor", Command: "remove_zone", To: "zone_removed", Detail: `{"changed":["zone"],"id":` + table(99) + `}`}, "zone removed"},
		{store.HistoryLine{Subject: "block:x", Command: "create_block", To: "created", Reason: "wobbly", Detail: `{"tables":` + tables(2, 1) +
			`,"window":{"start":"2026-11-27T18:00:00Z","end":"2026-11-27T20:30:00Z"}}`}, "block created: T1 and T2 from 2026-11-27 19:00 to 2026-11-27 21:30 (wobbly)"},
		{store.HistoryLine{Subject: "block:x", Command: "remove_block", To: "removed"}, "block removed"},
		// what is told of a party
		{store.HistoryLine{Command: "walk_in", To: "checked_in"}, "walked in"},
		{store.HistoryLine{Command: "arrive", To: "arrived"}, "the party has arrived"},
		{store.HistoryLine{Command: "mark_late", To: "late"}, "the party is late"},
		{store.HistoryLine{Command: "mark_overstay", To: "overstaying", Detail: `{"tables":` + tables(1) + `}`}, "the party stays past its end"},
		{store.HistoryLine{Command: "wait", To: "waitlist", Detail: `{"priority":3,"quotedMinutes":40}`}, "waits with priority 3, told 40 minutes"},
		{store.HistoryLine{Command: "undo_check_in", From: "checked_in", To: "confirmed", Reason: "check_in_undone"}, "check-in taken back"},
		{store.HistoryLine{Command: "change_booking", To: "changed", Detail: `{"changed":["wishes","guest"]}`}, "changed: wishes, guest"},
		{store.HistoryLine{Command: "change_booking", To: "rescheduled", Detail: `{"changed":["time","covers","turn"],"from":{"covers":2,"date":"2026-11-27","time":"19:00","tables":` + tables(1) +
			`},"to":{"covers":4,"date":"2026-11-27","time":"20:00","tables":` + tables(3, 2) + `}}`}, "rescheduled: time from 19:00 to 20:00, covers from 2 to 4, turn, now at T2 and T3"},
		{store.HistoryLine{Command: "change_booking", To: "rescheduled", Detail: `{"changed":["time"],"from":{"covers":2,"date":"2026-11-27","time":"19:00","tables":` + tables(1) +
			`},"to":{"covers":2,"date":"2026-11-28","time":"19:00","tables":` + tables(1) + `}}`}, "rescheduled: time from 2026-11-27 19:00 to 2026-11-28 19:00"},
		{store.HistoryLine{Command: "change_booking", To: "changed", Detail: `{"changed":["turn"],"from":{"covers":2,"date":"2026-11-27","time":"19:00","end":"2026-11-27T19:00:00Z","tables":` + tables(1) +
			`},"to":{"covers":2,"date":"2026-11-27","time":"19:00","end":"2026-11-27T19:30:00Z","tables":` + tables(1) + `}}`}, "changed: stay until 2026-11-27 20:30, not 2026-11-27 20:00"},
		// what is not known yet
		{store.HistoryLine{Command: "polish_table", To: "very_shiny", Reason: "vip"}, "polish table: very shiny (vip)"},
		{store.HistoryLine{Command: "polish_table", From: "dull", To: "shiny", Detail: `["not an object"]`}, "polish table: dull → shiny"},
		{store.HistoryLine{Command: "polish_table"}, "polish table"},
	} {
		if c.line.Subject == "" {
			c.line.Subject = booking
		}
		if got := query.Summary(h, c.line); got != c.want {
			t.Errorf("Summary(%+v) = %q, want %q", c.line, got, c.want)
		}
	}
}
