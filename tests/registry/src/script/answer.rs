//! Answers that stand in for the registry's own, in the forms seen in the wild.
//! It holds the words of those forms; it sends nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A complete answer: status, body, headers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; by default the error body of the distribution specification.
    #[serde(default)]
    pub body: AnswerBody,
    /// The `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// Whether the registry's own `WWW-Authenticate` challenge is added, as a real 401 has it.
    #[serde(default)]
    pub challenge: bool,
    /// Further headers; they win over those of the body's form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// The forms of a body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerBody {
    /// `{"errors":[…]}` with the code that belongs to the status.
    #[default]
    Oci,
    /// `{"errors":[…]}` with this code.
    OciCode {
        /// The code, for instance `MANIFEST_UNKNOWN`.
        code: String,
        /// The message.
        message: String,
    },
    /// GHCR's 429: the wait stands in the message, as `retry-after: 1.889377ms, allowed: 2000/minute`.
    GhcrRate {
        /// The duration in Go's notation.
        wait: String,
    },
    /// GHCR's 403 that means "too fast".
    SecondaryRateLimit,
    /// Docker Hub's `{"details":…}`.
    Details(String),
    /// An error page of a proxy.
    Html,
    /// A login page, as a captive portal sends it with status 200.
    Login,
    /// Plain text.
    Text(String),
    /// Any JSON.
    Json(serde_json::Value),
    /// No body at all.
    Empty,
}

/// The forms of `Retry-After`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// An HTTP date, so many seconds from now; may be negative.
    DateIn(i64),
    /// Any text, for the absurd: `-1`, `9e9`, `soon`.
    Text(String),
}

impl Answer {
    /// This status with the usual error body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, body: AnswerBody::Oci, retry_after: None, challenge: false, headers: BTreeMap::new() }
    }

    /// This status with this error code.
    #[must_use]
    pub fn code(status: u16, code: &str, message: &str) -> Self {
        Self::status(status).body(AnswerBody::OciCode { code: code.to_owned(), message: message.to_owned() })
    }

    /// 429 as the specification asks for it.
    #[must_use]
    pub fn too_many(retry_after: RetryAfter) -> Self {
        Self::status(429).retry_after(retry_after)
    }

    /// 429 as GHCR sends it, with the wait (in Go's notation, `1.5s`) only in the message.
    #[must_use]
    pub fn ghcr_rate(wait: &str) -> Self {
        Self::status(429).body(AnswerBody::GhcrRate { wait: wait.to_owned() })
    }

    /// 403 as GHCR sends it to a client that is too fast.
    #[must_use]
    pub fn secondary_rate_limit() -> Self {
        Self::status(403).body(AnswerBody::SecondaryRateLimit)
    }

    /// 401 with the registry's own challenge.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self { challenge: true, ..Self::status(401) }
    }

    /// 200 with the login page of a captive portal.
    #[must_use]
    pub fn login_page() -> Self {
        Self::status(200).body(AnswerBody::Login)
    }

    /// This status with a proxy's error page.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::status(status).body(AnswerBody::Html)
    }

    /// The same answer with another body.
    #[must_use]
    pub fn body(mut self, body: AnswerBody) -> Self {
        self.body = body;
        self
    }

    /// The same answer with a `Retry-After` header.
    #[must_use]
    pub fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// The same answer with a further header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The body's media type and bytes.
    pub(crate) fn content(&self) -> (&'static str, Vec<u8>) {
        const JSON: &str = "application/json";
        const HTML: &str = "text/html; charset=utf-8";
        match &self.body {
            AnswerBody::Oci => {
                let (code, message) = usual(self.status);
                (JSON, error_body(code, message, None))
            }
            AnswerBody::OciCode { code, message } => (JSON, error_body(code, message, None)),
            AnswerBody::GhcrRate { wait } => {
                let message = format!("retry-after: {wait}, allowed: 2000/minute");
                (JSON, error_body("TOOMANYREQUESTS", &message, None))
            }
            AnswerBody::SecondaryRateLimit => {
                (JSON, error_body("DENIED", "You have exceeded a secondary rate limit", None))
            }
            AnswerBody::Details(text) => (JSON, json!({ "details": text }).to_string().into_bytes()),
            AnswerBody::Html => {
                let status = self.status;
                let page = format!(
                    "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
                );
                (HTML, page.into_bytes())
            }
            AnswerBody::Login => {
                let page =
                    "<html><body><form action=\"/login\"><input name=\"password\"></form></body></html>\n";
                (HTML, page.as_bytes().to_vec())
            }
            AnswerBody::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
            AnswerBody::Json(value) => (JSON, value.to_string().into_bytes()),
            AnswerBody::Empty => ("", Vec::new()),
        }
    }
}

/// The error body of the distribution specification.
pub(crate) fn error_body(code: &str, message: &str, detail: Option<serde_json::Value>) -> Vec<u8> {
    let mut error = json!({ "code": code, "message": message });
    if let Some(detail) = detail {
        error["detail"] = detail;
    }
    json!({ "errors": [error] }).to_string().into_bytes()
}

fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("UNAUTHORIZED", "authentication required"),
        403 => ("DENIED", "requested access to the resource is denied"),
        404 => ("MANIFEST_UNKNOWN", "manifest unknown"),
        405 => ("UNSUPPORTED", "the operation is unsupported"),
        413 => ("SIZE_INVALID", "the body is too large"),
        416 => ("BLOB_UPLOAD_INVALID", "the range does not continue the upload"),
        429 => ("TOOMANYREQUESTS", "too many requests"),
        502..=504 => ("UNAVAILABLE", "service unavailable"),
        _ => ("UNKNOWN", "unknown error"),
    }
}
