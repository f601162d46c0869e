//! What is an answer and what is not.

use bakery_core::{
    model::{BuildOs, ComponentRef, Platform},
    port::OsTarget,
};

use super::*;
use crate::bindings::types;

fn query(pinned: Option<&str>, substitute: bool) -> SourceQuery {
    let target = |name| OsTarget { os: BuildOs::parse(name), platform: Platform::LinuxAmd64 };
    SourceQuery {
        component: ComponentRef::Builtin("a".to_owned()),
        product: "connect".to_owned(),
        channel: "daily".to_owned(),
        pinned: pinned.map(str::to_owned),
        branch: None,
        substitute,
        targets: vec![target("Ubuntu 24.04"), target("Debian 12")],
        config: "{}".to_owned(),
        allow: Vec::new(),
    }
}

fn artifact(version: &str) -> wit::Artifact {
    wit::Artifact {
        version: version.to_owned(),
        url: format!("https://cdn.example/{version}.deb"),
        digest: None,
        size: Some(7),
        attributes: Vec::new(),
    }
}

fn answer(artifacts: Vec<Result<wit::Artifact, types::SourceError>>) -> wit::Resolution {
    wit::Resolution { artifacts, head: None, origin: None, published: None, attributes: Vec::new() }
}

fn both(version: &str) -> wit::Resolution {
    answer(vec![Ok(artifact(version)), Ok(artifact(version))])
}

fn refused(answer: wit::Resolution) -> String {
    match read(answer, &query(None, false), "a", &[]) {
        Err(SourceError::InvalidAnswer(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_in_order_is_read() {
    let read = read(both("2026.05.0"), &query(Some("2026.05.0"), false), "a", &[]).unwrap();
    assert_eq!(read.artifacts.len(), 2);
    assert_eq!(read.artifacts[1].as_ref().unwrap().version, "2026.05.0");
    assert_eq!(read.artifacts[1].as_ref().unwrap().size, Some(7));
}

#[test]
fn every_target_gets_one_artifact() {
    insta::assert_snapshot!(
        refused(answer(vec![Ok(artifact("2026.05.0"))])),
        @"component `a` answered 1 artifacts for 2 operating systems"
    );
}

#[test]
fn a_version_outside_the_grammar_is_refused() {
    for bad in ["", "latest", "2026.05", "2026.05.0\n::set-output name=x::y", "2026.05.0 ", "../2026.05.0"] {
        let text = refused(answer(vec![
            Ok(artifact("2026.05.0")),
            Ok(wit::Artifact { version: bad.to_owned(), ..artifact("2026.05.0") }),
        ]));
        assert!(text.starts_with("component `a` answered something else than an answer: `"), "{text}");
        assert!(text.contains("is not a version"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }
    let head = wit::Resolution { head: Some("no version".to_owned()), ..both("2026.05.0") };
    assert!(refused(head).contains("`no version` is not a version"));
}

#[test]
fn a_url_that_two_readers_could_understand_differently_is_refused() {
    let long = format!("https://cdn.example/{}", "a".repeat(2048));
    for bad in [
        "",
        "/relative",
        "ftp://cdn.example/a",
        "file:///etc/passwd",
        "https://user@cdn.example/a",
        "https://cdn.example/a b",
        "https://cdn.example/\n",
        "javascript:alert(1)",
        &long,
    ] {
        let text = refused(answer(vec![
            Ok(artifact("2026.05.0")),
            Ok(wit::Artifact { url: bad.to_owned(), ..artifact("2026.05.0") }),
        ]));
        assert!(text.starts_with("component `a` answered something else than an answer: "), "{bad}: {text}");
        assert!(!text.contains('\n') && text.len() < 1000, "{text}");
        let origin = wit::Resolution { origin: Some(bad.to_owned()), ..both("2026.05.0") };
        assert!(refused(origin).starts_with("component `a` answered"), "{bad}");
    }
}

#[test]
fn a_digest_that_is_none_is_refused() {
    for bad in ["", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", "SHA256:00"] {
        let broken = wit::Artifact { digest: Some(bad.to_owned()), ..artifact("2026.05.0") };
        let text = refused(answer(vec![Ok(artifact("2026.05.0")), Ok(broken)]));
        assert!(text.contains("is not a digest"), "{text}");
    }
}

#[test]
fn a_date_of_control_characters_is_refused() {
    let answer = wit::Resolution { published: Some("2026\u{1b}[2J".to_owned()), ..both("2026.05.0") };
    insta::assert_snapshot!(refused(answer), @r"component `a` answered the date `2026\u{1b}[2J`");
}

#[test]
fn several_versions_are_torn_whatever_the_pin_says() {
    for pinned in [None, Some("2026.05.0"), Some("2026.06.0")] {
        let answer = answer(vec![Ok(artifact("2026.05.0")), Ok(artifact("2026.06.0"))]);
        let error = read(answer, &query(pinned, false), "a", &[]).unwrap_err();
        let SourceError::Torn { versions, origin, .. } = error else { panic!("{error:?}") };
        assert_eq!(origin, "https://cdn.example/2026.05.0.deb");
        assert_eq!(
            versions,
            [("ubuntu 24.04 (amd64)", "2026.05.0"), ("debian 12 (amd64)", "2026.06.0")]
                .map(|(os, version)| (os.to_owned(), version.to_owned()))
        );
    }
}

#[test]
fn another_version_than_the_pinned_one_is_a_mismatch() {
    let answer = wit::Resolution {
        origin: Some("https://cdn.example/latest.json".to_owned()),
        published: Some("yesterday".to_owned()),
        ..both("2026.05.0")
    };
    let error = read(answer, &query(Some("2026.06.0"), false), "a", &[]).unwrap_err();
    let SourceError::Mismatch { pinned, found, origin, published, .. } = error else { panic!("{error:?}") };
    assert_eq!((pinned.as_str(), found.as_str()), ("2026.06.0", "2026.05.0"));
    assert_eq!(
        (origin.as_str(), published.as_deref()),
        ("https://cdn.example/latest.json", Some("yesterday"))
    );
}

#[test]
fn a_source_that_substitutes_answers_the_pin() {
    assert!(read(both("2026.06.0"), &query(Some("2026.06.0"), true), "a", &[]).is_ok());
    let error = read(both("2026.05.0"), &query(Some("2026.06.0"), true), "a", &[]).unwrap_err();
    insta::assert_snapshot!(error, @"component `a` answered `2026.05.0` where it was told to use `2026.06.0`");
}

#[test]
fn a_target_that_is_not_served_leaves_the_others_alone() {
    let answer =
        answer(vec![Ok(artifact("2026.05.0")), Err(types::SourceError::Unsupported("no debian".to_owned()))]);
    let read = read(answer, &query(Some("2026.05.0"), false), "a", &[]).unwrap();
    assert!(read.artifacts[0].is_ok());
    assert_eq!(read.artifacts[1], Err(SourceError::Unsupported("no debian".to_owned())));
}
