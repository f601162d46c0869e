//! Real dependency lists, read by the guest's own logic.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;

use bakery_sdk::{
    lister::{Constraint, Query},
    testing::FakeUpstream,
};
use libtest_mimic::Failed;
use serde_json::Value;

const TABLE: &str = include_str!("../../host/crates/core/src/config/products.json");

const R: &str = "https://cdn.posit.co/r/versions.json";
const QUARTO: &str = "https://quarto.org/docs/download/_download.json";
const QUARTO_NEXT: &str = "https://quarto.org/docs/download/_prerelease.json";
const QUARTO_OLDER: &str = "https://raw.githubusercontent.com/quarto-dev/quarto-web/refs/heads/main/docs/download/_download-older.yml";
const POSITRON: &str = "https://cdn.posit.co/positron/releases/pwb/x86_64/all-releases.json";

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

pub(crate) fn lists(folder: &Path) -> Result<(), Failed> {
    let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let upstream = FakeUpstream::new()
        .with(R, file("r-versions.json"))
        .with(QUARTO, file("quarto-download.json"))
        .with(QUARTO_NEXT, file("quarto-prerelease.json"))
        .with(QUARTO_OLDER, "- title: v1.6.43\n")
        .with(POSITRON, file("positron-releases.json"));
    assert_eq!(select(&upstream, "R", false, rule(true, Some(3), None)), ["4.5.1", "4.4.3", "4.3.3"]);
    assert_eq!(select(&upstream, "R", false, rule(false, Some(1), Some("3"))), ["3.6.3"]);
    assert_eq!(select(&upstream, "quarto", false, rule(true, None, None)), ["1.7.34"]);
    assert_eq!(select(&upstream, "quarto", true, rule(true, None, None)), ["1.8.23"]);
    assert_eq!(
        select(&upstream, "positron", false, rule(false, Some(2), None)),
        ["2026.03.0-212", "2026.02.1-5"]
    );
    Ok(())
}
