//! `os` lists: which operating systems and platforms an image is built for, and which of them is primary.

use std::collections::HashMap;
use std::rc::Rc;

use super::address;
use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Os;
use crate::config::naming;
use crate::config::tree::{Node, Span};
use crate::config::value;
use crate::config::visible::Shown;
use crate::model::Platform;

/// Reads `os` of `fields`: unique, sorted by name, a lone one primary.
pub(super) fn list(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<Os> {
    let nodes = fields.list("os", findings);
    let owner = fields.owner();
    let mut seen: HashMap<(String, String, String), Span> = HashMap::new();
    let mut found: Vec<(Os, &Rc<Node>)> = Vec::new();
    for node in nodes {
        let Some(os) = one(node, findings) else { continue };
        let identity = (os.name.clone(), os.extension.clone(), os.tag_display_name.clone());
        if let Some(first) = seen.get(&identity) {
            findings
                .warning(
                    codes::DUPLICATE_NAME,
                    node.span_of("name"),
                    format!("`{}` is listed twice", Shown(&os.name)),
                )
                .label("only the first entry counts")
                .related(*first, "it is listed here first");
            continue;
        }
        seen.insert(identity, node.span_of("name"));
        found.push((os, node));
    }
    if nodes.is_empty() {
        findings
            .warning(codes::EMPTY, fields.span(), format!("{owner} has no `os`"))
            .label("built without a known operating system")
            .hint("add a list, for example `os: [{name: Ubuntu 24.04}]`");
    }
    check_primary(&found, owner, findings);
    let mut list: Vec<Os> = found.into_iter().map(|(os, _)| os).collect();
    list.sort_by(|a, b| a.name.cmp(&b.name));
    if let [only] = &mut list[..] {
        only.primary = true;
    }
    list
}

fn check_primary(found: &[(Os, &Rc<Node>)], owner: &str, findings: &mut Findings) {
    let mut primary = found.iter().filter(|(os, _)| os.primary).map(|(_, node)| node.span_of("primary"));
    match (primary.next(), primary.next()) {
        (Some(first), Some(second)) => {
            findings
                .error(codes::PRIMARY, second, format!("{owner} has two primary operating systems"))
                .label("primary again")
                .related(first, "this one is primary already")
                .hint("the primary one gets the short tags; keep one `primary: true`");
        }
        (None, _) if found.len() > 1 => {
            if let Some((_, node)) = found.first() {
                let message = format!("none of the operating systems of {owner} is primary");
                findings
                    .warning(codes::PRIMARY, node.span, message)
                    .label("no tag will leave out the operating system")
                    .hint("add `primary: true` to one of them");
            }
        }
        _ => {}
    }
}

fn one(node: &Node, findings: &mut Findings) -> Option<Os> {
    let mut fields = Fields::open(node, "an operating system", findings)?;
    let name = fields.required_name("name", findings);
    let primary = fields.flag("primary", findings);
    let platforms = platforms(&mut fields, findings);
    let named = name.as_deref().unwrap_or("os");
    let (extension, tag_display_name) = endings(&mut fields, named, findings);
    let place = fields.place("artifactDownloadURL");
    let url = fields.some("artifactDownloadURL").and_then(|node| address::artifact(node, place, findings));
    fields.finish(Unknown::Warn, findings);
    Some(Os {
        name: name?,
        primary,
        platforms,
        extension: extension?,
        tag_display_name,
        artifact_download_url: url,
    })
}

fn platforms(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<Platform> {
    let place = fields.place("platforms");
    let Some(entry) = fields.get("platforms") else { return vec![Platform::LinuxAmd64] };
    let Some(nodes) = value::list(&entry.value, place, findings) else { return Vec::new() };
    if nodes.is_empty() {
        findings
            .error(codes::BAD_VALUE, entry.value.span, format!("{place} is an empty list"))
            .label("expected at least one platform")
            .hint("remove the key for `linux/amd64` alone");
    }
    let words = Platform::ALL.map(|platform| (platform, platform.as_str()));
    let mut platforms = Vec::new();
    for node in nodes {
        let platform = value::choice(node, Place { entry: true, ..place }, &words, findings);
        platforms.extend(platform.filter(|platform| !platforms.contains(platform)));
    }
    platforms
}

/// `extension` and `tagDisplayName` of an operating system or variant called `name`.
pub(super) fn endings(
    fields: &mut Fields<'_>,
    name: &str,
    findings: &mut Findings,
) -> (Option<String>, String) {
    let extension = match fields.some("extension") {
        Some(node) => {
            let place = fields.place("extension");
            value::name(node, place, findings).filter(|text| {
                let good = text.chars().all(naming::is_extension_char);
                if !good {
                    let message = format!("{place} cannot be `{}`", Shown(text));
                    findings
                        .error(codes::BAD_VALUE, node.span, message)
                        .label("expected letters, digits, `_` and `-` only");
                }
                good
            })
        }
        None => {
            let derived = naming::extension(name);
            if derived.is_empty() {
                let message =
                    format!("{} needs an `extension`: its name `{}` gives none", fields.owner(), Shown(name));
                findings
                    .error(codes::MISSING_KEY, fields.span(), message)
                    .label("expected `extension:` among these keys");
            }
            Some(derived).filter(|text| !text.is_empty())
        }
    };
    let place = fields.place("tagDisplayName");
    let display = match fields.some("tagDisplayName") {
        Some(node) => value::name(node, place, findings).inspect(|text| {
            if !text.chars().all(naming::is_tag_char) {
                findings
                    .warning(
                        codes::BAD_VALUE,
                        node.span,
                        format!("{place} holds characters that a tag cannot have"),
                    )
                    .label("`-` will stand for them")
                    .hint("write letters, digits, `.`, `_` and `-` only");
            }
        }),
        None => None,
    };
    (extension, display.unwrap_or_else(|| naming::tag_display_name(name)))
}
