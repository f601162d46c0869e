//! What the dependency lists answer, and what is said of lists that are none.

use bakery_sdk::{
    FailureKind, SourceError,
    lister::{Constraint, Query},
    testing::FakeUpstream,
};

use super::select;

const A: &str = "https://h.example.org/a";
const B: &str = "https://h.example.org/b";
const C: &str = "https://h.example.org/c";

fn query(config: &str) -> Query {
    Query {
        dependency: "quarto".to_owned(),
        prerelease: false,
        constraint: Constraint { latest: false, count: None, min: None, max: None },
        config: config.to_owned(),
        attributes: Vec::new(),
    }
}

fn one(read: &str) -> String {
    format!(r#"{{"lists":[{{"url":"{A}",{read}}}]}}"#)
}

fn text(answer: Result<Vec<String>, SourceError>) -> String {
    match answer {
        Ok(versions) => versions.join(" "),
        Err(SourceError::InvalidConfig(text)) => format!("invalid-config: {text}"),
        Err(SourceError::Unsupported(text)) => format!("unsupported: {text}"),
        Err(SourceError::NotFound(text)) => format!("not-found: {text}"),
        Err(SourceError::InvalidAnswer(text)) => format!("invalid-answer: {}", text.replace(A, "A")),
        Err(SourceError::Failed(failure)) => format!("failed: {:?} {}", failure.kind, failure.subject),
    }
}

fn check(read: &str, body: &str, want: &str) {
    let upstream = FakeUpstream::new().with(A, body);
    assert_eq!(text(select(&upstream, &query(&one(read)))), want, "{read} {body}");
}

#[test]
fn each_kind_of_list_is_read() {
    check(
        r#""read":"strings","at":["r_versions"]"#,
        r#"{"r_versions":["next","devel","4.5.1","4.5.0","4.4.3"]}"#,
        "4.5.1 4.4.3",
    );
    check(r#""read":"string","at":["version"]"#, r#"{"version":"v1.7.34","assets":[]}"#, "1.7.34");
    check(
        r#""read":"field-of-each","at":["releases"],"field":"version""#,
        r#"{"releases":[{"version":"2026.02.0-100"},{"version":"2026.02.1-5","x":1},{"version":"2026.03.0-212"}]}"#,
        "2026.03.0-212 2026.02.1-5",
    );
    check(
        r#""read":"yaml-titles""#,
        "- title: v1.6.43\n- title: v1.6.42\n- title: v1.5.57\n",
        "1.6.43 1.5.57",
    );
    check(
        r#""read":"python-metadata""#,
        r#"{"a":{"name":"cpython","os":"linux","major":3,"minor":13,"patch":1,"prerelease":""}}"#,
        "3.13.1",
    );
    check(r#""read":"strings""#, r#"["1.0.0"]"#, "1.0.0");
}

#[test]
fn all_lists_are_asked_at_once_and_prereleases_only_on_request() {
    let config = format!(
        r#"{{"lists":[{{"url":"{A}","read":"string","at":["version"]}},
                     {{"url":"{B}","read":"yaml-titles"}},
                     {{"url":"{C}","read":"string","at":["version"],"prerelease":true}}]}}"#
    );
    let upstream = FakeUpstream::new()
        .with(A, r#"{"version":"1.7.34"}"#)
        .with(B, "- title: v1.6.43\n")
        .with(C, r#"{"version":"1.8.23"}"#);
    let mut query = query(&config);
    assert_eq!(text(select(&upstream, &query)), "1.7.34 1.6.43");
    assert_eq!(upstream.asked(), [format!("GET {A}"), format!("GET {B}")]);
    query.prerelease = true;
    assert_eq!(text(select(&upstream, &query)), "1.8.23 1.7.34 1.6.43");
    query.constraint.latest = true;
    assert_eq!(text(select(&upstream, &query)), "1.8.23");
}

#[test]
fn lists_that_are_none_are_refused_with_what_is_there() {
    let strings = r#""read":"strings","at":["r_versions"]"#;
    let each = r#""read":"field-of-each","at":["releases"],"field":"version""#;
    for (read, body, want) in [
        (strings, "", "`A` did not answer JSON: it ends too early; it begins with nothing"),
        (
            strings,
            "<html>",
            "`A` did not answer JSON: expected value at line 1 column 1; it begins with `<html>`",
        ),
        (strings, "{}", "`A` has no `r_versions`; it has nothing"),
        (strings, r#"{"versions":[]}"#, "`A` has no `r_versions`; it has `versions`"),
        (strings, "[]", "`A` has no `r_versions`; it has an array"),
        (
            strings,
            r#"{"r_versions":"4.5.1"}"#,
            "`A` has the string `4.5.1` at `r_versions`, expected an array",
        ),
        (strings, r#"{"r_versions":["4.5.1",5]}"#, "`A` has the number `5` at `r_versions`, expected a text"),
        (strings, r#"{"r_versions":["4.5.x"]}"#, "`A` has `4.5.x`, which is not a version"),
        (strings, r#"{"r_versions":["4.5.1\u001b"]}"#, r"`A` has `4.5.1\u{1b}`, which is not a version"),
        (strings, r#"{"r_versions":[""]}"#, "`A` has nothing, which is not a version"),
        (each, r#"{"releases":[{}]}"#, "`A` has an element without `version` at `releases`"),
        (each, r#"{"releases":[{"version":null}]}"#, "`A` has `null` at `releases`, expected a text"),
        (each, r#"{"releases":[5]}"#, "`A` has an element without `version` at `releases`"),
        (
            r#""read":"yaml-titles""#,
            "<!DOCTYPE html>",
            "`A` did not answer a YAML list of titles: line 1 does not begin a list: expected `- title: …`; \
             it begins with `<!DOCTYPE html>`",
        ),
        (
            r#""read":"python-metadata""#,
            r#"{"a":5}"#,
            "`A` did not answer the table of Python builds: a build is not an object at line 1 column 7; \
             it begins with `{\"a\":5}`",
        ),
    ] {
        check(read, body, &format!("invalid-answer: {want}"));
    }
}

#[test]
fn nothing_left_is_an_error_that_names_the_newest() {
    let upstream = FakeUpstream::new().with(A, r#"["4.5.1","4.4.3"]"#);
    let mut query = query(&one(r#""read":"strings""#));
    query.constraint.min = Some("9".to_owned());
    assert_eq!(
        text(select(&upstream, &query)),
        "not-found: no version of `quarto` has `min` 9: the newest is `4.5.1`"
    );
    let upstream = FakeUpstream::new().with(A, r#"["devel"]"#);
    query.constraint.min = None;
    assert_eq!(
        text(select(&upstream, &query)),
        "not-found: no version of `quarto` has been released: the lists are empty"
    );
}

#[test]
fn one_list_that_cannot_be_read_fails_the_question() {
    let upstream = FakeUpstream::new().failing(A, FailureKind::TimedOut);
    assert_eq!(
        text(select(&upstream, &query(&one(r#""read":"strings""#)))),
        format!("failed: FailureKind::TimedOut {A}")
    );
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_is_fetched() {
    for (config, want) in [
        ("{}", "`lists` is missing"),
        (r#"{"lists":[]}"#, "`lists` is empty: expected at least one list"),
        (r#"{"lists":[5]}"#, "`lists.0` is the number `5`, expected an object"),
        (r#"{"lists":[{"url":"https://h/a"}]}"#, "`lists.0.read` is missing"),
        (r#"{"lists":[{"read":"strings"}]}"#, "`lists.0.url` is missing"),
        (
            r#"{"lists":[{"url":"https://h/a","read":"string "}]}"#,
            "`lists.0.read` is `string `, expected `string`, `strings`, `yaml-titles`, `field-of-each`, `python-metadata`",
        ),
        (r#"{"lists":[{"url":"https://h/a","read":"field-of-each"}]}"#, "`lists.0.field` is missing"),
        (
            r#"{"lists":[{"url":"https://h/a","read":"strings","path":[]}]}"#,
            "`lists.0.path` is not a key: expected `url`, `read`, `at`, `field`, `prerelease`",
        ),
        (
            r#"{"lists":[{"url":"file:///etc/passwd","read":"strings"}]}"#,
            "`lists.0.url`: `file:///etc/passwd` is not a usable address: the scheme must be `http` or `https`",
        ),
    ] {
        let upstream = FakeUpstream::new();
        let want = format!("invalid-config: the `config` of `source-dependency` is wrong: {want}");
        assert_eq!(text(select(&upstream, &query(config))), want);
        assert_eq!(upstream.asked(), [""; 0]);
    }
}

#[test]
fn a_table_of_many_megabytes_is_read_through() {
    let mut body = String::from("{");
    for n in 0..20_000 {
        let (minor, patch) = (n % 15, n % 7);
        body.push_str(&format!(
            r#""cpython-3.{minor}.{patch}-linux-{n}":{{"name":"cpython","arch":{{"family":"x86_64","variant":null}},"os":"linux","libc":"gnu","major":3,"minor":{minor},"patch":{patch},"prerelease":"","url":"https://h.example.org/{n}/{}","sha256":"{}"}},"#,
            "x".repeat(200),
            "ab".repeat(32)
        ));
    }
    body.push_str(r#""last":{"name":"pypy"}}"#);
    assert!(body.len() > 8 * 1024 * 1024);
    let upstream = FakeUpstream::new().with(A, body);
    let mut query = query(&one(r#""read":"python-metadata""#));
    query.constraint.count = Some(2);
    assert_eq!(text(select(&upstream, &query)), "3.14.6 3.13.6");
}
