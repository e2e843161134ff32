package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/maitred/maitred/internal/store"
)

// Template is an empty database: to migrate one for each test takes longer than
// the tests.
var Template = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "maitred")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if _, err := Migrate(context.Background(), path, store.Up); err != nil {
		panic(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return b
})

// Queries are the statements by name.
func Queries() map[string]string { return queries }
