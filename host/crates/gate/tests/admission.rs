//! Nobody but the gate has a type that is an admission. Reads the sources; runs nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a source directory can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn implements_admission(source: &str) -> bool {
    let words = source.split_whitespace().collect::<Vec<_>>().join(" ");
    words.match_indices("Admission for ").any(|(at, _)| {
        let before = &words[..at];
        // From the last item boundary on: `impl Admission for`, also generic, also with a path.
        let start = before.rfind(['{', '}', ';', ']']).map_or(0, |at| at + 1);
        before[start..].split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "impl")
    })
}

#[test]
fn only_the_gate_implements_admission() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut files = Vec::new();
    for room in ["host", "components", "tests"] {
        sources(&root.join(room), &mut files);
    }
    let found: Vec<_> = files
        .iter()
        .filter(|path| {
            !path.ends_with("gate/tests/admission.rs")
                && implements_admission(&fs::read_to_string(path).unwrap())
        })
        .map(|path| path.strip_prefix(&root).unwrap().components().rev().take(3).collect::<Vec<_>>())
        .map(|tail| {
            tail.iter().rev().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        })
        .collect();
    assert_eq!(found, ["gate/src/permit.rs"], "an effect could pass around the gate");
}

#[test]
fn an_implementation_is_recognised_however_it_is_written() {
    for source in [
        "impl Admission for Free {}",
        "impl<T> bakery_core::port::Admission for T {",
        "struct Free; impl port :: Admission\n    for Free {}",
        "#[cfg(test)] impl Admission for Free {}",
    ] {
        assert!(implements_admission(source), "{source}");
    }
    for source in ["// no Admission for you\nfn x() {}", "fn send(admission: &dyn Admission) {}", ""] {
        assert!(!implements_admission(source), "{source}");
    }
}
