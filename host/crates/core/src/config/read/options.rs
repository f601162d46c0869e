//! `options` of tools. The fields that were written are kept as JSON, since a variant's fields are put over an image's
//! one by one; the types of those that are known are checked.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::ToolOptions;
use crate::config::tree::{Node, Value};
use crate::config::value;
use crate::config::visible::Shown;

/// What a field of a tool must be. All but truth values may also be null.
#[derive(Clone, Copy)]
enum Shape {
    Bool,
    Whole,
    Text,
    Texts,
    NullableTexts,
}

const TOOLS: [(&str, &str); 4] =
    [("goss", "goss"), ("hadolint", "hadolint"), ("soci", "soci"), ("wizcli", "wizcli")];
const GOSS: [(&str, Shape); 3] =
    [("command", Shape::Text), ("wait", Shape::Whole), ("runtimeOptions", Shape::Text)];
const SOCI: [(&str, Shape); 6] = [
    ("enabled", Shape::Bool),
    ("span_size", Shape::Whole),
    ("min_layer_size", Shape::Whole),
    ("prefetch_files", Shape::Texts),
    ("optimizations", Shape::Texts),
    ("platforms", Shape::NullableTexts),
];

/// Reads the list.
pub(super) fn list(nodes: &[Rc<Node>], findings: &mut Findings) -> Vec<ToolOptions> {
    let mut read: Vec<ToolOptions> = Vec::new();
    for node in nodes {
        let Some(options) = one(node, findings) else { continue };
        if read.iter().any(|earlier| earlier.tool == options.tool) {
            let message = format!("`{}` has options already", Shown(&options.tool));
            findings
                .warning(codes::NO_EFFECT, node.span_of("tool"), message)
                .label("only the first entry counts");
            continue;
        }
        read.push(options);
    }
    read
}

fn one(node: &Node, findings: &mut Findings) -> Option<ToolOptions> {
    let mut fields = Fields::open(node, "an `options` entry", findings)?;
    let tool_node = fields.required("tool", findings)?;
    let tool = value::choice(tool_node, fields.place("tool"), &TOOLS, findings)?;
    let mut written = Map::new();
    let shapes: &[(&'static str, Shape)] = match tool {
        "goss" => &GOSS,
        "soci" => &SOCI,
        // The fields of these two belong to their own runners, which check them.
        _ => {
            let Value::Map(entries) = &node.value else { return None };
            for entry in entries.iter().filter(|entry| entry.key != "tool") {
                written.insert(entry.key.clone(), value::json(&entry.value, findings));
            }
            return Some(ToolOptions { tool: tool.to_owned(), fields: written });
        }
    };
    for (key, shape) in shapes {
        let place = fields.place(key);
        if let Some(entry) = fields.get(key) {
            written
                .extend(field(&entry.value, place, *shape, findings).map(|json| ((*key).to_owned(), json)));
        }
    }
    // A field of soci that is not read would change what is published, and nobody would see it.
    let unknown = if tool == "soci" { Unknown::Reject } else { Unknown::Warn };
    fields.finish(unknown, findings);
    Some(ToolOptions { tool: tool.to_owned(), fields: written })
}

fn field(node: &Node, place: Place<'_>, shape: Shape, findings: &mut Findings) -> Option<Json> {
    match shape {
        Shape::Bool => value::boolean(node, place, findings).map(Json::Bool),
        Shape::Texts => texts(node, place, findings),
        _ if node.is_null() => Some(Json::Null),
        Shape::Whole => value::whole(node, place, 0, findings).map(Json::from),
        Shape::Text => value::text(node, place, findings).map(Json::String),
        Shape::NullableTexts => texts(node, place, findings),
    }
}

fn texts(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<Json> {
    let items = value::list(node, place, findings)?;
    let item = Place { entry: true, ..place };
    items
        .iter()
        .map(|node| value::name(node, item, findings).map(Json::String))
        .collect::<Option<Vec<_>>>()
        .map(Json::Array)
}
