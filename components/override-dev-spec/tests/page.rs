//! The page of this component: its example works.

const PAGE: &str = include_str!("../../../docs/plugins/override-dev-spec.md");

/// The JSON examples of the page, in order.
fn examples() -> Vec<&'static str> {
    PAGE.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_example_is_accepted_without_a_warning() {
    let checked = bakery_override_dev_spec::check(examples()[0]).unwrap();
    assert_eq!(checked.warnings, [""; 0]);
    assert_eq!(checked.product.as_deref(), Some("connect"));
    assert_eq!(checked.attributes.len(), 2);
}
