//! Export, convert, import. The later steps work on the converted index.

use bakery_sdk::{
    Failure, FailureKind, Layouts, Programs, Registry,
    config::Object,
    failure::failure,
    program::Words,
    reference::by_digest,
    step::{Outcome, Task},
    task,
};

/// The component's name in messages.
const NAME: &str = "step-soci-convert";
/// Keys of its options.
const KEYS: [&str; 5] = ["platforms", "span-size", "min-layer-size", "prefetch-files", "optimizations"];
/// Layouts in the scratch space.
const SOURCE: &str = "src";
const TARGET: &str = "out";

/// Converts. The outcome's digest is the converted index's; it says `staged` of the staging reference.
///
/// # Errors
/// The host's failure; `conflict` where the conversion changed nothing.
pub fn run(
    programs: &(impl Programs + Layouts),
    registry: &impl Registry,
    asked: &Task,
    previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    let options = task::options(NAME, asked, &KEYS)?;
    let words = words(&options)?;
    let (reference, staging) = task::staging(asked)?;
    let index = task::index(asked, previous)?;
    programs.export_image(&by_digest(staging.repository, index), SOURCE)?;
    words.run(programs)?;
    let digest = programs.import_image(TARGET, staging.repository)?.descriptor.digest;
    if digest == index {
        let message = format!("`soci` ended well, but `{index}` is the same as before");
        return Err(failure(FailureKind::Conflict, index, message));
    }
    // What was read can be tagged.
    for answer in registry.get_manifest(&[by_digest(staging.repository, &digest)]) {
        answer?;
    }
    let tags: Vec<String> = staging.tag.map(str::to_owned).into_iter().collect();
    registry.push(staging.repository, &digest, &tags)?;
    Ok(Outcome { digest: Some(digest), attributes: vec![("staged".to_owned(), reference.to_owned())] })
}

/// `soci convert` with the options that are given, in its own order.
fn words(options: &Object) -> Result<Words, Failure> {
    let texts = |key| task::texts(NAME, options, key);
    let text = |key| task::text(NAME, options, key);
    let platforms = texts("platforms")?;
    let words = Words::new("soci", "convert").flag("--standalone").option("--format", "oci-dir");
    let words = words.flag_if(platforms.is_empty(), "--all-platforms");
    Ok(words
        .options("--platform", platforms)
        .options("--span-size", text("span-size")?)
        .options("--min-layer-size", text("min-layer-size")?)
        .options("--prefetch-file", texts("prefetch-files")?)
        .options("--optimizations", texts("optimizations")?)
        .scratch(SOURCE)
        .scratch(TARGET))
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
