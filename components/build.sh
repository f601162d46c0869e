#!/bin/sh
# Builds guest components on any machine with rustup and cargo.
#
#   components/build.sh [OUTDIR [CRATE…]]
#
# OUTDIR  where <name>.wasm is written; default: target/components of this workspace
# CRATE   a workspace package, or its directory; default: every component below components/
#
# A file is written only when its bytes change, so that whoever embeds it is not rebuilt for nothing.
# Guests have a target directory of their own, `guest` below CARGO_TARGET_DIR or `target`:
# the flags differ from the host's, and one directory would rebuild everything at each change of sides.
set -eu

target=wasm32-unknown-unknown
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
out=${1:-$root/target/components}
[ $# -eq 0 ] || shift
here=$(pwd)
case $out in /*) ;; *) out=$here/$out ;; esac
guest=${CARGO_TARGET_DIR:-$root/target}/guest
case $guest in /*) ;; *) guest=$here/$guest ;; esac

say() { printf 'components: %s\n' "$*" >&2; }
die() { printf 'components: error: %s\n' "$1" >&2; shift; for line; do printf '  %s\n' "$line" >&2; done; exit 1; }
package_name() { sed -n '/^\[package\]/,/^\[/s/^name *= *"\(.*\)"/\1/p' "$1/Cargo.toml"; }
sysroot() { "$1" --print sysroot 2>/dev/null; }
has_target() { [ -d "$(rustc --print target-libdir --target $target 2>/dev/null)" ]; }
has_sources() { [ -f "$(sysroot "$1")/lib/rustlib/src/rust/library/Cargo.toml" ]; }
source_rustc() {
    for candidate in ${RUSTC:-} rustc /usr/bin/rustc; do
        if command -v "$candidate" >/dev/null && has_sources "$candidate"; then echo "$candidate"; return; fi
    done
    return 1
}

# Which crates: package names, in the order given.
[ $# -gt 0 ] || for manifest in "$root"/components/*/Cargo.toml; do
    grep -q '"cdylib"' "$manifest" && set -- "$@" "$(dirname "$manifest")"
done
packages=
for crate; do
    [ -f "$crate/Cargo.toml" ] && crate=$(package_name "$crate")
    packages="$packages $crate"
done

cd "$root"
command -v cargo >/dev/null || die "cargo is not on the PATH" "install it: https://rustup.rs"
host=$(rustc -vV | sed -n 's/^host: //p')
tools=$(sysroot rustc)/lib/rustlib/$host/bin
linker=$tools/wasm-component-ld
[ -x "$linker" ] || linker=$(command -v wasm-component-ld) ||
    die "\`wasm-component-ld\` is neither in the toolchain nor on the PATH" \
        "install a toolchain that has it: rustup toolchain install stable" \
        "or the tool alone: cargo install wasm-component-ld"

# Which compiler: the four ways of docs/plugins/building.md, in this order.
compiler=rustc std=
if has_target; then
    say "the toolchain has the target $target"
elif command -v rustup >/dev/null && rustup target add $target >/dev/null 2>&1 && has_target; then
    say "added the target $target with rustup"
elif compiler=$(source_rustc); then
    say "building the standard library from the sources of $compiler"
    std=yes
elif [ "$(id -u)" = 0 ] && grep -qs '^VERSION_ID="12"' /etc/os-release && grep -qs '^ID=debian' /etc/os-release; then
    say "installing rustc-web, cargo-web and rust-web-src for the sources of the standard library"
    apt-get -qq update && apt-get -qq install -y rustc-web cargo-web rust-web-src >/dev/null ||
        die "the packages cannot be installed" "apt-get install -y rustc-web cargo-web rust-web-src"
    compiler=$(source_rustc) || die "the installed packages have no library sources"
    std=yes
else
    die "no way to compile for $target; one of these makes it possible:" \
        "rustup target add $target" \
        "rustup component add rust-src" \
        "apt-get install -y rustc-web cargo-web rust-web-src    # Debian 12, as root"
fi

# No path of this machine ends up in a component, so the same sources give the same bytes.
commit=$("$compiler" -vV | sed -n 's/^commit-hash: //p')
unit=$(printf '\037')
flags="--remap-path-prefix=$root/="
flags="$flags$unit--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src/=/registry/"
flags="$flags$unit--remap-path-prefix=$(sysroot "$compiler")/lib/rustlib/src/rust/=/rustc/$commit/"
flags="$flags$unit-Clinker=$linker"
if [ "$std" ]; then
    flags="$flags$unit-Clink-arg=--wasm-ld-path=$tools/gcc-ld/wasm-ld"
    export RUSTC="$compiler" RUSTC_BOOTSTRAP=1
fi
mkdir -p "$out"
for package in $packages; do
    # One crate type at a time: a crate that is also an rlib would be linked without link-time optimisation.
    CARGO_ENCODED_RUSTFLAGS=$flags CARGO_TARGET_DIR=$guest cargo rustc --quiet --locked --profile component \
        --target $target ${std:+-Zbuild-std=std,panic_abort} --lib --crate-type cdylib -p "$package"
    built=$guest/$target/component/$(echo "$package" | tr - _).wasm
    [ -f "$built" ] || die "\`$package\` gave no component" "the library must have the package's name"
    file=$out/${package#bakery-}.wasm
    cmp -s "$built" "$file" && continue
    cp "$built" "$file.new$$" && mv "$file.new$$" "$file"
    say "$file ($(($(wc -c <"$file"))) bytes)"
done
