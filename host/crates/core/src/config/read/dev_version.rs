//! `devVersions`: versions that are found when a command runs. What they are called now and what they were called
//! before are both read; nothing is resolved.

use std::rc::Rc;

use super::config::Surroundings;
use super::{dependency, os, registry};
use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{DependencyName, DevSource, DevVersion, PinPolicy, Registry};
use crate::config::near_miss::near_miss;
use crate::config::tree::Node;
use crate::config::value;
use crate::config::visible::Shown;
use crate::model::{Channel, SourceKey};

#[derive(Clone, Copy, PartialEq, Eq)]
enum SourceType {
    Channel,
    Dependency,
}

/// Reads the list; `parent` are the image's registries.
pub(super) fn list(
    nodes: &[Rc<Node>],
    surroundings: &Surroundings,
    parent: &[Registry],
    findings: &mut Findings,
) -> Vec<DevVersion> {
    nodes.iter().filter_map(|node| one(node, surroundings, parent, findings)).collect()
}

fn one(
    node: &Node,
    surroundings: &Surroundings,
    parent: &[Registry],
    findings: &mut Findings,
) -> Option<DevVersion> {
    let mut fields = Fields::open(node, "a development version", findings)?;
    let source = match source_type(&mut fields, findings)? {
        SourceType::Channel => of_channel(&mut fields, surroundings, findings),
        SourceType::Dependency => of_dependency(&mut fields, findings),
    };
    let words = [(PinPolicy::Equal, "equal"), (PinPolicy::Substitute, "substitute")];
    let place = fields.place("pinned");
    let pin_policy = fields.some("pinned").and_then(|node| value::choice(node, place, &words, findings));
    let os = os::list(&mut fields, findings);
    let place = fields.place("values");
    let values = fields.some("values").map(|node| value::text_map(node, place, findings)).unwrap_or_default();
    let registries = registry::effective(&mut fields, parent, findings);
    fields.finish(Unknown::Warn, findings);
    let line = findings.line_number(node.span);
    Some(DevVersion {
        source: source?,
        os,
        values,
        registries,
        pin_policy: pin_policy.unwrap_or_default(),
        line,
    })
}

