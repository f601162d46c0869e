//! Embeds the built-in components, compiled and not. Builds none of them: `make components` does.

use std::{env, fmt::Write as _, fs, path::PathBuf};

/// The components inside the program.
const BUILT_IN: [&str; 12] = [
    "override-dev-spec",
    "source-dependency",
    "source-manifest",
    "source-template",
    "step-index-copy",
    "step-index-create",
    "step-oras-copy",
    "step-oras-create",
    "step-oras-verify",
    "step-soci-convert",
    "step-verify",
    "step-wait-sources",
];

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = manifest.join("../target/components");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut table = String::from("static BUILTINS: &[Builtin] = &[\n");
    for name in BUILT_IN {
        let wasm = folder.join(format!("{name}.wasm"));
        let native = folder.join(format!("{name}.cwasm"));
        for path in [&wasm, &native] {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let (Ok(wasm), Ok(native)) = (wasm.canonicalize(), native.canonicalize()) else {
            println!("cargo::error=the component `{name}` is not built: run `make components` first");
            return;
        };
        let _ = writeln!(
            table,
            "    Builtin {{ name: {name:?}, wasm: include_bytes!({wasm:?}), native: include_bytes!({native:?}) }},"
        );
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("builtins.rs");
    fs::write(out, table).expect("cargo gave a folder that can be written");
}
