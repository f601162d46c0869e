//! `repository`: where the images come from and who maintains them, for labels.

use std::collections::HashSet;

use super::{address, person};
use crate::config::fields::{Fields, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{Person, Repository};
use crate::config::tree::Node;

const VENDOR: &str = "Posit Software, PBC";

/// Reads `repository`.
pub(super) fn repository(node: &Node, findings: &mut Findings) -> Option<Repository> {
    let mut fields = Fields::open(node, "`repository`", findings)?;
    let place = fields.place("url");
    let url = fields.required("url", findings).and_then(|node| address::web(node, place, findings));
    let vendor = fields.text("vendor", findings).unwrap_or_else(|| VENDOR.to_owned());
    let place = fields.place("maintainer");
    let maintainer = match fields.some("maintainer") {
        Some(node) => person::person(node, place, findings),
        None => Some(Person { name: "Posit Docker Team".to_owned(), email: "docker@posit.co".to_owned() }),
    };
    let place = fields.place("authors");
    let nodes = fields.list("authors", findings);
    let mut authors: Vec<Person> = nodes
        .iter()
        .filter_map(|node| {
            person::person(node, crate::config::fields::Place { entry: true, ..place }, findings)
        })
        .collect();
    let mut seen = HashSet::new();
    authors.retain(|author| seen.insert(author.clone()));
    authors.sort_by_key(|author| author.to_string().to_lowercase());
    fields.finish(Unknown::Warn, findings);
    Some(Repository { url: url?, vendor, maintainer: maintainer?, authors })
}
