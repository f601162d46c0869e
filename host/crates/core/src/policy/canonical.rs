//! The one reader of URLs that come from guests, upstreams and operators: one text, one meaning, or a refusal.
//! Everything that compares or sends a URL takes what this returns. It does not know what is granted.

use url::Url;

use super::error::{PolicyError, UrlProblem, quote};

const URL_LIMIT: usize = 8 * 1024;
const ACCEPT_LIMIT: usize = 1024;

/// Reads an absolute http or https URL.
///
/// # Errors
/// Anything that two readers could understand differently: user information, fragments, white space and control
/// characters, backslashes, dot segments in any spelling, empty segments, encoded separators, a host with a final dot.
pub fn parse_url(text: &str) -> Result<Url, PolicyError> {
    canonical(text).map_err(|problem| PolicyError::Url { url: quote(text), problem })
}

/// Reads the `Location` of a redirect that `base` answered. A fragment is dropped: it never reaches a server.
///
/// # Errors
/// As [`parse_url`].
pub fn follow_location(base: &Url, location: &str) -> Result<Url, PolicyError> {
    let refuse = |problem| PolicyError::Url { url: quote(location), problem };
    check_characters(location).map_err(refuse)?;
    let mut joined = base.join(location).map_err(|error| refuse(UrlProblem::Syntax(error.to_string())))?;
    joined.set_fragment(None);
    parse_url(joined.as_str())
}

/// `host:port` of a canonical URL: what a permit and a pause belong to.
#[must_use]
pub fn origin(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// Checks an `Accept` header that a guest wrote.
///
/// # Errors
/// Anything but printable ASCII of at most 1 KiB, so that it cannot become a second header.
pub fn check_accept(accept: &str) -> Result<(), PolicyError> {
    if accept.len() <= ACCEPT_LIMIT && accept.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Ok(());
    }
    Err(PolicyError::Accept { accept: quote(accept), limit: ACCEPT_LIMIT })
}

/// The same as [`parse_url`] without the text in the error.
pub(super) fn canonical(text: &str) -> Result<Url, UrlProblem> {
    check_characters(text)?;
    let (scheme, rest) = text.split_once("://").ok_or(UrlProblem::NotAbsolute)?;
    // The URL standard forgives `https:host` and `https:///host`; other readers do not.
    if !(scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")) || rest.starts_with('/')
    {
        return Err(UrlProblem::NotAbsolute);
    }
    if rest.contains('#') {
        return Err(UrlProblem::Fragment);
    }
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(UrlProblem::UserInfo);
    }
    // The URL parser resolves dot segments silently, so the path is checked as it was written.
    check_path(tail.split('?').next().unwrap_or_default())?;
    let url = Url::parse(text).map_err(|error| UrlProblem::Syntax(error.to_string()))?;
    match url.host() {
        None => Err(UrlProblem::NotAbsolute),
        Some(url::Host::Domain(name)) if name.ends_with('.') => Err(UrlProblem::TrailingDot),
        Some(url::Host::Domain(name)) if !name.bytes().all(is_host_byte) => Err(UrlProblem::Host),
        Some(_) if url.port() == Some(0) => Err(UrlProblem::PortZero),
        Some(_) => Ok(url),
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn check_characters(text: &str) -> Result<(), UrlProblem> {
    if text.len() > URL_LIMIT {
        return Err(UrlProblem::TooLong { limit: URL_LIMIT });
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlProblem::Whitespace);
    }
    if text.contains('\\') {
        return Err(UrlProblem::Backslash);
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), UrlProblem> {
    let lower = path.to_ascii_lowercase();
    let mut segments = lower.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(UrlProblem::EmptySegment);
        }
        if matches!(segment.replace("%2e", ".").as_str(), "." | "..") {
            return Err(UrlProblem::DotSegment);
        }
        if encoded_bytes(segment).any(|byte| matches!(byte, b'/' | b'\\' | 0..=0x1f | 0x7f)) {
            return Err(UrlProblem::EncodedSeparator);
        }
    }
    Ok(())
}

