//! `sources`: products that this project adds, or for which it replaces the embedded source. No component is opened.

use std::collections::HashMap;
use std::rc::Rc;

use super::{address, path};
use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::SourceEntry;
use crate::config::near_miss::near_miss;
use crate::config::tree::{Node, Span, Value};
use crate::config::value;
use crate::config::visible::Shown;
use crate::model::{Channel, ComponentRef, Digest, SourceKey};

/// The components inside the program that a source may use.
const BUILTIN: [&str; 2] = ["source-manifest", "source-template"];

/// Reads the list: one entry for each product and channel.
pub(super) fn sources(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<SourceEntry> {
    let mut seen: HashMap<SourceKey, Span> = HashMap::new();
    let mut read = Vec::new();
    for node in nodes {
        let Some(entry) = one(node, findings) else { continue };
        if let Some(first) = seen.get(&entry.key) {
            findings
                .error(codes::DUPLICATE_NAME, node.span, format!("there are two sources for {}", entry.key))
                .label("named again")
                .related(*first, "it is named here first");
            continue;
        }
        seen.insert(entry.key.clone(), node.span);
        read.push(entry);
    }
    read
}

fn one(node: &Node, findings: &mut Findings) -> Option<SourceEntry> {
    let mut fields = Fields::open(node, "a source", findings)?;
    let product = fields.required_name("product", findings).filter(|product| {
        let good = product.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && product.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !good {
            let message = format!("`product` of a source cannot be `{}`", Shown(product));
            findings
                .error(codes::BAD_VALUE, node.span_of("product"), message)
                .label("expected lower-case letters, digits and `-`, starting with a letter or digit");
        }
        good
    });
    let words = Channel::ALL.map(|channel| (channel, channel.as_str()));
    let place = fields.place("channel");
    let channel =
        fields.required("channel", findings).and_then(|node| value::choice(node, place, &words, findings));
    let component = fields.required("component", findings).and_then(|node| component(node, findings));
    let place = Place { entry: true, ..fields.place("allow") };
    let allow = fields.list("allow", findings);
    let allow = allow.iter().filter_map(|node| address::prefix(node, place, findings)).collect();
    let offline_when_pinned = fields.flag("offlineWhenPinned", findings);
    let place = fields.place("config");
    let config = match fields.some("config") {
        Some(node) if !matches!(node.value, Value::Map(_)) => {
            value::wrong(node, place, "a map", "expected `key: value` lines", findings)
        }
        Some(node) => Some(value::json(node, findings)),
        None => Some(serde_json::Value::Object(serde_json::Map::new())),
    };
    fields.finish(Unknown::Warn, findings);
    let key = SourceKey { product: product?, channel: channel? };
    Some(SourceEntry { key, component: component?, config: config?, allow, offline_when_pinned })
}

fn component(node: &Node, findings: &mut Findings) -> Option<ComponentRef> {
    if let Some(name) = node.as_text() {
        if BUILTIN.contains(&name) {
            return Some(ComponentRef::Builtin(name.to_owned()));
        }
        let message = format!("`{}` is not a component of bakery", Shown(name));
        let diagnostic = findings.error(codes::BAD_VALUE, node.span, message);
        diagnostic.label("expected `source-manifest`, `source-template` or a map with `path`");
        if name.ends_with(".wasm") {
            diagnostic
                .hint(format!("for a component of your own write `component: {{path: {}}}`", Shown(name)));
        } else if let Some(meant) = near_miss(name, BUILTIN) {
            diagnostic.hint(format!("did you mean `{meant}`?"));
        }
        return None;
    }
    let mut fields = Fields::open(node, "`component` of a source", findings)?;
    let place = fields.place("path");
    let path = fields.required_name("path", findings).and_then(|text| {
        let span = node.span_of("path");
        let path = path::relative(text, span, place, findings)?;
        if path.ends_with(".wasm") {
            return Some(path);
        }
        let message = format!("{place} does not end with `.wasm`: `{}`", Shown(&path));
        findings.error(codes::BAD_PATH, span, message).label("expected a WebAssembly component, `….wasm`");
        None
    });
    let digest = fields.name("digest", findings);
    let has_digest = digest.is_some();
    let digest = digest.and_then(|text| match text.parse::<Digest>() {
        Ok(digest) => Some(digest),
        Err(error) => {
            findings
                .error(codes::BAD_VALUE, node.span_of("digest"), error.to_string())
                .label("expected `sha256:…`")
                .hint("`sha256sum` prints the digits");
            None
        }
    });
    fields.finish(Unknown::Reject, findings);
    if has_digest && digest.is_none() {
        return None;
    }
    Some(ComponentRef::File { path: path?, digest })
}
