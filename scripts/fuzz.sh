#!/usr/bin/env bash
# make fuzz: every fuzz target for FUZZTIME each. A find stays in its package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzztime=${FUZZTIME:-20s}
count=0 failed=()
while read -r dir; do
	targets=$(go test -list '^Fuzz' "$dir" | grep '^Fuzz' || true)
	for target in $targets; do
		echo "== $dir $target ($fuzztime)"
		count=$((count + 1))
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$dir" || failed+=("$dir $target")
	done
done < <(grep -rl --include='*_test.go' --exclude-dir=node_modules --exclude-dir=testdata --exclude-dir=tools --exclude-dir=bench '^func Fuzz' . | xargs -r -n 1 dirname | sort -u)

echo "fuzz: $count targets, ${#failed[@]} failed"
if ((${#failed[@]})); then
	printf 'failed: %s\n' "${failed[@]}"
	exit 1
fi
