package storetest

var directoryTests, concurrencyTests, proveTests, listTests, queueTests, upkeepTests, tenancyTests []test
