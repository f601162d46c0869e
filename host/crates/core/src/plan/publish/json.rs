//! JSON, read strictly: a key that is given twice is an error, because two programs would take different values.
//! Knows where an error stands, but not what any key means.

use std::cell::{Cell, RefCell};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// Why a document could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where, as a JSON pointer.
    pub(super) path: String,
    /// Where, from 1 on.
    pub(super) line: usize,
    /// Where in the line, from 1 on.
    pub(super) column: usize,
    /// What is wrong; `None` means that the key at `path` is given twice.
    pub(super) message: Option<String>,
}

/// Reads a whole document.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let place = Place::default();
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let read = Strict(&place).deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    read.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
        Fault {
            path: pointer(&place.path.borrow()),
            line,
            column,
            message: (!place.duplicate.get()).then(|| message.to_owned()),
        }
    })
}

/// Keys and positions as a JSON pointer, <https://www.rfc-editor.org/rfc/rfc6901>; empty for the whole document.
pub(super) fn pointer<T: AsRef<str>>(path: &[T]) -> String {
    path.iter().map(|part| format!("/{}", part.as_ref().replace('~', "~0").replace('/', "~1"))).collect()
}

/// Where the reader is. It stays where an error was found.
#[derive(Default)]
struct Place {
    path: RefCell<Vec<String>>,
    duplicate: Cell<bool>,
}

impl Place {
    fn enter(&self, part: String) {
        self.path.borrow_mut().push(part);
    }

    fn leave(&self) {
        self.path.borrow_mut().pop();
    }
}

#[derive(Clone, Copy)]
struct Strict<'p>(&'p Place);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.0.enter(items.len().to_string());
            let next = from.next_element_seed(self)?;
            self.0.leave();
            match next {
                Some(item) => items.push(item),
                None => return Ok(items.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            self.0.enter(key.clone());
            if map.contains_key(&key) {
                self.0.duplicate.set(true);
                return Err(A::Error::custom("given twice"));
            }
            map.insert(key, from.next_value_seed(self)?);
            self.0.leave();
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,"x",true,null,{}],"b":{"c":18446744073709551615}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_fault_says_where_it_stands() {
        let fault = |text: &str| {
            let Fault { path, line, column, message } = parse(text.as_bytes()).unwrap_err();
            format!("{path} {line}:{column} {}", message.unwrap_or_else(|| "twice".to_owned()))
        };
        for (text, want) in [
            ("", " 1:0 EOF while parsing a value"),
            ("{\n \"a\": {\"b/c~\": [1, x]}}", "/a/b~1c~0/1 2:19 expected value"),
            (r#"{"a":1,"a":1}"#, "/a 1:10 twice"),
            (r#"{"a":{"b":[{"c":1,"c":1}]}}"#, "/a/b/0/c 1:21 twice"),
            (r#"{"a":1,"\u0061":1}"#, "/a 1:15 twice"),
            (r#"{"a":1} x"#, " 1:9 trailing characters"),
            (r#"{"a":1"#, " 1:6 EOF while parsing an object"),
        ] {
            assert_eq!(fault(text), want, "{text}");
        }
        let deep = "[".repeat(200);
        assert_eq!(parse(deep.as_bytes()).unwrap_err().message.as_deref(), Some("recursion limit exceeded"));
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
    }
}
