//! Addresses as upstreams write them, brought into one form, and texts put into addresses.
//! Must not decide which addresses are allowed: the host does, at every hop.

/// Brings an http or https address into one form: scheme and host in lower case, a path, and spaces, non-ASCII
/// characters and the few characters that no path may hold percent-encoded. `~`, `%` and `+` stay as they are.
///
/// # Errors
/// A sentence that names the address, for everything that is not such an address: another scheme, no or a strange
/// host, credentials, a fragment, `.` and `..` segments, control characters and backslashes.
///
/// ```
/// assert_eq!(bakery_sdk::url::normalize("https://A.B/c d"), Ok("https://a.b/c%20d".to_owned()));
/// ```
pub fn normalize(text: &str) -> Result<String, String> {
    let refuse =
        |why: &str| Err(format!("{} is not a usable address: {why}", crate::excerpt(text.as_bytes())));
    let Some((scheme, rest)) = text.split_once("://") else { return refuse("expected `https://…`") };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return refuse("the scheme must be `http` or `https`");
    }
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return refuse("it holds a control character or a backslash");
    }
    if rest.contains('#') {
        return refuse("it has a fragment (`#…`)");
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return refuse("it holds credentials");
    }
    let Some(authority) = host_and_port(&scheme, authority) else {
        return refuse("the host is missing or strange");
    };
    let before_query = path.split('?').next().unwrap_or_default();
    if before_query
        .split('/')
        .any(|segment| matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "." | ".."))
    {
        return refuse("its path has a `.` or `..` segment");
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut url = format!("{scheme}://{authority}{slash}");
    encode_into(&mut url, path, |b| matches!(b, b'!'..=b'~') && !b"\"<>^`{}".contains(&b));
    Ok(url)
}

/// Percent-encodes everything but letters, digits and `-._~`, so that a text is one segment of a path.
///
/// ```
/// assert_eq!(bakery_sdk::url::encode("2026.05.0-dev+1-gabc"), "2026.05.0-dev%2B1-gabc");
/// ```
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text, |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    out
}

fn encode_into(out: &mut String, text: &str, keep: impl Fn(u8) -> bool) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

fn host_and_port(scheme: &str, authority: &str) -> Option<String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse::<u16>().ok()?)),
        _ => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    let name =
        host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && !host.starts_with('.');
    let v6 = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .is_some_and(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.'));
    if host.is_empty() || !(name || v6) {
        return None;
    }
    match port {
        Some(443) if scheme == "https" => Some(host),
        Some(80) if scheme == "http" => Some(host),
        Some(port) => Some(format!("{host}:{port}")),
        None => Some(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_brought_into_one_form() {
        for (text, want) in [
            ("https://A.B/c d", "https://a.b/c%20d"),
            ("http://a.b", "http://a.b/"),
            ("HTTPS://a.b?x=1", "https://a.b/?x=1"),
            ("https://a.b/x~y%2B+z", "https://a.b/x~y%2B+z"),
            ("https://h/é", "https://h/%C3%A9"),
            ("https://h:443/a", "https://h/a"),
            ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
            ("https://[::1]:8443/a", "https://[::1]:8443/a"),
            ("https://h/{a}\"b\"", "https://h/%7Ba%7D%22b%22"),
        ] {
            assert_eq!(normalize(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_address_is_refused_with_its_reason() {
        for (text, want) in [
            ("", "nothing is not a usable address: expected `https://…`"),
            ("x", "`x` is not a usable address: expected `https://…`"),
            ("ftp://a/b", "the scheme must be `http` or `https`"),
            ("javascript://a/b", "the scheme must be"),
            ("https://", "the host is missing or strange"),
            ("https:///a", "the host is missing or strange"),
            ("https://a:99999/", "the host is missing or strange"),
            ("https://a b/", "the host is missing or strange"),
            ("https://[::1/", "the host is missing or strange"),
            ("https://xn\u{202e}/", "the host is missing or strange"),
            ("https://u:p@a/b", "it holds credentials"),
            ("https://a/b#c", "it has a fragment"),
            ("https://a/../b", "its path has a `.` or `..` segment"),
            ("https://a/%2e%2E/b", "its path has a `.` or `..` segment"),
            ("https://a/b\nc", "it holds a control character or a backslash"),
            ("https://a\\b/c", "it holds a control character or a backslash"),
        ] {
            let error = normalize(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
