//! URLs: of the repository and its documentation, of artifacts, and the prefixes that a source may read.

use url::{Host, Url};

use crate::config::codes;
use crate::config::fields::Place;
use crate::config::findings::Findings;
use crate::config::tree::Node;
use crate::config::value;
use crate::config::visible::Shown;

/// A web address; `https://` is put before one without scheme, and the rest is normalised.
pub(super) fn web(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<String> {
    let text = value::name(node, place, findings)?;
    let full = if has_web_scheme(&text) { text.clone() } else { format!("https://{text}") };
    // `ftp://x` with the scheme put before it would still parse, as a host called `ftp`.
    let foreign = !has_web_scheme(&text) && text.contains("://");
    match Url::parse(&full) {
        Ok(url) if !foreign && url.host_str().is_some_and(|host| !host.is_empty()) => Some(url.into()),
        _ => {
            findings
                .error(codes::BAD_URL, node.span, format!("{place} is not a web address: `{}`", Shown(&text)))
                .label("expected something like `github.com/owner/name`");
            None
        }
    }
}

/// The URL of an artifact as it is written: `$NAME` and `${NAME}` in it are replaced at build time.
pub(super) fn artifact(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<String> {
    let text = value::name(node, place, findings)?;
    if has_web_scheme(&text) && Url::parse(&without_variables(&text)).is_ok() {
        return Some(text);
    }
    findings
        .error(
            codes::BAD_URL,
            node.span,
            format!("{place} is not the URL of an artifact: `{}`", Shown(&text)),
        )
        .label("expected `https://…`, where `$NAME` and `${NAME}` may stand for build arguments");
    None
}

/// A prefix that a source may read: https, or http on this machine only; nothing but scheme, host, port and path.
pub(super) fn prefix(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<String> {
    let text = value::name(node, place, findings)?;
    let mut refuse = |why: &str, hint: &str| -> Option<String> {
        let message = format!("{place} cannot be `{}`: {why}", Shown(&text));
        findings
            .error(codes::BAD_URL, node.span, message)
            .label("expected `https://host[:port]/path-prefix`")
            .hint(hint);
        None
    };
    let Ok(url) = Url::parse(&text) else {
        return refuse(
            "it is not a URL",
            "write scheme, host and path, for example `https://cdn.example.com/product/`",
        );
    };
    let Some(host) = url.host() else { return refuse("it names no host", "write `https://` and a host") };
    let loopback = match &host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return refuse("http is read from this machine only", "write `https://`"),
        _ => return refuse("its scheme is not https", "write `https://`"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(
            "it holds a user name or password",
            "credentials do not belong into bakery.yaml; remove them",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("a prefix has no `?` or `#`", "end it with the path");
    }
    if text.contains('*') {
        return refuse("there are no wildcards", "list every host; a path covers everything below it");
    }
    Some(url.into())
}

fn has_web_scheme(text: &str) -> bool {
    let starts =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("https://") || starts("http://")
}

/// The URL with `x` for every variable: braces and dollars would not be checked otherwise.
fn without_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let name = &rest[at + 1..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match name.strip_prefix('{').and_then(|inner| inner.find('}')) {
            Some(end) if name[1..=end].chars().all(is_word) => end + 2,
            _ => name.find(|c| !is_word(c)).unwrap_or(name.len()),
        };
        out.push('x');
        rest = &name[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_in_a_url_are_replaced_before_it_is_checked() {
        for (text, want) in [
            ("https://h/a_${VERSION}_$TARGETARCH.deb", "https://h/a_x_x.deb"),
            ("https://h/${A}${B}", "https://h/xx"),
            ("https://h/$", "https://h/x"),
            ("https://h/${not closed", "https://h/x{not closed"),
            ("https://h/plain", "https://h/plain"),
        ] {
            assert_eq!(without_variables(text), want);
        }
    }
}
