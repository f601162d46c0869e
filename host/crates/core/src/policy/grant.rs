//! What a component may read over HTTP: deny by default, one line per grant. Does not resolve names.

use std::fmt;

use url::{Host, Url};

use super::{
    address,
    error::{PolicyError, quote},
    prefix::Prefix,
};
use crate::port::Reach;

/// Who wrote a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The operator, in `bakery.yaml`: may name `localhost` and private addresses, and thereby opens them.
    Operator,
    /// Anyone else, for example the embedded products table: public addresses only, whatever it names.
    Other,
}

/// `scheme://host[:port]/path-prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlGrant {
    prefix: Prefix,
    reach: Reach,
}

impl UrlGrant {
    /// Reads one line of `allow:`.
    ///
    /// # Errors
    /// What [`super::parse_url`] refuses, a query, and cloud metadata services.
    pub fn parse(text: &str, author: Author) -> Result<Self, PolicyError> {
        let prefix =
            Prefix::parse(text).map_err(|problem| PolicyError::Grant { grant: quote(text), problem })?;
        let reach = match author {
            Author::Operator if address::is_literally_private(prefix.url()) => Reach::Private,
            Author::Operator | Author::Other => Reach::Public,
        };
        Ok(Self { prefix, reach })
    }

    /// Whether the URL lies inside this grant.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        self.prefix.rest(url).is_some()
    }

    /// Which addresses the grant opens.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

impl fmt::Display for UrlGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix.url().as_str())
    }
}

/// Everything one component may read. Empty means no network at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpGrants(Vec<UrlGrant>);

impl HttpGrants {
    /// No network at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the lines of `allow:`.
    ///
    /// # Errors
    /// The first line that [`UrlGrant::parse`] refuses.
    pub fn parse<I>(lines: I, author: Author) -> Result<Self, PolicyError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        lines
            .into_iter()
            .map(|line| UrlGrant::parse(line.as_ref(), author))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks a URL that [`super::parse_url`] or [`super::follow_location`] returned.
    ///
    /// # Errors
    /// The line that would allow it.
    pub fn check(&self, url: &Url) -> Result<Reach, Denial> {
        if address::is_metadata(url) {
            return Err(Denial {
                subject: url.to_string(),
                hint: "cloud metadata services cannot be granted: they hand out credentials".into(),
            });
        }
        let covering = self.0.iter().filter(|grant| grant.covers(url));
        covering
            .map(UrlGrant::reach)
            // Two grants may cover one URL; the operator's literal one decides.
            .reduce(|one, other| if one == Reach::Private { one } else { other })
            .ok_or_else(|| Denial { subject: url.to_string(), hint: missing_line(url) })
    }
}

/// A refused effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{subject}` is not granted")]
pub struct Denial {
    /// What was asked for.
    pub subject: String,
    /// The exact line to add, or why no line helps.
    pub hint: String,
}

fn missing_line(url: &Url) -> String {
    let mut line = url.clone();
    line.set_query(None);
    let ending = if matches!(line.host(), Some(Host::Domain(_))) { "" } else { " if that server is yours" };
    format!("add `- {line}` under `allow:` of this source in `sources:` of `bakery.yaml`{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse_url;

    fn check(allow: &[&str], author: Author, url: &str, expected: Option<Reach>) {
        let grants = HttpGrants::parse(allow, author).unwrap();
        assert_eq!(grants.check(&parse_url(url).unwrap()).ok(), expected, "{allow:?} {url}");
    }

    #[test]
    fn nothing_is_granted_by_default() {
        check(&[], Author::Operator, "https://cdn.example.com/", None);
    }

    #[test]
    fn a_grant_opens_its_prefix_and_nothing_else() {
        let allow = &["https://cdn.example.com/connect/", "https://other.example/list.json"];
        check(allow, Author::Other, "https://cdn.example.com/connect/latest.json", Some(Reach::Public));
        check(allow, Author::Other, "https://other.example/list.json?page=2", Some(Reach::Public));
        check(allow, Author::Other, "https://cdn.example.com/workbench/latest.json", None);
        check(allow, Author::Other, "https://cdn.example.com/connectors/x", None);
        check(allow, Author::Other, "http://cdn.example.com/connect/latest.json", None);
        check(allow, Author::Other, "https://cdn.example.com:8443/connect/latest.json", None);
        check(allow, Author::Other, "https://evil.example/connect/latest.json", None);
        check(allow, Author::Other, "https://xn--cdn-7na.example.com/connect/", None);
    }

    #[test]
    fn only_an_operator_who_names_a_private_host_opens_private_addresses() {
        for url in [
            "http://127.0.0.1:8080/",
            "http://localhost:8080/",
            "http://[::1]/",
            "http://10.1.2.3/",
            "http://0x7f.1/",
        ] {
            check(&[url], Author::Operator, url, Some(Reach::Private));
            check(&[url], Author::Other, url, Some(Reach::Public));
        }
        check(
            &["https://cdn.example.com/"],
            Author::Operator,
            "https://cdn.example.com/",
            Some(Reach::Public),
        );
        check(&["http://192.0.66.1/"], Author::Operator, "http://192.0.66.1/", Some(Reach::Public));
    }

    #[test]
    fn metadata_services_cannot_be_granted_and_are_refused_in_every_spelling() {
        for host in [
            "169.254.169.254",
            "0xa9fea9fe",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "168.63.129.16",
            "metadata.google.internal",
        ] {
            let url = format!("http://{host}/");
            assert!(UrlGrant::parse(&url, Author::Operator).is_err(), "{url}");
            let everything = HttpGrants(vec![UrlGrant {
                prefix: Prefix::parse("http://h.example/").unwrap(),
                reach: Reach::Private,
            }]);
            let denial = everything.check(&parse_url(&url).unwrap()).unwrap_err();
            assert!(denial.hint.contains("metadata"), "{denial:?}");
        }
    }

    #[test]
    fn a_denial_names_the_line_to_add() {
        let denial = HttpGrants::none()
            .check(&parse_url("https://cdn.example.com/a/latest.json?x=1").unwrap())
            .unwrap_err();
        insta::assert_snapshot!(denial, @"`https://cdn.example.com/a/latest.json?x=1` is not granted");
        insta::assert_snapshot!(denial.hint, @"add `- https://cdn.example.com/a/latest.json` under `allow:` of this source in `sources:` of `bakery.yaml`");
    }

    #[test]
    fn a_grant_that_is_no_prefix_is_refused() {
        fn refused(text: &str) -> String {
            UrlGrant::parse(text, Author::Operator).unwrap_err().to_string()
        }
        insta::assert_snapshot!(refused("https://h.example/a?b"), @"the grant `https://h.example/a?b` contains a query (`?`): a prefix ends with its path");
        insta::assert_snapshot!(refused("*.example.com"), @"the grant `*.example.com` is not an absolute `http://` or `https://` URL");
        insta::assert_snapshot!(refused("https://*.example.com/"), @"the grant `https://*.example.com/` has a host with characters other than letters, digits, `-`, `_` and `.`");
    }
}
