//! Which development versions a payload pins, and when it is refused.

use bakery_sdk::dispatcher::{Candidate, Error};

use super::plan;

/// `image product channel`, `-` for no channel; a product that is a dependency's name is one.
fn candidates(lines: &[&str]) -> Vec<Candidate> {
    let candidate = |(id, line): (usize, &&str)| {
        let words: Vec<&str> = line.split(' ').collect();
        let dependency = ["positron", "quarto", "R", "python"].contains(&words[1]);
        Candidate {
            id: u32::try_from(id).unwrap(),
            image: words[0].to_owned(),
            product: words[1].to_owned(),
            channel: (words[2] != "-").then(|| words[2].to_owned()),
            source: if dependency { "dependency" } else { "channel" }.to_owned(),
            attributes: Vec::new(),
        }
    };
    lines.iter().enumerate().map(candidate).collect()
}

/// What a plan says in one line.
fn said(spec: &str, lines: &[&str]) -> String {
    match plan(spec, &candidates(lines)) {
        Ok(pins) => pins
            .iter()
            .map(|pin| {
                let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                format!("{}={}@{}", pin.candidate, word(&pin.version), word(&pin.branch))
            })
            .collect::<Vec<_>>()
            .join(" "),
        Err(Error::Ambiguous(ambiguity)) => {
            format!(
                "ambiguous {:?}: {}",
                ambiguity.candidates,
                ambiguity.field.unwrap_or_else(|| "nothing".to_owned())
            )
        }
        Err(Error::NothingMatches(text)) => text,
        Err(Error::InvalidSpec(text)) => format!("invalid: {text}"),
    }
}

const WORKBENCH: [&str; 3] =
    ["workbench workbench preview", "session-init workbench-session daily", "positron-init positron daily"];

