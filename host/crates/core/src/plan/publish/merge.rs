//! The merge rule: of all builds of a target the newest one for each platform is its source. Everything that an entry
//! must have is checked here; whether the target wants its platform is not.

use jiff::Timestamp;

use super::{Lack, PublishError, error::shown, scope::Found};
use crate::model::{Digest, ParseReferenceError, Reference};

/// A build that can become a source.
#[derive(Clone, Debug)]
pub(super) struct Source<'m> {
    pub(super) found: Found<'m>,
    pub(super) platform: &'m str,
    pub(super) created: Timestamp,
    pub(super) digest: Digest,
    pub(super) reference: Reference,
    /// As the predecessor writes it: the first name as it is, and the digest.
    pub(super) text: String,
}

/// What the rule makes of the builds of one target.
#[derive(Debug, Default)]
pub(super) struct Merged<'m> {
    /// One per platform; newest first, then by file and platform.
    pub(super) sources: Vec<Source<'m>>,
    pub(super) warnings: Vec<String>,
    pub(super) errors: Vec<PublishError>,
}

/// Applies the rule to the entries of one target.
pub(super) fn merge<'m>(uid: &str, entries: &[Found<'m>]) -> Merged<'m> {
    let mut merged = Merged::default();
    let mut sources: Vec<Source<'m>> = Vec::new();
    for found in entries {
        match source(uid, *found, &mut merged.warnings) {
            Ok(source) => sources.push(source),
            Err(errors) => merged.errors.extend(errors),
        }
    }
    sources.sort_by(|a, b| {
        let place = |s: &Source<'m>| (s.found.file, s.platform, s.digest.clone());
        b.created.cmp(&a.created).then_with(|| place(a).cmp(&place(b)))
    });
    for source in &sources {
        match merged.sources.iter().find(|winner| winner.platform == source.platform) {
            None => merged.sources.push(source.clone()),
            // The same build, told twice.
            Some(winner) if winner.digest == source.digest => {}
            Some(winner) if winner.created == source.created => {}
            Some(winner) => merged.warnings.push(format!(
                "`{}`: the build of `{}` for {} is not used, because the one of `{}` is newer",
                shown(source.found.file),
                shown(uid),
                shown(source.platform),
                shown(winner.found.file),
            )),
        }
    }
    merged.errors.extend(disagreements(uid, &sources));
    merged
}

/// Two builds of one platform and moment that are different images: nobody can say which is meant.
fn disagreements(uid: &str, sources: &[Source<'_>]) -> Vec<PublishError> {
    let mut errors = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let same = |other: &&Source<'_>| {
            (other.platform, other.created) == (source.platform, source.created)
                && other.digest != source.digest
        };
        if let Some(other) = sources[at + 1..].iter().find(same) {
            errors.push(PublishError::Disagreement {
                uid: uid.to_owned(),
                platform: source.platform.to_owned(),
                created: source.created.to_string(),
                files: Box::new((source.found.file.to_owned(), other.found.file.to_owned())),
                digests: Box::new((source.digest.clone(), other.digest.clone())),
            });
        }
    }
    errors
}

fn source<'m>(
    uid: &str,
    found: Found<'m>,
    warnings: &mut Vec<String>,
) -> Result<Source<'m>, Vec<PublishError>> {
    let (file, entry) = (|| found.file.to_owned(), found.entry);
    if entry.is_index() {
        return Err(vec![PublishError::SeveralPlatforms { file: file(), uid: uid.to_owned() }]);
    }
    let mut errors = Vec::new();
    let mut lacks = |lack| errors.push(PublishError::Incomplete { file: file(), uid: uid.to_owned(), lack });
    if entry.names.is_empty() {
        lacks(Lack::Name);
    }
    if entry.digest.is_none() {
        lacks(Lack::Digest);
    }
    if entry.platform.is_none() {
        lacks(Lack::Platform);
    }
    if entry.created.is_none() {
        lacks(Lack::Created);
    }
    let (Some(name), Some(digest), Some(platform), Some(created)) =
        (entry.names.first(), &entry.digest, &entry.platform, entry.created)
    else {
        return Err(errors);
    };
    let bad = |source: ParseReferenceError| {
        vec![PublishError::BadName { file: file(), uid: uid.to_owned(), source }]
    };
    let named: Reference = name.parse().map_err(bad)?;
    if let Some(named) = named.digest().filter(|named| *named != digest) {
        let (named, digest) = (named.clone(), digest.clone());
        return Err(vec![PublishError::OtherDigest { file: file(), uid: uid.to_owned(), named, digest }]);
    }
    let text = if named.digest().is_some() { name.clone() } else { format!("{name}@{digest}") };
    let reference = text.parse().map_err(bad)?;
    if entry.platform_is_builders {
        warnings.push(format!(
            "`{}`: `{}` has no platform of its own, so it is taken for {}, where it was built",
            shown(found.file),
            shown(uid),
            shown(platform)
        ));
    }
    Ok(Source { found, platform, created, digest: digest.clone(), reference, text })
}
