//! An index against the sources: the same platforms, and for each the same digest. Asks nobody.

use bakery_sdk::{
    Failure, FailureKind,
    failure::{failure, invalid},
    index::platform_name,
    reference::Reference,
    step::Task,
    task,
};
use serde_json::Value;

/// A platform and a digest. Sorted lists of them are compared.
pub(crate) type Entry = (String, String);

/// What the index must have.
///
/// # Errors
/// `invalid-input`: no sources, or one without a digest.
pub(crate) fn wanted(asked: &Task) -> Result<Vec<Entry>, Failure> {
    let entry = |source: &bakery_sdk::step::Source| match Reference::of(&source.reference).digest {
        Some(digest) => Ok((platform_name(&source.platform), digest.to_owned())),
        None => Err(invalid(&source.reference, format!("source `{}` has no digest", source.reference))),
    };
    let mut wanted = task::sources(asked)?.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    wanted.sort();
    Ok(wanted)
}

/// Compares.
///
/// # Errors
/// `conflict` that names every difference.
pub(crate) fn compare(digest: &str, bytes: &[u8], wanted: &[Entry]) -> Result<(), Failure> {
    let conflict = |message| Err(failure(FailureKind::Conflict, digest, message));
    let Some(found) = entries(bytes) else {
        return conflict(format!("`{digest}` is not an index whose manifests have a platform and a digest"));
    };
    let mut differences = Vec::new();
    for (platform, want) in wanted {
        let got: Vec<&str> = of(&found, platform);
        if got != [want] {
            differences.push(format!("for `{platform}` wanted `{want}`, got {}", list(&got)));
        }
    }
    for (platform, got) in &found {
        if of(wanted, platform).is_empty() {
            differences.push(format!("for `{platform}` wanted nothing, got `{got}`"));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    conflict(format!("the index `{digest}` differs from its sources: {}", differences.join("; ")))
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
    let platform = child.get("platform")?;
    let word = |key: &str| platform.get(key)?.as_str();
    let name = match platform.get("variant") {
        None => format!("{}/{}", word("os")?, word("architecture")?),
        Some(variant) => format!("{}/{}/{}", word("os")?, word("architecture")?, variant.as_str()?),
    };
    Some((name, child.get("digest")?.as_str()?.to_owned()))
}
