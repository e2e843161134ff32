package main

import "github.com/maitred/maitred/internal/store"

// drain asks how fast rows that wait are delivered, in order.
var drain = figure{
	name: "drain", title: "Drain of what waits, two workers",
	contenders: []contender{
		bareDrain("bare claims, unordered, b=100", 100),
		bareDrain("bare claims, unordered, b=1000", 1000),
		maitredDrain("maitred, ordered, b=100", store.SinkWebhook, 100, 4),
		maitredDrain("maitred, ordered, b=1000", store.SinkWebhook, 1000, 4),
		maitredDrain("maitred, every row its own aggregate, b=1000", store.SinkWebhook, 1000, 1),
		maitredDrain("maitred, observability (moved), b=1000", store.SinkObservability, 1000, 4),
		riverDrain("River, 1 client, completed", 1),
		riverDrain("River, 2 clients, completed", 2),
		watermillDrain("watermill-sql queue", false),
		watermillDrain("watermill-sql, ordered offsets", true),
	},
	demands: []demand{
		{id: "G1", what: "ordered drain b=100 beside River", row: "maitred, ordered, b=100", rivals: riverDrains, best: fastest, least: 4},
		{id: "G1", what: "ordered drain b=1000 beside River", row: "maitred, ordered, b=1000", rivals: riverDrains, best: fastest, least: 8},
		{id: "G2", what: "ordered beside own unordered", row: "maitred, ordered, b=1000", rivals: []string{"maitred, every row its own aggregate, b=1000"}, least: 0.9},
		{id: "G1", what: "ordered drain b=100 beside the bare statement", row: "maitred, ordered, b=100", rivals: []string{"bare claims, unordered, b=100"}},
		{id: "G1", what: "ordered drain b=1000 beside the bare statement", row: "maitred, ordered, b=1000", rivals: []string{"bare claims, unordered, b=1000"}},
		{id: "G1", what: "ordered drain b=100 beside watermill-sql's ordered form", row: "maitred, ordered, b=100", rivals: []string{"watermill-sql, ordered offsets"}},
		{id: "G1", what: "rows out of order", row: "maitred, ordered, b=1000: out of order", none: true},
	},
}

// drainFlows is how many restaurants the rows of a drain are of.
const drainFlows = 250

var riverDrains = []string{"River, 1 client, completed", "River, 2 clients, completed"}
