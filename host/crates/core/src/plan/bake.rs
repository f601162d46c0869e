//! The bake plan of docker buildx: targets as JSON, keys in the predecessor's order. Runs no docker.
//! buildx reads every text of a plan as a template, so that each is written as a template for itself.

use serde_json::{Map, Value, json};

use super::{Target, build::Secrets};

/// What a run adds to its targets.
#[derive(Clone, Copy)]
pub struct BakeOptions<'a> {
    /// Registry for builds of single platforms; takes the place of every tag.
    pub temp_registry: Option<&'a str>,
    /// Registry of layer caches.
    pub cache_registry: Option<&'a str>,
    /// Whether the build pushes; only then is the cache written.
    pub push: bool,
    /// The `created` label.
    pub created: &'a str,
    /// The commit of the configuration, where there is one.
    pub revision: Option<&'a str>,
    /// Whether an environment variable is set and not empty.
    pub has_variable: &'a (dyn Fn(&str) -> bool + Sync),
}

/// A bake plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Bake {
    /// `group` and `target`, as `docker buildx bake` reads them.
    pub plan: Value,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

/// The bake plan of these targets, in their order.
#[must_use]
pub fn plan(targets: &[Target], options: &BakeOptions<'_>) -> Bake {
    let mut secrets = Secrets::new(options.has_variable);
    let described =
        targets.iter().map(|target| (target.uid.clone(), describe(target, options, &mut secrets)));
    let described: Map<String, Value> = described.map(|(uid, target)| (uid, literal(target))).collect();
    let plan = json!({ "group": groups(targets), "target": Value::Object(described) });
    Bake { plan, warnings: secrets.into_warnings() }
}

/// The same value once buildx has evaluated it: `${` and `%{` begin a template, `$${` and `%%{` are these characters.
/// Keys are texts as well.
fn literal(value: Value) -> Value {
    let text = |text: &str| text.replace("${", "$${").replace("%{", "%%{");
    match value {
        Value::String(plain) => Value::String(text(&plain)),
        Value::Array(items) => items.into_iter().map(literal).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (text(&key), literal(value))).collect()
        }
        other => other,
    }
}

/// `default`, one group per image, one per variant, in order of first appearance.
fn groups(targets: &[Target]) -> Value {
    let mut groups: Map<String, Value> = Map::new();
    groups.insert("default".to_owned(), json!({ "targets": [] }));
    for target in targets {
        let names =
            [Some("default"), Some(target.identity.image.as_str()), target.identity.variant.as_deref()];
        for name in names.into_iter().flatten() {
            let group = groups.entry(name).or_insert_with(|| json!({ "targets": [] }));
            if let Some(members) = group["targets"].as_array_mut()
                // An image may be called like a variant.
                && members.last().and_then(Value::as_str) != Some(&target.uid)
            {
                members.push(Value::from(target.uid.as_str()));
            }
        }
    }
    Value::Object(groups)
}

fn describe(target: &Target, options: &BakeOptions<'_>, secrets: &mut Secrets<'_>) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    let labels = target.labels(options.created, options.revision);
    put("context", Value::from("."));
    put("dockerfile", Value::from(target.dockerfile.as_str()));
    put("labels", labels.into_iter().map(|(key, value)| (key, Value::from(value))).collect());
    put(
        "tags",
        match options.temp_registry {
            Some(registry) => json!([target.temp_repository(registry)]),
            None => Value::from(target.references.clone()),
        },
    );
    put("args", target.args.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect());
    if let Some(stage) = &target.build_target {
        put("target", Value::from(stage.as_str()));
    }
    put("platforms", target.platforms.iter().map(|platform| platform.as_str()).collect());
    if let Some(registry) = options.cache_registry {
        let reference = target.cache_reference(registry);
        put("cache-from", json!([{ "type": "registry", "ref": reference }]));
        if options.push {
            put(
                "cache-to",
                json!([{
                    "type": "registry", "ref": reference, "mode": "max", "compression": "zstd", "oci-mediatypes": "true"
                }]),
            );
        }
    }
    let set = secrets.of(target);
    if !set.is_empty() {
        put("secret", set.iter().map(|s| json!({ "type": "env", "id": s.id, "env": s.env_var })).collect());
    }
    Value::Object(out)
}
