package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Mutant is one way to break a rule, and the test that must notice.
type Mutant struct {
	Name    string        // unique in the list
	Line    int           // where the block begins, from 1
	Covers  []string      // failure ids
	Why     string        // the rule that is broken
	Edits   []Edit        // at least one
	Test    Target        // what must fail
	Timeout time.Duration // of the test binary; 0 means the default
}

// Edit replaces lines of one file. Old and New are trimmed; New may be empty.
type Edit struct {
	File string // slash-separated, relative to the root of the module
	Old  []string
	New  []string
}

// Target is a set of tests: a package, a -run expression, and flags for go test.
type Target struct {
	Package string
	Run     string
	Flags   string // separated by spaces
}

// Matches says whether a filter means this mutant: its name or an id it covers.
func (m *Mutant) Matches(filter string) bool {
	return m.Name == filter || slices.Contains(m.Covers, filter)
}

// Parse reads a list of mutants. It reports every mistake it finds, each with
// its line.
func Parse(r io.Reader) ([]*Mutant, error) {
	p := parser{names: map[string]int{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.line++
		text := strings.TrimSpace(lines.Text())
		switch {
		case text == "":
			p.end()
		case strings.HasPrefix(text, "#"):
		default:
			p.read(text)
		}
	}
	p.end()
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read mutants: %w", err)
	}
	return p.done, errors.Join(p.errs...)
}

type parser struct {
	line  int
	names map[string]int // name to line
	now   *Mutant        // nil between blocks
	file  string         // of the edits that follow
	done  []*Mutant
	errs  []error
}

func (p *parser) errorf(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...)))
}

func (p *parser) read(text string) {
	if p.now == nil {
		p.now, p.file = &Mutant{Line: p.line}, ""
	}
	if text[0] == '-' || text[0] == '+' {
		p.edit(text[0], strings.TrimSpace(text[1:]))
		return
	}
	key, rest := cutField(text)
	if rest == "" {
		p.errorf(p.line, "%s needs a value", key)
		return
	}
	m := p.now
	switch key {
	case "mutant":
		if m.Name != "" {
			p.errorf(p.line, "a blank line must stand between two mutants")
		}
		if strings.ContainsAny(rest, " \t/") {
			p.errorf(p.line, "name %q is not one word without a slash", rest)
		}
		if first, ok := p.names[rest]; ok {
			p.errorf(p.line, "name %q is taken by line %d", rest, first)
		}
		p.names[rest], m.Name = p.line, rest
	case "covers":
		m.Covers = append(m.Covers, strings.Fields(rest)...)
	case "why":
		m.Why = strings.TrimSpace(m.Why + " " + rest)
	case "file":
		if !filepath.IsLocal(filepath.FromSlash(rest)) {
			p.errorf(p.line, "file %q is not below the root", rest)
		}
		p.file = rest
	case "test":
		pkg, run := cutField(rest)
		if run == "" {
			p.errorf(p.line, "test needs a package and a -run expression")
		}
		m.Test.Package, m.Test.Run = pkg, run
	case "flags":
		m.Test.Flags = strings.Join(strings.Fields(rest), " ")
	case "timeout":
		d, err := time.ParseDuration(rest)
		if err != nil || d <= 0 {
			p.errorf(p.line, "timeout %q is not a duration such as 30s", rest)
		}
		m.Timeout = d
	default:
		p.errorf(p.line, "unknown word %q", key)
	}
}

// edit takes one - or + line. A - that follows a + begins the next edit.
func (p *parser) edit(sign byte, text string) {
	if p.file == "" {
		p.errorf(p.line, "%c before any file", sign)
		return
	}
	m := p.now
	var last *Edit
	if n := len(m.Edits); n > 0 && m.Edits[n-1].File == p.file {
		last = &m.Edits[n-1]
	}
	switch {
	case sign == '+' && last == nil:
		p.errorf(p.line, "+ before any -")
	case sign == '+':
		last.New = append(last.New, text)
	case last == nil || len(last.New) > 0:
		m.Edits = append(m.Edits, Edit{File: p.file, Old: []string{text}})
	default:
		last.Old = append(last.Old, text)
	}
}

// end closes a block and says what it lacks.
func (p *parser) end() {
	m := p.now
	if m == nil {
		return
	}
	p.now = nil
	p.done = append(p.done, m)
	if m.Name == "" {
		p.errorf(m.Line, "the block has no mutant line")
	}
	if len(m.Edits) == 0 {
		p.errorf(m.Line, "%s changes nothing", m.Name)
	}
	for _, e := range m.Edits {
		if slices.Equal(e.Old, e.New) {
			p.errorf(m.Line, "%s replaces lines of %s by themselves", m.Name, e.File)
		}
	}
	if m.Test.Package == "" {
		p.errorf(m.Line, "%s has no test line", m.Name)
	}
}

// cutField splits off the first word; both parts are trimmed.
func cutField(s string) (first, rest string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}
