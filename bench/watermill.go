package main

import (
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
)

// watermillDrain takes messages through the subscriber of watermill-sql. One consumer:
// its queue locks the batch that it reads, its ordered form the whole consumer group, so that
// a second one waits.
func watermillDrain(name string, ordered bool) contender {
	return contender{name, func(s *stage) func() []reading {
		p := s.pool(s.server().Empty(s).Admin)
		round := 0
		return func() []reading {
			n := max(1000, s.size.rows/10)
			round++
			topic := fmt.Sprintf("round%d", round)
			var schema sql.SchemaAdapter = sql.PostgreSQLQueueSchema{SubscribeBatchSize: 100}
			var offsets sql.OffsetsAdapter = sql.PostgreSQLQueueOffsetsAdapter{DeleteOnAck: true}
			left := `SELECT count(*) FROM "watermill_` + topic + `"`
			if ordered {
				schema, offsets = sql.DefaultPostgreSQLSchema{SubscribeBatchSize: 100}, sql.DefaultPostgreSQLOffsetsAdapter{}
				left = `SELECT count(*) FROM "watermill_` + topic + `" WHERE "offset" > (SELECT offset_acked FROM "watermill_offsets_` + topic + `")`
			}
			db := sql.BeginnerFromPgx(p)
			publisher, err := sql.NewPublisher(db, sql.PublisherConfig{SchemaAdapter: schema, AutoInitializeSchema: true}, watermill.NopLogger{})
			s.ok(err)
			messages := make([]*message.Message, n)
			for i, f := range newFacts(n, newFlows(drainFlows), 4) {
				messages[i] = message.NewMessage(watermill.NewUUID(), f.body)
			}
			s.ok(publisher.Publish(topic, messages...))
			s.exec(p, `VACUUM ANALYZE "watermill_`+topic+`"`)
			subscriber, err := sql.NewSubscriber(db, sql.SubscriberConfig{
				SchemaAdapter: schema, OffsetsAdapter: offsets, InitializeSchema: true,
				PollInterval: 10 * time.Millisecond, RetryInterval: 10 * time.Millisecond,
			}, watermill.NopLogger{})
			s.ok(err)
			began := now()
			events, err := subscriber.Subscribe(s.ctx, topic)
			s.ok(err)
			for range n {
				m := <-events
				readPayload(m.Payload)
				m.Ack()
			}
			s.until("watermill has acknowledged everything", time.Millisecond, func() bool { return ask[int](s, p, left) == 0 })
			took := since(began)
			s.ok(subscriber.Close())
			return []reading{{name, "rows/s", float64(n) / took.Seconds()}}
		}
	}}
}
