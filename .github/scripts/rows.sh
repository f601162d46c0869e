#!/usr/bin/env bash
# Turns the rows of `bakery ci matrix`, on standard input, into the matrices of the jobs that build and publish.
# It adds what jobs need to name things, and refuses what GitHub would not run.
set -euo pipefail
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs jq

# Jobs of one matrix; GitHub runs no more.
limit=256

rows=$(cat)
count=$(jq 'if type == "array" then length else error end' <<<"$rows" 2>/dev/null) || count=
[[ $count =~ ^[0-9]+$ ]] ||
    error "\`bakery ci matrix\` printed no list of rows"
if ((count > limit)); then
    error "$count rows, and GitHub runs at most $limit jobs of a matrix: choose with image-name or image-version, and call the workflow several times"
fi
# Names become names of files and artifacts.
odd=$(jq -c '[.[] | .image, .version | select(test("^[A-Za-z0-9][A-Za-z0-9._+-]*$") | not)][0]' <<<"$rows")
[[ $odd == null ]] || error "$odd cannot be the name of an artifact: names and versions have letters, digits and . _ + -"

# `pattern` finds this name and no other.
named='def pattern: "^" + gsub("(?<c>[.+])"; "[\(.c)]") + "$";'
output platform-matrix "$(jq -c "$named"'
    map({image, version, platform, arch: (.platform | sub("^linux/"; "") | gsub("/"; "-")), pattern: (.image | pattern)})
' <<<"$rows")"
output image-matrix "$(jq -c "$named"' map(.image) | unique | map({image: ., pattern: pattern})' <<<"$rows")"
output arm64 "$(jq -c 'any(.platform | startswith("linux/arm64"))' <<<"$rows")"
((count)) || notice "there is nothing to build"
