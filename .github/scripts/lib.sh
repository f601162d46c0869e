# What the scripts of the workflow share: what is said to GitHub, and how a value is handed on.
# It is sourced; it decides nothing.
# shellcheck shell=bash

# The data of a workflow command: a message can end neither the command nor the line.
escaped() {
    local text=${1//'%'/%25}
    text=${text//$'\r'/%0D}
    printf '%s' "${text//$'\n'/%0A}"
}

notice() { [[ -n ${QUIET:-} ]] || printf '::notice::%s\n' "$(escaped "$*")" >&2; }
warning() { [[ -n ${QUIET:-} ]] || printf '::warning::%s\n' "$(escaped "$*")" >&2; }
error() {
    printf '::error::%s\n' "$(escaped "$*")" >&2
    exit 1
}

# output NAME VALUE: one line of the step's outputs. A value of several lines could set other outputs, so it is refused.
output() {
    if [[ $2 == *[[:cntrl:]]* ]]; then
        error "the value of \`$1\` has a line break or another control character: write it as one line"
    fi
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

needs() {
    local program
    for program; do
        command -v "$program" >/dev/null || error "\`$program\` is not on the PATH of this runner: install it"
    done
}
