package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources is the text of all Go files of the project, for looking names up.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, root := range []string{"../internal", "../cmd", "../tools", "."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFailuresNameRealTests: each row of docs/failures.md names tests that are
// there and mutants that are in the list, each critical row at least one.
func TestFailuresNameRealTests(t *testing.T) {
	code, doc, list := sources(t), read(t, "../docs/failures.md"), read(t, "../docs/mutants.txt")
	rows := regexp.MustCompile(`(?m)^\| ([A-Z]\d\d) \| ([CHML]) \| .* \| (.*) \| (.*) \|$`).FindAllStringSubmatch(doc, -1)
	if len(rows) < 150 {
		t.Fatalf("%d rows, want the whole table", len(rows))
	}
	name := regexp.MustCompile("`([^`]+)`")
	for _, row := range rows {
		id, severity := row[1], row[2]
		tests, mutants := name.FindAllStringSubmatch(row[3], -1), name.FindAllStringSubmatch(row[4], -1)
		if len(tests) == 0 {
			t.Errorf("%s names no test", id)
		}
		for _, m := range tests {
			if !isTest(code, m[1]) {
				t.Errorf("%s names the test %s, which is not there", id, m[1])
			}
		}
		if severity == "C" && len(mutants) == 0 {
			t.Errorf("%s is critical and has no mutant", id)
		}
		for _, m := range mutants {
			if !strings.Contains(list, "mutant  "+m[1]+"\n") {
				t.Errorf("%s names the mutant %s, which is not in the list", id, m[1])
			}
		}
	}
}

// isTest reports whether a test of that name is in the code.
func isTest(code, name string) bool {
	parts := strings.Split(name, "/")
	found := strings.Contains(code, "func "+parts[0]+"(")
	for _, sub := range parts[min(2, len(parts)):] {
		found = found && strings.Contains(code, `"`+sub+`"`)
	}
	return found
}

// TestElsewhereNamesRealTests: each thing that went wrong in another queue has a
// test here that is there.
func TestElsewhereNamesRealTests(t *testing.T) {
	code := sources(t)
	_, section, _ := strings.Cut(read(t, "../docs/failures.md"), "\n## Elsewhere\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \| [^|]+ \| (.*) \|$`).FindAllStringSubmatch(section, -1)
	if len(rows) < 2+28 {
		t.Fatalf("%d rows, want the whole table", len(rows))
	}
	for _, row := range rows[2:] { // behind the head
		tests := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1)
		if len(tests) == 0 {
			t.Errorf("%s names no test", row[1])
		}
		for _, m := range tests {
			if !isTest(code, m[1]) {
				t.Errorf("%s names the test %s, which is not there", row[1], m[1])
			}
		}
	}
}

// TestDocumentsLinkToWhatIsThere: relative links of every document lead to a
// file of the project.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	docs, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"../docs", "../internal"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".md") {
				docs = append(docs, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, doc := range docs {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			}
		}
	}
}
