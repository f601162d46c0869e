//! Single values out of a tree: text, names, truth values, numbers, lists, JSON. Wrong types are reported with what to
//! write instead. It does not know what any key means.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::codes;
use super::fields::{Place, described};
use super::findings::Findings;
use super::near_miss::near_miss;
use super::scalar::Kind;
use super::tree::{Node, Scalar, Value};
use super::visible::{Shown, is_unsafe};

/// Text. Numbers and truth values are refused: YAML would drop zeros (`24.10`) and nobody would see it.
/// Control characters, which only an escape in double quotes can bring in, are refused except line ends and tabs.
pub(super) fn text(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<String> {
    match &node.value {
        Value::Scalar(Scalar { text, kind: Kind::Text }) => {
            let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) else {
                return Some(text.clone());
            };
            let message = format!("{place} holds the control character U+{:04X}", u32::from(c));
            findings.error(codes::BAD_VALUE, node.span, message).label("expected printable characters only");
            None
        }
        Value::Scalar(Scalar { text, kind }) if *kind != Kind::Null => {
            findings
                .error(
                    codes::WRONG_TYPE,
                    node.span,
                    format!("{place} must be text, but this is {}", described(node)),
                )
                .label("expected text")
                .hint(format!("write it in quotes: '{}'", Shown(text)));
            None
        }
        _ => wrong(node, place, "text", "expected text", findings),
    }
}

/// Text that is not empty and has no control, bidi or zero-width characters.
pub(super) fn name(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<String> {
    let text = text(node, place, findings)?;
    if text.trim().is_empty() {
        findings.error(codes::BAD_VALUE, node.span, format!("{place} is empty")).label("expected text");
        return None;
    }
    if let Some(c) = text.chars().find(|c| is_unsafe(*c)) {
        let message = format!("{place} holds the character U+{:04X}, which cannot be seen", u32::from(c));
        findings.error(codes::BAD_VALUE, node.span, message).label("expected visible characters only");
        return None;
    }
    Some(text)
}

/// True or false. The spellings that the predecessor took for them are taken with a warning.
pub(super) fn boolean(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<bool> {
    let Value::Scalar(Scalar { text, kind }) = &node.value else {
        return wrong(node, place, "true or false", "expected `true` or `false`", findings);
    };
    if let Kind::Bool(value) = kind {
        return Some(*value);
    }
    let value = match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => true,
        "0" | "off" | "f" | "false" | "n" | "no" => false,
        _ => return wrong(node, place, "true or false", "expected `true` or `false`", findings),
    };
    findings
        .warning(codes::DEPRECATED, node.span, format!("{place} is taken as {value}"))
        .label("in YAML this is not a truth value")
        .hint(format!("write `{value}`"));
    Some(value)
}

/// A whole number from `least` on; digits in quotes count as well.
pub(super) fn whole(node: &Node, place: Place<'_>, least: u64, findings: &mut Findings) -> Option<u64> {
    let number = match &node.value {
        Value::Scalar(Scalar { kind: Kind::Int(number), .. }) => Some(*number),
        Value::Scalar(Scalar { text, kind: Kind::Text }) => text.parse().ok(),
        _ => None,
    };
    if let Some(number) =
        number.and_then(|number| u64::try_from(number).ok()).filter(|number| *number >= least)
    {
        return Some(number);
    }
    wrong(node, place, &format!("a whole number from {least} on"), "expected a whole number", findings)
}

/// Text, or a number that is taken as it is written.
pub(super) fn text_or_number(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<String> {
    match &node.value {
        Value::Scalar(Scalar { text, kind: Kind::Int(_) | Kind::Float(_) }) => {
            if text.contains('.') && text.ends_with('0') {
                findings
                    .warning(codes::DEPRECATED, node.span, format!("{place} is a number that ends with 0"))
                    .label("other tools drop the 0")
                    .hint(format!("write it in quotes: '{}'", Shown(text)));
            }
            Some(text.clone())
        }
        _ => self::text(node, place, findings),
    }
}

/// The entries of a list.
pub(super) fn list<'n>(node: &'n Node, place: Place<'_>, findings: &mut Findings) -> Option<&'n [Rc<Node>]> {
    match &node.value {
        Value::List(items) => Some(items),
        Value::Scalar(Scalar { kind: Kind::Null, .. }) => {
            findings
                .error(codes::WRONG_TYPE, node.span, format!("{place} must be a list, but it has no value"))
                .label("expected a list")
                .hint(format!("remove the key, or write `{}: []`", place.key));
            None
        }
        _ => wrong(node, place, "a list", "expected a list, each entry with `- `", findings),
    }
}

/// One of a few words.
pub(super) fn choice<T: Copy>(
    node: &Node,
    place: Place<'_>,
    words: &[(T, &str)],
    findings: &mut Findings,
) -> Option<T> {
    let text = text(node, place, findings)?;
    if let Some((value, _)) = words.iter().find(|(_, word)| *word == text) {
        return Some(*value);
    }
    let names: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
    let diagnostic =
        findings.error(codes::BAD_VALUE, node.span, format!("{place} cannot be `{}`", Shown(&text)));
    diagnostic.label(format!("expected one of {}", super::fields::listed(&names)));
    if let Some(meant) = near_miss(&text, names) {
        diagnostic.hint(format!("did you mean `{meant}`?"));
    }
    None
}

/// A map from text to text, both strict.
pub(super) fn text_map(node: &Node, place: Place<'_>, findings: &mut Findings) -> BTreeMap<String, String> {
    let Value::Map(entries) = &node.value else {
        let _: Option<()> = wrong(node, place, "a map", "expected `key: value` lines", findings);
        return BTreeMap::new();
    };
    let mut map = BTreeMap::new();
    for entry in entries {
        let good = text_key(entry, place, findings);
        let inner = Place { key: &entry.key, owner: "`values`", entry: false };
        if let Some(value) = text(&entry.value, inner, findings).filter(|_| good) {
            map.insert(entry.key.clone(), value);
        }
    }
    map
}

/// Whether a key is text; a number or truth value is reported.
pub(super) fn text_key(entry: &super::tree::Entry, place: Place<'_>, findings: &mut Findings) -> bool {
    if entry.key_kind == Kind::Text {
        return true;
    }
    findings
        .error(
            codes::WRONG_TYPE,
            entry.key_span,
            format!("a key of {place} must be text, but this is {}", entry.key_kind.describe()),
        )
        .label("expected text")
        .hint(format!("write it in quotes: '{}'", Shown(&entry.key)));
    false
}

/// Any value as JSON. Infinite numbers, which JSON lacks, are reported.
pub(super) fn json(node: &Node, findings: &mut Findings) -> serde_json::Value {
    match &node.value {
        Value::Scalar(Scalar { text, kind }) => match kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Int(value) => (*value).into(),
            Kind::Text => text.clone().into(),
            Kind::Float(value) => serde_json::Number::from_f64(*value).map_or_else(
                || {
                    let message = format!("`{}` is no number that JSON can hold", Shown(text));
                    findings.error(codes::BAD_VALUE, node.span, message).label("expected a finite number");
                    serde_json::Value::Null
                },
                serde_json::Value::Number,
            ),
        },
        Value::List(items) => items.iter().map(|item| json(item, findings)).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.value, findings)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Reports a value of the wrong type.
pub(super) fn wrong<T>(
    node: &Node,
    place: Place<'_>,
    expected: &str,
    label: &str,
    findings: &mut Findings,
) -> Option<T> {
    let message = format!("{place} must be {expected}, but this is {}", described(node));
    findings.error(codes::WRONG_TYPE, node.span, message).label(label);
    None
}
