//! What a build's provenance says: its arguments, labels among them, and the platform it ran on. Two forms exist, by
//! the versions of the SLSA format. Believes nothing about the image itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::look::Look;

const KEY: &str = "buildx.build.provenance";

/// What the provenance of one entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Provenance {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) build_args: BTreeMap<String, String>,
    /// Where the build ran: with emulation or a cross build this is not what it was built for.
    pub(super) environment: Option<String>,
    /// The platforms of a build for several, one provenance each.
    pub(super) platforms: Vec<String>,
}

/// Reads the provenance of an entry, or each of several.
pub(super) fn provenance(entry: &Map<String, Value>, look: &mut Look<'_>) -> Provenance {
    let mut read = Provenance::default();
    for key in entry.keys().filter(|key| key.starts_with(KEY)) {
        match key[KEY.len()..].strip_prefix('/') {
            Some(platform) => read.platforms.push(platform.to_owned()),
            None if key.len() > KEY.len() => continue,
            None => {}
        }
        if let Some(statement) = look.object(entry, key) {
            look.below(key, |look| one(statement, &mut read, look));
        }
    }
    read
}

fn one(statement: &Map<String, Value>, into: &mut Provenance, look: &mut Look<'_>) {
    // SLSA 0.2
    if let Some(invocation) = look.object(statement, "invocation") {
        look.below("invocation", |look| {
            if let Some(parameters) = look.object(invocation, "parameters") {
                look.below("parameters", |look| arguments(parameters, into, look));
            }
            if let Some(environment) = look.object(invocation, "environment") {
                let platform = look.below("environment", |look| look.text(environment, "platform"));
                into.environment = into.environment.take().or(platform.map(str::to_owned));
            }
        });
    }
    // SLSA 1
    if let Some(definition) = look.object(statement, "buildDefinition") {
        look.below("buildDefinition", |look| {
            if let Some(external) = look.object(definition, "externalParameters") {
                look.below("externalParameters", |look| {
                    if let Some(request) = look.object(external, "request") {
                        look.below("request", |look| arguments(request, into, look));
                    }
                });
            }
            if let Some(internal) = look.object(definition, "internalParameters") {
                let platform =
                    look.below("internalParameters", |look| look.text(internal, "builderPlatform"));
                into.environment = into.environment.take().or(platform.map(str::to_owned));
            }
        });
    }
}

fn arguments(holder: &Map<String, Value>, into: &mut Provenance, look: &mut Look<'_>) {
    let Some(arguments) = look.object(holder, "args") else { return };
    look.below("args", |look| {
        for key in arguments.keys() {
            let (name, map) = if let Some(name) = key.strip_prefix("label:") {
                (name, &mut into.labels)
            } else if let Some(name) = key.strip_prefix("build-arg:") {
                (name, &mut into.build_args)
            } else {
                continue;
            };
            if let Some(text) = look.text(arguments, key) {
                map.entry(name.to_owned()).or_insert_with(|| text.to_owned());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Provenance {
        let entry: Map<String, Value> = serde_json::from_str(text).unwrap();
        let mut look = Look::new("a.json");
        let read = provenance(&entry, &mut look);
        assert_eq!(look.errors, []);
        read
    }

    #[test]
    fn both_forms_say_the_same() {
        let args = r#"{"label:a":"1","build-arg:R_VERSION":"4.5.1","target":"x"}"#;
        let old = format!(
            r#"{{"invocation":{{"parameters":{{"args":{args}}},"environment":{{"platform":"linux/amd64"}}}}}}"#
        );
        let new = format!(
            r#"{{"buildDefinition":{{"externalParameters":{{"request":{{"args":{args}}}}},
                "internalParameters":{{"builderPlatform":"linux/amd64"}}}}}}"#
        );
        let one = read(&format!(r#"{{"{KEY}":{old}}}"#));
        assert_eq!(one, read(&format!(r#"{{"{KEY}":{new}}}"#)));
        assert_eq!(one.labels["a"], "1");
        assert_eq!(one.build_args["R_VERSION"], "4.5.1");
        assert_eq!(one.environment.as_deref(), Some("linux/amd64"));
        let several = read(&format!(r#"{{"{KEY}/linux/amd64":{old},"{KEY}/linux/arm64":{new}}}"#));
        assert_eq!(several.platforms, ["linux/amd64", "linux/arm64"]);
        assert_eq!(several.labels, one.labels);
    }

    #[test]
    fn absent_parts_are_absent() {
        for text in [
            "{}",
            &format!(r#"{{"{KEY}":null,"{KEY}ance":3}}"#),
            &format!(r#"{{"{KEY}":{{"invocation":{{"parameters":{{}}}},"buildDefinition":{{}}}}}}"#),
        ] {
            assert_eq!(read(text), Provenance::default(), "{text}");
        }
    }
}
