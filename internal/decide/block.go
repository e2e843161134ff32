package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (CreateBlock) Name() string { return "create_block" }

// decide takes tables out of service. A block that should have begun begins now:
// the past is what it was.
func (c CreateBlock) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	b := seating.Block{ID: c.ID, Tables: c.Tables, Window: c.Window, Reason: c.Reason}
	if err := d.blockable(&b, c.Note); err != nil {
		return Result{}, err
	}
	b.Window.Start = max(b.Window.Start, d.env.Now)
	if err := d.unoccupied(b); err != nil {
		return Result{}, err
	}
	d.rows.PutBlocks = append(d.rows.PutBlocks, b)
	d.blocked(nil, b, "created", c.Note)
	return Result{Block: &b}, nil
}

// Name implements Command.
func (ChangeBlock) Name() string { return "change_block" }

// decide puts the block anew with what is given: one block as before, or none of
// the change (D28, D29). One that has begun keeps its tables and its start, since
// who sat where until now is known; one that is over is history.
func (c ChangeBlock) decide(d *draft) (Result, *seating.Error) {
	have, err := d.block(c.ID)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	if have.Window.End <= d.env.Now {
		return Result{}, seating.Invalid("/end", "the block was over at %s; make another", have.Window.End)
	}
	b := *have
	set(&b.Tables, c.Tables)
	set(&b.Window.Start, c.Start)
	set(&b.Window.End, c.End)
	set(&b.Reason, c.Reason)
	if err := d.blockable(&b, c.Note); err != nil {
		return Result{}, err
	}
	if err := begun(*have, b, d.env.Now); err != nil {
		return Result{}, err
	}
	if have.Window.Start >= d.env.Now {
		b.Window.Start = max(b.Window.Start, d.env.Now)
	}
	if slices.Equal(b.Tables, have.Tables) && b.Window == have.Window && b.Reason == have.Reason && c.Note == "" {
		return Result{Block: have}, nil
	}
	if err := d.unoccupied(b); err != nil {
		return Result{}, err
	}
	d.rows.PutBlocks = append(d.rows.PutBlocks, b)
	d.blocked(have, b, "changed", c.Note)
	return Result{Block: &b}, nil
}

// begun refuses to rewrite the past of a block.
func begun(have, b seating.Block, now servicetime.Instant) *seating.Error {
	if have.Window.Start >= now {
		return nil
	}
	var r ruling
	if b.Window.Start != have.Window.Start {
		r.fault("/start", "the block has begun at %s", have.Window.Start)
	}
	if !slices.Equal(b.Tables, have.Tables) {
		r.fault("/tableIds", "the block has begun at %s; end it and make another", have.Window.Start)
	}
	return seating.InvalidFields(r.fields)
}

// Name implements Command.
func (RemoveBlock) Name() string { return "remove_block" }

// decide puts the tables into service again from now on. A block that has begun
// ends now and stays as history; removing one that is over does nothing.
func (c RemoveBlock) decide(d *draft) (Result, *seating.Error) {
	have, err := d.block(c.ID)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	b := *have
	switch now := d.env.Now; {
	case b.Window.End <= now:
		return Result{Block: have}, nil
	case b.Window.Start >= now:
		d.rows.DropBlocks = append(d.rows.DropBlocks, b.ID)
		d.blocked(have, b, "removed", "")
	default:
		b.Window.End = now
		d.rows.PutBlocks = append(d.rows.PutBlocks, b)
		d.blocked(have, b, "ended", "")
	}
	return Result{Block: &b}, nil
}

// block finds a block.
func (d *draft) block(id seating.BlockID) (*seating.Block, *seating.Error) {
	blocks := d.h.Floor.Blocks()
	if i := slices.IndexFunc(blocks, func(b seating.Block) bool { return b.ID == id }); i >= 0 {
		return &blocks[i], nil
	}
	return nil, seating.Refuse(seating.CodeNotFound, "There is no such block.")
}

// blocked records what became of a block; before is nil for a new one.
func (d *draft) blocked(before *seating.Block, b seating.Block, did, note string) {
	d.changes(seating.AspectFloor)
	d.touches(seating.BookingID{}, b.Window, b.Tables...)
	if before != nil {
		d.touches(seating.BookingID{}, before.Window, before.Tables...)
	}
	subject := "block:" + b.ID.String()
	d.line(subject, "", did, b.Reason, detail(map[string]any{"tables": b.Tables, "window": b.Window}))
	if note != "" {
		d.notes = append(d.notes, noteOn(subject, note))
	}
	d.event(seating.EventFloorChanged, seating.SeverityNotice, seating.BookingID{}, seating.EventPayload{
		What: "block", Tables: b.Tables, Window: b.Window, Reason: b.Reason,
	})
}
