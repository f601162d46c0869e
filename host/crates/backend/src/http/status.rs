//! Statuses from 400 on as failures, with the time that the server asked for. Reads no body: its text is not ours.

use std::time::{Duration, SystemTime};

use bakery_core::port::{Failure, FailureKind};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, HeaderName, RETRY_AFTER},
};
use url::Url;

/// No server is waited for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// What a status means.
pub(super) fn failure(url: &Url, status: StatusCode, headers: &HeaderMap) -> Failure {
    let asked = retry_after(headers, SystemTime::now());
    let reason = status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
    let message = format!("`{url}` answered {}{reason}", status.as_u16());
    let failure = Failure::new(kind(status.as_u16(), asked.is_some()), url.as_str(), message);
    match asked {
        Some(asked) => failure.with_retry_after(asked),
        None => failure,
    }
}

fn kind(status: u16, asked_to_wait: bool) -> FailureKind {
    match status {
        401 | 407 => FailureKind::Unauthorized,
        // Some services limit with 403, and then say for how long.
        403 if asked_to_wait => FailureKind::RateLimited,
        403 | 451 => FailureKind::Denied,
        404 | 410 => FailureKind::NotFound,
        409 | 412 | 423 => FailureKind::Conflict,
        429 => FailureKind::RateLimited,
        // Not implemented, version not supported, loop, extension: the same tomorrow.
        501 | 505 | 508 | 510 => FailureKind::InvalidInput,
        408 | 425 | 499 | 500..=599 => FailureKind::Unavailable,
        _ => FailureKind::InvalidInput,
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 10.2.3); a date counts from the server's own `Date`, because its
/// clock and ours differ.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(&RETRY_AFTER)?;
    let duration = if asked.bytes().all(|byte| byte.is_ascii_digit()) && !asked.is_empty() {
        Duration::from_secs(asked.parse().unwrap_or(u64::MAX))
    } else {
        let until = date(asked)?;
        let from = text(&DATE).and_then(date).or_else(|| Timestamp::try_from(now).ok())?;
        Duration::try_from(until.duration_since(from)).unwrap_or(Duration::ZERO)
    };
    Some(duration.min(LONGEST_PAUSE))
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn every_status_has_its_class() {
        for (kind_expected, statuses) in [
            (FailureKind::Unauthorized, &[401, 407][..]),
            (FailureKind::Denied, &[403, 451]),
            (FailureKind::NotFound, &[404, 410]),
            (FailureKind::Conflict, &[409, 412, 423]),
            (FailureKind::RateLimited, &[429]),
            (FailureKind::Unavailable, &[408, 425, 499, 500, 502, 503, 504, 520, 524, 529]),
            (FailureKind::InvalidInput, &[400, 402, 405, 406, 413, 414, 415, 416, 418, 431, 501, 505, 508]),
        ] {
            for status in statuses {
                assert_eq!(kind(*status, false), kind_expected, "{status}");
            }
        }
        assert_eq!(kind(403, true), FailureKind::RateLimited);
        assert_eq!(kind(503, true), FailureKind::Unavailable);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let asked = |value: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            // 2026-11-20T12:00:00Z.
            retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_176_000))
                .map(|d| d.as_secs())
        };
        assert_eq!(asked("7", None), Some(7));
        assert_eq!(asked(" 120 ", None), Some(120));
        assert_eq!(asked("0", None), Some(0));
        assert_eq!(asked("99999999999999999999999", None), Some(86_400));
        assert_eq!(asked("Fri, 20 Nov 2026 12:01:30 GMT", None), Some(90));
        assert_eq!(asked("Fri, 20 Nov 2026 12:01:30 GMT", Some("Fri, 20 Nov 2026 12:01:00 GMT")), Some(30));
        assert_eq!(asked("Fri, 20 Nov 2026 11:00:00 GMT", None), Some(0));
        assert_eq!(asked("Fri, 20 Nov 2099 11:00:00 GMT", None), Some(86_400));
        for nonsense in ["", "soon", "-5", "1.5", "Fri, 99 Nov 2026 12:01:30 GMT"] {
            assert_eq!(asked(nonsense, None), None, "{nonsense}");
        }
    }

    #[test]
    fn the_message_is_ours_and_names_the_url() {
        let url = Url::parse("https://h.example/a").unwrap();
        let shown =
            |status| failure(&url, StatusCode::from_u16(status).unwrap(), &HeaderMap::new()).to_string();
        assert_eq!(shown(404), "`https://h.example/a` answered 404 Not Found");
        assert_eq!(shown(529), "`https://h.example/a` answered 529");
    }
}
