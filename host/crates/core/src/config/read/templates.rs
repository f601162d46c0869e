//! `templates`: where macro files lie. Opens no folder.

use super::path;
use crate::config::codes;
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::TemplateSettings;
use crate::config::tree::Node;
use crate::config::value;
use crate::config::visible::Shown;

/// Reads the map.
pub(super) fn templates(node: &Node, findings: &mut Findings) -> TemplateSettings {
    let Some(mut fields) = Fields::open(node, "`templates`", findings) else {
        return TemplateSettings::default();
    };
    let place = crate::config::fields::Place { entry: true, ..fields.place("macros") };
    let mut macros: Vec<String> = Vec::new();
    for node in fields.list("macros", findings) {
        let Some(folder) = value::name(node, place, findings)
            .and_then(|text| path::relative(text, node.span, place, findings))
        else {
            continue;
        };
        if macros.contains(&folder) {
            let message = format!("the folder `{}` is named twice in {place}", Shown(&folder));
            findings
                .warning(codes::NO_EFFECT, node.span, message)
                .label("searched already")
                .hint("remove it");
        } else {
            macros.push(folder);
        }
    }
    fields.finish(Unknown::Warn, findings);
    TemplateSettings { macros }
}
