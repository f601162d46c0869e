//! The publishing step of docs/plugins/publish-steps.md, as it stands there.

use bakery_sdk::{
    Failure, Registry,
    failure::{all, invalid},
    json,
    step::{Outcome, Task},
    task,
};

#[cfg(target_family = "wasm")]
mod shell;

/// Refuses a target with an image of more than 40 layers.
pub fn run(
    registry: &impl Registry,
    asked: &Task,
    _previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    let references = task::references(asked);
    let manifests = all(registry.get_manifest(&references), |failed, total| {
        format!("{failed} of {total} sources cannot be read")
    })?;
    for (reference, manifest) in references.iter().zip(manifests) {
        let image: serde_json::Value = json::parse(reference, &manifest.bytes, "a manifest")
            .map_err(|_| invalid(reference, format!("`{reference}` is not JSON")))?;
        let layers = image["layers"].as_array().map_or(0, Vec::len);
        if layers > 40 {
            return Err(invalid(reference, format!("`{reference}` has {layers} layers, more than 40")));
        }
    }
    Ok(Outcome { digest: None, attributes: vec![("layers".to_owned(), "checked".to_owned())] })
}

#[cfg(test)]
mod tests {
    use bakery_sdk::testing::{FakeRegistry, task};

    #[test]
    fn an_image_of_too_many_layers_is_refused() {
        let mut task = task();
        task.sources.truncate(1);
        let image = |layers: usize| format!(r#"{{"layers":[{}]}}"#, vec!["{}"; layers].join(","));
        for (layers, good) in [(40, true), (41, false)] {
            let registry = FakeRegistry::new().with(&task.sources[0].reference, "any", image(layers));
            assert_eq!(super::run(&registry, &task, &[]).is_ok(), good);
        }
    }
}
