package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerdicts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a dozen test binaries")
	}
	before := tree(t, "testdata/floor")
	var out bytes.Buffer
	code := run(t.Context(), []string{"-root", "testdata/floor", "-list", "mutants.txt"}, &out, &out)
	if code != 1 {
		t.Errorf("run() = %d, want 1", code)
	}
	for name, want := range map[string]string{
		"killed-by-test":          "killed",
		"killed-by-time":          "killed",
		"killed-in-embedded-file": "killed",
		"survivor":                "SURVIVED",
		"stale-missing":           "STALE",
		"stale-twice":             "STALE",
		"stale-file":              "STALE",
		"not-compiled":            "BUILD FAILED",
		"no-test":                 "NO TESTS",
		"no-test-file":            "NO TESTS",
		"only-skipped":            "NO TESTS",
		"broken-before":           "BASELINE",
	} {
		if line := lineOf(out.String(), name); !strings.HasPrefix(line, want) {
			t.Errorf("%s: got %q, want %s", name, line, want)
		}
	}
	for _, want := range []string{"by TestFits", "out of time in TestSpin", "by TestPriced", "undefined: chairs", "mutants: 3 killed, 9 not"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q", want)
		}
	}
	if after := tree(t, "testdata/floor"); after != before {
		t.Errorf("the tree changed:\n%s\nwas\n%s", after, before)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestOnly(t *testing.T) {
	for only, want := range map[string]int{"survivor": 1, "H02": 2, "H01": 1} {
		if got, err := load("testdata/floor/mutants.txt", only); err != nil || len(got) != want {
			t.Errorf("load(%s) = %d mutants, %v, want %d", only, len(got), err, want)
		}
	}
	if _, err := load("testdata/floor/mutants.txt", "H99"); err == nil {
		t.Error("load(H99) = nil, want an error: a typo must not pass as success")
	}
}

func TestWithoutList(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), []string{"-root", t.TempDir()}, &out, &out); code != 0 {
		t.Errorf("run() without a list = %d, want 0: %s", code, &out)
	}
}

func TestMutate(t *testing.T) {
	const src = "a {\n\tone\n\ttwo\n}\nb {\n\tone\n}"
	for _, tt := range []struct {
		name string
		edit Edit
		want string // "" means stale
	}{
		{"keeps the indentation", Edit{Old: []string{"two"}, New: []string{"2"}}, "a {\n\tone\n\t2\n}\nb {\n\tone\n}"},
		{"deletes", Edit{Old: []string{"two"}}, "a {\n\tone\n}\nb {\n\tone\n}"},
		{"more lines tell twins apart", Edit{Old: []string{"one", "}"}, New: []string{"1", "}"}}, "a {\n\tone\n\ttwo\n}\nb {\n\t1\n\t}\n"},
		{"twins are stale", Edit{Old: []string{"one"}, New: []string{"1"}}, ""},
		{"part of a line is stale", Edit{Old: []string{"tw"}, New: []string{"1"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Mutate(src, tt.edit)
			if (err != nil) != (tt.want == "") || got != tt.want {
				t.Errorf("Mutate() = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestEditsOfOneFileMeet(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "f.go"), []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &Mutant{Edits: []Edit{
		{File: "f.go", Old: []string{"one"}, New: []string{"1"}},
		{File: "f.go", Old: []string{"two"}, New: []string{"2"}},
	}}
	if _, err := WriteOverlay(dir, root, m); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "0.go"))
	if err != nil || string(got) != "1\n2\n" {
		t.Errorf("mutated file = %q, %v, want both edits", got, err)
	}
}

func TestParseMistakes(t *testing.T) {
	const rest = "file f.go\n- a\n+ b\ntest . T\n"
	for _, tt := range []struct{ name, list, want string }{
		{"no name", rest, "no mutant line"},
		{"name twice", "mutant x\n" + rest + "\nmutant x\n" + rest, "taken by line 1"},
		{"two words", "mutant x y\n" + rest, "one word"},
		{"no blank line between", "mutant x\nmutant y\n" + rest, "blank line"},
		{"no change", "mutant x\nfile f.go\ntest . T\n", "changes nothing"},
		{"same lines", "mutant x\nfile f.go\n- a\n+ a\ntest . T\n", "by themselves"},
		{"no test", "mutant x\nfile f.go\n- a\n", "no test line"},
		{"no expression", "mutant x\nfile f.go\n- a\ntest .\n", "-run expression"},
		{"outside", "mutant x\nfile ../f.go\n- a\ntest . T\n", "below the root"},
		{"plus first", "mutant x\nfile f.go\n+ a\ntest . T\n", "+ before any -"},
		{"minus before file", "mutant x\n- a\ntest . T\n", "before any file"},
		{"bad time", "mutant x\ntimeout soon\n" + rest, "not a duration"},
		{"unknown word", "mutant x\nbecause y\n" + rest, `unknown word "because"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(strings.NewReader(tt.list)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse() = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestParseSeveralEdits(t *testing.T) {
	got, err := Parse(strings.NewReader("mutant x\nfile f.go\n- a\n+ b\n- c\nfile g.sql\n- -1,\n- d\ntest ./p ^A|B c$\nflags -race   -short\n"))
	if err != nil || len(got) != 1 {
		t.Fatalf("Parse() = %d mutants, %v, want 1", len(got), err)
	}
	m := got[0]
	if len(m.Edits) != 3 || m.Edits[1].Old[0] != "c" || m.Edits[2].File != "g.sql" || len(m.Edits[2].Old) != 2 || m.Edits[2].Old[0] != "-1," {
		t.Errorf("Edits = %+v, want three", m.Edits)
	}
	if want := (Target{Package: "./p", Run: "^A|B c$", Flags: "-race -short"}); m.Test != want {
		t.Errorf("Test = %+v, want %+v", m.Test, want)
	}
}

func lineOf(out, name string) string {
	for line := range strings.Lines(out) {
		if strings.Contains(line, " "+name+" ") {
			return line
		}
	}
	return ""
}

// tree lists every file below dir with its content.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.WriteString(path + "\n" + string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Of three runs of a third each, every mutant is in one.
func TestSome(t *testing.T) {
	var all []*Mutant
	for range 8 {
		all = append(all, &Mutant{})
	}
	runs := map[*Mutant]int{}
	for third := 1; third <= 3; third++ {
		for _, m := range some(all, third) {
			runs[m]++
		}
	}
	for i, m := range all {
		if runs[m] != 1 {
			t.Errorf("mutant %d is in %d runs, want 1", i, runs[m])
		}
	}
	if got := some(all, 0); len(got) != len(all) {
		t.Errorf("without a third there are %d, want %d", len(got), len(all))
	}
}
