//! JSON that an upstream sent: parsed with its address in every message.
//! Must not panic or recurse without bound, whatever arrives.

use serde::Deserialize;
use serde_json::Value;

use crate::{SourceError, excerpt};

/// Parses a body.
///
/// # Errors
/// `invalid-answer` that names the address, what was expected there, and how the body begins.
pub fn parse<'a, T: Deserialize<'a>>(url: &str, body: &'a [u8], expected: &str) -> Result<T, SourceError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| {
        let place = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early".to_owned(),
            _ => crate::one_line(&error.to_string()),
        };
        let begins = excerpt(body);
        SourceError::InvalidAnswer(format!(
            "`{url}` did not answer {expected}: {place}; it begins with {begins}"
        ))
    })
}

/// A value in words, for messages: `the number 5`, `an object`.
#[must_use]
pub fn describe(value: &Value) -> String {
    match value {
        Value::Null => "`null`".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("the number `{value}`"),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(text) => format!("the string {}", excerpt(text.as_bytes())),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], want: &str) {
        let Err(SourceError::InvalidAnswer(text)) = parse::<Value>("https://h/m.json", body, "a JSON object")
        else {
            panic!("{body:?} was taken");
        };
        assert_eq!(text, want);
    }

    #[test]
    fn what_is_not_json_is_shown_with_its_beginning() {
        check(
            b"",
            "`https://h/m.json` did not answer a JSON object: it ends too early; it begins with nothing",
        );
        check(
            b"{\"a\":",
            "`https://h/m.json` did not answer a JSON object: it ends too early; it begins with `{\"a\":`",
        );
        check(
            b"<html>\n",
            r"`https://h/m.json` did not answer a JSON object: expected value at line 1 column 1; it begins with `<html>\n`",
        );
        check(
            b"{} x",
            "`https://h/m.json` did not answer a JSON object: trailing characters at line 1 column 4; it begins with `{} x`",
        );
    }

    #[test]
    fn depth_is_bounded_and_a_byte_order_mark_is_not_an_error() {
        let deep = "[".repeat(100_000);
        assert!(parse::<Value>("https://h/", deep.as_bytes(), "JSON").is_err());
        assert!(parse::<Value>("https://h/", b"\xef\xbb\xbf{}", "JSON").is_ok());
    }

    #[test]
    fn values_are_described_in_words() {
        for (value, want) in [
            (Value::Null, "`null`"),
            (true.into(), "`true`"),
            (5.into(), "the number `5`"),
            ("".into(), "an empty string"),
            ("a\nb".into(), r"the string `a\nb`"),
            (Value::Array(vec![]), "an array"),
            (Value::Object(serde_json::Map::new()), "an object"),
        ] {
            assert_eq!(describe(&value), want);
        }
    }
}
