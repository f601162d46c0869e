//! What the operator writes: the addresses of a dependency's lists and how each is read.
//! Checks everything before anything is fetched.

use bakery_sdk::{
    SourceError,
    config::{Object, invalid},
    nearby, url,
};

use crate::select::NAME;

/// One list.
pub(crate) struct List {
    /// Where it is.
    pub(crate) url: String,
    /// How it is read.
    pub(crate) read: Read,
    /// Whether it counts only when prereleases do.
    pub(crate) prerelease: bool,
}

/// How a list is read. Member names lead from the root to the value.
pub(crate) enum Read {
    /// A JSON text: one version.
    One(Vec<String>),
    /// A JSON array of texts.
    Strings(Vec<String>),
    /// A JSON array of objects, and the member that holds the version.
    FieldOfEach(Vec<String>, String),
    /// The JSON object of Python builds that `uv` keeps.
    PythonMetadata,
    /// A YAML list of maps, each with a `title`.
    YamlTitles,
}

/// Reads a query's `config`.
pub(crate) fn read(text: &str) -> Result<Vec<List>, SourceError> {
    let written = Object::read(NAME, text, &["lists"])?;
    let lists = written.list("lists")?.iter().enumerate().map(|(at, value)| list(at, value.clone()));
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    if lists.is_empty() {
        return Err(invalid(NAME, "`lists` is empty: expected at least one list"));
    }
    Ok(lists)
}

fn list(at: usize, value: serde_json::Value) -> Result<List, SourceError> {
    const KINDS: [&str; 5] = ["string", "strings", "field-of-each", "python-metadata", "yaml-titles"];
    let written = Object::new(NAME, format!("lists.{at}"), value)?;
    let written = written.only(&["url", "read", "at", "field", "prerelease"])?;
    let kind = written.text("read")?;
    let path = written.texts("at")?;
    let read = match kind.as_str() {
        "string" => Read::One(path),
        "strings" => Read::Strings(path),
        "field-of-each" => Read::FieldOfEach(path, written.text("field")?),
        "python-metadata" => Read::PythonMetadata,
        "yaml-titles" => Read::YamlTitles,
        other => {
            let known = nearby::list(other, KINDS);
            return Err(invalid(NAME, format!("`{}` is `{other}`, expected {known}", written.place("read"))));
        }
    };
    let address = written.text("url")?;
    let url = url::normalize(&address)
        .map_err(|why| invalid(NAME, format!("`{}`: {why}", written.place("url"))))?;
    Ok(List { url, read, prerelease: written.flag("prerelease")? })
}
