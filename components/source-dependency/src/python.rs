//! The versions in the table of Python builds: several megabytes, of which six members of each entry matter.
//! Must not build the table in memory: it is read through once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The released versions of CPython for Linux, each once, in the order of the table.
pub(crate) struct Versions(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Versions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table)
    }
}

struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = Versions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of builds")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Versions, A::Error> {
        let mut versions: Vec<String> = Vec::new();
        while map.next_key::<IgnoredAny>()?.is_some() {
            // One build at a time as a whole value: it is gone before the next one is read.
            if let Some(version) = released(&map.next_value()?).map_err(A::Error::custom)?
                && !versions.contains(&version)
            {
                versions.push(version);
            }
        }
        Ok(Versions(versions))
    }
}

/// The version of a build that counts. Other builds hold what they like.
fn released(build: &Value) -> Result<Option<String>, &'static str> {
    if !build.is_object() {
        return Err("a build is not an object");
    }
    let is = |member: &str, text: &str| build.get(member).and_then(Value::as_str) == Some(text);
    let prerelease =
        build.get("prerelease").is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    if !is("name", "cpython") || !is("os", "linux") || prerelease {
        return Ok(None);
    }
    let number = |member: &str| build.get(member).and_then(Value::as_u64);
    match (number("major"), number("minor"), number("patch")) {
        (Some(major), Some(minor), Some(patch)) => Ok(Some(format!("{major}.{minor}.{patch}"))),
        _ => Err("a build of cpython for linux has no numbers `major`, `minor` and `patch`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        serde_json::from_str::<Versions>(text).map(|versions| versions.0).map_err(|error| error.to_string())
    }

    fn build(name: &str, os: &str, minor: u64, patch: u64, prerelease: &str) -> String {
        format!(
            r#""{name}-3.{minor}.{patch}{prerelease}-{os}":{{"name":"{name}","arch":{{"family":"x86_64","variant":null}},"os":"{os}","libc":"gnu","major":3,"minor":{minor},"patch":{patch},"prerelease":"{prerelease}","url":"https://h/a","sha256":null,"variant":null}}"#
        )
    }

    #[test]
    fn only_released_builds_of_cpython_for_linux_count_and_each_version_once() {
        let builds = [
            build("cpython", "linux", 13, 1, ""),
            build("cpython", "linux", 13, 1, "").replace("cpython-3", "cpython-x-3"),
            build("cpython", "darwin", 13, 2, ""),
            build("pypy", "linux", 11, 9, ""),
            build("cpython", "linux", 14, 0, "rc2"),
            build("cpython", "linux", 12, 8, ""),
            r#""x":{"name":5,"os":[1],"major":null,"minor":-1,"patch":1.5,"prerelease":{"a":true}}"#
                .to_owned(),
            r#""y":{"name":"cpython","os":"linux","major":3,"minor":11,"patch":4,"prerelease":null}"#
                .to_owned(),
        ];
        assert_eq!(
            read(&format!("{{{}}}", builds.join(","))),
            Ok(["3.13.1", "3.12.8", "3.11.4"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn a_table_of_another_shape_is_refused() {
        for (text, want) in [
            ("[]", "invalid type: sequence, expected an object of builds at line 1 column 0"),
            (r#"{"a":5}"#, "a build is not an object at line 1 column 7"),
            (
                r#"{"a":{"name":"cpython","os":"linux","major":"3"}}"#,
                "a build of cpython for linux has no numbers `major`, `minor` and `patch` at line 1 column 49",
            ),
            ("{", "EOF while parsing an object at line 1 column 1"),
        ] {
            assert_eq!(read(text), Err(want.to_owned()), "{text}");
        }
    }
}
