//! Broken and doubtful `bakery.yaml` files, each with the whole text that a person sees.
//! One file is one case; nothing here reaches beyond these directories.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise and says so")]

use std::fs;
use std::path::Path;

use bakery_core::config::{Diagnostics, load};

/// Every file of a directory below `tests/`, by name.
fn cases(directory: &str) -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(directory);
    let mut cases: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "snap"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{}", path.display());
    cases
}

/// What every message must be, whatever it says.
fn check_manners(name: &str, diagnostics: &Diagnostics, text: &str) {
    let printable = |c: char| {
        c == '\n' || !(c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
    };
    assert!(text.chars().all(printable), "{name}: {text:?}");
    assert!(text.lines().all(|line| line.chars().count() < 330), "{name}: {text}");
    for diagnostic in diagnostics.list() {
        let first = diagnostic.message.chars().next().unwrap();
        assert!(!first.is_uppercase(), "{name}: starts with a capital: {}", diagnostic.message);
        assert!(!diagnostic.message.ends_with('.'), "{name}: ends with a full stop: {}", diagnostic.message);
        assert!(
            diagnostic.label.is_some() || diagnostic.hint.is_some(),
            "{name}: no way out: {}",
            diagnostic.message
        );
        assert!(diagnostic.code.starts_with("bakery::config::"), "{name}: {}", diagnostic.code);
    }
}

#[test]
fn every_broken_file_is_refused_with_an_error_that_tells_what_to_do() {
    for (name, text) in cases("bad_config") {
        let errors = match load("bakery.yaml", &text, name.starts_with("strict-")) {
            Ok(_) => panic!("{name} was accepted"),
            Err(errors) => errors,
        };
        let text = errors.render(false);
        check_manners(&name, &errors, &text);
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "bad_config_snapshots", omit_expression => true }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

#[test]
fn every_doubtful_file_is_accepted_with_a_warning() {
    for (name, text) in cases("doubtful_config") {
        let loaded = match load("bakery.yaml", &text, false) {
            Ok(loaded) => loaded,
            Err(errors) => panic!("{name} was refused:\n{}", errors.render(false)),
        };
        assert!(!loaded.warnings.is_empty(), "{name} gives no warning");
        let text = loaded.warnings.render(false);
        check_manners(&name, &loaded.warnings, &text);
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "doubtful_config_snapshots", omit_expression => true }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

#[test]
fn there_are_cases_enough_and_no_snapshot_without_its_case() {
    assert!(cases("bad_config").len() >= 60);
    for directory in ["bad_config", "doubtful_config"] {
        let names: Vec<String> = cases(directory).into_iter().map(|(name, _)| name).collect();
        for (snapshot, _) in cases(&format!("{directory}_snapshots")) {
            assert!(names.contains(&snapshot), "{directory}_snapshots/{snapshot}.snap belongs to no case");
        }
    }
}
