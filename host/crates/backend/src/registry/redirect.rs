//! Decides where a registry may send us. What it says about credentials is enforced in `exchange`: they are only
//! ever attached to requests to the registry's own origin.

use url::Url;

/// Hops of one request.
pub(super) const MAX_HOPS: usize = 5;

/// Bytes of a `Location`.
const MAX_LOCATION: usize = 8 << 10;

/// Where a `Location` leads.
///
/// # Errors
/// One clause that says what is wrong.
pub(super) fn target(from: &Url, location: &str) -> Result<Url, String> {
    if location.len() > MAX_LOCATION {
        return Err("a `Location` that is longer than 8 KiB".to_owned());
    }
    let mut to = from.join(location).map_err(|_| "a `Location` that is not a URL".to_owned())?;
    if !matches!(to.scheme(), "http" | "https") || to.host().is_none() {
        return Err(format!("a `Location` with the scheme `{}`", to.scheme()));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(format!("a `Location` without TLS, at `{}`", shown(&to)));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(format!("a `Location` with a user name in it, at `{}`", shown(&to)));
    }
    to.set_fragment(None);
    Ok(to)
}

/// Whether two URLs have scheme, host and port in common.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// A URL for people: queries of uploads and of stores carry signatures.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path: String = url.path().chars().take(300).collect();
    format!("{}://{host}{port}{path}", url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_followed_only_where_it_is_safe() {
        let long = format!("/{}", "x".repeat(MAX_LOCATION));
        for (from, location, expected) in [
            ("https://r/v2/a", "/v2/b?_state=x", Some("https://r/v2/b?_state=x")),
            ("https://r/v2/a", "b", Some("https://r/v2/b")),
            ("https://r/v2/a", "https://cdn/b#f", Some("https://cdn/b")),
            ("https://r/v2/a", "//cdn/b", Some("https://cdn/b")),
            ("http://r/v2/a", "https://r/b", Some("https://r/b")),
            ("http://r/v2/a", "http://s/b", Some("http://s/b")),
            ("https://r/v2/a", "http://r/b", None),
            ("https://r/v2/a", "https://u@r/b", None),
            ("https://r/v2/a", "https://u:p@r/b", None),
            ("https://r/v2/a", "file:///etc/passwd", None),
            ("https://r/v2/a", "data:,x", None),
            ("https://r/v2/a", "https://", None),
            ("https://r/v2/a", &long, None),
        ] {
            let to = target(&from.parse().unwrap(), location);
            assert_eq!(to.as_ref().ok().map(Url::as_str), expected, "{location}: {to:?}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (one, other, same) in [
            ("https://r/a", "https://r:443/b", true),
            ("https://r/", "http://r/", false),
            ("https://r/", "https://r:444/", false),
            ("https://r/", "https://s/", false),
            ("https://r/", "https://sub.r/", false),
        ] {
            assert_eq!(same_origin(&one.parse().unwrap(), &other.parse().unwrap()), same, "{one} {other}");
        }
    }

    #[test]
    fn a_shown_url_has_no_query() {
        assert_eq!(shown(&"https://r:1/a?sig=s".parse().unwrap()), "https://r:1/a");
    }
}
