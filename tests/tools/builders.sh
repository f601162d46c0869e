#!/bin/sh
# Builds docker's plugin buildx and buildkit's daemon from their Go modules, with the checksums of the module proxy, into
# target/tools. Takes minutes, once. Where that cannot be done it says so and ends well: the tests that need them count
# as skipped.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$here/../../target/tools
mkdir -p "$out" || exit 1
out=$(CDPATH='' cd -- "$out" && pwd)

say() { printf 'tools: %s\n' "$*" >&2; }

build() {
    name=$1 module=$2
    [ -x "$out/$name" ] && return
    if CGO_ENABLED=0 GOTOOLCHAIN=local GOBIN=$out go install -trimpath "$module"; then
        built=${module##*/}
        built=${built%@*}
        [ "$built" = "$name" ] || mv "$out/$built" "$out/$name"
        say "built $name"
    else
        say "skipped: $name cannot be built from $module"
    fi
}

command -v go >/dev/null || { say "skipped: go is not installed, so there is neither buildx nor buildkitd"; exit 0; }
command -v docker-buildx >/dev/null || [ -x /usr/libexec/docker/cli-plugins/docker-buildx ] ||
    build docker-buildx github.com/docker/buildx/cmd/buildx@v0.38.2
command -v buildkitd >/dev/null || build buildkitd github.com/moby/buildkit/cmd/buildkitd@v0.34.2
exit 0
