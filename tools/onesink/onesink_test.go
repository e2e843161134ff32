package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const move = "-- name: Move\nINSERT INTO maitred.observability_events (dedupe_key)\nSELECT dedupe_key FROM gone;\n"

// tree is sound, but for one more file.
func tree(name, text string) fstest.MapFS {
	files := fstest.MapFS{homes[0]: {Data: []byte(move)}, homes[1]: {Data: []byte(move)}}
	if name != "" {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestOnlyTheSinkWrites(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		want             int
	}{
		{"nothing else", "", "", 0},
		{"a reader", "internal/store/sqlite/webhook.sql", "SELECT id FROM observability_events", 0},
		{"the pruner", "internal/store/sqlite/prune.sql", "DELETE FROM observability_events WHERE recorded_at < ?", 0},
		{"another table", "internal/store/sqlite/webhook.sql", "INSERT INTO observability_events_archive (id)", 0},
		{"a test", "internal/jobs/x_test.go", "INSERT INTO observability_events", 0},
		{"the suite of the stores", "internal/store/storetest/x.go", "INSERT INTO observability_events", 0},
		{"a migration", "internal/store/postgres/migrations/010_x.sql", "INSERT INTO maitred.observability_events", 0},
		{"another statement of a store", "internal/store/postgres/record.sql", "INSERT INTO maitred.observability_events", 1},
		{"over two lines", "internal/control/x.go", "insert\n\tinto   \"maitred\".\"observability_events\"", 1},
		{"instead of a row", "internal/store/sqlite/record.sql", "INSERT OR REPLACE INTO observability_events", 1},
		{"replacing", "internal/store/sqlite/record.sql", "replace into observability_events", 1},
		{"changing", "cmd/maitred/x.go", "UPDATE maitred.observability_events SET severity = 'info'", 1},
		{"copying", "bench/x.go", "COPY observability_events FROM STDIN", 1},
		{"copying by the driver", "bench/x.go", "c.CopyFrom(ctx,\n\tpgx.Identifier{\"maitred\", \"observability_events\"}, columns, rows)", 1},
		{"twice in the home", homes[1], move + move, 1},
		{"not at all in the home", homes[0], "SELECT 1", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, failed strings.Builder
			if got := run(tree(tt.file, tt.text), &out, &failed); got != tt.want || failed.Len() > 0 {
				t.Errorf("run = %d, want %d:\n%s%s", got, tt.want, out.String(), failed.String())
			}
			if tt.want == 1 && !strings.Contains(out.String(), tt.file+":") {
				t.Errorf("it does not name %s:\n%s", tt.file, out.String())
			}
		})
	}
}

func TestThisTreeIsSound(t *testing.T) {
	var out, failed strings.Builder
	if got := run(os.DirFS("../.."), &out, &failed); got != 0 {
		t.Errorf("run = %d, want 0:\n%s%s", got, out.String(), failed.String())
	}
}
