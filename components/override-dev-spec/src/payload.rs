//! JSON text to the fields that were given: which are known, of which type, each at most once.
//! Must not know what a value means.

use std::fmt;

use bakery_sdk::{excerpt, one_line};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Fields that mean something, in the order in which messages list them.
pub(crate) const FIELDS: [&str; 8] =
    ["version", "channel", "release_branch", "image", "product", "sha", "build_number", "branch"];

/// A dispatch is a handful of words; more is a mistake.
const MAX_BYTES: usize = 64 * 1024;

/// The fields of a payload.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    texts: [Option<String>; FIELDS.len()],
    /// Names of fields that mean nothing, in the order of the payload.
    pub(crate) unknown: Vec<String>,
}

impl Payload {
    /// Reads a text.
    ///
    /// # Errors
    /// A sentence, with line and column where the text itself is wrong.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!(
                "the payload has {} bytes, more than the {MAX_BYTES} that are read",
                text.len()
            ));
        }
        if text.trim().is_empty() {
            return Err(
                "the payload is empty: expected an object like `{\"version\": \"2026.06.0\"}`".to_owned()
            );
        }
        let shown = excerpt(text.trim().as_bytes());
        let not_json = |error: serde_json::Error| {
            let bare = text
                .trim_start()
                .strip_prefix('{')
                .is_some_and(|rest| !rest.trim_start().starts_with(['"', '}']));
            let hint = if bare { ": were the quotes lost in the shell?" } else { "" };
            format!("the payload {shown} is not JSON: {}{hint}", one_line(&error.to_string()))
        };
        if !text.trim_start().starts_with('{') {
            serde_json::from_slice::<IgnoredAny>(text.as_bytes()).map_err(not_json)?;
            return Err(format!(
                "the payload is {shown}, expected an object like `{{\"version\": \"2026.06.0\"}}`"
            ));
        }
        serde_json::from_slice(text.as_bytes())
            .map_err(|error| if error.is_data() { one_line(&error.to_string()) } else { not_json(error) })
    }

    /// A known field, as it was given.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        let at = FIELDS.iter().position(|known| *known == field)?;
        self.texts[at].as_deref()
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object like `{\"version\": \"2026.06.0\"}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Payload, A::Error> {
        let mut payload = Payload::default();
        let mut seen: Vec<String> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(A::Error::custom(format_args!("{} is given twice", excerpt(name.as_bytes()))));
            }
            match FIELDS.iter().position(|known| *known == name) {
                Some(at) => payload.texts[at] = map.next_value::<Given>()?.text::<A::Error>(&name)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                    payload.unknown.push(name.clone());
                }
            }
            seen.push(name);
        }
        Ok(payload)
    }
}

/// What stands where a known field's value is expected.
enum Given {
    Null,
    Text(String),
    Integer(String),
    Other(&'static str),
}

impl Given {
    fn text<E: Error>(self, field: &str) -> Result<Option<String>, E> {
        let wants = if field == "build_number" { "a text or an integer" } else { "a text" };
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Integer(number) if field == "build_number" => Ok(Some(number)),
            Self::Integer(number) => {
                Err(E::custom(format_args!("`{field}` is the number {number}, expected {wants}")))
            }
            Self::Other(what) => Err(E::custom(format_args!("`{field}` is {what}, expected {wants}"))),
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
        Ok(Given::Integer(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Integer(number.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Given, E> {
        Ok(Given::Other("a fraction"))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Given, E> {
        Ok(Given::Other(if flag { "`true`" } else { "`false`" }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Other("an object"))
    }
}
