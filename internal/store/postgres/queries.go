package postgres

import (
	"embed"

	texts "github.com/maitred/maitred/internal/store/named"
)

//go:embed *.sql
var queryFiles embed.FS

// queries are the statements of the .sql files by name.
var queries = texts.Statements(queryFiles)
