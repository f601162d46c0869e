//! Typed looks into a JSON document: what has the wrong type is noted with its place, and the look goes on.
//! An absent key and `null` are the same. Knows the words of no key.

use serde_json::{Map, Value};

use super::{PublishError, json::pointer};

/// A place in a document, and what was found wrong so far.
pub(super) struct Look<'f> {
    file: &'f str,
    path: Vec<String>,
    pub(super) errors: Vec<PublishError>,
}

impl<'f> Look<'f> {
    pub(super) fn new(file: &'f str) -> Self {
        Self { file, path: Vec::new(), errors: Vec::new() }
    }

    /// Looks below a key.
    pub(super) fn below<T>(&mut self, key: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_owned());
        let seen = look(self);
        self.path.pop();
        seen
    }

    pub(super) fn text<'v>(&mut self, map: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
        let value = present(map, key)?;
        value.as_str().or_else(|| self.wrong(key, "text", value))
    }

    /// Text that must be there and not be empty.
    pub(super) fn required(&mut self, map: &Map<String, Value>, key: &str) -> Option<String> {
        match present(map, key) {
            None => self.wrong(key, "text", &Value::Null),
            Some(Value::String(text)) if text.is_empty() => self.wrong(key, "text", &Value::Null),
            Some(_) => self.text(map, key).map(str::to_owned),
        }
    }

    pub(super) fn flag(&mut self, map: &Map<String, Value>, key: &str) -> Option<bool> {
        let value = present(map, key)?;
        value.as_bool().or_else(|| self.wrong(key, "true or false", value))
    }

    pub(super) fn whole(&mut self, map: &Map<String, Value>, key: &str) -> Option<u64> {
        let value = present(map, key)?;
        value.as_u64().or_else(|| self.wrong(key, "a whole number from 0 on", value))
    }

    pub(super) fn object<'v>(
        &mut self,
        map: &'v Map<String, Value>,
        key: &str,
    ) -> Option<&'v Map<String, Value>> {
        let value = present(map, key)?;
        value.as_object().or_else(|| self.wrong(key, "an object", value))
    }

    /// Text that must mean something: `parse` answers with its meaning, or with what is wrong.
    pub(super) fn parsed<T>(
        &mut self,
        map: &Map<String, Value>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(map, key)?;
        match parse(text) {
            Ok(meaning) => Some(meaning),
            Err(message) => {
                self.note(key, message);
                None
            }
        }
    }

    /// Notes a value that means nothing.
    pub(super) fn note(&mut self, key: &str, message: String) {
        let path = self.path_of(key);
        self.errors.push(PublishError::BadValue { file: self.file.to_owned(), path, message });
    }

    /// Notes something wrong where the look is.
    pub(super) fn note_here(&mut self, message: String) {
        let path = pointer(&self.path);
        self.errors.push(PublishError::BadValue { file: self.file.to_owned(), path, message });
    }

    /// Notes a value of the wrong type.
    pub(super) fn wrong<T>(&mut self, key: &str, expected: &'static str, found: &Value) -> Option<T> {
        let path = self.path_of(key);
        let found = kind(found);
        self.errors.push(PublishError::WrongType { file: self.file.to_owned(), path, expected, found });
        None
    }

    fn path_of(&self, key: &str) -> String {
        format!("{}{}", pointer(&self.path), pointer(&[key]))
    }
}

fn present<'v>(map: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    map.get(key).filter(|value| !value.is_null())
}

/// What a value is, with an article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
