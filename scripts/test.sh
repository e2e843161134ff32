#!/usr/bin/env bash
# make test: layout, vet, every test with the race detector in random order. Ends with what was
# missing on this machine; with CI set, a test skipped for that reason fails the run.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p bin
events=bin/test.json
: >"$events"
failed=()

unformatted=$(find . \( -name node_modules -o -name testdata -o -name .git \) -prune -o -name '*.go' -print0 | xargs -0r gofmt -l) || failed+=(gofmt)
if [[ -n $unformatted ]]; then
	echo "not formatted (make fmt):"
	echo "$unformatted"
	failed+=(gofmt)
fi
go vet ./... || failed+=(vet)
go -C tools vet ./... || failed+=("vet of tools")
go -C bench vet ./... || failed+=("vet of bench")

go tool -modfile=tools/go.mod gotestsum --format standard-quiet --hide-summary=skipped --jsonfile "$events" -- \
	-race -shuffle=on -timeout "${TEST_TIMEOUT:-15m}" "${@:-./...}" || failed+=(test)
# Without the race detector: the games of the models, ten times as many; lines that take the lock
# first, on both stores; two whole Fridays.
go tool -modfile=tools/go.mod gotestsum --format standard-quiet --hide-summary=skipped --jsonfile "$events.models" -- \
	-count=1 -run '^TestModel(SQLite|Postgres)$|^TestLockFirst|^TestTwoFridays$' -timeout "${TEST_TIMEOUT:-15m}" ./internal/line ./internal/friday || failed+=("test without the race detector")
cat "$events.models" >>"$events" && rm "$events.models"
go -C tools test ./... || failed+=("test of tools")
go -C bench test ./... || failed+=("test of bench")

# Tests that need what this machine lacks skip with "SKIP-FAILS-CI: what is missing".
missing=$(sed -n 's/.*"Output":".*\(SKIP-FAILS-CI[^"\\]*\).*/\1/p' "$events" | sort | uniq -c)
if [[ -n $missing ]]; then
	echo
	echo "Tests were skipped because something is missing here (times, reason):"
	echo "$missing"
	if [[ -n ${CI:-} ]]; then
		failed+=("skipped tests")
	fi
fi
if ((${#failed[@]})); then
	printf 'failed: %s\n' "${failed[@]}"
	exit 1
fi
