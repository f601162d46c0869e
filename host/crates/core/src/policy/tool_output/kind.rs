//! From an exit code and an error line to a class of failure. The order of the rules is the rule: what the user must
//! mend comes before what may pass by itself.

use std::{sync::LazyLock, time::Duration};

use regex::Regex;

use super::{error_line::error_line, scrub::own_words};
use crate::port::FailureKind;

/// The longest wait that a program's words can ask for.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// The class of a failure with this exit code and these words on standard error.
///
/// A status of HTTP counts only where the program calls it one (`status code 503`, `503 Service Unavailable`), never a
/// bare number: versions, digests, sizes and ports look the same.
#[must_use]
pub fn kind_of(code: i32, stderr: &[u8]) -> FailureKind {
    match error_line(stderr) {
        Some(line) => of_line(&line).unwrap_or_else(|| of_code(code)),
        None => of_code(code),
    }
}

/// A shell's codes for a program that it cannot run; nothing else is the same for all programs.
fn of_code(code: i32) -> FailureKind {
    match code {
        126 | 127 => FailureKind::InvalidInput,
        _ => FailureKind::Internal,
    }
}

fn of_line(line: &str) -> Option<FailureKind> {
    let words = own_words(line);
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| has_phrase(&words, phrase));
    let status = status(&words);
    // The name of a helper stands in quotes, which the words lack.
    if line.contains("docker-credential-") {
        return Some(FailureKind::Unauthorized);
    }
    if says(USAGE) {
        return Some(FailureKind::InvalidInput);
    }
    if status == Some(429) || says(THROTTLED) {
        return Some(FailureKind::RateLimited);
    }
    if says(&["immutable"]) {
        return Some(FailureKind::Conflict);
    }
    if says(UNSETTLED) {
        return Some(FailureKind::Unavailable);
    }
    status.and_then(of_status).or_else(|| of_words(&words))
}

fn of_words(words: &str) -> Option<FailureKind> {
    RULES
        .iter()
        .find(|(_, phrases)| phrases.iter().any(|phrase| has_phrase(words, phrase)))
        .map(|(kind, _)| *kind)
}

/// Mistakes in the call, in the build or on this machine: the same call fails the same way.
const USAGE: &[&str] = &[
    "unknown flag",
    "unknown shorthand flag",
    "unknown command",
    "unknown subcommand",
    "flag provided but not defined",
    "flag needs an argument",
    "required flag",
    "invalid argument",
    "invalid value",
    "invalid reference",
    "accepts at most",
    "accepts at least",
    "requires at least",
    "requires exactly",
    "did not complete successfully",
    "while running runtime",
    "parse error",
    "no such file or directory",
    "command not found",
    "file not found",
    "exec format error",
];

const THROTTLED: &[&str] = &[
    "toomanyrequests",
    "too many requests",
    "pull rate limit",
    "rate limit exceeded",
    "secondary rate limit",
];

/// A registry that has not yet seen a part of what was pushed to it, or lost an upload.
const UNSETTLED: &[&str] =
    &["unknown blob", "blob unknown", "blob upload unknown", "blob upload invalid", "manifest blob unknown"];

const RULES: &[(FailureKind, &[&str])] = &[
    (FailureKind::Unauthorized, &["unauthorized", "authentication required", "no basic auth credentials"]),
    (FailureKind::Denied, &["denied", "forbidden", "permission denied"]),
    (
        FailureKind::TimedOut,
        &[
            "context deadline exceeded",
            "timeout",
            "timed out",
            "deadline exceeded",
            "client.timeout exceeded",
        ],
    ),
    (
        FailureKind::Unavailable,
        &[
            "service unavailable",
            "bad gateway",
            "gateway timeout",
            "internal server error",
            "temporarily unavailable",
            "taking too long to load",
            "no such host",
            "server misbehaving",
            "temporary failure in name resolution",
            "connection reset",
            "connection refused",
            "broken pipe",
            "goaway",
            "internal_error",
            "refused_stream",
            "use of closed network connection",
            "client connection lost",
            "server closed idle connection",
            "network is unreachable",
            "no route to host",
            "unexpected eof",
            "eof",
        ],
    ),
    (
        FailureKind::NotFound,
        &["manifest unknown", "name unknown", "not found", "does not exist", "no such manifest"],
    ),
    (
        FailureKind::InvalidInput,
        &["manifest invalid", "digest invalid", "size invalid", "name invalid", "bad request"],
    ),
];

