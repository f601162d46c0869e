//! What the manifest source answers, and every sentence it says when an upstream does not.

use bakery_sdk::{
    FailureKind, SourceError,
    resolver::{Query, Resolution},
    testing::{FakeUpstream, query, target},
};

use super::resolve;

const URL: &str = "https://dailies.example.org/x/latest/index.json";

const CONFIG: &str = r#"{
    "manifest": "https://dailies.example.org/x/{branch}/index.json",
    "branch": "latest",
    "entry": ["products", "session", "platforms", "{name}-{arch}"],
    "names": {"ubuntu 24.04": "noble", "ubuntu 22.04": "jammy", "redhat 9": "rhel9", "redhat 10": "{os}10"},
    "architectures": {"debian": {"amd64": "amd64", "arm64": "arm64"}, "redhat": {"amd64": "x86_64"}},
    "fields": {"version": "version", "url": "link", "sha256": "sha256", "size": "size", "published": "date"}
}"#;

const LIST: &str = r#"{
    "manifest": "https://dailies.example.org/x/latest/index.json",
    "entry": ["packages", {"platform": "{name}/{arch}"}],
    "names": {"ubuntu 24.04": "ubuntu24"},
    "architectures": {"debian": {"amd64": "amd64"}},
    "fields": {"version": "version", "url": "url"},
    "published": ["generated"]
}"#;

