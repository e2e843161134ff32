package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// StaleError says that the lines which a mutant replaces are not in their file
// exactly once: the code moved on and the list did not.
type StaleError struct {
	File  string
	Old   []string
	Found int // occurrences; 0 or more than 1
}

// Error names the file, the count and the first line looked for.
func (e *StaleError) Error() string {
	return fmt.Sprintf("%s has %d times: %s", e.File, e.Found, strings.Join(e.Old, " ⏎ "))
}

// Mutate applies one edit to a source text. The new lines are indented like the
// first old one. It returns a *StaleError unless the old lines occur once.
func Mutate(src string, e Edit) (string, error) {
	lines := strings.SplitAfter(src, "\n")
	at, found := 0, 0
	for i := 0; i+len(e.Old) <= len(lines); i++ {
		if slices.EqualFunc(lines[i:i+len(e.Old)], e.Old, sameLine) {
			at, found = i, found+1
		}
	}
	if found != 1 {
		return "", &StaleError{File: e.File, Old: e.Old, Found: found}
	}
	first := lines[at]
	indent := first[:len(first)-len(strings.TrimLeft(first, " \t"))]
	var fresh []string
	for _, l := range e.New {
		fresh = append(fresh, indent+l+"\n")
	}
	return strings.Join(slices.Replace(lines, at, at+len(e.Old), fresh...), ""), nil
}

func sameLine(line, want string) bool { return strings.TrimSpace(line) == want }

// WriteOverlay writes the mutated files and the overlay that puts them in place
// of those below root into dir, and returns the overlay's path.
func WriteOverlay(dir, root string, m *Mutant) (string, error) {
	texts := map[string]string{} // by file: several edits may meet in one
	for _, e := range m.Edits {
		src, ok := texts[e.File]
		if !ok {
			read, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File)))
			if os.IsNotExist(err) {
				return "", &StaleError{File: e.File, Old: e.Old}
			}
			if err != nil {
				return "", err
			}
			src = string(read)
		}
		mutated, err := Mutate(src, e)
		if err != nil {
			return "", err
		}
		texts[e.File] = mutated
	}

	var overlay struct {
		Replace map[string]string `json:"Replace"`
	}
	overlay.Replace = map[string]string{}
	for file, text := range texts {
		path := filepath.Join(dir, fmt.Sprintf("%d%s", len(overlay.Replace), filepath.Ext(file)))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(root, filepath.FromSlash(file))] = path
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}
