// Package menu embeds a file.
package menu

import _ "embed"

// Text is the embedded file.
//
//go:embed menu.sql
var Text string
