//! The drawing of the house in ARCHITECTURE.md against what cargo knows.

use std::{collections::BTreeMap, path::Path, process::Command};

use bakery_tests::workspace_root;

/// Who may depend on whom. Tests may see everything; guests see nothing of the host.
const ARROWS: [(&str, &[&str]); 9] = [
    (
        "bakery",
        &[
            "bakery-backend",
            "bakery-core",
            "bakery-dev",
            "bakery-gate",
            "bakery-render",
            "bakery-run",
            "bakery-sandbox",
            "bakery-transfer",
        ],
    ),
    ("bakery-dev", &["bakery-core"]),
    ("bakery-render", &["bakery-core"]),
    ("bakery-run", &["bakery-core"]),
    ("bakery-sandbox", &["bakery-core", "bakery-gate", "bakery-transfer"]),
    ("bakery-transfer", &["bakery-core", "bakery-gate"]),
    ("bakery-gate", &["bakery-core"]),
    ("bakery-backend", &["bakery-core"]),
    ("bakery-core", &[]),
];

/// Crates that only one room may name.
const KEPT: [(&str, &[&str]); 7] = [
    ("wasmtime", &["bakery-sandbox"]),
    ("wasmtime-wasi", &["bakery-sandbox"]),
    ("reqwest", &["bakery-backend"]),
    ("rustls", &["bakery-backend"]),
    ("saphyr-parser", &["bakery-core", "bakery-dev", "bakery-source-dependency"]),
    ("minijinja", &["bakery-core", "bakery-render"]),
    ("anyhow", &["bakery"]),
];

fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace_root())
        .output()
        .expect("cargo can be asked");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo answers in JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages
        .iter()
        .map(|package| {
            let names = package["dependencies"].as_array().into_iter().flatten();
            let names =
                names.filter(|d| d["kind"].is_null()).filter_map(|d| d["name"].as_str()).map(str::to_owned);
            (package["name"].as_str().unwrap_or_default().to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn the_crates_depend_on_each_other_as_drawn() {
    let all = dependencies();
    for (from, allowed) in ARROWS {
        let found = all.get(from).unwrap_or_else(|| panic!("`{from}` is not in the workspace"));
        for to in found.iter().filter(|name| name.starts_with("bakery")) {
            assert!(allowed.contains(&to.as_str()), "`{from}` -> `{to}` is not in the drawing");
        }
    }
    let guests = all.iter().filter(|(name, _)| {
        name.starts_with("bakery-source")
            || name.starts_with("bakery-override")
            || name.starts_with("bakery-step")
            || *name == "bakery-sdk"
    });
    for (from, found) in guests {
        for to in found.iter().filter(|name| name.starts_with("bakery")) {
            assert_eq!(to, "bakery-sdk", "guest `{from}` depends on `{to}`");
        }
    }
}

#[test]
fn a_crate_that_one_room_keeps_is_named_nowhere_else() {
    for (package, found) in dependencies() {
        for (kept, rooms) in KEPT {
            let named = found.iter().any(|name| name == kept);
            let test_only = package.starts_with("bakery-tests") || package.starts_with("bakery-fault");
            assert!(!named || test_only || rooms.contains(&package.as_str()), "`{package}` names `{kept}`");
        }
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let mut silent = Vec::new();
    let root = workspace_root();
    for room in ["host", "components", "tests"] {
        walk(&root.join(room), &mut |path| {
            let text = std::fs::read_to_string(path).expect("a source can be read");
            if !text.starts_with("//!") {
                silent.push(path.strip_prefix(&root).unwrap_or(path).display().to_string());
            }
        });
    }
    assert!(silent.is_empty(), "files that do not open with what they are for: {silent:#?}");
}

#[test]
fn only_the_gate_can_make_an_admission() {
    let root = workspace_root();
    let mut makers = Vec::new();
    for room in ["host/src", "host/crates", "components"] {
        walk(&root.join(room), &mut |path| {
            let text = std::fs::read_to_string(path).expect("a source can be read");
            if text.contains("Admission for") {
                makers.push(path.strip_prefix(&root).unwrap_or(path).display().to_string());
            }
        });
    }
    makers.retain(|path| !path.starts_with("host/crates/gate/"));
    // Backends test themselves with an admission of their own, inside `tests`.
    makers.retain(|path| !path.contains("/tests/"));
    assert!(makers.is_empty(), "an admission is made outside the gate: {makers:?}");
}

fn walk(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                walk(&path, see);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            see(&path);
        }
    }
}
