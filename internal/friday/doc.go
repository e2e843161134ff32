// Package friday plays whole evenings of one restaurant: 300 parties at 60 tables,
// two hosts, a booking site, a manager and the due work of two processes, all
// through the HTTP API, minute by minute of a clock by hand. It provides nothing;
// its tests demand that the restaurant is whole at each of those minutes, whatever
// happened in it.
//
// What is attempted follows from a seed. Who wins does not: within a minute
// everybody acts at once.
package friday
