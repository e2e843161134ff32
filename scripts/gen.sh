#!/usr/bin/env bash
# Writes the files that the program itself prints (make gen), or with --check compares them with
# what is committed (make check-gen).
set -euo pipefail
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go build -o "$tmp/maitred" ./cmd/maitred

status=0
generate() { # FILE ARGUMENT...
	local file=$1 fresh="$tmp/fresh"
	shift
	# Defaults are printed, so this machine's settings must not reach the program.
	env -i PATH="$PATH" HOME="$tmp" TMPDIR="$tmp" "$tmp/maitred" "$@" >"$fresh"
	if [[ ! -s $fresh ]]; then
		echo "maitred $* printed nothing" >&2
		exit 1
	fi
	if [[ $mode == --check ]]; then
		diff -u --label "$file (committed)" --label "$file (maitred $*)" "$file" "$fresh" || status=1
	else
		mkdir -p "$(dirname "$file")"
		cp "$fresh" "$file"
	fi
}

mode=${1:---write}
generate api/openapi.yaml openapi
generate docs/configuration.md config --markdown
generate docs/codes.md codes --markdown
generate docs/events/README.md events --markdown
for family in capacity booking restaurant refusal delivery; do
	generate "docs/events/$family.md" events --markdown --family "$family"
done
if ((status)); then
	echo "generated files are out of date: make gen" >&2
fi
exit "$status"
