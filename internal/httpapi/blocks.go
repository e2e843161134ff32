package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// CreateBlockRequest takes tables out of service.
type CreateBlockRequest struct {
	Tables []UUID `json:"tableIds" minItems:"1" maxItems:"500"`
	Start  string `json:"start" maxLength:"40" format:"date-time" doc:"A start that has passed is now."`
	End    string `json:"end" maxLength:"40" format:"date-time" doc:"At most 366 days after the start."`
	Reason string `json:"reason" pattern:"^[a-z][a-z0-9_]{0,39}$" patternDescription:"a reason code like repair" example:"repair"`
	Note   string `json:"note,omitempty" maxLength:"500" format:"lines" doc:"Staff's free text; kept apart from the history."`
}

// ChangeBlockRequest changes a block; what is left out stays.
type ChangeBlockRequest struct {
	Tables *[]UUID `json:"tableIds,omitempty" minItems:"1" maxItems:"500" doc:"Of a block that has not begun."`
	Start  *string `json:"start,omitempty" maxLength:"40" format:"date-time" doc:"Of a block that has not begun."`
	End    *string `json:"end,omitempty" maxLength:"40" format:"date-time"`
	Reason *string `json:"reason,omitempty" pattern:"^[a-z][a-z0-9_]{0,39}$" patternDescription:"a reason code like repair" example:"repair"`
	Note   string  `json:"note,omitempty" maxLength:"500" format:"lines"`
}

// BlockAnswer is a block as a change left it.
type BlockAnswer struct {
	Block Block `json:"block"`
	Stamp
}

// BlocksAnswer is a list of blocks.
type BlocksAnswer struct {
	Blocks []Block `json:"blocks"`
	Stamp
}

func (a *API) blocks() []*operation {
	block := base + "/blocks/{blockId}"
	refusals := []seating.Code{seating.CodeAssignmentConflict, seating.CodeHoldConflict, seating.CodeStaleContext}
	return []*operation{
		{
			id: "list-blocks", method: http.MethodGet, path: base + "/blocks", tag: tagFloor,
			summary: "List the blocks", about: "By start. Those that are over are among them, unless the dates leave them out.",
			who: members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[BlocksAnswer](), do: listBlocks,
			query: []param{
				{name: "from", about: "The first calendar date, in the restaurant's time.", schema: textSchema("date")},
				{name: "to", about: "The last calendar date, included.", schema: textSchema("date")},
			},
		},
		{
			id: "create-block", method: http.MethodPost, path: base + "/blocks", tag: tagFloor,
			summary: "Take tables out of service for a time",
			about:   "Refused as a whole, with all who stand in the way, when a booking, a live hold or another block has one of the tables then.",
			who:     members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusCreated,
			body: takes(CreateBlockRequest{
				Tables: []UUID{"019ac0de-0000-7000-8000-000000000012"}, Start: "2026-11-28T09:00:00Z", End: "2026-11-28T12:00:00Z", Reason: "repair",
			}),
			answer: gives[BlockAnswer](), do: change("", createBlock, blockAnswer), codes: refusals,
		},
		{
			id: "change-block", method: http.MethodPatch, path: block, tag: tagFloor,
			summary: "Change a block", about: "What is left out stays. A block that has begun keeps its tables and its start; one that is over cannot be changed.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(ChangeBlockRequest{End: new("2026-11-28T13:00:00Z")}), answer: gives[BlockAnswer](), do: change("", changeBlock, blockAnswer),
			codes: refusals,
		},
		{
			id: "remove-block", method: http.MethodDelete, path: block, tag: tagFloor,
			summary: "Put tables into service again", about: "A block that has begun ends now and stays in the history; removing one that is over does nothing.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			answer: gives[BlockAnswer](), do: change("", removeBlock, blockAnswer), codes: []seating.Code{seating.CodeStaleContext},
		},
	}
}

func listBlocks(c *call) (*reply, error) {
	from, to := servicetime.Date(0), servicetime.NewDate(9999, 12, 31)
	for name, date := range map[string]*servicetime.Date{"from": &from, "to": &to} {
		if !c.query.Has(name) {
			continue
		}
		var refusal *seating.Error
		if *date, refusal = c.date(name); refusal != nil {
			return nil, refusal
		}
	}
	if from > to {
		return nil, unreadable("from", "must not be after to")
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: BlocksAnswer{Blocks: blocksOf(h.BlocksOn(from, to)), Stamp: c.stamp(h)}}, nil
}

func createBlock(c *call) (decide.Command, error) {
	in := c.body.(*CreateBlockRequest)
	tables, refusal := parseTables(in.Tables)
	if refusal != nil {
		return nil, refusal
	}
	var f faults
	cmd := decide.CreateBlock{
		ID: freshID[seating.BlockID](c.api), Tables: tables, Reason: in.Reason, Note: in.Note,
		Window: servicetime.Window{Start: f.instant("/start", in.Start), End: f.instant("/end", in.End)},
	}
	if refusal := seating.InvalidFields(f.list); refusal != nil {
		return nil, refusal
	}
	return cmd, nil
}

func changeBlock(c *call) (decide.Command, error) {
	in := c.body.(*ChangeBlockRequest)
	cmd := decide.ChangeBlock{ID: c.block, Reason: in.Reason, Note: in.Note}
	if in.Tables != nil {
		tables, refusal := parseTables(*in.Tables)
		if refusal != nil {
			return nil, refusal
		}
		cmd.Tables = &tables
	}
	var f faults
	if in.Start != nil {
		cmd.Start = new(f.instant("/start", *in.Start))
	}
	if in.End != nil {
		cmd.End = new(f.instant("/end", *in.End))
	}
	if refusal := seating.InvalidFields(f.list); refusal != nil {
		return nil, refusal
	}
	return cmd, nil
}

func removeBlock(c *call) (decide.Command, error) { return decide.RemoveBlock{ID: c.block}, nil }

func blockAnswer(_ *call, a line.Answer) any {
	return BlockAnswer{Block: blocksOf([]seating.Block{*a.Result.Block})[0], Stamp: stamped(a)}
}

func noBlock() *seating.Error { return seating.Refuse(seating.CodeNotFound, "There is no such block.") }

func (f *faults) instant(pointer, text string) servicetime.Instant {
	i, err := servicetime.ParseInstant(text)
	if err != nil {
		f.add(pointer, "must be an instant like 2026-11-27T18:30:00Z")
	}
	return i
}
