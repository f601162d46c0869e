//! Which files a file of the template folder becomes: one per variant, one, or none. Renders nothing.

use bakery_core::{
    config::Variant,
    plan::{ResolvedOs, VersionFolder},
};

/// What becomes of one file of the template folder.
#[derive(Debug, PartialEq)]
pub(crate) enum Fate<'f> {
    /// Taken as it is.
    Copy,
    /// Rendered.
    Render(Vec<Output<'f>>),
    /// A Containerfile of an operating system that the version does not have.
    Skip,
}

/// One file that a template becomes.
#[derive(Debug, PartialEq)]
pub(crate) struct Output<'f> {
    /// Below the version's folder.
    pub(crate) path: String,
    /// For which variant, where the image has any and this is a Containerfile.
    pub(crate) variant: Option<&'f Variant>,
    /// On which operating system, likewise.
    pub(crate) system: Option<&'f ResolvedOs>,
}

/// Endings of templates. Only the first is taken off, which is the contract with repositories that have the others.
const ENDINGS: [&str; 3] = [".jinja2", ".j2", ".jinja"];

/// What becomes of the file at `path`.
pub(crate) fn fate<'f>(path: &str, folder: &'f VersionFolder<'_>) -> Fate<'f> {
    if !ENDINGS.iter().any(|ending| path.ends_with(ending)) {
        return Fate::Copy;
    }
    let base = path.strip_suffix(ENDINGS[0]).unwrap_or(path);
    let variants = &folder.image.variants;
    // The predecessor looks at the text: a folder `Containerfiles` counts as well.
    if variants.is_empty() || !path.starts_with("Containerfile") {
        return Fate::Render(vec![Output { path: base.to_owned(), variant: None, system: None }]);
    }
    let extension = base.rsplit('.').next().unwrap_or(base);
    let system = folder.systems.iter().find(|system| system.os.extension == extension);
    if system.is_none() && !folder.systems.is_empty() && extension != "Containerfile" {
        return Fate::Skip;
    }
    let output = |variant: &'f Variant| Output {
        path: format!("{base}.{}", variant.extension),
        variant: Some(variant),
        system,
    };
    Fate::Render(variants.iter().map(output).collect())
}
