#!/usr/bin/env bash
# Runs every test of the workspace and closes with one line that sums all runners' own lines.
# Tests that cannot run on this machine are counted as skipped by their runner, never as passed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --release --workspace --no-fail-fast "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

awk '
    /^test result: / {
        for (i = 1; i <= NF; i++) {
            if ($(i + 1) ~ /^passed/)  passed  += $i
            if ($(i + 1) ~ /^failed/)  failed  += $i
            if ($(i + 1) ~ /^ignored/) skipped += $i
        }
    }
    / \.\.\. ignored/ { skips[++n] = $0 }
    END {
        if (n) { print ""; print "skipped on this machine:"; for (i = 1; i <= n; i++) print "  " skips[i] }
        printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
    }
' "$log"
exit "$status"
