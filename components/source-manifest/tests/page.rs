//! The page of this component: its example works.

use bakery_sdk::{
    resolver::Query,
    testing::{FakeUpstream, query, target},
};

const PAGE: &str = include_str!("../../../docs/plugins/source-manifest.md");

/// The JSON examples of the page, in order.
fn examples() -> Vec<&'static str> {
    PAGE.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_example_finds_the_element_that_the_page_names() {
    let [config, manifest] = examples()[..] else { panic!("the page has other examples") };
    let upstream = FakeUpstream::new().with("https://dailies.example.org/latest/index.json", manifest);
    let query = Query { targets: vec![target("rocky", "9", "amd64")], ..query("server", "daily", config) };
    let answer = bakery_source_manifest::resolve(&upstream, &query).unwrap();
    let artifact = answer.artifacts[0].as_ref().unwrap();
    assert_eq!(
        (artifact.url.as_str(), artifact.size),
        ("https://cdn.example.org/s-2026.05.0.rpm", Some(1000))
    );
    assert_eq!(answer.published.as_deref(), Some("2026-05-28T14:54:35Z"));
}
