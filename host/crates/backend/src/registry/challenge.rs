//! Reads `WWW-Authenticate`. Believes nothing in it: whether a realm may be asked is decided in `realm`.

/// Longer headers are not read.
const MAX_BYTES: usize = 8 << 10;

/// What a registry wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from a server.
    Bearer {
        /// Where to get it.
        realm: String,
        /// For whom.
        service: Option<String>,
    },
    /// Name and password with every request.
    Basic,
}

/// The best of several headers: a token is worth more than a password. Scopes in it are not read: what is asked for
/// is what the verb needs, whatever the registry would like us to fetch.
pub(super) fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = false;
    for header in headers.filter(|header| header.len() <= MAX_BYTES) {
        for (scheme, parameters) in challenges(header) {
            let get = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
            match (scheme.as_str(), get("realm")) {
                ("bearer", Some(realm)) => return Some(Challenge::Bearer { realm, service: get("service") }),
                ("basic", _) => basic = true,
                _ => {}
            }
        }
    }
    basic.then_some(Challenge::Basic)
}

type Parameters = Vec<(String, String)>;

/// RFC 9110, section 11.6.1: schemes, each with parameters, everything joined by commas.
fn challenges(header: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let word_end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        if word.is_empty() {
            return found;
        }
        let after_space = after.trim_start_matches([' ', '\t']);
        match (after_space.strip_prefix('='), found.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let (value, after) = take_value(value.trim_start_matches([' ', '\t']));
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            // A parameter without a scheme: not a challenge.
            (Some(_), None) => return found,
            (None, _) => {
                found.push((word.to_ascii_lowercase(), Vec::new()));
                rest = after;
            }
        }
    }
}

/// A token or a quoted string, and what follows it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
    }

    #[test]
    fn challenges_are_read_in_every_form_that_registries_write() {
        let check = |headers: &[&str], expected: Option<Challenge>| {
            assert_eq!(read(headers.iter().copied()), expected, "{headers:?}");
        };
        let full = r#"Bearer realm="https://a/token",service="a",scope="repository:x/y:pull,push""#;
        check(&[full], bearer("https://a/token", Some("a")));
        check(&["bearer  REALM = \"https://a\" , Service=a"], bearer("https://a", Some("a")));
        check(&[r#"Basic realm="x, y", Bearer realm="https://a""#], bearer("https://a", None));
        check(&[r#"Basic realm="x""#, full], bearer("https://a/token", Some("a")));
        check(&[r#"Negotiate, Basic realm="x""#], Some(Challenge::Basic));
        check(&["Basic"], Some(Challenge::Basic));
        check(&[r#"Bearer realm="a\"b",service="c""#], bearer("a\"b", Some("c")));
        check(&[r#"Bearer scope="x""#], None);
        check(&["Digest realm=\"x\""], None);
        check(&[""], None);
        check(&[], None);
    }

    #[test]
    fn broken_and_hostile_headers_end() {
        let long = format!("Bearer realm=\"{}\"", "x".repeat(MAX_BYTES));
        for header in
            [",,,", "=", "=a", "Bearer realm=", "Bearer realm=\"", "Bearer =,=", "\"", "a=\"\\", &long]
        {
            let read = read(std::iter::once(header));
            assert!(
                !matches!(read, Some(Challenge::Bearer { ref realm, .. }) if !realm.is_empty()),
                "{header}"
            );
        }
    }
}