fn source_type(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<SourceType> {
    let node = fields.required("sourceType", findings)?;
    match node.as_text() {
        Some("stream") => {
            findings
                .warning(codes::DEPRECATED, node.span, "`sourceType: stream` is now called `channel`")
                .label("the old name")
                .hint("write `sourceType: channel`");
            return Some(SourceType::Channel);
        }
        Some("env") => {
            findings
                .error(codes::REMOVED, node.span, "`sourceType: env` was removed: it broke every command where its variables were unset")
                .label("expected one of `channel`, `dependency`")
                .hint("use `sourceType: channel` with `product` and `channel`, and hand a version over with `--dev-spec` or BAKERY_DEV_SPEC");
            return None;
        }
        _ => {}
    }
    let words = [(SourceType::Channel, "channel"), (SourceType::Dependency, "dependency")];
    value::choice(node, fields.place("sourceType"), &words, findings)
}

fn of_channel(
    fields: &mut Fields<'_>,
    surroundings: &Surroundings,
    findings: &mut Findings,
) -> Option<DevSource> {
    let place = fields.place("product");
    let product = fields.required("product", findings).and_then(|node| {
        let product = value::name(node, place, findings)?;
        known_product(node, &product, surroundings, findings).then_some(product)
    });
    let channel = channel(fields, findings);
    if channel.is_none() && fields.lacks("channel") && fields.lacks("stream") {
        fields.required("channel", findings);
    }
    let release_branch = release_branch(fields, findings);
    Some(DevSource::Channel { key: SourceKey { product: product?, channel: channel? }, release_branch })
}

fn of_dependency(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<DevSource> {
    let name = dependency::name(fields, findings);
    let place = fields.place("prerelease");
    let prerelease_node = fields.some("prerelease");
    let prerelease =
        prerelease_node.and_then(|node| value::boolean(node, place, findings)).unwrap_or_default();
    if let (Some(node), Some(name), true) = (prerelease_node, name, prerelease)
        && !dependency::has_prereleases(name)
    {
        findings
            .warning(codes::NO_EFFECT, node.span, format!("`{}` has no prereleases", name.as_str()))
            .label("has no effect");
    }
    let span = fields.value_span("channel").or_else(|| fields.value_span("stream"));
    let channel = channel(fields, findings);
    if channel == Some(Channel::Release) {
        findings
            .error(
                codes::BAD_VALUE,
                span.unwrap_or_default(),
                "a development version of a dependency cannot have the channel `release`",
            )
            .label("expected `preview` or `daily`")
            .hint("remove it; released versions are listed below `versions:`");
        return None;
    }
    Some(DevSource::Dependency { name: name?, prerelease, channel })
}

/// `channel`, or `stream` as it was called before.
fn channel(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Channel> {
    let words = Channel::ALL.map(|channel| (channel, channel.as_str()));
    let (place, old_place) = (fields.place("channel"), fields.place("stream"));
    let new = fields.some("channel").map(|node| (node, value::choice(node, place, &words, findings)));
    let old = fields.get("stream").filter(|entry| !entry.value.is_null());
    let old = old.map(|entry| (entry, value::choice(&entry.value, old_place, &words, findings)));
    match (new, old) {
        (Some((new, channel)), Some((old, other))) => {
            if let (Some(channel), Some(other)) = (channel, other) {
                if channel == other {
                    findings
                        .warning(codes::DEPRECATED, old.key_span, "`stream` repeats `channel`")
                        .label("the old name")
                        .hint("remove this line");
                } else {
                    findings
                        .error(
                            codes::CONFLICT,
                            old.value.span,
                            format!("`stream` says `{other}`, but `channel` says `{channel}`"),
                        )
                        .label("differs from `channel`")
                        .related(new.span, "`channel` is here")
                        .hint("`stream` is the old name of `channel`; keep `channel` only");
                }
            }
            channel
        }
        (Some((_, channel)), None) => channel,
        (None, Some((old, channel))) => {
            let diagnostic =
                findings.warning(codes::DEPRECATED, old.key_span, "`stream` is now called `channel`");
            diagnostic.label("the old name");
            if let Some(channel) = channel {
                diagnostic.hint(format!("write `channel: {channel}`"));
            }
            channel
        }
        (None, None) => None,
    }
}

fn known_product(node: &Node, product: &str, surroundings: &Surroundings, findings: &mut Findings) -> bool {
    if surroundings.products.iter().any(|known| known == product) {
        return true;
    }
    let diagnostic = findings.error(
        codes::UNKNOWN_PRODUCT,
        node.span,
        format!("`{}` is not a product that has a source", Shown(product)),
    );
    diagnostic.label(format!("expected one of {}", crate::config::fields::listed(&surroundings.products)));
    if let Some(meant) = near_miss(product, surroundings.products.iter().map(String::as_str)) {
        diagnostic.hint(format!("did you mean `{meant}`?"));
    } else if let Some(name) =
        DependencyName::ALL.iter().find(|name| name.as_str().eq_ignore_ascii_case(product))
    {
        diagnostic.hint(format!(
            "it is a dependency: write `sourceType: dependency` and `dependency: {}`",
            name.as_str()
        ));
    } else {
        diagnostic.hint("a product of your own is added below `sources:`");
    }
    false
}

/// `release_branch`, in both spellings. It becomes part of a URL's path, so its alphabet is closed.
fn release_branch(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<String> {
    let (snake, camel) = (fields.get("release_branch"), fields.get("releaseBranch"));
    if let (Some(first), Some(second)) = (snake, camel) {
        findings
            .error(codes::CONFLICT, second.key_span, "`releaseBranch` and `release_branch` are the same key")
            .label("given again")
            .related(first.key_span, "it is given here first")
            .hint("remove one of the two");
    }
    let entry = snake.or(camel).filter(|entry| !entry.value.is_null())?;
    let text = value::name(&entry.value, fields.place("releaseBranch"), findings)?;
    let good = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if good {
        return Some(text);
    }
    findings
        .error(codes::BAD_VALUE, entry.value.span, format!("`{}` cannot be a release branch", Shown(&text)))
        .label("expected letters, digits, `.`, `_` and `-`, for example `apple-blossom`");
    None
}
