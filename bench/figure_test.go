package main

import (
	"math"
	"strings"
	"testing"
)

func reckoned() *measured {
	m := &measured{figure: &figure{}}
	for _, r := range []rounds{
		{"ours", "rows/s", []float64{40, 10, 90}},
		{"slow rival", "rows/s", []float64{1, 1, 1}},
		{"quick rival", "rows/s", []float64{10, 10, 10}},
		{"wrong", "rows", []float64{0, 0, 1}},
	} {
		for _, x := range r.xs {
			m.add(reading{r.row, r.unit, x})
		}
	}
	return m
}

func TestADemandIsJudgedInEachRoundBesideTheBestRival(t *testing.T) {
	for _, c := range []struct {
		name    string
		d       demand
		want    float64
		reached bool
	}{
		{"the best rival counts", demand{row: "ours", rivals: []string{"slow rival", "quick rival"}, best: fastest, least: 4}, 4, true},
		{"just too little", demand{row: "ours", rivals: []string{"quick rival", "slow rival"}, best: fastest, least: 4.01}, 4, false},
		{"the shortest time counts", demand{row: "ours", rivals: []string{"slow rival", "quick rival"}, best: quickest, most: 40}, 40, true},
		{"too much", demand{row: "ours", rivals: []string{"quick rival"}, most: 3.9}, 4, false},
		{"without rivals it is the number", demand{row: "ours", most: 40}, 40, true},
		{"none means never", demand{row: "wrong", none: true}, 0, false},
		{"no bound is always reached", demand{row: "ours"}, 40, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := reckoned().judge(c.d)
			if err != nil || math.Abs(v.spread.median-c.want) > 1e-9 || v.reached != c.reached {
				t.Errorf("judge = %v %v, %v; want %v %v", v.spread.median, v.reached, err, c.want, c.reached)
			}
		})
	}
}

func TestADemandOnWhatNobodyMeasuredFails(t *testing.T) {
	for _, d := range []demand{{row: "nobody"}, {row: "ours", rivals: []string{"nobody"}}} {
		if _, err := reckoned().judge(d); err == nil || !strings.Contains(err.Error(), "nobody measured") {
			t.Errorf("judge(%+v) = %v, want an error", d, err)
		}
	}
}

func TestQuantileLiesBetweenNeighbours(t *testing.T) {
	for q, want := range map[float64]float64{0: 1, 0.25: 1.75, 0.5: 2.5, 1: 4} {
		if got := quantile([]float64{4, 1, 3, 2}, q); got != want {
			t.Errorf("quantile(%v) = %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile of nothing = %v, want 0", got)
	}
}

// A figure that lacks something would fail after minutes of measuring.
func TestFiguresHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range figures {
		if f.name == "" || f.title == "" || len(f.contenders) == 0 || len(f.demands) == 0 || seen[f.name] {
			t.Errorf("figure %+v is incomplete, or its name is another's", f)
		}
		seen[f.name] = true
		for _, d := range f.demands {
			if d.id == "" || d.what == "" || len(d.rivals) > 1 && d.best == nil {
				t.Errorf("%s: demand %+v is incomplete", f.name, d)
			}
		}
	}
}

func TestMissedDemandsAreNamed(t *testing.T) {
	m := reckoned()
	m.figure.demands = []demand{{id: "G1", what: "ours", row: "ours", rivals: []string{"quick rival"}, least: 5}, {id: "G2", what: "fine", row: "ours", most: 40}}
	err := missed([]*measured{m})
	if err == nil || err.Error() != "G1, ours: 4.00 [2.50 – 6.50], and the demand is ≥ 5.00" {
		t.Errorf("missed = %v", err)
	}
}
