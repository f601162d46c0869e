#!/bin/sh
# Builds docker's plugin buildx, buildkit's daemon, kind and a docker daemon from their Go modules, with the checksums of
# the module proxy, into target/tools. Takes minutes, once. Where that cannot be done it says so and ends well: the tests
# that need them count as skipped.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$here/../../target/tools
mkdir -p "$out" || exit 1
out=$(CDPATH='' cd -- "$out" && pwd)

say() { printf 'tools: %s\n' "$*" >&2; }

# In the module's own folder, because `go install` refuses modules that replace others.
build() {
    name=$1 module=$2 package=$3 tags=${4:-}
    [ -x "$out/$name" ] && return
    folder=$(GOTOOLCHAIN=local go mod download -json "$module" 2>/dev/null | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
    if [ -n "$folder" ] && (cd "$folder" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -trimpath -buildvcs=false -tags "$tags" -o "$out/$name" "$package"); then
        say "built $name"
    else
        say "skipped: $name cannot be built from $module"
    fi
}

command -v go >/dev/null || { say "skipped: go is not installed, so there is neither buildx nor buildkitd nor kind"; exit 0; }
command -v docker-buildx >/dev/null || [ -x /usr/libexec/docker/cli-plugins/docker-buildx ] ||
    build docker-buildx github.com/docker/buildx@v0.30.1 ./cmd/buildx
command -v buildkitd >/dev/null || build buildkitd github.com/moby/buildkit@v0.26.3 ./cmd/buildkitd
command -v kind >/dev/null || build kind sigs.k8s.io/kind@v0.33.0 .
# Docker daemons before the 24th cannot keep images in containerd. It needs containerd itself.
number=$(dockerd --version 2>/dev/null | sed -n 's/^Docker version \([0-9]*\)\..*/\1/p')
[ "${number:-0}" -ge 24 ] || ! command -v containerd >/dev/null ||
    build dockerd-containerd github.com/moby/moby/v2@v2.0.0-beta.15 ./cmd/dockerd 'exclude_graphdriver_btrfs no_systemd'
exit 0
