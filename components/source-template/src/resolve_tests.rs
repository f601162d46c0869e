//! What the template source answers, and what it says when it cannot.

use bakery_sdk::{
    FailureKind, SourceError,
    resolver::Query,
    testing::{FakeUpstream, query, target},
};

use super::resolve;

const HEAD: &str = "https://cdn.example.org/pm/head.txt";

const CONFIG: &str = r#"{
    "head": "https://cdn.example.org/pm/head.txt",
    "url": "https://cdn.example.org/pm/{suffix}/{arch}/pm{vsep}{version}{asep}{arch}.{suffix}",
    "families": {
        "debian": {"suffix": "deb", "vsep": "_", "asep": "_", "arch": {"amd64": "amd64", "arm64": "arm64"}},
        "redhat": {"suffix": "rpm", "vsep": "-", "asep": ".", "arch": {"amd64": "x86_64"}}
    }
}"#;

fn pinned(version: &str) -> Query {
    Query { pinned: Some(version.to_owned()), ..query("package-manager", "daily", CONFIG) }
}

fn text(error: SourceError) -> String {
    match error {
        SourceError::InvalidConfig(text) => format!("invalid-config: {text}"),
        SourceError::Unsupported(text) => format!("unsupported: {text}"),
        SourceError::NotFound(text) => format!("not-found: {text}"),
        SourceError::InvalidAnswer(text) => format!("invalid-answer: {text}"),
        SourceError::Failed(failure) => format!("failed: {:?} {}", failure.kind, failure.subject),
    }
}

#[test]
fn a_pinned_version_is_rendered_for_every_target_without_a_host_call() {
    let upstream = FakeUpstream::new();
    let mut query = pinned("2026.05.0-dev+1-gabc");
    query.targets = vec![
        target("debian", "12", "amd64"),
        target("ubuntu", "24.04", "arm64"),
        target("alma", "9", "amd64"),
    ];
    let answer = resolve(&upstream, &query).unwrap();
    let urls: Vec<String> = answer.artifacts.into_iter().map(|artifact| artifact.unwrap().url).collect();
    assert_eq!(
        urls,
        [
            "https://cdn.example.org/pm/deb/amd64/pm_2026.05.0-dev%2B1-gabc_amd64.deb",
            "https://cdn.example.org/pm/deb/arm64/pm_2026.05.0-dev%2B1-gabc_arm64.deb",
            "https://cdn.example.org/pm/rpm/x86_64/pm-2026.05.0-dev%2B1-gabc.x86_64.rpm",
        ]
    );
    assert_eq!((answer.head, answer.origin, answer.published), (None, None, None));
    assert_eq!(upstream.asked(), [""; 0]);
}

#[test]
fn the_head_is_read_once_and_trimmed() {
    let upstream = FakeUpstream::new().with(HEAD, "2026.01.0-dev+167-gd27bbec1d7\r\n");
    let mut query = query("package-manager", "daily", CONFIG);
    query.targets.push(target("rhel", "9", "amd64"));
    let answer = resolve(&upstream, &query).unwrap();
    assert_eq!(answer.head.as_deref(), Some("2026.01.0-dev+167-gd27bbec1d7"));
    assert_eq!(answer.origin.as_deref(), Some(HEAD));
    assert_eq!(answer.artifacts.len(), 2);
    assert!(answer.artifacts.iter().all(|a| a.as_ref().unwrap().version == "2026.01.0-dev+167-gd27bbec1d7"));
    assert_eq!(upstream.asked(), [format!("GET {HEAD}")]);
}

#[test]
fn a_target_that_is_not_served_fails_alone() {
    let mut query = pinned("1.2.3");
    query.targets = vec![
        target("scratch", "", "amd64"),
        target("unknown", "", "amd64"),
        target("rhel", "9", "arm64"),
        target("ubuntu", "24.04", "amd64"),
    ];
    let mut artifacts = resolve(&FakeUpstream::new(), &query).unwrap().artifacts;
    assert!(artifacts.pop().unwrap().is_ok());
    let texts: Vec<String> = artifacts.into_iter().map(|artifact| text(artifact.unwrap_err())).collect();
    assert_eq!(
        texts,
        [
            "unsupported: `package-manager` has no package for `scratch`: its packages are for the families `debian`, `redhat`",
            "unsupported: `package-manager` has no package for `unknown`: its packages are for the families `debian`, `redhat`",
            "unsupported: `package-manager` has no package for `rhel 9` on `arm64`",
        ]
    );
}

