//! An origin and a path, compared by segments: `/a` holds `/a` and `/a/b`, never `/ab`. Knows nothing of grants.

use url::Url;

use super::{address, canonical::canonical, error::UrlProblem};

/// `scheme://host[:port]/path`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Prefix(Url);

impl Prefix {
    /// Reads a prefix that an operator wrote.
    pub(super) fn parse(text: &str) -> Result<Self, UrlProblem> {
        let url = canonical(text)?;
        if url.query().is_some() {
            return Err(UrlProblem::Query);
        }
        if address::is_metadata(&url) {
            return Err(UrlProblem::Metadata);
        }
        Ok(Self(url))
    }

    /// The prefix as a URL.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// What follows the prefix, empty or beginning with `/`; `None` where the URL is outside.
    pub(super) fn rest<'a>(&self, url: &'a Url) -> Option<&'a str> {
        let same_origin = self.0.scheme() == url.scheme()
            && self.0.host() == url.host()
            && self.0.port_or_known_default() == url.port_or_known_default();
        if !same_origin {
            return None;
        }
        let prefix = self.0.path();
        let rest = url.path().strip_prefix(prefix.strip_suffix('/').unwrap_or(prefix))?;
        let inside = rest.starts_with('/') || (rest.is_empty() && !prefix.ends_with('/'));
        inside.then_some(rest)
    }

    /// The URL below this prefix; `like` gives the query.
    pub(super) fn join(&self, rest: &str, like: &Url) -> Url {
        let mut url = self.0.clone();
        if !rest.is_empty() {
            let path = url.path();
            let path = format!("{}{rest}", path.strip_suffix('/').unwrap_or(path));
            url.set_path(&path);
        }
        url.set_query(like.query());
        url
    }

    /// How specific this prefix is: a longer path wins.
    pub(super) fn depth(&self) -> usize {
        self.0.path().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prefix: &str, url: &str, rest: Option<&str>) {
        assert_eq!(Prefix::parse(prefix).unwrap().rest(&canonical(url).unwrap()), rest, "{prefix} {url}");
    }

    #[test]
    fn a_path_is_compared_by_segments() {
        check("https://h.example/a", "https://h.example/a", Some(""));
        check("https://h.example/a", "https://h.example/a/", Some("/"));
        check("https://h.example/a", "https://h.example/a/b", Some("/b"));
        check("https://h.example/a", "https://h.example/ab", None);
        check("https://h.example/a", "https://h.example/A", None);
        check("https://h.example/a/", "https://h.example/a/b", Some("/b"));
        check("https://h.example/a/", "https://h.example/a/", Some("/"));
        check("https://h.example/a/", "https://h.example/a", None);
        check("https://h.example", "https://h.example/", Some("/"));
        check("https://h.example/", "https://h.example/a?q", Some("/a"));
        check("https://h.example/a.json", "https://h.example/a.json?q=1", Some(""));
    }

    #[test]
    fn an_origin_is_compared_whole() {
        check("https://h.example/", "http://h.example/", None);
        check("https://h.example/", "https://h.example:444/", None);
        check("https://h.example:443/", "https://h.example/", Some("/"));
        check("https://h.example/", "https://x.h.example/", None);
        check("https://h.example/", "https://h.example.evil.example/", None);
    }
}
