//! The recipe for a version source: what its page shows is what compiles and passes here.

const PAGE: &str = include_str!("../../../docs/plugins/writing-a-version-source.md");

#[test]
fn the_page_shows_the_source_that_is_tested() {
    let (_, code) = include_str!("acme_source/main.rs").split_once("\n\n").unwrap();
    assert!(PAGE.contains(code), "the first code of the page and tests/acme_source/main.rs differ");
}

#[test]
fn the_page_shows_the_shell_that_the_shipped_sources_have() {
    let (_, shell) = include_str!("acme_source/shell.rs").split_once("\n\n").unwrap();
    assert!(PAGE.contains(shell), "the second code of the page and tests/acme_source/shell.rs differ");
    for shipped in [
        include_str!("../../source-template/src/shell.rs"),
        include_str!("../../source-manifest/src/shell.rs"),
    ] {
        assert!(shipped.ends_with(shell), "a shipped shell differs from the page's");
    }
}