#[test]
fn an_answer_that_is_not_one_version_is_shown() {
    for (body, want) in [
        ("", "it begins with nothing"),
        ("  \n", "it begins with nothing"),
        ("x2025.04.0", "it begins with `x2025.04.0`"),
        ("2025.04.0 trailing", "it begins with `2025.04.0 trailing`"),
        ("2025.04.0\n2025.05.0\n", r"it begins with `2025.04.0\n2025.05.0`"),
        ("<!DOCTYPE html><title>Maintenance", "it begins with `<!DOCTYPE html><title>Maintenance`"),
        ("{\"version\":\"2025.04.0\"}", "it begins with `{\"version\":\"2025.04.0\"}`"),
        ("2025.04.0\u{202e}", r"it begins with `2025.04.0\u{202e}`"),
    ] {
        let upstream = FakeUpstream::new().with(HEAD, body);
        let error = resolve(&upstream, &query("package-manager", "daily", CONFIG)).unwrap_err();
        assert_eq!(text(error), format!("invalid-answer: `{HEAD}` did not answer one version: {want}"));
    }
}

#[test]
fn a_head_that_cannot_be_read_is_the_host_s_failure() {
    let upstream = FakeUpstream::new().failing(HEAD, FailureKind::Unavailable);
    let error = resolve(&upstream, &query("package-manager", "daily", CONFIG)).unwrap_err();
    assert_eq!(text(error), format!("failed: FailureKind::Unavailable {HEAD}"));
}

#[test]
fn a_pin_that_is_not_a_version_never_reaches_an_address() {
    for bad in ["", "../x", "1.2.3/..", "1.2.3 ", "latest", "1.2.3\n"] {
        let error = text(resolve(&FakeUpstream::new(), &pinned(bad)).unwrap_err());
        assert!(
            error.starts_with("invalid-config: the pinned version ") && error.contains("expected one like"),
            "{error}"
        );
    }
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_is_fetched() {
    for (config, want) in [
        ("null", "it is `null`, expected an object"),
        ("{", "EOF while parsing an object at line 1 column 1"),
        (r#"{"families":{}}"#, "`url` is missing"),
        (r#"{"url":"https://h/{version}"}"#, "`families` is missing"),
        (
            r#"{"url":"https://h/{version}","families":{},"heads":""}"#,
            "`heads` is not a key: did you mean `head`?",
        ),
        (r#"{"url":"https://h/x","families":{}}"#, "`url`: `https://h/x` has no `{version}`"),
        (
            r#"{"url":"https://h/{version","families":{}}"#,
            "`url`: `https://h/{version` has a `{` without its `}`",
        ),
        (
            r#"{"url":"https://h/{version}","families":{"arch":{}}}"#,
            "`families.arch` is not a key: expected `debian`, `redhat`, `suse`, `other`",
        ),
        (
            r#"{"url":"https://h/{version}{arch}","families":{"debian":{"arch":5}}}"#,
            "`families.debian.arch` is the number `5`, expected a text",
        ),
        (
            r#"{"url":"https://h/{version}{arch}","families":{"debian":{"arch":{"amd64":5}}}}"#,
            "`families.debian.arch.amd64` is the number `5`, expected a text",
        ),
        (
            r#"{"url":"https://h/{version}{arch}","families":{"debian":{}}}"#,
            "`url` needs `{arch}`, which `families.debian` does not have",
        ),
        (
            r#"{"head":"ftp://h/x","url":"https://h/{version}","families":{}}"#,
            "`head`: `ftp://h/x` is not a usable address: the scheme must be `http` or `https`",
        ),
    ] {
        let upstream = FakeUpstream::new();
        let error = resolve(&upstream, &query("p", "daily", config)).unwrap_err();
        assert_eq!(
            text(error),
            format!("invalid-config: the `config` of `source-template` is wrong: {want}")
        );
        assert_eq!(upstream.asked(), [""; 0]);
    }
}

#[test]
fn a_source_without_a_head_needs_a_version() {
    let config = r#"{"url":"https://h/{version}","families":{"debian":{}}}"#;
    let error = resolve(&FakeUpstream::new(), &query("p", "daily", config)).unwrap_err();
    assert_eq!(
        text(error),
        "unsupported: `p` names no head for channel `daily`: give a version, for example with `--dev-spec`"
    );
    let pinned = Query { pinned: Some("1.2.3".to_owned()), ..query("p", "daily", config) };
    assert_eq!(
        resolve(&FakeUpstream::new(), &pinned).unwrap().artifacts[0].as_ref().unwrap().url,
        "https://h/1.2.3"
    );
}

#[test]
fn what_the_operating_system_lacks_is_named() {
    let config = r#"{"url":"https://h/{codename}/{version}","families":{"redhat":{}}}"#;
    let mut query = Query { pinned: Some("1.2.3".to_owned()), ..query("p", "daily", config) };
    query.targets = vec![target("rhel", "9", "amd64")];
    let error = resolve(&FakeUpstream::new(), &query).unwrap().artifacts.pop().unwrap().unwrap_err();
    assert_eq!(text(error), "unsupported: `p` has no package for `rhel 9`: it has no code name");
}
