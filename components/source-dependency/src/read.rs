//! The body of a list, read as its configuration says, to the versions in it.
//! Tells a name (`devel`) from a version that is broken: the first is skipped, the second refused.

use bakery_sdk::{SourceError, excerpt, json};
use serde_json::Value;

use crate::{
    config::{List, Read},
    pep440::Version,
    python, titles,
};

/// The versions of a list, in its order.
///
/// # Errors
/// `invalid-answer` with the address.
pub(crate) fn versions(list: &List, body: &[u8]) -> Result<Vec<Version>, SourceError> {
    let url = &list.url;
    let texts = match &list.read {
        Read::One(path) => vec![text(url, path, at(url, &parse(url, body)?, path)?)?],
        Read::Strings(path) => elements(url, &parse(url, body)?, path)?
            .iter()
            .map(|value| text(url, path, value))
            .collect::<Result<_, _>>()?,
        Read::FieldOfEach(path, field) => {
            let root = parse(url, body)?;
            let field_of = |value: &Value| match value.get(field) {
                Some(value) => text(url, path, value),
                None => Err(invalid(url, format!("an element without `{field}` at `{}`", path.join(".")))),
            };
            elements(url, &root, path)?.iter().map(field_of).collect::<Result<_, _>>()?
        }
        Read::PythonMetadata => json::parse::<python::Versions>(url, body, "the table of Python builds")?.0,
        Read::YamlTitles => {
            let begins = excerpt(body);
            let refuse = |why: String| {
                SourceError::InvalidAnswer(format!(
                    "`{url}` did not answer a YAML list of titles: {why}; it begins with {begins}"
                ))
            };
            let body = std::str::from_utf8(body).map_err(|_| refuse("it is not UTF-8".to_owned()))?;
            titles::read(body).map_err(refuse)?
        }
    };
    let versions = texts.iter().filter(|text| is_numbered(text)).map(|text| {
        Version::parse(text)
            .ok_or_else(|| invalid(url, format!("{}, which is not a version", excerpt(text.as_bytes()))))
    });
    versions.collect()
}

/// `devel` and `next` are names of builds, not versions.
fn is_numbered(text: &str) -> bool {
    let text = text.trim_start();
    text.strip_prefix(['v', 'V']).unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
        || text.trim().is_empty()
}

fn parse(url: &str, body: &[u8]) -> Result<Value, SourceError> {
    json::parse(url, body, "JSON")
}

fn at<'a>(url: &str, root: &'a Value, path: &[String]) -> Result<&'a Value, SourceError> {
    path.iter().try_fold(root, |value, member| value.get(member)).ok_or_else(|| {
        let there = match root.as_object() {
            Some(members) => {
                let wanted = path.first().map_or("", String::as_str);
                bakery_sdk::nearby::list(wanted, members.keys().map(String::as_str))
            }
            None => json::describe(root),
        };
        let path = path.join(".");
        SourceError::InvalidAnswer(format!("`{url}` has no `{path}`; it has {there}"))
    })
}

fn elements<'a>(url: &str, root: &'a Value, path: &[String]) -> Result<&'a [Value], SourceError> {
    match at(url, root, path)? {
        Value::Array(elements) => Ok(elements),
        other => {
            Err(invalid(url, format!("{} at `{}`, expected an array", json::describe(other), path.join("."))))
        }
    }
}

fn text(url: &str, path: &[String], value: &Value) -> Result<String, SourceError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => {
            Err(invalid(url, format!("{} at `{}`, expected a text", json::describe(other), path.join("."))))
        }
    }
}

fn invalid(url: &str, has: String) -> SourceError {
    SourceError::InvalidAnswer(format!("`{url}` has {has}"))
}
