//! The configuration of a source and the options of a step: a JSON object that the operator wrote.
//! Must not know any key: each guest owns its own.

use serde_json::{Map, Value};

use crate::{SourceError, json::describe, nearby};

/// An object of a configuration, with the place where it stands, so that every message names it.
///
/// Read by hand instead of being derived: the messages name the key and suggest the right one, and a guest stays
/// a third smaller.
pub struct Object {
    component: &'static str,
    /// What messages call the whole: `config` or `options`.
    noun: &'static str,
    trail: String,
    members: Map<String, Value>,
}

impl Object {
    /// Reads a guest's whole configuration, which may have these keys.
    ///
    /// # Errors
    /// `invalid-config` when it is not an object, or has another key.
    pub fn read(component: &'static str, config: &str, keys: &[&str]) -> Result<Self, SourceError> {
        Self::read_as("config", component, config, keys)
    }

    /// Reads a step's options, which may have these keys.
    ///
    /// # Errors
    /// `invalid-config` when they are not an object, or have another key.
    pub fn read_options(component: &'static str, options: &str, keys: &[&str]) -> Result<Self, SourceError> {
        Self::read_as("options", component, options, keys)
    }

    fn read_as(
        noun: &'static str,
        component: &'static str,
        text: &str,
        keys: &[&str],
    ) -> Result<Self, SourceError> {
        let value = serde_json::from_str(text)
            .map_err(|error| wrong(noun, component, crate::one_line(&error.to_string())))?;
        Self::at(noun, component, String::new(), value)?.only(keys)
    }

    /// The same object; an error if it has another key.
    ///
    /// # Errors
    /// `invalid-config` that names the key, and the one that was probably meant.
    pub fn only(self, keys: &[&str]) -> Result<Self, SourceError> {
        match self.members.keys().find(|key| !keys.contains(&key.as_str())) {
            None => Ok(self),
            Some(unknown) => {
                let hint = match nearby::closest(unknown, keys.iter().copied()) {
                    Some(key) => format!("did you mean `{key}`?"),
                    None if keys.is_empty() => "there is none".to_owned(),
                    None => format!("expected `{}`", keys.join("`, `")),
                };
                Err(self.refuse(format!("`{}` is not a key: {hint}", self.place(unknown))))
            }
        }
    }

    /// Every key, in alphabetic order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `invalid-config` when it is missing or no text.
    pub fn text(&self, key: &str) -> Result<String, SourceError> {
        self.optional_text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// `invalid-config` when it is no text.
    pub fn optional_text(&self, key: &str) -> Result<Option<String>, SourceError> {
        match self.members.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong(key, other, "a text")),
        }
    }

    /// `true` or `false`; false when absent.
    ///
    /// # Errors
    /// `invalid-config` when it is neither.
    pub fn flag(&self, key: &str) -> Result<bool, SourceError> {
        match self.members.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(key, other, "`true` or `false`")),
        }
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// `invalid-config` when it is missing or no object.
    pub fn object(&self, key: &str) -> Result<Self, SourceError> {
        let value = self.members.get(key).ok_or_else(|| self.missing(key))?;
        Self::at(self.noun, self.component, self.place(key), value.clone())
    }

    /// A list that must be there.
    ///
    /// # Errors
    /// `invalid-config` when it is missing or no list.
    pub fn list(&self, key: &str) -> Result<&[Value], SourceError> {
        match self.members.get(key) {
            None => Err(self.missing(key)),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => Err(self.wrong(key, other, "a list")),
        }
    }

    /// A list of texts; empty when absent.
    ///
    /// # Errors
    /// `invalid-config` when it is no list, or holds something else.
    pub fn texts(&self, key: &str) -> Result<Vec<String>, SourceError> {
        if !self.members.contains_key(key) {
            return Ok(Vec::new());
        }
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.wrong(key, other, "a list of texts")),
        };
        self.list(key)?.iter().map(text).collect()
    }

    /// The object's place in the configuration and one of its members, for messages: `families.debian`.
    #[must_use]
    pub fn place(&self, key: &str) -> String {
        if self.trail.is_empty() { key.to_owned() } else { format!("{}.{key}", self.trail) }
    }

    /// Whether a member is there.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.members.contains_key(key)
    }

    /// A value of the configuration as an object, at a place.
    ///
    /// # Errors
    /// `invalid-config` when it is something else.
    pub fn new(component: &'static str, trail: String, value: Value) -> Result<Self, SourceError> {
        Self::at("config", component, trail, value)
    }

    fn at(
        noun: &'static str,
        component: &'static str,
        trail: String,
        value: Value,
    ) -> Result<Self, SourceError> {
        match value {
            Value::Object(members) => Ok(Self { component, noun, trail, members }),
            other => {
                let place = if trail.is_empty() { "it".to_owned() } else { format!("`{trail}`") };
                let found = describe(&other);
                Err(wrong(noun, component, format!("{place} is {found}, expected an object")))
            }
        }
    }

    fn missing(&self, key: &str) -> SourceError {
        self.refuse(format!("`{}` is missing", self.place(key)))
    }

    fn wrong(&self, key: &str, found: &Value, expected: &str) -> SourceError {
        let found = describe(found);
        self.refuse(format!("`{}` is {found}, expected {expected}", self.place(key)))
    }

    fn refuse(&self, why: String) -> SourceError {
        wrong(self.noun, self.component, why)
    }
}

/// An `invalid-config` of a component.
pub fn invalid(component: &str, why: impl std::fmt::Display) -> SourceError {
    wrong("config", component, why)
}

fn wrong(noun: &str, component: &str, why: impl std::fmt::Display) -> SourceError {
    let verb = if noun.ends_with('s') { "are" } else { "is" };
    SourceError::InvalidConfig(format!("the `{noun}` of `{component}` {verb} wrong: {why}"))
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
        fn read(config: &str) -> Result<(), SourceError> {
            let object = Object::read("source-x", config, &["head", "families", "path"])?;
            object.text("head")?;
            object.texts("path")?;
            object.object("families")?.flag("debian")?;
            Ok(())
        }
        for (config, want) in [
            ("[]", "it is an array, expected an object"),
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{}", "`head` is missing"),
            (r#"{"haed":"x"}"#, "`haed` is not a key: did you mean `head`?"),
            (r#"{"url":"x"}"#, "`url` is not a key: expected `head`, `families`, `path`"),
            (r#"{"head":5}"#, "`head` is the number `5`, expected a text"),
            (r#"{"head":"x","path":"a"}"#, "`path` is the string `a`, expected a list"),
            (r#"{"head":"x","path":["a",null]}"#, "`path` is `null`, expected a list of texts"),
            (r#"{"head":"x"}"#, "`families` is missing"),
            (r#"{"head":"x","families":[]}"#, "`families` is an array, expected an object"),
            (
                r#"{"head":"x","families":{"debian":1}}"#,
                "`families.debian` is the number `1`, expected `true` or `false`",
            ),
        ] {
            let SourceError::InvalidConfig(text) = read(config).unwrap_err() else { panic!() };
            assert_eq!(text, format!("the `config` of `source-x` is wrong: {want}"));
        }
        assert_eq!(read(r#"{"head":"x","families":{}}"#), Ok(()));
    }
}
