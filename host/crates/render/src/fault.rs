//! Why a version cannot be rendered: findings that show the line of the template and what of it failed. Prints nothing.

use std::ops::Range;

use bakery_core::{
    config::{Diagnostic, Severity},
    plan::{VersionFolder, template::sentence},
};
use minijinja::{Error, ErrorKind};

use crate::{
    limits,
    outputs::Output,
    sources::{Sources, Text},
};

/// A template that fails.
pub(crate) const TEMPLATE: &str = "bakery::template::fault";
/// Something that is too large.
pub(crate) const LIMIT: &str = "bakery::template::limit";
/// Two files with one name.
pub(crate) const CLASH: &str = "bakery::template::clash";

/// Everything that is wrong with the templates of a version: at most 20 findings, the others are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The findings, in the order of the files.
    pub list: Vec<Diagnostic>,
    /// How many more there were.
    pub omitted: usize,
}

impl Faults {
    pub(crate) fn new(mut list: Vec<Diagnostic>) -> Self {
        let omitted = list.len().saturating_sub(limits::FAULTS);
        list.truncate(limits::FAULTS);
        Self { list, omitted }
    }
}

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.list.len() + self.omitted {
            1 => f.write_str("a template cannot be rendered"),
            count => write!(f, "templates cannot be rendered, for {count} reasons"),
        }
    }
}

impl std::error::Error for Faults {}

/// What failed in one file, before it is known for how many variants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    code: &'static str,
    at: Option<Range<usize>>,
    message: String,
    label: Option<String>,
}

impl Failure {
    /// About the whole file.
    pub(crate) fn whole(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, at: None, message: message.into(), label: None }
    }

    /// A text that is no template at all.
    pub(crate) fn unfit(unfit: &crate::source::Unfit) -> Self {
        let at = (!unfit.at.is_empty()).then(|| unfit.at.clone());
        Self { code: LIMIT, at, message: format!("the template {}", unfit.message), label: None }
    }

    /// The engine's error in the template of that name. `called` finds the part of it that was being rendered when
    /// something failed in a file that it imports.
    pub(crate) fn engine(
        error: &Error,
        (name, text): (&str, &Text),
        sources: &Sources,
        called: impl FnOnce() -> Option<Range<usize>>,
    ) -> Self {
        let chain = chain(error);
        let inner = chain.last().copied().unwrap_or(error);
        let here = |error: &&Error| is_here(error, name, text, sources);
        let own = chain.iter().rev().copied().find(here);
        let source = text.source.as_ref().ok();
        let place = own.and_then(|own| place(own, text));
        let at = if here(&inner) { place } else { called().or(place) };
        let label = if here(&inner) { None } else { elsewhere(inner, sources) };
        let code = if inner.kind() == ErrorKind::OutOfFuel { LIMIT } else { TEMPLATE };
        let at = at.filter(|_| source.is_some());
        Self {
            code,
            at,
            message: format!("the template cannot be rendered: {}", cause(inner, sources)),
            label,
        }
    }

    /// The finding, with where the file was to go.
    pub(crate) fn finding(
        &self,
        text: &Text,
        folder: &VersionFolder<'_>,
        outputs: &[&Output<'_>],
    ) -> Diagnostic {
        let written = text.source.as_ref().map_or("", |source| &source.written);
        let mut finding = Diagnostic::in_file(
            self.code,
            Severity::Error,
            (&text.file, written),
            self.at.clone(),
            &self.message,
        );
        if let Some(label) = &self.label {
            finding.label(label);
        }
        let destinations: Vec<String> = outputs
            .iter()
            .map(|output| {
                let variant = output.variant.map_or_else(String::new, |v| format!("variant `{}`, ", v.name));
                format!("{variant}destination `{}/{}`", folder.path(), output.path)
            })
            .collect();
        let version = format!("image `{}`, version `{}`", folder.image.name, folder.version);
        finding.note(std::iter::once(version).chain(destinations).collect::<Vec<_>>().join(", "));
        finding
    }
}

/// The error and those of the engine below it.
fn chain(error: &Error) -> Vec<&Error> {
    let mut chain = vec![error];
    while let Some(next) = chain
        .last()
        .and_then(|last| std::error::Error::source(*last))
        .and_then(|source| source.downcast_ref::<Error>())
    {
        chain.push(next);
    }
    chain
}

/// Whether the error arose in this text, by whatever name it was called.
fn is_here(error: &Error, name: &str, text: &Text, sources: &Sources) -> bool {
    error.name().is_none_or(|other| {
        other == name || sources.get(other).is_some_and(|other| std::ptr::eq(other, text))
    })
}

/// The part of the text that an error is about: an expression, or a whole line.
fn place(error: &Error, text: &Text) -> Option<Range<usize>> {
    let source = text.source.as_ref().ok()?;
    match error.range() {
        Some(range) if range.start < range.end && range.end <= source.prepared.len() => {
            Some(source.as_written(&range))
        }
        _ => error.line().map(|line| source.line(line)),
    }
}

/// The text that an error is about.
fn expression<'s>(error: &Error, sources: &'s Sources) -> Option<&'s str> {
    let source = sources.get(error.name()?)?.source.as_ref().ok()?;
    source.prepared.get(error.range()?).filter(|text| !text.contains('\n'))
}

/// Where in another file the error arose.
fn elsewhere(error: &Error, sources: &Sources) -> Option<String> {
    let name = error.name()?;
    let file = sources.get(name).map_or(name, |text| text.file.as_str());
    Some(error.line().map_or_else(|| format!("in {file}"), |line| format!("in {file}, line {line}")))
}

fn cause(error: &Error, sources: &Sources) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::UndefinedError, None) => match expression(error, sources) {
            Some(expression) => format!("`{expression}` is undefined"),
            None => sentence(error),
        },
        (ErrorKind::OutOfFuel, _) => {
            format!("it does not end within {} steps of the engine", limits::FUEL)
        }
        (ErrorKind::WriteFailure, _) => format!("it gives more than {} bytes", limits::OUTPUT),
        (ErrorKind::SyntaxError | ErrorKind::BadEscape, _) | (_, None) => sentence(error),
        (_, Some(detail)) => detail.to_owned(),
    }
}
