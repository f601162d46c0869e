//! Reads answers that say no: status, OCI error codes, GHCR's and Docker Hub's own forms, pages for people.
//! Classifies by the table of statuses and codes; whether to try again is not decided here.

use std::time::Duration;

use bakery_core::{
    model::Digest,
    port::{
        FailureKind,
        registry::{Party, RegistryVerb},
    },
};
use serde::Deserialize;

/// Bytes of an answer's body that are read for its reason.
pub(super) const MAX_BYTES: usize = 8 << 10;

/// Digests of an answer that are kept.
const MAX_DIGESTS: usize = 256;

/// Shorter secrets are parts of ordinary words; hiding them would hide the message.
const MIN_SECRET: usize = 4;

/// What GHCR's secondary limit is worth where it gives no time.
const SECONDARY_LIMIT: Duration = Duration::from_secs(60);

/// The reason in an answer's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reason {
    /// First code: letters, digits and `_` only.
    pub(super) code: Option<String>,
    /// For people, one line, shortened, without control characters.
    pub(super) text: String,
    /// Digests that it names.
    pub(super) digests: Vec<Digest>,
    /// Whether it says, in whatever form, that there were too many requests.
    throttled: bool,
    /// Whether it speaks of a rate limit, which GHCR does with a status that means something else.
    rate_limit: bool,
    /// Whether it says that a tag may not be changed.
    immutable: bool,
}

impl Reason {
    /// Reads a body, of which only the beginning may be there. `secrets` are what was sent along: a server that
    /// repeats them does not get them into a message.
    pub(super) fn read(body: &[u8], secrets: &[String]) -> Self {
        let mut whole = String::from_utf8_lossy(body).into_owned();
        for secret in secrets.iter().filter(|secret| secret.len() >= MIN_SECRET) {
            whole = whole.replace(secret.as_str(), "***");
        }
        let lower = whole.to_ascii_lowercase();
        let reply = serde_json::from_str::<Reply>(&whole).unwrap_or_default();
        let first = reply.errors.into_iter().next();
        let code = first.as_ref().and_then(|error| error.code.clone()).filter(|code| is_code(code));
        let words = [
            first.map(|error| error.message.unwrap_or_default()).filter(|text| !text.is_empty()),
            reply.details,
            reply.message,
        ];
        let text = match words.into_iter().flatten().next() {
            Some(text) => one_line(&text),
            None if lower.trim_start().starts_with('<') => {
                "a page for people, not a registry's answer".to_owned()
            }
            None if code.is_none() => one_line(&whole),
            None => String::new(),
        };
        Self {
            code,
            text,
            digests: digests(&whole),
            throttled: lower.contains("toomanyrequests") || lower.contains("too many requests"),
            rate_limit: lower.contains("rate limit"),
            immutable: lower.contains("immutable"),
        }
    }

    /// Whether an answer with this status asks for fewer requests.
    pub(super) fn throttles(&self, status: u16) -> bool {
        status == 429 || (status >= 400 && self.throttled) || self.is_secondary_limit(status)
    }

    /// The floor for the next attempt where the answer itself gives none.
    pub(super) fn assumed_wait(&self, status: u16) -> Option<Duration> {
        self.is_secondary_limit(status).then_some(SECONDARY_LIMIT)
    }

    fn is_secondary_limit(&self, status: u16) -> bool {
        status == 403 && self.rate_limit
    }

    /// `404 MANIFEST_UNKNOWN: manifest unknown`.
    pub(super) fn line(&self, status: u16) -> String {
        let mut line = status.to_string();
        if let Some(code) = &self.code {
            line.push(' ');
            line.push_str(code);
        }
        if !self.text.is_empty() {
            line.push_str(": ");
            line.push_str(&self.text);
        }
        line
    }
}

/// The class of an answer.
pub(super) fn kind(status: u16, reason: &Reason, verb: RegistryVerb, party: Party) -> FailureKind {
    let code = reason.code.as_deref().unwrap_or_default();
    if reason.throttles(status) {
        return FailureKind::RateLimited;
    }
    let lacks = matches!(code, "MANIFEST_BLOB_UNKNOWN" | "BLOB_UNKNOWN" | "BLOB_UPLOAD_UNKNOWN");
    let writes_content =
        matches!(verb, RegistryVerb::PutManifest | RegistryVerb::PatchUpload | RegistryVerb::FinishUpload);
    match status {
        400 | 404 | 409 | 412 if lacks && writes_content => FailureKind::Conflict,
        // ECR's words for a tag that may not move.
        400 | 403 if verb == RegistryVerb::PutManifest && reason.immutable => FailureKind::Conflict,
        401 => FailureKind::Unauthorized,
        403 => FailureKind::Denied,
        // Some token servers call bad credentials a bad request.
        400 if party == Party::TokenServer => FailureKind::Unauthorized,
        404 | 410 => FailureKind::NotFound,
        409 | 412 | 416 => FailureKind::Conflict,
        408 | 425 | 499 | 500 | 502..=504 | 520..=524 | 529 => FailureKind::Unavailable,
        400..=499 => FailureKind::InvalidInput,
        _ => FailureKind::Internal,
    }
}

/// Text of the other side on one line, shortened, without characters that move a terminal's cursor or hide words.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control() && !is_invisible(*c)));
        if line.len() > 200 {
            return line.chars().take(200).chain(['…']).collect();
        }
    }
    line
}

