//! What an index says about itself. Everything comes from the configuration and the metadata, so that the same metadata
//! give the same index on every run; no clock is read.

use super::{error::shown, known::Known, merge::Source};

/// The annotations of a target, in the order of its labels.
///
/// `created` is that of the newest source, in UTC. The revision is the newest source's label, or else `revision`.
/// What only the build knows (`co.posit.image.tools.*` of a development version) comes from its labels.
pub(super) fn annotations(
    known: &Known,
    sources: &[Source<'_>],
    revision: Option<&str>,
    warnings: &mut Vec<String>,
) -> Vec<(String, String)> {
    let target = &known.target;
    let created = sources.first().map(|source| source.created.to_string()).unwrap_or_default();
    let revisions = || sources.iter().filter_map(|source| source.found.entry.label("revision"));
    let built_of = revisions().next();
    if let Some(other) = revisions().find(|other| Some(*other) != built_of) {
        warnings.push(format!(
            "the builds of {} are of two commits, `{}` and `{}`: it is said to be of the first",
            shown(&target.to_string()),
            shown(built_of.unwrap_or_default()),
            shown(other)
        ));
    }
    let labels = target.labels(&created, built_of.or(revision));
    let mut annotations: Vec<(String, String)> =
        labels.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
    // A minimal image has none of the tools.
    if target.identity.variant.as_deref() == Some("Minimal") {
        return annotations;
    }
    for tool in &known.tools {
        let key = format!("co.posit.image.tools.{}", tool.as_str());
        match sources.iter().find_map(|source| source.found.entry.labels.get(&key)) {
            Some(versions) => annotations.push((key, versions.clone())),
            None => warnings.push(format!(
                "the index of {} has no annotation `{key}`, because no metadata say it",
                shown(&target.to_string())
            )),
        }
    }
    annotations
}