#[test]
fn one_matching_development_version_is_pinned() {
    for (spec, lines, want) in [
        (r#"{"version":"1.2.3"}"#, &["a connect daily"][..], "0=1.2.3@1.2"),
        (
            r#"{"version":"2026.6.0-dev+1","channel":"daily"}"#,
            &["a connect preview", "a connect daily"],
            "1=2026.6.0-dev+1@2026.6",
        ),
        (r#"{"version":"1.2.3","release_branch":"x"}"#, &["a workbench daily"], "0=1.2.3@x"),
        (r#"{"release_branch":"x"}"#, &["a workbench daily"], "0=-@x"),
        (r#"{"version":"1.2.3","product":"workbench-session"}"#, &WORKBENCH, "1=1.2.3@1.2"),
        (r#"{"version":"1.2.3","image":"positron-init"}"#, &WORKBENCH, "2=1.2.3@-"),
        (r#"{"version":"1.2.3","channel":"preview"}"#, &WORKBENCH, "0=1.2.3@1.2"),
        (r#"{"release_branch":"x","channel":"daily"}"#, &WORKBENCH, "1=-@x"),
    ] {
        assert_eq!(said(spec, lines), want, "{spec}");
    }
}

#[test]
fn several_images_of_one_product_are_pinned_together() {
    let lines = ["connect connect daily", "content-init connect daily", "other workbench daily"];
    assert_eq!(said(r#"{"version":"1.2.3","product":"connect"}"#, &lines), "0=1.2.3@1.2 1=1.2.3@1.2");
    assert_eq!(said(r#"{"version":"1.2.3","channel":"daily"}"#, &lines[..2]), "0=1.2.3@1.2 1=1.2.3@1.2");
}

#[test]
fn several_development_versions_of_one_image_are_ambiguous() {
    for (spec, lines, want) in [
        (
            r#"{"version":"1.2.3"}"#,
            &["a connect daily", "a connect preview"][..],
            "ambiguous [0, 1]: channel",
        ),
        (
            r#"{"version":"1.2.3","channel":"daily"}"#,
            &["a connect daily", "a connect daily"],
            "ambiguous [0, 1]: nothing",
        ),
        (r#"{"version":"1.2.3"}"#, &["a connect daily", "a connect daily"], "ambiguous [0, 1]: nothing"),
        (
            r#"{"version":"1.2.3","channel":"daily"}"#,
            &["a connect daily", "a workbench daily"],
            "ambiguous [0, 1]: product",
        ),
        (
            r#"{"version":"1.2.3","image":"a"}"#,
            &["a connect daily", "a workbench daily", "b connect daily"],
            "ambiguous [0, 1]: product",
        ),
        (
            r#"{"version":"1.2.3","image":"a"}"#,
            &["a positron -", "a positron daily"],
            "ambiguous [0, 1]: channel",
        ),
        (
            r#"{"release_branch":"x"}"#,
            &["a workbench daily", "a workbench preview"],
            "ambiguous [0, 1]: channel",
        ),
        (
            r#"{"version":"1.2.3"}"#,
            &["a connect daily", "a connect preview", "b connect daily"],
            "ambiguous [0, 1]: channel",
        ),
    ] {
        assert_eq!(said(spec, lines), want, "{spec} {lines:?}");
    }
}

#[test]
fn several_products_without_a_scope_are_ambiguous() {
    assert_eq!(
        said(r#"{"version":"2025.04.0-daily+399.pro1","channel":"daily"}"#, &WORKBENCH),
        "ambiguous [1, 2]: product"
    );
    assert_eq!(said(r#"{"version":"1.2.3"}"#, &WORKBENCH), "ambiguous [0, 1, 2]: product");
    let shared = ["a connect daily", "a connect preview", "b workbench daily", "b workbench preview"];
    assert_eq!(said(r#"{"version":"1.2.3","channel":"daily"}"#, &shared), "ambiguous [0, 2]: product");
    assert_eq!(said(r#"{"version":"1.2.3","product":"connect"}"#, &shared), "ambiguous [0, 1]: channel");
    assert_eq!(said(r#"{"version":"1.2.3","product":"connect","channel":"daily"}"#, &shared), "0=1.2.3@1.2");
}

#[test]
fn nothing_that_matches_is_an_error_that_says_what_there_was() {
    for (spec, lines, want) in [
        (
            r#"{"version":"1.2.3"}"#,
            &[][..],
            "the payload pins a development version, but the selected images have none",
        ),
        (
            r#"{"version":"1.2.3","channel":"daily"}"#,
            &["a connect preview"],
            "no development version matches the payload, which asks for channel `daily`; \
             there is `connect` (preview) of image `a`",
        ),
        (
            r#"{"version":"1.2.3","product":"workbanch","channel":"preview"}"#,
            &["w workbench preview", "p positron -"],
            "no development version matches the payload, which asks for channel `preview`, product `workbanch`; \
             did you mean the product `workbench`?; there is `workbench` (preview) of image `w`, `positron` of image `p`",
        ),
        (
            r#"{"version":"1.2.3","image":"conect"}"#,
            &["connect connect daily"],
            "no development version matches the payload, which asks for image `conect`; \
             did you mean the image `connect`?; there is `connect` (daily) of image `connect`",
        ),
        (
            r#"{"release_branch":"x"}"#,
            &["p positron daily"],
            "no development version matches the payload, which asks for a product's channel, for a release branch; \
             there is `positron` (daily) of image `p`",
        ),
    ] {
        assert_eq!(said(spec, lines), want, "{spec}");
    }
    let many: Vec<String> = (0..15).map(|n| format!("i{n} connect daily")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(said(r#"{"version":"1.2.3","product":"x"}"#, &many).ends_with("of image `i9`, 5 more"));
}

#[test]
fn a_wrong_payload_is_refused_again_and_attributes_are_carried() {
    assert!(said("{}", &WORKBENCH).starts_with("invalid: neither"));
    let pins = plan(r#"{"version":"1.2.3","sha":"abc"}"#, &candidates(&["a connect daily"])).unwrap();
    assert_eq!(pins[0].attributes, [("sha".to_owned(), "abc".to_owned())]);
}
