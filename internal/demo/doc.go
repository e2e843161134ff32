// Package demo is two invented restaurants with a book for fifteen days, to try
// maitred with. Everything in it follows from a fixed seed and the first day of
// the book: the same day gives the same tables, parties, references and IDs. Only
// the secrets of the tokens are new each time.
//
// The guests are made up; addresses are at example.com and phone numbers of the
// range that is kept for fiction. The data comes in through the same commands as
// any other (package control).
//
//	report, err := demo.Load(ctx, app, demo.Options{})
//	err = demo.WriteFile(ctx, app, path, "http://127.0.0.1:8080")
package demo