/// The same classes as for an answer that bakery reads itself.
fn of_status(status: u16) -> Option<FailureKind> {
    Some(match status {
        401 => FailureKind::Unauthorized,
        403 => FailureKind::Denied,
        404 | 410 => FailureKind::NotFound,
        409 | 412 | 416 => FailureKind::Conflict,
        408 | 425 | 499 | 500 | 502..=504 | 520..=524 | 529 => FailureKind::Unavailable,
        400..=499 => FailureKind::InvalidInput,
        _ => return None,
    })
}

static CALLED_STATUS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:status|status code|http|http code|http error|http response code)\s*[:=]?\s*(\d{3})\b")
        .expect("the pattern is a constant")
});

static WITH_REASON: LazyLock<Regex> = LazyLock::new(|| {
    let reasons: Vec<&str> = REASONS.iter().map(|(_, reason)| *reason).collect();
    Regex::new(&format!(r"(?:^|[\s:(])(\d{{3}})[:,]?\s+\(?({})\b", reasons.join("|")))
        .expect("the pattern is a constant")
});

const REASONS: [(u16, &str); 17] = [
    (400, "bad request"),
    (401, "unauthorized"),
    (403, "forbidden"),
    (404, "not found"),
    (405, "method not allowed"),
    (408, "request timeout"),
    (409, "conflict"),
    (410, "gone"),
    (412, "precondition failed"),
    (429, "too many requests"),
    (500, "internal server error"),
    (502, "bad gateway"),
    (503, "service unavailable"),
    (503, "service temporarily unavailable"),
    (504, "gateway timeout"),
    (504, "gateway time-out"),
    (529, "site is overloaded"),
];

/// The status of HTTP that the words name; the last one, which is the innermost cause.
fn status(words: &str) -> Option<u16> {
    let called = CALLED_STATUS.captures_iter(words).last();
    if let Some(found) = called {
        return found[1].parse().ok();
    }
    WITH_REASON
        .captures_iter(words)
        .filter_map(|found| {
            let number: u16 = found[1].parse().ok()?;
            REASONS.contains(&(number, &found[2])).then_some(number)
        })
        .last()
}

static TOKEN_SERVER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"https?://[^\s"/]+(?:/[^\s"?]*)?/token(?:[?"\s:]|$)"#).expect("the pattern is a constant")
});

/// Whether it was the token server that refused. GHCR's does so for a moment right after a push.
pub(super) fn is_token_refusal(line: &str) -> bool {
    let words = own_words(line);
    status(&words) == Some(403)
        && (TOKEN_SERVER.is_match(line)
            || ["oauth token", "anonymous token", "fetch token", "token endpoint", "token server"]
                .iter()
                .any(|phrase| has_phrase(&words, phrase)))
}

/// Whether the phrase stands there as whole words.
fn has_phrase(words: &str, phrase: &str) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() || c == '_';
    words
        .match_indices(phrase)
        .any(|(at, _)| !words[..at].ends_with(is_inner) && !words[at + phrase.len()..].starts_with(is_inner))
}

static RETRY_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\bretry[- ]?after["':=\s]*(\d{1,9}(?:\.\d{1,9})?)\s*(ns|µs|μs|us|ms|seconds?|secs?|s|minutes?|mins?|m)?\b"#)
        .expect("the pattern is a constant")
});

/// How long the other side asked to wait, where the error line says so; at most an hour.
pub(super) fn retry_after(line: &str) -> Option<Duration> {
    let found = RETRY_AFTER.captures(line)?;
    let number: f64 = found[1].parse().ok()?;
    let unit = match found.get(2).map_or("s", |unit| unit.as_str()) {
        "ns" => 1e-9,
        "µs" | "μs" | "us" => 1e-6,
        "ms" => 1e-3,
        minutes if minutes.starts_with(['m', 'M']) => 60.0,
        _ => 1.0,
    };
    Some(Duration::try_from_secs_f64(number * unit).unwrap_or(MAX_WAIT).min(MAX_WAIT))
}
