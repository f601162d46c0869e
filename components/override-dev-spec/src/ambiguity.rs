//! Whether a payload could mean more than one thing, and which field would tell.
//! Must not choose: a wrong choice builds the wrong image under the right name.

use bakery_sdk::dispatcher::{Ambiguity, Candidate, Checked};

type Field = (&'static str, fn(&Candidate) -> Option<&str>);

const CHANNEL: Field = ("channel", |candidate| candidate.channel.as_deref());
const PRODUCT: Field = ("product", |candidate| Some(&candidate.product));
const IMAGE: Field = ("image", |candidate| Some(&candidate.image));

/// The ambiguity among the candidates that a payload matches.
pub(crate) fn find(spec: &Checked, matching: &[&Candidate]) -> Option<Ambiguity> {
    let within = within_an_image(matching);
    let (candidates, order) = if within.is_empty() {
        if !across_products(spec, matching) {
            return None;
        }
        (matching.to_vec(), [PRODUCT, IMAGE, CHANNEL])
    } else {
        (within, [CHANNEL, PRODUCT, IMAGE])
    };
    let given = |name: &str| match name {
        "channel" => spec.channel.is_some(),
        "product" => spec.product.is_some(),
        _ => spec.image.is_some(),
    };
    let free = || order.into_iter().filter(|(name, _)| !given(name));
    // A field that settles it whatever its value is the better advice; else one that at least one value settles.
    let field = free()
        .find(|field| settled(spec, matching, *field).all(|settled| settled))
        .or_else(|| free().find(|field| settled(spec, matching, *field).any(|settled| settled)));
    Some(Ambiguity {
        candidates: candidates.iter().map(|candidate| candidate.id).collect(),
        field: field.map(|(name, _)| name.to_owned()),
    })
}

/// For each value of a field: whether a payload that also gave it would have one meaning.
fn settled(spec: &Checked, matching: &[&Candidate], (name, value): Field) -> impl Iterator<Item = bool> {
    let mut values: Vec<Option<&str>> = matching.iter().map(|candidate| value(candidate)).collect();
    values.sort_unstable();
    values.dedup();
    values.into_iter().map(move |wanted| {
        // A candidate without a channel is matched by no channel.
        let Some(wanted) = wanted else { return false };
        let mut narrowed = spec.clone();
        match name {
            "channel" => narrowed.channel = Some(wanted.to_owned()),
            "product" => narrowed.product = Some(wanted.to_owned()),
            _ => narrowed.image = Some(wanted.to_owned()),
        }
        let rest: Vec<&Candidate> =
            matching.iter().copied().filter(|candidate| value(candidate) == Some(wanted)).collect();
        within_an_image(&rest).is_empty() && !across_products(&narrowed, &rest)
    })
}

/// The candidates of images that have more than one.
fn within_an_image<'a>(matching: &[&'a Candidate]) -> Vec<&'a Candidate> {
    let several = |image: &str| matching.iter().filter(|candidate| candidate.image == image).count() > 1;
    matching.iter().copied().filter(|candidate| several(&candidate.image)).collect()
}

fn across_products(spec: &Checked, matching: &[&Candidate]) -> bool {
    let unscoped = spec.product.is_none() && spec.image.is_none();
    unscoped && matching.iter().any(|candidate| candidate.product != matching[0].product)
}
