//! The page of this component: its example works.

use bakery_sdk::{
    resolver::Query,
    testing::{FakeUpstream, query},
};

const PAGE: &str = include_str!("../../../docs/plugins/source-template.md");

/// The JSON examples of the page, in order.
fn examples() -> Vec<&'static str> {
    PAGE.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_example_gives_the_address_that_the_page_shows() {
    let query =
        Query { pinned: Some("2026.05.0-dev+1-gabc".to_owned()), ..query("pm", "daily", examples()[0]) };
    let answer = bakery_source_template::resolve(&FakeUpstream::new(), &query).unwrap();
    let url = &answer.artifacts[0].as_ref().unwrap().url;
    assert!(PAGE.contains(&format!("gives `{url}`")), "{url}");
}
