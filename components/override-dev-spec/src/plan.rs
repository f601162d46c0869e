//! A payload and the development versions that a run selected, turned into pins.
//! Must not pin what the payload may not mean: no match and more than one meaning are both errors.

use bakery_sdk::{
    dispatcher::{Candidate, Checked, Error, Pin},
    excerpt, nearby,
    version::year_month,
};

use crate::{ambiguity, check};

/// How many development versions a message lists.
const LISTED: usize = 10;

/// Applies a payload.
///
/// # Errors
/// `invalid-spec` as in [`check`]; `nothing-matches` with what there was; `ambiguous` when several development
/// versions of one image match, or those of several products while the payload names neither product nor image.
pub fn plan(spec: &str, candidates: &[Candidate]) -> Result<Vec<Pin>, Error> {
    let spec = check(spec)?;
    let matching: Vec<&Candidate> = candidates.iter().filter(|candidate| matches(&spec, candidate)).collect();
    if matching.is_empty() {
        return Err(Error::NothingMatches(nothing(&spec, candidates)));
    }
    if let Some(ambiguity) = ambiguity::find(&spec, &matching) {
        return Err(Error::Ambiguous(ambiguity));
    }
    Ok(matching.into_iter().map(|candidate| pin(&spec, candidate)).collect())
}

fn matches(spec: &Checked, candidate: &Candidate) -> bool {
    let same = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
    spec.channel.as_ref().is_none_or(|channel| candidate.channel.as_ref() == Some(channel))
        && same(&spec.product, &candidate.product)
        && same(&spec.image, &candidate.image)
        // A release branch says nothing about a dependency.
        && (spec.version.is_some() || candidate.source != "dependency")
}

fn pin(spec: &Checked, candidate: &Candidate) -> Pin {
    // An upstream with release branches keeps a version below its own year and month, unless the payload knows better.
    let derived = || spec.version.as_deref().map(|version| year_month(version).to_owned());
    let branch = if candidate.source == "dependency" { None } else { spec.branch.clone().or_else(derived) };
    Pin {
        candidate: candidate.id,
        version: spec.version.clone(),
        branch,
        attributes: spec.attributes.clone(),
    }
}

fn nothing(spec: &Checked, candidates: &[Candidate]) -> String {
    if candidates.is_empty() {
        return "the payload pins a development version, but the selected images have none".to_owned();
    }
    let wanted: Vec<String> =
        [("channel", &spec.channel), ("product", &spec.product), ("image", &spec.image)]
            .into_iter()
            .filter_map(|(field, value)| Some(format!("{field} {}", excerpt(value.as_ref()?.as_bytes()))))
            .collect();
    let wanted = match (wanted.is_empty(), spec.version.is_some()) {
        (false, _) => wanted.join(", "),
        (true, true) => "any development version".to_owned(),
        (true, false) => "a product's channel, for a release branch".to_owned(),
    };
    let mut there: Vec<String> = candidates.iter().take(LISTED).map(describe).collect();
    if candidates.len() > LISTED {
        there.push(format!("{} more", candidates.len() - LISTED));
    }
    let slip = [
        spec.product
            .as_deref()
            .and_then(|name| slip("product", name, candidates.iter().map(|c| c.product.as_str()))),
        spec.image
            .as_deref()
            .and_then(|name| slip("image", name, candidates.iter().map(|c| c.image.as_str()))),
    ];
    let slip: String = slip.into_iter().flatten().collect();
    format!(
        "no development version matches the payload, which asks for {wanted}{slip}; there is {}",
        there.join(", ")
    )
}

/// `; did you mean …?` for a name that no candidate has.
fn slip<'a>(field: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    if known.clone().any(|known| known == name) {
        return None;
    }
    nearby::closest(name, known).map(|meant| format!("; did you mean the {field} `{meant}`?"))
}

fn describe(candidate: &Candidate) -> String {
    let channel = candidate.channel.as_ref().map(|channel| format!(" ({channel})")).unwrap_or_default();
    format!("`{}`{channel} of image `{}`", candidate.product, candidate.image)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
