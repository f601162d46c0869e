//! The reference page of `bakery.yaml` tells the truth: its examples load, and it knows every code.

use bakery_core::config::{codes, load};

const PAGE: &str = include_str!("../../../../docs/reference/bakery-yaml.md");

#[test]
fn every_example_of_the_reference_page_loads_without_a_warning() {
    let examples: Vec<&str> = PAGE
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(text, _)| text)
        .collect();
    assert!(examples.len() >= 4);
    for example in examples {
        match load("example.yaml", example.as_bytes(), true) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{}", loaded.warnings.render(false)),
            Err(errors) => panic!("{}", errors.render(false)),
        }
    }
}

#[test]
fn every_code_is_on_the_reference_page() {
    for code in codes::ALL {
        let short = code.rsplit("::").next().unwrap_or_default();
        assert!(PAGE.contains(&format!("`{short}`")), "{code} is not documented");
    }
}
