package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// step is a shell block of the README's walk-through with the answer shown
// under it.
type step struct{ script, shown string }

// walkThrough reads the blocks of the README, in order.
func walkThrough(t *testing.T) []step {
	t.Helper()
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n## Walk-through\n")
	if !ok {
		t.Fatal("the README has no walk-through")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var steps []step
	for _, m := range regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		switch {
		case m[1] == "sh":
			steps = append(steps, step{script: m[2]})
		case len(steps) > 0:
			steps[len(steps)-1].shown = m[2]
		}
	}
	return steps
}

// TestReadmeWalkThrough runs the walk-through word for word in one shell, and
// looks for every field that the README shows in what is really answered.
func TestReadmeWalkThrough(t *testing.T) {
	steps := walkThrough(t)
	if len(steps) < 8 {
		t.Fatalf("%d steps, want the whole walk-through", len(steps))
	}
	dir := t.TempDir()
	serve(t, dir, "--demo")
	var script strings.Builder
	script.WriteString("set -eu\n")
	for _, s := range steps {
		script.WriteString(s.script + "\necho; echo '<<<end of step>>>'\n")
	}
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Env = dir, environment(dir)
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the walk-through ends with %v:\n%s", err, out)
	}
	answers := strings.Split(string(out), "<<<end of step>>>")
	if len(answers) != len(steps)+1 {
		t.Fatalf("%d answers to %d steps:\n%s", len(answers)-1, len(steps), out)
	}
	field := regexp.MustCompile(`"([A-Za-z]+)":`)
	for i, s := range steps {
		for _, m := range field.FindAllStringSubmatch(s.shown, -1) {
			// A step that keeps its answer in a variable shows fields that are not printed.
			if !strings.Contains(answers[i], m[0]) && !strings.Contains(s.script, "=$(") {
				t.Errorf("step %d shows %s, which is not in the answer:\n%s\n%s", i+1, m[0], s.script, answers[i])
			}
		}
	}
	for text, n := range map[string]int{`"code":"HOLD_CONFLICT"`: 1, `"status":"confirmed"`: 2, `"status":"cancelled"`: 1} {
		if got := strings.Count(string(out), text); got < n {
			t.Errorf("%d times %s in the walk-through, want at least %d", got, text, n)
		}
	}
	if out, code := maitred(t, dir, "verify", "--db", "sqlite:"+filepath.Join("maitred-data", "demo.db")); code != 0 {
		t.Errorf("verify after the walk-through = %d:\n%s", code, out)
	}
}
