// Package backoffice is what the operators of a deployment may see and do about
// deliveries and jobs: the rules of their requests, and what is shown of a row of
// the outbox. Command line and HTTP both go through it. It refuses to show what an
// event says: no payload, no header, nothing of a booking but its id.
//
//	office := backoffice.New(store, store)
//	page, err := office.Rows(ctx, backoffice.RowsQuery{State: store.RowDead})
//	done, err := office.Retry(ctx, "operator", []int64{17})
package backoffice
