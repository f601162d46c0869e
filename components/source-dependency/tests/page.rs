//! The page of this component: its example works.

use bakery_sdk::{
    lister::{Constraint, Query},
    testing::FakeUpstream,
};

const PAGE: &str = include_str!("../../../docs/plugins/source-dependency.md");

/// The JSON examples of the page, in order.
fn examples() -> Vec<&'static str> {
    PAGE.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_example_lists_what_its_upstreams_have() {
    let upstream = FakeUpstream::new()
        .with("https://quarto.example.org/download.json", r#"{"version":"1.7.34"}"#)
        .with("https://quarto.example.org/older.yml", "- title: v1.6.43\n");
    let query = Query {
        dependency: "quarto".to_owned(),
        prerelease: false,
        constraint: Constraint { latest: false, count: None, min: None, max: Some("1.6".to_owned()) },
        config: examples()[0].to_owned(),
        attributes: Vec::new(),
    };
    assert_eq!(bakery_source_dependency::select(&upstream, &query).unwrap(), ["1.6.43"]);
}
