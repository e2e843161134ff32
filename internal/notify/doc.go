// Package notify carries wake-ups between processes: which restaurants this one
// has changed, and which others have. They are sent outside of transactions, many
// changes in one, and nothing depends on them but how soon a change is noticed:
// with the stream dead, houses are kept current by their poll, and everything else
// works.
package notify
