#!/usr/bin/env bash
# Turns the inputs of the workflow into settings for its jobs: the dispatch, the channel, the registries, names.
# It reads no file of the product and asks nobody; what a payload means is bakery's to say.
#
#   INPUTS         the workflow's inputs, as one JSON object
#   OWNER          owner of the calling repository, for the default registries
#   QUIET          not empty: another job has said what is to be said
#   GITHUB_OUTPUT  where the settings go
set -euo pipefail
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs jq sha256sum

input() { jq -r --arg name "$1" '.[$name] | if . == null then "" else tostring end' <<<"$INPUTS"; }

# The channel: one name, and its old name.
channel=$(input dev-channel)
stream=$(input dev-stream)
if [[ -n $stream ]]; then
    [[ -z $channel || $channel == "$stream" ]] ||
        error "dev-channel is \`$channel\` and dev-stream is \`$stream\`: give dev-channel alone, dev-stream is its old name"
    warning "dev-stream is the old name of an input: write dev-channel: $stream"
    channel=$stream
fi

# The dispatch: as it came, or made of the parts that old callers give.
spec=$(input dev-spec)
version=$(input dev-version)
branch=$(input release-branch)
if [[ -n ${spec//[[:space:]]/} ]]; then
    [[ -z $version && -z $branch ]] ||
        error "dev-spec is given together with dev-version or release-branch: put \`version\` and \`release_branch\` into dev-spec"
    # One line. Nothing else is touched: what is wrong with a payload is told by bakery, as it was written.
    spec=${spec//[$'\n\r\t']/ }
elif [[ -n $version || -n $branch ]]; then
    spec=$(jq -cn --arg version "$version" --arg channel "$channel" --arg branch "$branch" \
        '{version: $version, channel: $channel, release_branch: $branch} | with_entries(select(.value != ""))')
    # The payload has it.
    channel=
else
    spec=
fi

# Where platforms are pushed, and where layers are kept. Names of repositories are in lower case.
fallback=ghcr.io/${OWNER,,}
temp=$(input temp-registry)
cache=
if [[ $(input cache) != false ]]; then
    cache=$(input cache-registry)
    cache=${cache:-$fallback}
fi

image_version=$(input image-version)

output dev-spec "$spec"
output dev-channel "$channel"
output temp-registry "${temp:-$fallback}"
output cache-registry "$cache"
output image-version "${image_version#v}"
# Two calls of the workflow in one run do not see each other's artifacts.
key=$(jq -cS . <<<"$INPUTS" | sha256sum)
output key "${key:0:12}"
