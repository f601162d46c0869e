//! The dependencies of the embedded table against answers in the upstreams' real shapes.
//! The fixtures are small and made up; `tests/real` reads real ones.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bakery_sdk::{
    lister::{Constraint, Query},
    testing::FakeUpstream,
};
use serde_json::Value;

const TABLE: &str = include_str!("../../../host/crates/core/src/config/products.json");

const R: &str = "https://cdn.posit.co/r/versions.json";
const PYTHON: &str =
    "https://raw.githubusercontent.com/astral-sh/uv/refs/heads/main/crates/uv-python/download-metadata.json";
const QUARTO: &str = "https://quarto.org/docs/download/_download.json";
const QUARTO_NEXT: &str = "https://quarto.org/docs/download/_prerelease.json";
const QUARTO_OLDER: &str = "https://raw.githubusercontent.com/quarto-dev/quarto-web/refs/heads/main/docs/download/_download-older.yml";
const POSITRON: &str = "https://cdn.posit.co/positron/releases/pwb/x86_64/all-releases.json";
const POSITRON_DAILY: &str = "https://cdn.posit.co/positron/dailies/pwb/x86_64/releases.json";

fn select(
    upstream: &FakeUpstream,
    dependency: &str,
    prerelease: bool,
    constraint: Constraint,
) -> Vec<String> {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let rows = table["dependencies"].as_array().unwrap();
    let row = rows.iter().find(|row| row["dependency"] == dependency).unwrap();
    assert_eq!(row["component"], "source-dependency");
    let query = Query {
        dependency: dependency.to_owned(),
        prerelease,
        constraint,
        config: row["config"].to_string(),
        attributes: Vec::new(),
    };
    bakery_source_dependency::select(upstream, &query).unwrap()
}

fn rule(latest: bool, count: Option<u32>, max: Option<&str>) -> Constraint {
    Constraint { latest, count, min: None, max: max.map(str::to_owned) }
}

#[test]
fn every_dependency_is_listed_from_its_upstreams() {
    let python = r#"{"cpython-3.13.1-linux":{"name":"cpython","os":"linux","major":3,"minor":13,"patch":1,"prerelease":""},
        "cpython-3.13.0-linux":{"name":"cpython","os":"linux","major":3,"minor":13,"patch":0,"prerelease":""},
        "cpython-3.14.0a1-linux":{"name":"cpython","os":"linux","major":3,"minor":14,"patch":0,"prerelease":"a1"},
        "cpython-3.12.8-linux":{"name":"cpython","os":"linux","major":3,"minor":12,"patch":8,"prerelease":""}}"#;
    let upstream = FakeUpstream::new()
        .with(R, r#"{"r_versions":["next","devel","9.5.1","9.5.0","9.4.3"]}"#)
        .with(PYTHON, python)
        .with(QUARTO, r#"{"version":"1.7.34","assets":[]}"#)
        .with(QUARTO_OLDER, "- title: v1.6.43\n  date: 2025-01-01\n- title: v1.6.42\n")
        .with(QUARTO_NEXT, r#"{"version":"1.8.23"}"#)
        .with(POSITRON, r#"{"releases":[{"version":"2030.03.0-212"},{"version":"2030.02.1-5"}]}"#)
        .with(POSITRON_DAILY, r#"{"version":"2030.04.0-9"}"#);
    let all = || rule(false, None, None);
    assert_eq!(select(&upstream, "R", false, all()), ["9.5.1", "9.4.3"]);
    assert_eq!(select(&upstream, "python", false, all()), ["3.13.1", "3.12.8"]);
    assert_eq!(select(&upstream, "quarto", false, all()), ["1.7.34", "1.6.43"]);
    assert_eq!(select(&upstream, "quarto", true, all()), ["1.8.23", "1.7.34", "1.6.43"]);
    assert_eq!(select(&upstream, "positron", false, all()), ["2030.03.0-212", "2030.02.1-5"]);
    assert_eq!(select(&upstream, "positron", true, rule(true, None, None)), ["2030.04.0-9"]);
}
