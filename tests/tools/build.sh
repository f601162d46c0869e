#!/bin/sh
# Builds the programs that tests run where the real ones are not installed, into target/tools.
# Where Go is missing, or a module cannot be fetched, it says so and ends well: the tests that need them count as
# skipped.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$here/../../target/tools

say() { printf 'tools: %s\n' "$*" >&2; }
command -v go >/dev/null || { say "skipped: go is not installed, so there is neither oras nor soci for tests"; exit 0; }
mkdir -p "$out" || exit 1
for tool in oras soci; do
    # The sources say everything: what is newer than they are is what they give.
    if [ -x "$out/$tool" ] && [ -z "$(find "$here/$tool" -newer "$out/$tool" -print -quit)" ]; then
        continue
    fi
    if (cd "$here/$tool" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local go build -trimpath -buildvcs=false -o "$out/$tool" .); then
        say "built $tool"
    else
        rm -f "$out/$tool"
        say "skipped: $tool cannot be built (soci needs a C compiler and the headers of zlib: apt-get install zlib1g-dev)"
    fi
done
