//! The tags of one target: which patterns hold, what they render to, and the references for every registry.
//! Pushes nothing.

use minijinja::Environment;

use super::{Build, PlanError, tag_sets::default_patterns, template};
use crate::config::{Image, Os, Registry, TagFilter, TagPattern, Variant};

/// What registries accept: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, see the OCI distribution specification.
const MAX_TAG: usize = 128;

/// The patterns of an image: its own, or else the default set.
pub(super) fn image_patterns(image: &Image) -> Vec<TagPattern> {
    image.tag_patterns.clone().unwrap_or_else(|| default_patterns(image.matrix.is_some()))
}

/// The tags of one target, without repository, sorted and without repetition.
pub(super) fn suffixes(
    environment: &Environment<'_>,
    patterns: &[TagPattern],
    build: &Build<'_>,
    variant: Option<&Variant>,
    os: Option<&Os>,
) -> Result<Vec<String>, PlanError> {
    let own = variant.map_or(&[][..], |variant| &variant.tag_patterns);
    let channel = build.channel.map_or("", |channel| channel.as_str());
    let os_text = os.map_or("", |os| os.tag_display_name.as_str());
    let variant_text = variant.map_or("", |variant| variant.tag_display_name.as_str());
    let dropped = |pattern: &str| {
        [("{{ OS }}", os_text), ("{{ Variant }}", variant_text), ("{{ Channel }}", channel)]
            .into_iter()
            .any(|(variable, value)| value.is_empty() && pattern.contains(variable))
    };
    let context = minijinja::context! {
        Version => build.name.as_str(), Variant => variant_text, OS => os_text, Name => build.image.name.as_str(),
        Channel => channel,
    };
    let mut tags = Vec::new();
    for pattern in patterns.iter().chain(own).filter(|pattern| holds(&pattern.only, build, variant, os)) {
        for pattern in pattern.patterns.iter().filter(|pattern| !dropped(pattern)) {
            let rendered =
                environment.render_str(pattern, &context).map_err(|error| PlanError::Template {
                    image: build.image.name.clone(),
                    what: "tag pattern",
                    pattern: pattern.clone(),
                    message: template::sentence(&error),
                })?;
            tags.extend(tag(&rendered, build.image)?);
        }
    }
    tags.sort();
    tags.dedup();
    Ok(tags)
}

/// `<registry>/<repository or image>:<tag>` for every registry, or `<image>:<tag>` without any; sorted as text.
pub(super) fn references(image: &Image, registries: &[Registry], suffixes: &[String]) -> Vec<String> {
    let repositories: Vec<String> = if registries.is_empty() {
        vec![image.name.clone()]
    } else {
        let name = |registry: &Registry| registry.repository.clone().unwrap_or_else(|| image.name.clone());
        registries.iter().map(|registry| format!("{}/{}", registry.base_url(), name(registry))).collect()
    };
    let mut references: Vec<String> = repositories
        .iter()
        .flat_map(|repository| suffixes.iter().map(move |tag| format!("{repository}:{tag}")))
        .collect();
    references.sort();
    references.dedup();
    references
}

/// All filters must hold; `all`, which an empty list means, outdoes every filter but `channelLatest`.
fn holds(only: &[TagFilter], build: &Build<'_>, variant: Option<&Variant>, os: Option<&Os>) -> bool {
    let everything = only.is_empty() || only.contains(&TagFilter::All);
    only.iter().all(|filter| match filter {
        TagFilter::ChannelLatest => build.channel_latest != Some(false),
        _ if everything => true,
        TagFilter::All => true,
        TagFilter::Latest => build.latest,
        TagFilter::LatestPatch => build.latest_patch,
        TagFilter::PrimaryOs => os.is_none_or(|os| os.primary),
        TagFilter::PrimaryVariant => variant.is_none_or(|variant| variant.primary),
    })
}

/// What a pattern rendered to, as a tag; nothing where nothing is left of it.
fn tag(rendered: &str, image: &Image) -> Result<Option<String>, PlanError> {
    let safe = template::replace_unsafe(rendered.trim().trim_matches(['-', '.', '_']));
    // A character that was replaced can leave a beginning that no registry accepts.
    let tag = safe.trim_start_matches(['-', '.']);
    if tag.len() > MAX_TAG {
        let start = format!("{}…", &tag[..40]);
        return Err(PlanError::TagTooLong { image: image.name.clone(), tag: start, length: tag.len() });
    }
    Ok((!tag.is_empty()).then(|| tag.to_owned()))
}
