//! Outcomes that are none, and failures that are passed on, put into other words, or made up.

use bakery_core::port::{Failure, FailureKind};

use super::{read, refuse};
use crate::bindings::{publish_step as wit, types};

fn outcome(digest: Option<&str>, attributes: &[(&str, &str)]) -> wit::Outcome {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    wit::Outcome { digest: digest.map(str::to_owned), attributes: attributes.iter().map(own).collect() }
}

fn claim(kind: types::FailureKind, subject: &str, message: &str) -> types::Failure {
    types::Failure {
        kind,
        message: message.to_owned(),
        subject: subject.to_owned(),
        attempts: 99,
        attributes: Vec::new(),
    }
}

fn host(kind: FailureKind, subject: &str) -> Failure {
    let failure = Failure::new(kind, subject, format!("`{subject}` said no")).with_hint("log in");
    Failure { attempts: 5, ..failure }
}

#[test]
fn an_outcome_is_a_digest_and_lines_under_lower_case_words() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let read = read(outcome(Some(&digest), &[("copied", "ghcr.io/a/b"), ("sha-2", "")]), "a").unwrap();
    assert_eq!(read.digest.unwrap().to_string(), digest);
    assert_eq!(read.attributes.len(), 2);
}

#[test]
fn what_is_no_outcome_is_refused_in_the_component_s_name() {
    let upper = format!("sha256:{}", "AB".repeat(32));
    let long = "x".repeat(1025);
    for (answer, want) in [
        (outcome(Some(""), &[]), "``, which is not a digest".to_owned()),
        (outcome(Some("sha256:../x\n"), &[]), r"`sha256:../x\n`, which is not a digest".to_owned()),
        (outcome(Some(&upper), &[]), format!("`{upper}`, which is not a digest")),
        (
            outcome(None, &[("Copied", "x")]),
            "the attribute `Copied`: a key is lower-case words joined by `-`".to_owned(),
        ),
        (
            outcome(None, &[("a--b", "x")]),
            "the attribute `a--b`: a key is lower-case words joined by `-`".to_owned(),
        ),
        (outcome(None, &[("", "x")]), "the attribute ``: a key is lower-case words joined by `-`".to_owned()),
        (
            outcome(None, &[("a", "x\n::error::")]),
            r"the attribute `a` = `x\n::error::`: a value is one line of at most 1024 bytes".to_owned(),
        ),
        (
            outcome(None, &[("a", &long)]),
            format!("the attribute `a` = `{}`: a value is one line of at most 1024 bytes", &long[..80]),
        ),
        (outcome(None, &vec![("a", "x"); 4097]), "4097 attributes; at most 4096 are read".to_owned()),
        (
            outcome(None, &vec![("a", &long[..1000]); 600]),
            "600600 bytes of attributes; at most 524288 are read".to_owned(),
        ),
    ] {
        let failure = read(answer, "step-x").unwrap_err();
        assert_eq!((failure.kind, failure.subject.as_str()), (FailureKind::Internal, "step-x"));
        assert_eq!(failure.message, format!("component `step-x` answered {want}"));
    }
}

#[test]
fn a_failure_that_is_passed_on_is_the_one_the_host_gave() {
    let issued =
        [host(FailureKind::TimedOut, "ghcr.io/a/b:1"), host(FailureKind::Unauthorized, "ghcr.io/a/b:2")];
    let claim = claim(types::FailureKind::Unavailable, "ghcr.io/a/b:2", "`ghcr.io/a/b:2` said no");
    assert_eq!(refuse(&claim, "a", &issued), issued[1]);
}

#[test]
fn several_failures_in_one_keep_the_words_and_the_host_s_class_and_hint() {
    let issued = [host(FailureKind::TimedOut, "ghcr.io/a/b:1"), host(FailureKind::Denied, "ghcr.io/a/b:2")];
    let words = "2 of 2 sources cannot be read: `ghcr.io/a/b:1` said no; `ghcr.io/a/b:2` said no";
    let read = refuse(&claim(types::FailureKind::Conflict, "ghcr.io/a/b:1", words), "a", &issued);
    assert_eq!(read, Failure { message: words.to_owned(), ..issued[0].clone() });
}

#[test]
fn what_a_step_finds_itself_it_says_in_its_own_words() {
    for (kind, read) in [
        (types::FailureKind::InvalidInput, FailureKind::InvalidInput),
        (types::FailureKind::NotFound, FailureKind::NotFound),
        (types::FailureKind::Conflict, FailureKind::Conflict),
        (types::FailureKind::Internal, FailureKind::Internal),
    ] {
        let failure = refuse(&claim(kind, "sha256:1", "wanted `a`, got `b`"), "a", &[]);
        assert_eq!(failure, Failure::new(read, "sha256:1", "wanted `a`, got `b`"));
    }
}

#[test]
fn a_step_cannot_speak_for_a_registry() {
    for kind in [
        types::FailureKind::Unauthorized,
        types::FailureKind::Denied,
        types::FailureKind::RateLimited,
        types::FailureKind::Unavailable,
        types::FailureKind::TimedOut,
        types::FailureKind::Cancelled,
    ] {
        let failure = refuse(&claim(kind, "ghcr.io/a\n::x", "later"), "step-x", &[]);
        assert_eq!((failure.kind, failure.subject.as_str()), (FailureKind::Internal, "step-x"));
        assert_eq!(
            failure.message,
            r"component `step-x` reports a failed request that it did not make, of `ghcr.io/a\n::x`: later"
        );
    }
}

#[test]
fn whoever_failed_after_the_run_was_cancelled_was_cancelled() {
    let issued =
        [host(FailureKind::Unavailable, "ghcr.io/a/b:1"), host(FailureKind::Cancelled, "ghcr.io/a/b:2")];
    for claim in [
        claim(types::FailureKind::Internal, "target", "something went wrong"),
        claim(types::FailureKind::Unavailable, "ghcr.io/a/b:1", "2 of 2 failed"),
        claim(types::FailureKind::Cancelled, "ghcr.io/a/b:2", "`ghcr.io/a/b:2` said no"),
    ] {
        assert_eq!(refuse(&claim, "a", &issued).kind, FailureKind::Cancelled, "{claim:?}");
    }
    let real = claim(types::FailureKind::Unavailable, "ghcr.io/a/b:1", "`ghcr.io/a/b:1` said no");
    assert_eq!(refuse(&real, "a", &issued), issued[0]);
}