fn encoded_bytes(segment: &str) -> impl Iterator<Item = u8> + '_ {
    segment.split('%').skip(1).filter_map(|code| u8::from_str_radix(code.get(..2)?, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, UrlProblem>) {
        assert_eq!(canonical(text).map(String::from), expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn a_url_has_one_spelling() {
        check("https://CDN.Example.com/A/b", Ok("https://cdn.example.com/A/b"));
        check("https://cdn.example.com:443/a", Ok("https://cdn.example.com/a"));
        check("http://cdn.example.com", Ok("http://cdn.example.com/"));
        check("HTTPS://cdn.example.com/a/?x=1&y=..", Ok("https://cdn.example.com/a/?x=1&y=.."));
        check("https://bücher.example/a", Ok("https://xn--bcher-kva.example/a"));
        check("http://0x7f.1/", Ok("http://127.0.0.1/"));
        check("http://2130706433/", Ok("http://127.0.0.1/"));
        check("http://0177.0.0.1/", Ok("http://127.0.0.1/"));
        check("http://①②⑦.0.0.1/", Ok("http://127.0.0.1/"));
        check("http://[::ffff:127.0.0.1]/", Ok("http://[::ffff:7f00:1]/"));
        check(
            "https://cdn.example.com/v2026.05.0-dev%2B185/a%20b",
            Ok("https://cdn.example.com/v2026.05.0-dev%2B185/a%20b"),
        );
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        for (text, problem) in [
            ("cdn.example.com/a", UrlProblem::NotAbsolute),
            ("/a", UrlProblem::NotAbsolute),
            ("", UrlProblem::NotAbsolute),
            ("file:///etc/passwd", UrlProblem::NotAbsolute),
            ("gopher://example.com/", UrlProblem::NotAbsolute),
            ("https:cdn.example.com", UrlProblem::NotAbsolute),
            ("https:///cdn.example.com", UrlProblem::NotAbsolute),
            ("https://api.good.example@evil.example/", UrlProblem::UserInfo),
            ("https://user:password@good.example/", UrlProblem::UserInfo),
            ("https://good.example%2f@evil.example/", UrlProblem::UserInfo),
            ("https://@good.example/", UrlProblem::UserInfo),
            ("https://good.example\\@evil.example/", UrlProblem::Backslash),
            ("https://good.example/a\\..\\b", UrlProblem::Backslash),
            ("https://good.example/a#b", UrlProblem::Fragment),
            ("https://good.example#@evil.example/", UrlProblem::Fragment),
            (" https://good.example/", UrlProblem::Whitespace),
            ("https://good.example/\r\nHost: evil.example", UrlProblem::Whitespace),
            ("https://good.exa\tmple/", UrlProblem::Whitespace),
            ("https://good.example/\u{85}", UrlProblem::Whitespace),
            ("https://good.example/api/../admin", UrlProblem::DotSegment),
            ("https://good.example/api/%2e%2E/admin", UrlProblem::DotSegment),
            ("https://good.example/api/.%2e", UrlProblem::DotSegment),
            ("https://good.example/./admin", UrlProblem::DotSegment),
            ("https://good.example//admin", UrlProblem::EmptySegment),
            ("https://good.example/a//b", UrlProblem::EmptySegment),
            ("https://good.example/a%2fb", UrlProblem::EncodedSeparator),
            ("https://good.example/a/..%5Cb", UrlProblem::EncodedSeparator),
            ("https://good.example/a%0d%0ab", UrlProblem::EncodedSeparator),
            ("https://good.example/a%00", UrlProblem::EncodedSeparator),
            ("https://good.example./a", UrlProblem::TrailingDot),
            ("http://localhost./a", UrlProblem::TrailingDot),
            ("https://*.good.example/", UrlProblem::Host),
            ("https://good.example,evil.example/", UrlProblem::Host),
            ("https://good.example:0/", UrlProblem::PortZero),
        ] {
            check(text, Err(problem));
        }
        assert_eq!(
            canonical(&format!("https://a.example/{}", "a".repeat(9000))),
            Err(UrlProblem::TooLong { limit: URL_LIMIT })
        );
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "https://",
            "https://?x",
            "https://good.example%2fevil.example/",
            "https://xn--example-/",
            "http://[fe80::1%25eth0]/",
            "http://[fe80::1%eth0]/",
            "http://[::1/",
            "http://1.2.3.4.5/",
            "http://256.0.0.1/",
            "https://good.example:99999/",
        ] {
            assert!(
                matches!(canonical(text), Err(UrlProblem::Syntax(_) | UrlProblem::NotAbsolute)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_location_is_read_relative_to_what_answered_and_checked_again() {
        let base = canonical("https://cdn.example.com/a/b?x=1").unwrap();
        let follow =
            |location: &str| follow_location(&base, location).map(String::from).map_err(|e| e.to_string());
        assert_eq!(follow("c"), Ok("https://cdn.example.com/a/c".into()));
        assert_eq!(follow("/c#part"), Ok("https://cdn.example.com/c".into()));
        assert_eq!(follow("../../../c"), Ok("https://cdn.example.com/c".into()));
        assert_eq!(follow("//other.example/c"), Ok("https://other.example/c".into()));
        for bad in [
            "file:///etc/passwd",
            "https://u@h.example/",
            "https://h.example/\u{1b}[2J",
            "/\\evil.example/",
            "gopher://h/",
        ] {
            assert!(follow(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_accept_value_cannot_become_a_second_header() {
        assert_eq!(check_accept("application/json, */*;q=0.1"), Ok(()));
        for bad in ["a\r\nAuthorization: x", "é", "\u{0}"] {
            assert!(check_accept(bad).is_err(), "{bad:?}");
        }
        assert!(check_accept(&"a".repeat(1025)).is_err());
    }

    #[test]
    fn a_refusal_quotes_what_it_refuses_without_its_control_characters() {
        insta::assert_snapshot!(parse_url("https://h.example/\u{1b}[2J").unwrap_err(), @r"`https://h.example/\u{1b}[2J` contains white space or a control character: write a space as `%20`");
    }
}
