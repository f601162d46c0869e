//! The configuration of a source: a JSON object that the operator wrote.
//! Must not know any key: each guest owns its own.

use serde::de::DeserializeOwned;

use crate::SourceError;

/// Reads a guest's configuration.
///
/// # Errors
/// `invalid-config` with what is wrong and where.
pub fn parse<T: DeserializeOwned>(component: &str, config: &str) -> Result<T, SourceError> {
    if !config.trim_start().starts_with('{') {
        let found = crate::excerpt(config.as_bytes());
        return Err(invalid(component, format!("expected a JSON object, found {found}")));
    }
    serde_json::from_str(config).map_err(|error| invalid(component, one_line(&error.to_string())))
}

/// An `invalid-config` of a component.
pub fn invalid(component: &str, why: impl std::fmt::Display) -> SourceError {
    SourceError::InvalidConfig(format!("the `config` of `{component}` is wrong: {why}"))
}

/// Whether a text may stand for `{branch}` in an address: letters, digits, `.`, `_` and `-`, beginning with a letter
/// or a digit, no `..`, at most 64 bytes.
#[must_use]
pub fn is_branch(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !text.contains("..")
}

/// Parser messages quote what they met, line ends and all.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_one_harmless_segment() {
        for good in ["latest", "2025.04", "mariposa-orchid", "v1_2"] {
            assert!(is_branch(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a/../x",
            "a/b",
            "a..b",
            "-rf",
            "a b",
            "a%2fb",
            "é",
            "a?b",
            "a#b",
            &"a".repeat(65),
        ] {
            assert!(!is_branch(bad), "{bad}");
        }
    }

    #[test]
    fn a_wrong_configuration_says_what_and_where() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Only {
            #[expect(dead_code, reason = "only its name matters here")]
            head: String,
        }
        for (config, want) in [
            ("[]", "expected a JSON object, found `[]`"),
            ("", "expected a JSON object, found nothing"),
            ("{}", "missing field `head` at line 1 column 2"),
            (r#"{"haed":"x"}"#, "unknown field `haed`, expected `head` at line 1 column 7"),
            (r#"{"head":5}"#, "invalid type: integer `5`, expected a string at line 1 column 9"),
        ] {
            let SourceError::InvalidConfig(text) = parse::<Only>("source-x", config).unwrap_err() else {
                panic!()
            };
            assert_eq!(text, format!("the `config` of `source-x` is wrong: {want}"));
        }
    }
}
