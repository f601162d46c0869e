//! One entry of a manifest, read strictly: a field that is there and wrong is an error, never dropped.
//! Must not know how the entry was found.

use bakery_sdk::{SourceError, excerpt, json::describe, url::normalize, version::is_version};
use serde_json::Value;

use crate::config::Fields;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The version.
    pub(crate) version: String,
    /// The artifact's address, in normal form.
    pub(crate) url: String,
    /// `sha256:<64 hex>`.
    pub(crate) digest: Option<String>,
    /// Bytes.
    pub(crate) size: Option<u64>,
    /// When the artifact was published, as the manifest writes it.
    pub(crate) published: Option<String>,
}

impl Entry {
    /// Reads a value; `place` names it in messages.
    pub(crate) fn read(place: &str, value: &Value, fields: &Fields) -> Result<Self, SourceError> {
        let invalid = |why: String| SourceError::InvalidAnswer(format!("{place}: {why}"));
        if !value.is_object() {
            let found = describe(value);
            return Err(invalid(format!(
                "expected an object with `{}` and `{}`, found {found}",
                fields.version, fields.url
            )));
        }
        let text = |field: &str| match value.get(field) {
            Some(Value::String(text)) => Ok(text.as_str()),
            None => Err(invalid(format!("`{field}` is missing"))),
            Some(other) => Err(invalid(format!("`{field}` is {}, expected a text", describe(other)))),
        };
        let version = text(&fields.version)?;
        if !is_version(version) {
            let found = excerpt(version.as_bytes());
            return Err(invalid(format!("`{}` is {found}, which is not a version", fields.version)));
        }
        let url = normalize(text(&fields.url)?).map_err(|why| invalid(format!("`{}`: {why}", fields.url)))?;
        let optional = |field: &Option<String>| {
            let field = field.as_deref()?;
            Some((field.to_owned(), value.get(field).filter(|value| !value.is_null())?))
        };
        let digest = match optional(&fields.sha256) {
            None => None,
            Some((field, value)) => Some(value.as_str().and_then(digest).ok_or_else(|| {
                invalid(format!("`{field}` is {}, expected 64 hexadecimal digits", describe(value)))
            })?),
        };
        let size = match optional(&fields.size) {
            None => None,
            Some((field, value)) => Some(value.as_u64().filter(|size| *size > 0).ok_or_else(|| {
                invalid(format!("`{field}` is {}, expected a number of bytes", describe(value)))
            })?),
        };
        let published = optional(&fields.published).and_then(|(_, value)| value.as_str()).map(str::to_owned);
        Ok(Self { version: version.to_owned(), url, digest, size, published })
    }
}

fn digest(text: &str) -> Option<String> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    let good = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| format!("sha256:{}", hex.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entry: &str) -> Result<Entry, String> {
        let fields = Fields {
            version: "version".to_owned(),
            url: "link".to_owned(),
            sha256: Some("sha256".to_owned()),
            size: Some("size".to_owned()),
            published: Some("date".to_owned()),
        };
        Entry::read("`m` at `p`", &serde_json::from_str(entry).unwrap(), &fields).map_err(|error| match error
        {
            SourceError::InvalidAnswer(text) => text,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn digest_size_and_date_are_carried() {
        let hex = "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
        let entry = read(&format!(
            r#"{{"version":"1.2.3","link":"https://H/a b","sha256":"{hex}","size":5,"date":"2025-03-28"}}"#
        ));
        assert_eq!(
            entry,
            Ok(Entry {
                version: "1.2.3".to_owned(),
                url: "https://h/a%20b".to_owned(),
                digest: Some(format!("sha256:{}", hex.to_lowercase())),
                size: Some(5),
                published: Some("2025-03-28".to_owned()),
            })
        );
        let entry = read(r#"{"version":"1.2.3","link":"https://h/a","sha256":null,"date":5}"#).unwrap();
        assert_eq!((entry.digest, entry.size, entry.published), (None, None, None));
    }

    #[test]
    fn a_field_that_is_wrong_is_never_dropped() {
        for (entry, want) in [
            ("null", "expected an object with `version` and `link`, found `null`"),
            ("[]", "expected an object with `version` and `link`, found an array"),
            ("{}", "`version` is missing"),
            (r#"{"version":5}"#, "`version` is the number `5`, expected a text"),
            (r#"{"version":null}"#, "`version` is `null`, expected a text"),
            (r#"{"version":"x2025.04.0"}"#, "`version` is `x2025.04.0`, which is not a version"),
            (
                r#"{"version":"2025.04.0 trailing"}"#,
                "`version` is `2025.04.0 trailing`, which is not a version",
            ),
            (r#"{"version":"2025.04.0\n"}"#, r"`version` is `2025.04.0\n`, which is not a version"),
            (r#"{"version":""}"#, "`version` is nothing, which is not a version"),
            (r#"{"version":"1.2.3"}"#, "`link` is missing"),
            (r#"{"version":"1.2.3","link":{}}"#, "`link` is an object, expected a text"),
            (
                r#"{"version":"1.2.3","link":"ftp://h/a"}"#,
                "`link`: `ftp://h/a` is not a usable address: the scheme must be `http` or `https`",
            ),
            (
                r#"{"version":"1.2.3","link":"https://u:p@h/a"}"#,
                "`link`: `https://u:p@h/a` is not a usable address: it holds credentials",
            ),
            (
                r#"{"version":"1.2.3","link":"https://h/a","sha256":"abc"}"#,
                "`sha256` is the string `abc`, expected 64 hexadecimal digits",
            ),
            (
                r#"{"version":"1.2.3","link":"https://h/a","sha256":""}"#,
                "`sha256` is an empty string, expected 64 hexadecimal digits",
            ),
            (
                r#"{"version":"1.2.3","link":"https://h/a","size":"5"}"#,
                "`size` is the string `5`, expected a number of bytes",
            ),
            (
                r#"{"version":"1.2.3","link":"https://h/a","size":-5}"#,
                "`size` is the number `-5`, expected a number of bytes",
            ),
            (
                r#"{"version":"1.2.3","link":"https://h/a","size":1.5}"#,
                "`size` is the number `1.5`, expected a number of bytes",
            ),
            (
                r#"{"version":"1.2.3","link":"https://h/a","size":0}"#,
                "`size` is the number `0`, expected a number of bytes",
            ),
        ] {
            assert_eq!(read(entry), Err(format!("`m` at `p`: {want}")), "{entry}");
        }
    }
}
