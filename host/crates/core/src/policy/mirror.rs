//! `--mirror FROM=TO`: where requests really go, on the operator's word. Decides nothing about who may ask.

use std::fmt;

use url::Url;

use super::{
    error::{PolicyError, quote},
    prefix::Prefix,
};

/// One `FROM=TO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    from: Prefix,
    to: Prefix,
}

impl Mirror {
    /// Reads `FROM=TO`, two prefixes as in a grant.
    ///
    /// # Errors
    /// Not two sides, or a side that is not a prefix.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        // A path may contain `=`, so the sign that counts is the one before a scheme.
        let form = || PolicyError::MirrorForm { mirror: quote(text) };
        let middle =
            text.to_ascii_lowercase().match_indices("=http").map(|(at, _)| at).next().ok_or_else(form)?;
        let (from, to) = (&text[..middle], &text[middle + 1..]);
        let side = |side: &str| {
            Prefix::parse(side).map_err(|problem| PolicyError::Mirror {
                mirror: quote(text),
                side: quote(side),
                problem,
            })
        };
        Ok(Self { from: side(from)?, to: side(to)? })
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.from.url(), self.to.url())
    }
}

/// Every mirror of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirrors(Vec<Mirror>);

impl Mirrors {
    /// Reads several `FROM=TO`. Repeating one is harmless.
    ///
    /// # Errors
    /// The first that [`Mirror::parse`] refuses, and two different mirrors for one prefix.
    pub fn parse<I>(texts: I) -> Result<Self, PolicyError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut mirrors: Vec<Mirror> = Vec::new();
        for text in texts {
            let mirror = Mirror::parse(text.as_ref())?;
            match mirrors.iter().find(|known| known.from == mirror.from) {
                Some(known) if known.to == mirror.to => {}
                Some(known) => {
                    return Err(PolicyError::MirrorTwice {
                        from: known.from.url().to_string(),
                        first: known.to.url().to_string(),
                        second: mirror.to.url().to_string(),
                    });
                }
                None => mirrors.push(mirror),
            }
        }
        Ok(Self(mirrors))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a granted URL really goes; the longest FROM wins. What this returns may be at a private address.
    #[must_use]
    pub fn map(&self, url: &Url) -> Option<Url> {
        let matching = self.0.iter().filter_map(|mirror| Some((mirror, mirror.from.rest(url)?)));
        let (mirror, rest) = matching.max_by_key(|(mirror, _)| mirror.from.depth())?;
        Some(mirror.to.join(rest, url))
    }

    /// Which URLs a URL below a TO stands for: a mirror that redirects names itself, and its right to be read is the
    /// right to read what it stands for.
    pub fn stands_for<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = Url> + 'a {
        self.0.iter().filter_map(move |mirror| Some(mirror.from.join(mirror.to.rest(url)?, url)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse_url;

    fn check(mirrors: &[&str], url: &str, expected: Option<&str>) {
        let mirrors = Mirrors::parse(mirrors).unwrap();
        let url = parse_url(url).unwrap();
        let mapped = mirrors.map(&url);
        assert_eq!(mapped.as_ref().map(Url::as_str), expected, "{url}");
        if let Some(mapped) = mapped {
            assert!(mirrors.stands_for(&mapped).any(|original| original == url), "{mapped} stands for {url}");
        }
    }

    #[test]
    fn a_mirror_replaces_the_prefix_and_keeps_the_rest() {
        let one = &["https://cdn.example.com/a=http://127.0.0.1:8080/m"];
        check(one, "https://cdn.example.com/a/b.json?x=1", Some("http://127.0.0.1:8080/m/b.json?x=1"));
        check(one, "https://cdn.example.com/a", Some("http://127.0.0.1:8080/m"));
        check(one, "https://cdn.example.com/a/", Some("http://127.0.0.1:8080/m/"));
        check(one, "https://cdn.example.com/ab", None);
        check(one, "https://cdn.example.com/", None);
        check(one, "http://cdn.example.com/a", None);
        check(
            &["https://cdn.example.com=http://[::1]:1/"],
            "https://cdn.example.com/a%20b/",
            Some("http://[::1]:1/a%20b/"),
        );
        check(
            &["https://cdn.example.com/a/=http://h.example/"],
            "https://cdn.example.com/a/b",
            Some("http://h.example/b"),
        );
    }

    #[test]
    fn the_longest_prefix_wins_in_any_order() {
        let two =
            ["https://cdn.example.com/=http://one.example/", "https://cdn.example.com/a=http://two.example/"];
        for mirrors in [[two[0], two[1]], [two[1], two[0]]] {
            check(&mirrors, "https://cdn.example.com/a/b", Some("http://two.example/b"));
            check(&mirrors, "https://cdn.example.com/b", Some("http://one.example/b"));
        }
    }

    #[test]
    fn a_path_may_contain_an_equals_sign() {
        check(
            &["https://h.example/a=b=http://m.example/c=d"],
            "https://h.example/a=b/x",
            Some("http://m.example/c=d/x"),
        );
    }

    #[test]
    fn broken_mirrors_are_refused_with_their_text() {
        fn refused(texts: &[&str]) -> String {
            Mirrors::parse(texts).unwrap_err().to_string()
        }
        insta::assert_snapshot!(refused(&["https://h.example"]), @"the mirror `https://h.example` does not have the form `FROM=TO`, two `http://` or `https://` prefixes");
        insta::assert_snapshot!(refused(&["h.example=https://m.example"]), @"the mirror `h.example=https://m.example` is refused: `h.example` is not an absolute `http://` or `https://` URL");
        insta::assert_snapshot!(refused(&["https://h.example=http://169.254.169.254/"]), @"the mirror `https://h.example=http://169.254.169.254/` is refused: `http://169.254.169.254/` names a cloud metadata service, which nothing may read");
        insta::assert_snapshot!(refused(&["https://h.example/?x=http://m.example/"]), @"the mirror `https://h.example/?x=http://m.example/` is refused: `https://h.example/?x` contains a query (`?`): a prefix ends with its path");
        insta::assert_snapshot!(refused(&["https://h.example=http://a.example", "https://h.example/=http://b.example"]), @"two mirrors map `https://h.example/`: to `http://a.example/` and to `http://b.example/`; keep one");
        assert!(
            Mirrors::parse(["https://h.example=http://a.example", "https://h.example/=http://a.example/"])
                .is_ok()
        );
    }
}