fn entry(version: &str, file: &str) -> String {
    format!(r#"{{"version":"{version}","link":"https://cdn.example.org/{file}"}}"#)
}

fn platforms(entries: &[(&str, &str)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(name, entry)| format!(r#""{name}":{entry}"#)).collect();
    format!(r#"{{"products":{{"session":{{"platforms":{{{}}}}}}}}}"#, entries.join(","))
}

fn ask(config: &str, body: &str) -> Result<Resolution, SourceError> {
    resolve(&FakeUpstream::new().with(URL, body), &query("session", "daily", config))
}

/// The error of the whole call, or of its only target.
fn text(answer: Result<Resolution, SourceError>) -> String {
    let error = match answer {
        Ok(mut resolution) => resolution.artifacts.pop().unwrap().unwrap_err(),
        Err(error) => error,
    };
    match error {
        SourceError::InvalidConfig(text) => format!("invalid-config: {text}"),
        SourceError::Unsupported(text) => format!("unsupported: {text}"),
        SourceError::NotFound(text) => format!("not-found: {text}"),
        SourceError::InvalidAnswer(text) => format!("invalid-answer: {text}"),
        SourceError::Failed(failure) => format!("failed: {:?} {}", failure.kind, failure.subject),
    }
}

#[test]
fn every_target_is_answered_from_one_request() {
    let hex = "ab".repeat(32);
    let full = format!(
        r#"{{"version":"1.2.3","link":"https://cdn.example.org/n","sha256":"{hex}","size":7,"date":"2025-03-28"}}"#
    );
    let upstream = FakeUpstream::new().with(
        URL,
        platforms(&[
            ("noble-amd64", &full),
            ("noble-arm64", &entry("1.2.3", "na")),
            ("rhel9-x86_64", &entry("1.2.3", "r")),
            ("rocky10-x86_64", &entry("1.2.3", "r10")),
        ]),
    );
    let mut query = query("session", "daily", CONFIG);
    query.targets = [
        ("ubuntu", "24.04", "amd64"),
        ("ubuntu", "24.04", "arm64"),
        ("alma", "9", "amd64"),
        ("rocky", "10", "amd64"),
    ]
    .map(|(os, version, architecture)| target(os, version, architecture))
    .to_vec();
    let answer = resolve(&upstream, &query).unwrap();
    let artifacts: Vec<_> = answer.artifacts.into_iter().map(Result::unwrap).collect();
    let urls: Vec<&str> = artifacts.iter().map(|artifact| artifact.url.as_str()).collect();
    assert_eq!(urls, ["n", "na", "r", "r10"].map(|file| format!("https://cdn.example.org/{file}")));
    assert_eq!(artifacts[0].digest, Some(format!("sha256:{hex}")));
    assert_eq!(artifacts[0].size, Some(7));
    assert_eq!(artifacts[0].attributes, [("published".to_owned(), "2025-03-28".to_owned())]);
    assert_eq!((answer.head.as_deref(), answer.origin.as_deref()), (Some("1.2.3"), Some(URL)));
    assert_eq!(answer.published.as_deref(), Some("2025-03-28"));
    assert_eq!(upstream.asked(), [format!("GET {URL}")]);
}

#[test]
fn a_pin_changes_nothing_because_the_host_compares() {
    let body = platforms(&[("noble-amd64", &entry("1.2.3", "n"))]);
    let upstream = FakeUpstream::new().with(URL, body);
    let query = Query { pinned: Some("9.9.9".to_owned()), ..query("session", "daily", CONFIG) };
    let answer = resolve(&upstream, &query).unwrap();
    assert_eq!(answer.artifacts[0].as_ref().unwrap().version, "1.2.3");
    assert_eq!(upstream.asked(), [format!("GET {URL}")]);
}

#[test]
fn a_torn_manifest_has_no_head_and_each_target_its_own_version() {
    let body = platforms(&[("noble-amd64", &entry("1.2.3", "n")), ("jammy-amd64", &entry("1.2.4", "j"))]);
    let mut query = query("session", "daily", CONFIG);
    query.targets.push(target("ubuntu", "22.04", "amd64"));
    let answer = resolve(&FakeUpstream::new().with(URL, body), &query).unwrap();
    let versions: Vec<String> = answer.artifacts.into_iter().map(|a| a.unwrap().version).collect();
    assert_eq!(versions, ["1.2.3", "1.2.4"]);
    assert_eq!(answer.head, None);
}

#[test]
fn an_element_of_a_list_is_found_by_its_member() {
    let body = r#"{"generated":"2025-03-28T14:54:35","packages":[{"platform":5},
        {"platform":"ubuntu24/amd64","version":"1.2.3","url":"https://cdn.example.org/n"},
        {"platform":"ubuntu24/amd64","version":"1.2.3","url":"https://cdn.example.org/n"}]}"#;
    let answer = ask(LIST, body).unwrap();
    assert_eq!(answer.artifacts[0].as_ref().unwrap().url, "https://cdn.example.org/n");
    assert_eq!(answer.published.as_deref(), Some("2025-03-28T14:54:35"));
}

#[test]
fn the_branch_is_part_of_the_address_and_nothing_else() {
    let at = "https://dailies.example.org/x/2025.04/index.json";
    let upstream = FakeUpstream::new().with(at, platforms(&[("noble-amd64", &entry("1.2.3", "n"))]));
    let query = Query { branch: Some("2025.04".to_owned()), ..query("session", "daily", CONFIG) };
    assert_eq!(resolve(&upstream, &query).unwrap().origin.as_deref(), Some(at));
    for bad in ["", "a/../x", "..", "a b", "a?b", "%2e%2e", "a\nb"] {
        let query = Query { branch: Some(bad.to_owned()), ..query.clone() };
        let upstream = FakeUpstream::new();
        let error = text(resolve(&upstream, &query));
        assert!(
            error.starts_with("invalid-config: the release branch ") && error.contains("cannot be part"),
            "{error}"
        );
        assert_eq!(upstream.asked(), [""; 0]);
    }
}

#[test]
fn broken_manifests_are_refused_as_a_whole() {
    for (body, want) in [
        ("", "it ends too early; it begins with nothing"),
        ("   ", "it ends too early; it begins with `   `"),
        ("{\"products\":", "it ends too early; it begins with `{\"products\":`"),
        (
            "<!DOCTYPE html>\n<title>Down for maintenance</title>",
            r"expected value at line 1 column 1; it begins with `<!DOCTYPE html>\n<title>Down for maintenance</title>`",
        ),
        ("2025.04.0\n", r"trailing characters at line 1 column 8; it begins with `2025.04.0\n`"),
        ("[1]", "it is an array; it begins with `[1]`"),
        ("null", "it is `null`; it begins with `null`"),
        ("\"x\"", "it is the string `x`; it begins with `\"x\"`"),
        ("5", "it is the number `5`; it begins with `5`"),
        ("{} {}", "trailing characters at line 1 column 4; it begins with `{} {}`"),
        ("{\"a\":\u{1}}", r#"expected value at line 1 column 6; it begins with `{"a":\u{1}}`"#),
    ] {
        assert_eq!(
            text(ask(CONFIG, body)),
            format!("invalid-answer: `{URL}` did not answer a JSON object: {want}")
        );
    }
    let deep = format!("{{\"a\":{}", "[".repeat(10_000));
    assert!(text(ask(CONFIG, &deep)).contains("recursion limit exceeded"));
}

#[test]
fn broken_shapes_are_named_with_what_is_there() {
    for (body, want) in [
        ("{}", "invalid-answer: `U` has no `products`; it has nothing"),
        (r#"{"error":"x","code":5}"#, "invalid-answer: `U` has no `products`; it has `code`, `error`"),
        (r#"{"products":[]}"#, "invalid-answer: `U` has an array at `products`, expected an object"),
        (r#"{"products":null}"#, "invalid-answer: `U` has `null` at `products`, expected an object"),
        (
            r#"{"products":{"sessions":{}}}"#,
            "invalid-answer: `U` has no `session` at `products`; it has `sessions`",
        ),
        (
            r#"{"products":{"session":{"platforms":"none"}}}"#,
            "invalid-answer: `U` has the string `none` at `products.session.platforms`, expected an object",
        ),
        (
            r#"{"products":{"session":{"platforms":{}}}}"#,
            "not-found: `U` has no `noble-amd64` at `products.session.platforms`; it has nothing",
        ),
        (
            r#"{"products":{"session":{"platforms":{"rhel9-x86_64":{},"noble-arm64":{},"jammy-amd64":{}}}}}"#,
            "not-found: `U` has no `noble-amd64` at `products.session.platforms`; \
             it has `noble-arm64`, `jammy-amd64`, `rhel9-x86_64`",
        ),
        (
            r#"{"products":{"session":{"platforms":{"noble-amd64":null}}}}"#,
            "invalid-answer: `U` at `products.session.platforms.noble-amd64`: \
             expected an object with `version` and `link`, found `null`",
        ),
        (
            r#"{"products":{"session":{"platforms":{"noble-amd64":{"link":"https://h/a"}}}}}"#,
            "invalid-answer: `U` at `products.session.platforms.noble-amd64`: `version` is missing",
        ),
    ] {
        assert_eq!(text(ask(CONFIG, body)).replace(URL, "U"), want, "{body}");
    }
    for (body, want) in [
        (r#"{"packages":{}}"#, "invalid-answer: `U` has an object at `packages`, expected an array"),
        (r#"{"packages":[]}"#, "not-found: `U` has no `ubuntu24/amd64` at `packages`; it has nothing"),
        (
            r#"{"packages":[5,{"platform":"el9/x86_64"}]}"#,
            "not-found: `U` has no `ubuntu24/amd64` at `packages`; it has `el9/x86_64`",
        ),
        (
            r#"{"packages":[{"platform":"ubuntu24/amd64","version":"1.2.3"},{"platform":"ubuntu24/amd64"}]}"#,
            "invalid-answer: `U` has `ubuntu24/amd64` more than once at `packages`, with different entries",
        ),
    ] {
        assert_eq!(text(ask(LIST, body)).replace(URL, "U"), want, "{body}");
    }
}

#[test]
fn what_the_table_does_not_serve_is_unsupported_and_fails_alone() {
    let mut query = query("session", "daily", CONFIG);
    query.targets = vec![
        target("scratch", "", "amd64"),
        target("debian", "13", "amd64"),
        target("rhel", "9", "arm64"),
        target("ubuntu", "24.04", "amd64"),
    ];
    let upstream = FakeUpstream::new().with(URL, platforms(&[("noble-amd64", &entry("1.2.3", "n"))]));
    let answer = resolve(&upstream, &query).unwrap();
    let known = "its packages are for `redhat 9`, `redhat 10`, `ubuntu 22.04`, `ubuntu 24.04`";
    let texts: Vec<String> = answer
        .artifacts
        .into_iter()
        .map(|artifact| match artifact {
            Err(SourceError::Unsupported(text)) => text,
            other => format!("{:?}", other.map(|artifact| artifact.version)),
        })
        .collect();
    assert_eq!(texts[0], format!("`session` (`daily`) has no package for `scratch`: {known}"));
    assert!(
        texts[1].starts_with("`session` (`daily`) has no package for `debian 13`: its packages are for ")
    );
    assert_eq!(texts[2], "`session` (`daily`) has no package for `rhel 9` on `arm64`");
    assert_eq!(texts[3], r#"Ok("1.2.3")"#);
}

#[test]
fn a_manifest_that_cannot_be_read_is_the_host_s_failure() {
    for kind in [FailureKind::NotFound, FailureKind::Unavailable, FailureKind::Denied, FailureKind::TimedOut]
    {
        let upstream = FakeUpstream::new().failing(URL, kind);
        let error = text(resolve(&upstream, &query("session", "daily", CONFIG)));
        assert_eq!(error, format!("failed: {kind:?} {URL}"));
    }
}

fn substituting(pin: &str) -> Query {
    Query {
        pinned: Some(pin.to_owned()),
        attributes: vec![("substitute".to_owned(), "true".to_owned())],
        ..query("session", "daily", CONFIG)
    }
}

#[test]
fn a_substituted_pin_is_asked_for_once_and_carries_no_foreign_digest() {
    let hex = "ab".repeat(32);
    let full = format!(
        r#"{{"version":"2025.04.0-daily+404.pro4","link":"https://cdn.example.org/s-2025.04.0-daily-404.pro4.tgz","sha256":"{hex}","size":7,"date":"2025-03-28"}}"#
    );
    let there = "https://cdn.example.org/s-2025.04.0-daily-399.pro1.tgz";
    let upstream = FakeUpstream::new()
        .with(URL, platforms(&[("noble-amd64", &full), ("jammy-amd64", &full)]))
        .with(there, "");
    let mut query = substituting("2025.04.0-daily+399.pro1");
    query.targets.push(target("ubuntu", "22.04", "amd64"));
    let answer = resolve(&upstream, &query).unwrap();
    for artifact in answer.artifacts {
        let artifact = artifact.unwrap();
        assert_eq!((artifact.version.as_str(), artifact.url.as_str()), ("2025.04.0-daily+399.pro1", there));
        assert_eq!((artifact.digest, artifact.size, artifact.attributes.len()), (None, None, 0));
    }
    assert_eq!(answer.head.as_deref(), Some("2025.04.0-daily+404.pro4"));
    assert_eq!(upstream.asked(), [format!("GET {URL}"), format!("HEAD {there}")]);

    let same = substituting("2025.04.0-daily+404.pro4");
    let upstream = FakeUpstream::new()
        .with(URL, platforms(&[("noble-amd64", &full)]))
        .with("https://cdn.example.org/s-2025.04.0-daily-404.pro4.tgz", "");
    let answer = resolve(&upstream, &same).unwrap();
    assert_eq!(answer.artifacts[0].as_ref().unwrap().digest, Some(format!("sha256:{hex}")));
}

#[test]
fn a_substituted_pin_that_nobody_has_is_named_with_its_address() {
    let body = platforms(&[("noble-amd64", &entry("1.2.3", "s-1.2.3.tgz"))]);
    let upstream = FakeUpstream::new().with(URL, body.clone());
    assert_eq!(
        text(resolve(&upstream, &substituting("1.2.4"))),
        "not-found: there is no artifact of the pinned version `1.2.4` at `https://cdn.example.org/s-1.2.4.tgz`"
    );
    let upstream = FakeUpstream::new()
        .with(URL, body.clone())
        .failing("https://cdn.example.org/s-1.2.4.tgz", FailureKind::Denied);
    assert_eq!(
        text(resolve(&upstream, &substituting("1.2.4"))),
        "failed: FailureKind::Denied https://cdn.example.org/s-1.2.4.tgz"
    );
    let upstream =
        FakeUpstream::new().with(URL, platforms(&[("noble-amd64", &entry("1.2.3", "latest.tgz"))]));
    assert_eq!(
        text(resolve(&upstream, &substituting("1.2.4"))),
        "invalid-answer: the pinned version `1.2.4` cannot take the place of `1.2.3`, \
         which is not part of `https://cdn.example.org/latest.tgz`"
    );
    assert_eq!(
        text(resolve(&FakeUpstream::new(), &substituting("../../x"))),
        "invalid-config: the pinned version `../../x` is not a version: expected one like `2026.06.0-dev+143-gabc`"
    );
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_is_fetched() {
    for (from, to, want) in [
        (
            r#""branch": "latest","#,
            r#""branche": "latest","#,
            "`branche` is not a key: did you mean `branch`?",
        ),
        (
            "{branch}",
            "{brunch}",
            "`manifest`: `https://dailies.example.org/x/{brunch}/index.json` has the placeholder `{brunch}`: expected `{branch}`",
        ),
        (
            "https:",
            "ftp:",
            "`manifest`: `ftp://dailies.example.org/x/latest/index.json` is not a usable address: the scheme must be `http` or `https`",
        ),
        ("{name}-{arch}", "{name", "`entry`: `{name` has a `{` without its `}`"),
        (
            "{name}-{arch}",
            "{nam}",
            "`entry`: `{nam}` has the placeholder `{nam}`: expected `{name}`, `{arch}`, `{os}`, `{os-version}`, `{codename}`",
        ),
        (
            r#""products", "#,
            "5, ",
            "`entry`: expected a member's name, or one `{\"member\": \"value\"}`, found the number `5`",
        ),
        (r#""products", "#, r#"{"a":5}, "#, "`entry`: the value to look for in an array must be a text"),
        (
            r#"["products", "session", "platforms", "{name}-{arch}"]"#,
            "[]",
            "`entry` is empty: expected the steps to an entry of the manifest",
        ),
        (
            "{os}10",
            "{arch}10",
            "`names`: `{arch}10` has the placeholder `{arch}`: expected `{os}`, `{os-version}`, `{codename}`",
        ),
        (r#""x86_64""#, "5", "`architectures.redhat.amd64` is the number `5`, expected a text"),
        (
            r#""redhat": {"amd64""#,
            r#""redhat": {"x86""#,
            "`architectures.redhat.x86` is not a key: expected `amd64`, `arm64`",
        ),
        (r#""url": "link","#, "", "`fields.url` is missing"),
        (
            r#""sha256": "sha256""#,
            r#""sha265": "sha256""#,
            "`fields.sha265` is not a key: did you mean `sha256`?",
        ),
    ] {
        let config = CONFIG.replace(from, to);
        assert_ne!(config, CONFIG, "{from}");
        let upstream = FakeUpstream::new();
        let error = text(resolve(&upstream, &query("session", "daily", &config)));
        assert_eq!(error, format!("invalid-config: the `config` of `source-manifest` is wrong: {want}"));
        assert_eq!(upstream.asked(), [""; 0]);
    }
    let without = CONFIG.replace(r#""branch": "latest","#, "");
    assert_eq!(
        text(ask(&without, "{}")),
        "invalid-config: `session` (`daily`) needs a release branch: set `release_branch`"
    );
}
