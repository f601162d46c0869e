//! The plans of real configurations, compared with what the predecessor prints for them.
//! Reads the shared inputs where they are; says so and passes where they are not.

use std::path::PathBuf;

use bakery_core::{
    config::Config,
    plan::{self, Builds, Catalogue, Column, Detail, Facts, ListSource, Selection, Target, bake},
};
use serde_json::Value;

use crate::support::config;

/// `real/<name>` of the shared inputs: next to the repository, or where the environment says.
fn shared(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("BAKERY_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared")),
        PathBuf::from,
    );
    let path = root.join("real").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: {} cannot be read", path.display());
    }
    bytes
}

/// Plans without any question: nothing in these runs may need an answer.
fn builds<'c>(config: &'c Config, selection: &Selection) -> Builds<'c> {
    let catalogue = Catalogue {
        source: &|key| panic!("{key} is asked for"),
        list: &|name| -> ListSource { panic!("{name:?} is asked for") },
    };
    let questions = plan::questions(config, selection, &[], Detail::Labels, catalogue).unwrap();
    let builds = plan::select(config, selection, &questions, &Facts::default()).unwrap();
    assert_eq!((builds.skipped.len(), builds.resolved.len()), (0, 0));
    builds
}

fn targets(config: &Config) -> Vec<Target> {
    plan::targets(&builds(config, &Selection::default())).unwrap()
}

/// Equal as text too, so that the order of every key is compared.
fn assert_same(mut got: Value, mut want: Value) {
    mask_created(&mut got);
    mask_created(&mut want);
    let (got, want) =
        (serde_json::to_string_pretty(&got).unwrap(), serde_json::to_string_pretty(&want).unwrap());
    for (line, (got, want)) in got.lines().zip(want.lines()).enumerate() {
        assert_eq!(got, want, "line {}", line + 1);
    }
    assert_eq!(got.lines().count(), want.lines().count());
}

fn mask_created(plan: &mut Value) {
    let targets =
        plan.get_mut("target").and_then(Value::as_object_mut).into_iter().flat_map(|map| map.values_mut());
    for target in targets {
        if let Some(created) = target.pointer_mut("/labels/org.opencontainers.image.created") {
            *created = Value::from("<NOW>");
        }
    }
}

#[test]
fn the_matrix_of_images_connect_equals_the_predecessor_s() {
    let (Some(text), Some(want)) =
        (shared("images-connect.bakery.yaml"), shared("expected/connect-matrix-exclude.json"))
    else {
        return;
    };
    let config = config(&text);
    let selection = Selection::default();
    let builds = builds(&config, &selection);
    let rows = plan::matrix(&builds, &selection, &[]).unwrap();
    assert_eq!(rows.len(), 22);
    assert_same(serde_json::to_value(&rows).unwrap(), serde_json::from_slice(&want).unwrap());
    let images =
        plan::matrix(&builds, &selection, &[Column::Version, Column::Dev, Column::Platform]).unwrap();
    assert_eq!(images.len(), 20);
    assert_eq!(serde_json::to_string(&images[0]).unwrap(), r#"{"image":"connect"}"#);
}

#[test]
fn the_bake_plan_of_images_connect_equals_the_predecessor_s() {
    let (Some(text), Some(want)) =
        (shared("images-connect.bakery.yaml"), shared("expected/connect-plan.json"))
    else {
        return;
    };
    let options = bake::BakeOptions {
        temp_registry: None,
        cache_registry: None,
        push: false,
        created: "2026-11-20T09:46:31",
        revision: Some("28ecb9f64f49583f3534ce80abd223fecb283461"),
        has_variable: &|_| false,
    };
    let bake = bake::plan(&targets(&config(&text)), &options);
    assert_eq!(bake.warnings, Vec::<String>::new());
    assert_same(bake.plan, serde_json::from_slice(&want).unwrap());
}

#[test]
fn the_tags_of_images_connect_equal_the_predecessor_s() {
    let (Some(text), Some(want)) =
        (shared("images-connect.bakery.yaml"), shared("expected/connect-tags-uid.json"))
    else {
        return;
    };
    let targets = targets(&config(&text));
    assert_same(plan::tags_by_uid(&targets), serde_json::from_slice(&want).unwrap());
    let components = plan::tags_by_component(&targets);
    let tags = &components["connect"]["2025.05.0"]["Minimal"]["Ubuntu 22.04"];
    assert_eq!(tags.as_array().map(Vec::len), Some(4));
    assert!(components["connect-content-init"]["2025.05.0"]["Ubuntu 22.04"].is_array());
}

#[test]
fn a_plan_with_temporary_and_cache_registry_equals_the_predecessor_s() {
    let (Some(text), Some(want)) =
        (shared("multiplatform/bakery.yaml"), shared("expected/plan-multiplatform-temp-cache-push.json"))
    else {
        return;
    };
    let options = bake::BakeOptions {
        temp_registry: Some("ghcr.io/posit-dev"),
        cache_registry: Some("ghcr.io/posit-dev"),
        push: true,
        created: "2026-11-20T10:21:01",
        revision: None,
        has_variable: &|_| false,
    };
    let recorded: Value = serde_json::from_slice(&want).unwrap();
    let want: Value = serde_json::from_str(recorded["stdout"].as_str().unwrap()).unwrap();
    assert_same(bake::plan(&targets(&config(&text)), &options).plan, want);
}
