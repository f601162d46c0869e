//! The plan is the same however the files are listed.

use bakery_core::{
    config::Config,
    plan::publish::{MetadataFile, plan},
};

use super::support::{Entry, file, options, told};
use crate::support::images;

fn config() -> Config {
    images(
        "  - name: app
    versions:
      - {name: 1.0.0, latest: true, os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]}
      - {name: 0.9.0, os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]}
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}",
    )
}

/// Every order of the files.
fn permutations(files: &[MetadataFile]) -> Vec<Vec<MetadataFile>> {
    if files.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..files.len() {
        let mut rest = files.to_vec();
        let first = rest.remove(at);
        all.extend(permutations(&rest).into_iter().map(|rest| [vec![first.clone()], rest].concat()));
    }
    all
}

/// The outcome of every order, which must be one.
fn same(files: &[MetadataFile]) -> String {
    let outcome = |files: &[MetadataFile]| match plan(&config(), files, &options()) {
        Ok(plan) => format!("{plan:#?}"),
        Err(errors) => told(&errors.0),
    };
    let first = outcome(files);
    let all = permutations(files);
    assert_eq!(all.len(), (1..=files.len()).product::<usize>());
    for files in all {
        assert_eq!(outcome(&files), first);
    }
    first
}

#[test]
fn any_order_of_the_files_gives_the_same_plan() {
    let new = |uid: &str| Entry::new(uid);
    let (one, other) = ("app-1-0-0-ubuntu-24-04", "app-0-9-0-ubuntu-24-04");
    // All of one second, so that only the rule decides; one build told twice, one superseded.
    let files = [
        file("e", &[new(one).arm64(), new(other)]),
        file("d", &[new(other).arm64(), new(one)]),
        file("c", &[new(one).digest_of("old").created("2025-01-01T00:00:00Z")]),
        file("b", &[new(one), new(other).digest_of("new").created("2026-05-01T00:00:00Z")]),
        file("a", &[new("app-2026-05-0-dev-7-ubuntu-24-04-daily").version("2026.05.0-dev+7")]),
    ];
    let plan = same(&files);
    assert!(plan.contains("is not used, because") && plan.contains("2026.05.0-dev-7"), "{plan}");
}

#[test]
fn any_order_of_the_files_gives_the_same_errors() {
    let uid = "app-1-0-0-ubuntu-24-04";
    let files = [
        file("d", &[Entry::new(uid)]),
        file("c", &[Entry::new(uid).digest_of("other")]),
        file("b", &[Entry::new(uid).arm64().without("/image.name"), Entry::new("ghost-1")]),
        file("a", &[Entry::new("app-0-9-0-ubuntu-24-04")]),
    ];
    let errors = same(&files);
    for code in ["disagreement", "incomplete", "unknown_target", "missing_platform"] {
        assert!(errors.contains(code), "{code}\n{errors}");
    }
}
