//! People: `Name <mail>`, a mail address alone, or a map of both.

use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Person;
use crate::config::tree::{Node, Value};
use crate::config::value;
use crate::config::visible::Shown;

/// Reads one person.
pub(super) fn person(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<Person> {
    if matches!(node.value, Value::Map(_)) {
        let mut fields = Fields::open(node, "a person", findings)?;
        let name = fields.required_name("name", findings);
        let email = fields.required_name("email", findings);
        fields.finish(Unknown::Warn, findings);
        let email = checked(&email?, node.span_of("email"), findings);
        return Some(Person { name: name?, email: email? });
    }
    let text = value::name(node, place, findings)?;
    let (name, email) = match text.split_once('<') {
        Some((name, rest)) => {
            let Some(email) = rest.trim_end().strip_suffix('>') else {
                let message = format!("{place} opens `<` and does not close it");
                findings
                    .error(codes::BAD_MAIL, node.span, message)
                    .label("expected `Name <mail@example.com>`");
                return None;
            };
            (name.trim().trim_matches('"').to_owned(), email.trim())
        }
        None => (String::new(), text.trim()),
    };
    let email = checked(email, node.span, findings)?;
    // Without a name, the part before the `@` stands for it.
    let local = email.split('@').next().unwrap_or_default().to_owned();
    Some(Person { name: if name.is_empty() { local } else { name }, email })
}

/// The address with its domain in lower case.
fn checked(email: &str, span: crate::config::tree::Span, findings: &mut Findings) -> Option<String> {
    let email = email.trim();
    if let Some((local, domain)) = email.rsplit_once('@')
        && is_local(local)
        && is_domain(domain)
    {
        return Some(format!("{local}@{}", domain.to_lowercase()));
    }
    findings
        .error(codes::BAD_MAIL, span, format!("`{}` is not a mail address", Shown(email)))
        .label("expected something like `docker@example.com`");
    None
}

/// Dot-separated words of at most 64 bytes; quoted forms are not taken.
fn is_local(local: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= 64 && local.split('.').all(|word| !word.is_empty() && word.chars().all(good))
}

/// At least two labels of letters, digits and inner hyphens, at most 253 bytes.
fn is_domain(domain: &str) -> bool {
    let good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.len() <= 253 && domain.contains('.') && domain.split('.').all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_have_a_local_part_and_a_domain_with_a_dot() {
        for (email, good) in [
            ("docker@posit.co", true),
            ("a.b+c@x-y.example.org", true),
            ("jörg@müller.example", true),
            ("docker", false),
            ("docker@posit", false),
            ("docker@posit..co", false),
            (".a@posit.co", false),
            ("a b@posit.co", false),
            ("a@-x.co", false),
            ("a@b@posit.co", false),
            ("@posit.co", false),
            ("a@", false),
            ("a@x.co\n", false),
        ] {
            let taken =
                email.rsplit_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
            assert_eq!(taken, good, "{email:?}");
        }
    }
}
