#!/usr/bin/env bash
# Installs bakery and puts it on the PATH of later steps: from a release, from an archive that an earlier job made,
# or built from the sources around this file. What was not built here is compared with a digest that the caller gave.
#
#   RELEASE     version of a release, or empty
#   FOLDER      folder with an archive, or empty
#   SHA256      lines of `sha256sum`, among them one for the archive of this machine
#   REPOSITORY  owner/name that releases are of
#   SOURCES     folder with the sources of bakery
#   DESTINATION folder to install to
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=.github/scripts/lib.sh
. "$scripts/lib.sh"
needs sha256sum tar

[[ $(uname -s) == Linux ]] || error "there is bakery for Linux alone"
case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) error "there is bakery for amd64 and arm64, and this machine is \`$(uname -m)\`" ;;
esac
suffix=linux-$arch.tar.gz
# Old callers name a branch here.
asked=${RELEASE:-}
RELEASE=${asked#v}
[[ $asked != main ]] || RELEASE=

# listed NAME-PATTERN: the one line of SHA256 for such an archive, as `sha256sum` prints it.
listed() {
    local lines
    lines=$(grep -E "^[0-9a-f]{64}[[:space:]]+[*]?$1\$" <<<"${SHA256:-}" | sort -u) ||
        error "the digest of \`$2\` is not given: sha256 takes lines as \`sha256sum\` prints them"
    [[ $lines != *$'\n'* ]] || error "sha256 has several lines for \`$2\`"
    printf '%s' "$lines"
}

# unpack FOLDER LINE: compares and unpacks.
unpack() {
    (cd "$1" && sha256sum --check --strict --quiet <<<"$2") ||
        error "the archive is not the one whose digest was given: \`${2#*[[:space:]]}\`"
    mkdir -p "$DESTINATION"
    tar -xzf "$1/$(name_of "$2")" -C "$DESTINATION" --no-same-owner bakery
}

name_of() {
    local name=${1#*[[:space:]]}
    name=${name# }
    printf '%s' "${name#'*'}"
}

from_folder() {
    unpack "$1" "$(listed "bakery-[0-9A-Za-z.+-]+-$suffix" "bakery-VERSION-$suffix")"
}

from_release() {
    needs curl
    [[ $RELEASE =~ ^[0-9]+\.[0-9]+\.[0-9]+([.+-][0-9A-Za-z.+-]*)?$ ]] || error "\`$RELEASE\` is not a version: write it as 0.1.0"
    [[ $REPOSITORY =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || error "repository is \`$REPOSITORY\`: write it as owner/name"
    local name=bakery-$RELEASE-$suffix line downloads
    line=$(listed "${name//[.+]/[&]}" "$name")
    downloads=$(mktemp -d)
    curl --fail --silent --show-error --location --proto '=https' --retry 3 --max-time 600 --output "$downloads/$name" \
        "https://github.com/$REPOSITORY/releases/download/v$RELEASE/$name" ||
        error "the archive \`$name\` of release v$RELEASE cannot be downloaded from $REPOSITORY"
    unpack "$downloads" "$line"
    rm -rf "$downloads"
}

# Builds, and makes the archive that other jobs install from; its digest is an output, which no other job can change.
from_sources() {
    needs make cargo
    [[ $asked != main ]] ||
        warning "version: main is left out: bakery is built from the commit that is pinned; give a release, or nothing"
    make -C "$SOURCES" build
    local built=${CARGO_TARGET_DIR:-$SOURCES/target}/release archives=$DESTINATION/archives version
    version=$("$built/bakery" version)
    local name=bakery-${version##* }-$suffix
    mkdir -p "$archives"
    tar -czf "$archives/$name" -C "$built" --owner=0 --group=0 bakery
    from=$(cd "$archives" && sha256sum "$name")
    unpack "$archives" "$from"
    output archive "$archives/$name"
    output sha256 "$from"
}

if [[ -n $RELEASE ]]; then
    from_release
elif [[ -n ${FOLDER:-} ]]; then
    from_folder "$FOLDER"
else
    from_sources
fi

installed=$("$DESTINATION/bakery" version) || error "what was installed does not run on this machine"
mkdir -p "$DESTINATION/scripts"
cp "$scripts"/*.sh "$DESTINATION/scripts/"
output version "${installed##* }"
output scripts "$DESTINATION/scripts"
printf '%s\n' "$DESTINATION" >>"$GITHUB_PATH"
printf 'installed %s\n' "$installed"
