//! The parts of a reference as the host writes them. Believes what it is given: the host reads every reference again.

/// `registry/repository[:tag][@digest]` in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// `registry/repository`.
    pub repository: &'a str,
    /// The tag, where there is one.
    pub tag: Option<&'a str>,
    /// The digest, where there is one: it decides, whatever the tag says.
    pub digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Takes a reference apart.
    ///
    /// ```
    /// use bakery_sdk::reference::Reference;
    /// let parts = Reference::of("localhost:5000/a/b:1@sha256:00");
    /// assert_eq!((parts.repository, parts.tag, parts.digest), ("localhost:5000/a/b", Some("1"), Some("sha256:00")));
    /// ```
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let name_at = named.rfind('/').map_or(0, |at| at + 1);
        match named[name_at..].find(':') {
            Some(at) => {
                let (repository, tag) = named.split_at(name_at + at);
                Self { repository, tag: Some(&tag[1..]), digest }
            }
            None => Self { repository: named, tag: None, digest },
        }
    }
}

/// Content of a repository by its digest.
#[must_use]
pub fn by_digest(repository: &str, digest: &str) -> String {
    format!("{repository}@{digest}")
}

/// Content of a repository by a tag.
#[must_use]
pub fn by_tag(repository: &str, tag: &str) -> String {
    format!("{repository}:{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_comes_apart_whatever_it_looks_like() {
        for (text, repository, tag, digest) in [
            ("ghcr.io/a/b", "ghcr.io/a/b", None, None),
            ("ghcr.io/a/b:1.2", "ghcr.io/a/b", Some("1.2"), None),
            ("localhost:5000/a", "localhost:5000/a", None, None),
            ("localhost:5000/a:x", "localhost:5000/a", Some("x"), None),
            ("[::1]:5000/a@sha256:1", "[::1]:5000/a", None, Some("sha256:1")),
            ("", "", None, None),
            (":", "", Some(""), None),
            ("@", "", None, Some("")),
            ("é/:é@é", "é/", Some("é"), Some("é")),
        ] {
            assert_eq!(Reference::of(text), Reference { repository, tag, digest }, "{text}");
        }
    }
}
