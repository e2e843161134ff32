package decide

import (
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (PutAdjacencies) Name() string { return "put_adjacencies" }

// decide replaces the adjacency and leaves the rest of the plan as it is.
func (c PutAdjacencies) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	var r resolver
	r.bound("/adjacencies", len(c.Pairs), seating.MaxEdges)
	if err := seating.InvalidFields(r.fields); err != nil {
		return Result{}, err
	}
	f := d.floor()
	pairs := make([][2]string, len(c.Pairs))
	for i, p := range c.Pairs {
		pairs[i] = [2]string{p[0].String(), p[1].String()}
	}
	f.Edges = r.edges(pairs, references(f.Tables))
	if err := seating.InvalidFields(r.fields); err != nil {
		return Result{}, err
	}
	return Result{Floor: &f}, d.saves(f, "adjacencies", "changed", seating.AnyID{})
}

// Name implements Command.
func (PutCombinations) Name() string { return "put_combinations" }

// decide replaces the declared combinations and leaves the rest of the plan as it
// is. A combination of the same tables as before stays the one it was.
func (c PutCombinations) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	r := resolver{fresh: c.Fresh}
	r.bound("/combinations", len(c.Combinations), seating.MaxCombinations)
	if err := seating.InvalidFields(r.fields); err != nil {
		return Result{}, err
	}
	f := d.floor()
	f.Combinations = r.combinations(c.Combinations, references(f.Tables), d.h.Floor)
	if err := seating.InvalidFields(r.fields); err != nil {
		return Result{}, err
	}
	return Result{Floor: &f}, d.saves(f, "combinations", "changed", seating.AnyID{})
}

// references are the tables by what a plan would call them.
func references(tables []seating.Table) map[string]seating.TableID {
	refs := make(map[string]seating.TableID, len(tables))
	for _, t := range tables {
		refs[t.ID.String()] = t.ID
	}
	return refs
}
