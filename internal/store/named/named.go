// Package named reads SQL statements from files, by the names their "-- name:"
// lines give them. Both stores keep their SQL that way.
package named

import (
	"embed"
	"strings"
)

// Statements reads all .sql files at the top of a folder. A statement ends where
// the next name begins; comments are left out, and so is the semicolon at its
// end. It panics when a file cannot be read or a name is there twice: the files
// are part of the binary.
func Statements(files embed.FS) map[string]string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	all := map[string]string{}
	for _, f := range entries {
		if f.IsDir() || !strings.HasSuffix(f.Name(), ".sql") {
			continue
		}
		text, err := files.ReadFile(f.Name())
		if err != nil {
			panic(err)
		}
		read(string(text), all)
	}
	for name, text := range all {
		// SQLite's driver keeps a statement prepared only when nothing follows it.
		all[name] = strings.TrimSuffix(strings.TrimSpace(text), ";")
	}
	return all
}

func read(text string, all map[string]string) {
	name := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if after, ok := strings.CutPrefix(trimmed, "-- name: "); ok {
			name = after
			if _, twice := all[name]; twice {
				panic("two statements are named " + name)
			}
			all[name] = ""
			continue
		}
		if !strings.HasPrefix(trimmed, "--") && trimmed != "" {
			all[name] += strings.TrimRight(line, " \t")
		}
	}
}
