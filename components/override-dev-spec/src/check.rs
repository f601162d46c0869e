//! What a payload says, each value checked, before any file is read.
//! Must not know which images, products or versions exist.

use bakery_sdk::{
    config::is_branch,
    dispatcher::{Checked, Error},
    excerpt, nearby,
    version::is_version,
};

use crate::payload::{FIELDS, Payload};

/// Channels that a payload may name.
const CHANNELS: [&str; 3] = ["release", "preview", "daily"];

/// How many unknown fields get a warning of their own.
const WARNED: usize = 8;

/// Longest value, in bytes.
const LONGEST: usize = 256;

/// Reads a payload.
///
/// # Errors
/// `invalid-spec` with one sentence.
pub fn check(spec: &str) -> Result<Checked, Error> {
    read(spec).map_err(Error::InvalidSpec)
}

fn read(spec: &str) -> Result<Checked, String> {
    let payload = Payload::read(spec)?;
    let version = value(&payload, "version")?;
    if let Some(version) = version.as_ref().filter(|version| !is_version(version)) {
        let found = excerpt(version.as_bytes());
        return Err(format!(
            "`version` is {found}, which is not a version: expected one like `2026.06.0-daily+143`"
        ));
    }
    // A channel is compared as written: a blank would be a slip of the producer's.
    let channel = payload.get("channel").map(str::to_owned);
    if let Some(channel) = channel.as_deref().filter(|channel| !CHANNELS.contains(channel)) {
        let found = excerpt(channel.as_bytes());
        let hint = match nearby::closest(channel, CHANNELS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("expected `{}`", CHANNELS.join("`, `")),
        };
        return Err(format!("`channel` is {found}, which is not a channel: {hint}"));
    }
    let branch = value(&payload, "release_branch")?;
    if let Some(branch) = branch.as_ref().filter(|branch| !is_branch(branch)) {
        let found = excerpt(branch.as_bytes());
        return Err(format!(
            "`release_branch` is {found}, which cannot be part of an address: expected letters, digits, `.`, `_` and `-`"
        ));
    }
    if version.is_none() && branch.is_none() {
        return Err(
            "neither `version` nor `release_branch` is given: one of them must say what to build".to_owned()
        );
    }
    let image = value(&payload, "image")?;
    let product = value(&payload, "product")?;
    let mut attributes = Vec::new();
    for (field, key) in [("sha", "sha"), ("build_number", "build-number"), ("branch", "branch")] {
        attributes.extend(value(&payload, field)?.map(|text| (key.to_owned(), text)));
    }
    let warnings = warnings(&payload.unknown);
    Ok(Checked { warnings, version, channel, branch, image, product, attributes })
}

/// A known field, trimmed; given but empty, too long or not printable is an error.
fn value(payload: &Payload, field: &str) -> Result<Option<String>, String> {
    let Some(text) = payload.get(field).map(str::trim) else { return Ok(None) };
    if text.is_empty() {
        return Err(format!("`{field}` is empty: leave it out, or give a value"));
    }
    if text.len() > LONGEST {
        return Err(format!("`{field}` has {} bytes, more than the {LONGEST} that are read", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("`{field}` is {}, which holds a control character", excerpt(text.as_bytes())));
    }
    Ok(Some(text.to_owned()))
}

fn warnings(unknown: &[String]) -> Vec<String> {
    let mut warnings: Vec<String> = unknown
        .iter()
        .take(WARNED)
        .map(|name| {
            // The channel's former name in flags and files.
            let meant = if name == "stream" { Some("channel") } else { nearby::closest(name, FIELDS) };
            let hint = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
            format!("the payload's field {} is unknown and ignored{hint}", excerpt(name.as_bytes()))
        })
        .collect();
    if unknown.len() > WARNED {
        warnings
            .push(format!("{} more fields of the payload are unknown and ignored", unknown.len() - WARNED));
    }
    warnings
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
