//! The effective options of `tool: soci` for one target: the variant's fields over the image's, one by one. Data in,
//! data out; knows no program.

use serde_json::{Map, Value};

use super::{PublishError, error::shown};
use crate::{
    config::{Config, ToolOptions},
    model::Platform,
    plan::Target,
};

/// Optimizations that `soci` knows.
pub const OPTIMIZATIONS: [&str; 1] = ["xattr"];

/// How a target's image is converted. What is not said is left to `soci`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SociOptions {
    /// `span_size`, in bytes.
    pub span_size: Option<u64>,
    /// `min_layer_size`, in bytes: smaller layers get no table of contents.
    pub min_layer_size: Option<u64>,
    /// `prefetch_files`, in their order.
    pub prefetch_files: Vec<String>,
    /// `optimizations`.
    pub optimizations: Vec<String>,
    /// `platforms`, as written; all of the target where there are none.
    pub platforms: Vec<Platform>,
}

/// The options of a target; none where its image is not converted.
///
/// # Errors
/// A value that `soci` would not take.
pub(super) fn soci(config: &Config, target: &Target) -> Result<Option<SociOptions>, PublishError> {
    let image = config.images.iter().find(|image| image.name == target.identity.image);
    let variant = image.and_then(|image| {
        let name = target.identity.variant.as_deref()?;
        image.variants.iter().find(|variant| variant.name == name)
    });
    let above = image.and_then(|image| fields(&image.options));
    let own = variant.and_then(|variant| fields(&variant.options));
    let mut merged = above.cloned().unwrap_or_default();
    merged.extend(own.cloned().unwrap_or_default());
    if merged.get("enabled").and_then(Value::as_bool) != Some(true) {
        return Ok(None);
    }
    let options = SociOptions {
        span_size: merged.get("span_size").and_then(Value::as_u64),
        min_layer_size: merged.get("min_layer_size").and_then(Value::as_u64),
        prefetch_files: texts(&merged, "prefetch_files"),
        optimizations: texts(&merged, "optimizations"),
        platforms: platforms(&merged).map_err(|text| wrong(target, "platforms", &text))?,
    };
    check(target, &options)?;
    Ok(Some(options))
}

/// The first entry counts.
fn fields(options: &[ToolOptions]) -> Option<&Map<String, Value>> {
    options.iter().find(|one| one.tool == "soci").map(|one| &one.fields)
}

fn texts(fields: &Map<String, Value>, key: &str) -> Vec<String> {
    let list = fields.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn platforms(fields: &Map<String, Value>) -> Result<Vec<Platform>, String> {
    texts(fields, "platforms").into_iter().map(|text| text.parse().map_err(|_| text)).collect()
}

fn check(target: &Target, options: &SociOptions) -> Result<(), PublishError> {
    let unknown = |word: &&String| !OPTIMIZATIONS.contains(&word.as_str());
    if let Some(word) = options.optimizations.iter().find(unknown) {
        return Err(wrong(target, "optimizations", word));
    }
    if let Some(path) = options.prefetch_files.iter().find(|path| path.starts_with(['-', '@'])) {
        return Err(wrong(target, "prefetch_files", path));
    }
    let built = |platform: &Platform| target.platforms.contains(platform);
    match options.platforms.first() {
        Some(first) if !options.platforms.iter().any(built) => {
            Err(wrong(target, "platforms", &first.to_string()))
        }
        _ => Ok(()),
    }
}

fn wrong(target: &Target, key: &'static str, value: &str) -> PublishError {
    PublishError::Soci { target: target.to_string(), key, value: shown(value) }
}