/// Marks of direction and of width zero.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn digests(text: &str) -> Vec<Digest> {
    let mut found: Vec<Digest> = Vec::new();
    for (at, _) in text.match_indices("sha256:") {
        if let Some(digest) = text.get(at..at + 71).and_then(|digest| digest.parse().ok())
            && !found.contains(&digest)
            && found.len() < MAX_DIGESTS
        {
            found.push(digest);
        }
    }
    found
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply {
    errors: Vec<ReplyError>,
    details: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct ReplyError {
    code: Option<String>,
    message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, verb: RegistryVerb, expected: FailureKind) {
        let reason = Reason::read(body.as_bytes(), &[]);
        assert_eq!(kind(status, &reason, verb, Party::Registry), expected, "{status} {body}");
    }

    fn error(code: &str) -> String {
        format!(r#"{{"errors":[{{"code":"{code}","message":"words","detail":{{}}}}]}}"#)
    }

    #[test]
    fn statuses_and_codes_become_classes() {
        use FailureKind::{
            Conflict, Denied, Internal, InvalidInput, NotFound, RateLimited, Unauthorized, Unavailable,
        };
        use RegistryVerb::{
            BeginUpload, FinishUpload, GetBlob, GetManifest, Mount, PatchUpload, PutManifest,
        };
        let secondary =
            r#"{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit"}]}"#;
        let ghcr =
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1ms, allowed: 2000/minute"}]}"#;
        let ecr = r#"{"errors":[{"code":"TAG_INVALID","message":"The tag is immutable"}]}"#;
        for (status, body, verb, expected) in [
            (404, error("MANIFEST_UNKNOWN"), GetManifest, NotFound),
            (404, error("NAME_UNKNOWN"), BeginUpload, NotFound),
            (404, String::new(), GetManifest, NotFound),
            (404, error("BLOB_UNKNOWN"), GetBlob, NotFound),
            (404, error("MANIFEST_BLOB_UNKNOWN"), PutManifest, Conflict),
            (400, error("MANIFEST_BLOB_UNKNOWN"), PutManifest, Conflict),
            (400, error("BLOB_UNKNOWN"), PutManifest, Conflict),
            (404, error("BLOB_UPLOAD_UNKNOWN"), FinishUpload, Conflict),
            (404, error("BLOB_UPLOAD_UNKNOWN"), PatchUpload, Conflict),
            (401, error("UNAUTHORIZED"), GetManifest, Unauthorized),
            (403, error("DENIED"), PutManifest, Denied),
            (403, secondary.to_owned(), PutManifest, RateLimited),
            (403, secondary.replace("message", "detail"), PutManifest, RateLimited),
            (403, "<html>You have exceeded a Rate Limit".to_owned(), GetManifest, RateLimited),
            (404, secondary.to_owned(), GetManifest, NotFound),
            (429, String::new(), GetManifest, RateLimited),
            (429, ghcr.to_owned(), GetManifest, RateLimited),
            (403, ghcr.to_owned(), GetManifest, RateLimited),
            (500, "toomanyrequests: Rate exceeded".to_owned(), GetManifest, RateLimited),
            (400, error("DIGEST_INVALID"), FinishUpload, InvalidInput),
            (400, error("MANIFEST_INVALID"), PutManifest, InvalidInput),
            (405, error("UNSUPPORTED"), Mount, InvalidInput),
            (413, String::new(), PutManifest, InvalidInput),
            (414, String::new(), PutManifest, InvalidInput),
            (418, String::new(), PutManifest, InvalidInput),
            (400, ecr.to_owned(), PutManifest, Conflict),
            (409, String::new(), PutManifest, Conflict),
            (412, String::new(), PutManifest, Conflict),
            (416, String::new(), PatchUpload, Conflict),
            (408, String::new(), GetManifest, Unavailable),
            (499, String::new(), GetManifest, Unavailable),
            (500, "<html>".to_owned(), GetManifest, Unavailable),
            (502, String::new(), GetManifest, Unavailable),
            (503, String::new(), GetManifest, Unavailable),
            (504, String::new(), GetManifest, Unavailable),
            (522, String::new(), GetManifest, Unavailable),
            (529, String::new(), GetManifest, Unavailable),
            (501, String::new(), GetManifest, Internal),
            (505, String::new(), GetManifest, Internal),
            (508, String::new(), GetManifest, Internal),
            (301, String::new(), PutManifest, Internal),
        ] {
            check(status, &body, verb, expected);
        }
    }

    #[test]
    fn numbers_in_digests_and_sizes_are_never_statuses() {
        let body = r#"{"errors":[{"code":"DENIED","message":"repository 429 of 503 bytes, at most 500"}]}"#;
        check(403, body, RegistryVerb::PutManifest, FailureKind::Denied);
    }

    #[test]
    fn reasons_are_read_from_every_form_and_shown_on_one_line() {
        let line = |status, body: &str| Reason::read(body.as_bytes(), &[]).line(status);
        let digest = Digest::of(b"x");
        let blob = format!(
            r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":{{"digest":"{digest}"}}}}]}}"#
        );
        assert_eq!(Reason::read(blob.as_bytes(), &[]).digests, [digest]);
        insta::assert_snapshot!(line(400, &blob), @"400 MANIFEST_BLOB_UNKNOWN: blob unknown");
        insta::assert_snapshot!(line(400, r#"{"details":"invalid repository name"}"#), @"400: invalid repository name");
        insta::assert_snapshot!(line(502, "<html><body>Bad gateway"), @"502: a page for people, not a registry's answer");
        insta::assert_snapshot!(line(503, ""), @"503");
        insta::assert_snapshot!(line(500, "a\r\n::error::b\u{1b}[31m\u{202e}c"), @"500: a ::error::b[31mc");
        insta::assert_snapshot!(line(400, r#"{"errors":[{"code":"a b","message":"x"}]}"#), @"400: x");
        insta::assert_snapshot!(line(400, r#"{"errors":[]}"#), @r#"400: {"errors":[]}"#);
        assert!(line(400, &"x y ".repeat(3000)).len() < 260);
    }
}
