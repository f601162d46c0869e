//! The page of publishing steps: what it shows is what compiles and passes here, and what the shipped steps have.

const PAGE: &str = include_str!("../../../docs/plugins/publish-steps.md");

const SHELLS: [&str; 4] = [
    include_str!("../../step-wait-sources/src/shell.rs"),
    include_str!("../../step-index-create/src/shell.rs"),
    include_str!("../../step-index-copy/src/shell.rs"),
    include_str!("../../step-verify/src/shell.rs"),
];

#[test]
fn the_page_shows_the_step_that_is_tested() {
    let (_, code) = include_str!("acme_step/main.rs").split_once("\n\n").unwrap();
    assert!(PAGE.contains(code), "the first code of the page and tests/acme_step/main.rs differ");
}

#[test]
fn the_page_shows_the_shell_that_the_shipped_steps_have() {
    let (_, shell) = include_str!("acme_step/shell.rs").split_once("\n\n").unwrap();
    assert!(PAGE.contains(shell), "the second code of the page and tests/acme_step/shell.rs differ");
    for shipped in SHELLS {
        assert!(shipped.ends_with(shell), "a shipped shell differs from the page's");
    }
}

#[test]
fn the_page_names_every_attribute_that_the_shipped_steps_say() {
    let sources = [
        include_str!("../../step-wait-sources/src/wait.rs"),
        include_str!("../../step-index-create/src/create.rs"),
        include_str!("../../step-index-copy/src/place.rs"),
        include_str!("../../step-index-copy/src/tags.rs"),
        include_str!("../../step-verify/src/verify.rs"),
    ];
    for word in ["readable", "staged", "present", "copied", "kept", "written", "verified"] {
        assert!(
            sources.iter().any(|source| source.contains(&format!("\"{word}\""))),
            "no step says `{word}`"
        );
        assert!(PAGE.contains(&format!("| `{word}` |")), "the page does not name `{word}`");
    }
}
