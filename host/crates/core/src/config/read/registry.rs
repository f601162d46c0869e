//! Registries: the global list, and what images, versions and development versions add or put in its place.

use std::collections::HashMap;
use std::rc::Rc;

use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::Registry;
use crate::config::tree::{Node, Span};
use crate::config::value;
use crate::config::visible::Shown;

/// Reads the top level's `registries`: no `repository`, unique, sorted by base URL.
pub(super) fn global(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<Registry> {
    list(nodes, "a global registry", false, findings)
}

/// Reads `extraRegistries` and `overrideRegistries`; answers the effective list: the override alone, or the extras
/// and then the parent's list.
pub(super) fn effective(
    fields: &mut Fields<'_>,
    parent: &[Registry],
    findings: &mut Findings,
) -> Vec<Registry> {
    let extra = fields.list("extraRegistries", findings);
    let instead = fields.list("overrideRegistries", findings);
    if let (Some(first), Some(second)) = (extra.first(), instead.first()) {
        let message = format!("{} has both `extraRegistries` and `overrideRegistries`", fields.owner());
        let (early, late) = if first.span < second.span { (first, second) } else { (second, first) };
        findings
            .error(codes::CONFLICT, late.span, message)
            .label("one of the two only")
            .related(early.span, "the other one is here")
            .hint("`extraRegistries` adds to the global list, `overrideRegistries` replaces it; keep what is meant");
    }
    let extra = list(extra, "a registry", true, findings);
    let instead = list(instead, "a registry", true, findings);
    if !instead.is_empty() {
        return instead;
    }
    let inherited: Vec<Registry> =
        parent.iter().filter(|registry| !extra.contains(registry)).cloned().collect();
    extra.into_iter().chain(inherited).collect()
}

fn list(nodes: &[Rc<Node>], owner: &'static str, repository: bool, findings: &mut Findings) -> Vec<Registry> {
    let mut seen: HashMap<Registry, Span> = HashMap::new();
    let mut registries = Vec::new();
    for node in nodes {
        let Some(registry) = one(node, owner, repository, findings) else { continue };
        if let Some(first) = seen.get(&registry) {
            findings
                .warning(
                    codes::DUPLICATE_NAME,
                    node.span,
                    format!("the registry `{}` is listed twice", Shown(&registry.base_url())),
                )
                .label("has no effect")
                .related(*first, "it is listed here first");
            continue;
        }
        seen.insert(registry.clone(), node.span);
        registries.push(registry);
    }
    registries.sort_by_key(Registry::base_url);
    registries
}

fn one(node: &Node, owner: &'static str, repository: bool, findings: &mut Findings) -> Option<Registry> {
    let mut fields = Fields::open(node, owner, findings)?;
    let host_place = fields.place("host");
    let host = fields.required_name("host", findings).and_then(|host| {
        let span = node.span_of("host");
        let hint = if host.contains("://") {
            "write the host without scheme, for example `ghcr.io`"
        } else if host.contains('/') {
            "write what follows the `/` as `namespace`"
        } else if host.contains(char::is_whitespace) {
            "write the host alone, for example `ghcr.io`"
        } else {
            return Some(host);
        };
        let message = format!("{host_place} cannot be `{}`", Shown(&host));
        findings.error(codes::BAD_VALUE, span, message).label("expected a host, or `host:port`").hint(hint);
        None
    });
    let namespace = fields.name("namespace", findings);
    let mut own_repository = None;
    if repository {
        own_repository = fields.name("repository", findings);
    } else if let Some(found) = node.get("repository") {
        fields.ignore(&["repository".to_owned()]);
        findings
            .error(
                codes::UNKNOWN_KEY,
                found.span,
                "a global registry has no `repository`: it would serve all images",
            )
            .label("not allowed here")
            .hint("move it to `extraRegistries` or `overrideRegistries` of the image");
        value::name(found, fields.place("repository"), findings);
    }
    fields.finish(Unknown::Reject, findings);
    Some(Registry { host: host?, namespace, repository: own_repository })
}
