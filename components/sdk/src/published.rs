//! An index that was published against the sources of its target: the same platforms, and for each the same digest.
//! Asks nobody.

use serde_json::Value;

use crate::{
    failure::{failure, invalid},
    host::types::{Failure, FailureKind},
    index::platform_name,
    reference::{Reference, by_digest, by_tag},
    step::{Source, Task},
    task,
};

/// A platform and a digest. Sorted lists of them are compared.
pub type Entry = (String, String);

/// What the index must have.
///
/// # Errors
/// `invalid-input`: no sources, or one without a digest.
pub fn wanted(asked: &Task) -> Result<Vec<Entry>, Failure> {
    let entry = |source: &Source| match Reference::of(&source.reference).digest {
        Some(digest) => Ok((platform_name(&source.platform), digest.to_owned())),
        None => Err(invalid(&source.reference, format!("source `{}` has no digest", source.reference))),
    };
    let mut wanted = task::sources(asked)?.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    wanted.sort();
    Ok(wanted)
}

/// What has to lead to the index: every tag, and the digest itself where a repository gets no tags.
#[must_use]
pub fn places(asked: &Task, digest: &str) -> Vec<String> {
    let mut places = Vec::new();
    for destination in &asked.destinations {
        let repository = &destination.repository;
        if destination.tags.is_empty() {
            places.push(by_digest(repository, digest));
        }
        places.extend(destination.tags.iter().map(|tag| by_tag(repository, tag)));
    }
    places
}

/// Compares.
///
/// # Errors
/// `conflict` that names every difference.
pub fn compare(digest: &str, bytes: &[u8], wanted: &[Entry]) -> Result<(), Failure> {
    let found = entries(bytes).ok_or_else(|| no_index(digest))?;
    differ(digest, &found, wanted)
}

/// Compares an index whose platforms come from the images' own configuration, which may be more exact than the task:
/// a variant that the task does not name is no difference.
///
/// # Errors
/// `conflict` that names every difference.
pub fn compare_configured(digest: &str, bytes: &[u8], wanted: &[Entry]) -> Result<(), Failure> {
    let mut found = entries(bytes).ok_or_else(|| no_index(digest))?;
    for (platform, _) in &mut found {
        let exact = wanted.iter().any(|(name, _)| name == platform);
        let general = platform.rsplit_once('/').map(|(general, _)| general.to_owned());
        if let Some(general) = general.filter(|one| !exact && wanted.iter().any(|(name, _)| name == one)) {
            *platform = general;
        }
    }
    differ(digest, &found, wanted)
}

fn no_index(digest: &str) -> Failure {
    let message = format!("`{digest}` is not an index whose manifests have a platform and a digest");
    failure(FailureKind::Conflict, digest, message)
}

fn differ(digest: &str, found: &[Entry], wanted: &[Entry]) -> Result<(), Failure> {
    let mut differences = Vec::new();
    for (platform, want) in wanted {
        let got: Vec<&str> = of(found, platform);
        if got != [want] {
            differences.push(format!("for `{platform}` wanted `{want}`, got {}", list(&got)));
        }
    }
    for (platform, got) in found {
        if of(wanted, platform).is_empty() {
            differences.push(format!("for `{platform}` wanted nothing, got `{got}`"));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    let message = format!("the index `{digest}` differs from its sources: {}", differences.join("; "));
    Err(failure(FailureKind::Conflict, digest, message))
}

fn of<'a>(entries: &'a [Entry], platform: &str) -> Vec<&'a str> {
    entries.iter().filter(|(name, _)| name == platform).map(|(_, digest)| digest.as_str()).collect()
}

fn list(digests: &[&str]) -> String {
    if digests.is_empty() { "nothing".to_owned() } else { format!("`{}`", digests.join("` and `")) }
}

fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let index: Value = serde_json::from_slice(bytes).ok()?;
    index.get("manifests")?.as_array()?.iter().map(entry).collect()
}

fn entry(child: &Value) -> Option<Entry> {
    Some((platform(child)?, child.get("digest")?.as_str()?.to_owned()))
}

/// The platform of an index's entry, as [`platform_name`] writes it.
pub(crate) fn platform(child: &Value) -> Option<String> {
    let platform = child.get("platform")?;
    let word = |key: &str| platform.get(key)?.as_str();
    Some(match platform.get("variant") {
        None => format!("{}/{}", word("os")?, word("architecture")?),
        Some(variant) => format!("{}/{}/{}", word("os")?, word("architecture")?, variant.as_str()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{digest, task};

    #[test]
    fn a_variant_that_nobody_named_is_a_difference_only_where_it_was_named() {
        let index = |variant: &str| {
            format!(
                r#"{{"manifests":[{{"digest":"{}","platform":{{"architecture":"amd64","os":"linux"}}}},
                {{"digest":"{}","platform":{{"architecture":"arm64","os":"linux"{variant}}}}}]}}"#,
                digest(1),
                digest(2)
            )
        };
        let wanted = wanted(&task()).unwrap();
        let (plain, exact) = (index(""), index(r#","variant":"v8""#));
        for bytes in [&plain, &exact] {
            assert_eq!(compare_configured("sha256:i", bytes.as_bytes(), &wanted), Ok(()));
        }
        assert!(compare("sha256:i", plain.as_bytes(), &wanted).is_ok());
        assert!(compare("sha256:i", exact.as_bytes(), &wanted).is_err());
        let other = exact.replace(&digest(2), &digest(3));
        assert!(compare_configured("sha256:i", other.as_bytes(), &wanted).is_err());
    }
}
