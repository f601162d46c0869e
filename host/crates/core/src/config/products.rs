//! The products that are known without any `sources:`.

/// Their names, sorted.
#[must_use]
pub fn product_names() -> Vec<&'static str> {
    vec!["connect", "package-manager", "workbench", "workbench-session"]
}
