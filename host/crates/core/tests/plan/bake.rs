//! The bake plan where no recorded output of the predecessor has it: stages, secrets, arguments, groups, labels.

use bakery_core::plan::{Inclusion, Selection, bake};
use serde_json::{Value, json};

use crate::support::{everything, images, targets};

fn plan(
    config: &bakery_core::config::Config,
    selection: &Selection,
    change: impl FnOnce(&mut bake::BakeOptions<'_>),
) -> bake::Bake {
    let mut options = bake::BakeOptions {
        temp_registry: None,
        cache_registry: None,
        push: false,
        created: "2026-01-02T03:04:05",
        revision: None,
        has_variable: &|name| name == "SET",
    };
    change(&mut options);
    bake::plan(&targets(config, selection), &options)
}

#[test]
fn stage_and_secrets_are_written_where_they_are_configured() {
    let config = images(
        r#"
  - name: x
    buildTarget: release
    buildSecrets: [{id: token, envVar: SET}, {id: other, envVar: UNSET}]
    versions: [{name: 1.0.0}, {name: 2.0.0, buildTarget: own}]
"#,
    );
    let bake = plan(&config, &Selection::default(), |_| {});
    let keys: Vec<&String> = bake.plan["target"]["x-1-0-0"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["context", "dockerfile", "labels", "tags", "args", "target", "platforms", "secret"]);
    assert_eq!(bake.plan["target"]["x-1-0-0"]["target"], "release");
    assert_eq!(bake.plan["target"]["x-2-0-0"]["target"], "own");
    assert_eq!(
        bake.plan["target"]["x-1-0-0"]["secret"],
        json!([{"type": "env", "id": "token", "env": "SET"}])
    );
    assert_eq!(
        bake.warnings,
        ["the build secret `other` of image `x` is left out, because the variable `UNSET` is not set"]
    );
}

#[test]
fn the_cache_is_written_only_by_a_build_that_pushes() {
    let config = images(
        "  - {name: x, versions: [{name: 2026.05.0+7.pro1, os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]}]}\n",
    );
    let check = |push, platform: &str, want: &str| {
        let selection =
            Selection { image_platforms: vec![regex::Regex::new(platform).unwrap()], ..Selection::default() };
        let bake = plan(&config, &selection, |o| (o.cache_registry, o.push) = (Some("r.example/c"), push));
        let target = bake.plan["target"].as_object().unwrap().values().next().unwrap();
        assert_eq!(target["cache-from"][0]["ref"], want);
        assert_eq!(target.get("cache-to").is_some(), push);
    };
    check(false, "", "r.example/c/x/cache:2026.05.0-ubuntu-24.04");
    check(true, "", "r.example/c/x/cache:2026.05.0-ubuntu-24.04");
    check(true, "arm64", "r.example/c/x/cache:2026.05.0-ubuntu-24.04-arm64");
}

#[test]
fn groups_list_their_targets_once_even_when_image_and_variant_share_a_name() {
    let config =
        images("  - {name: same, variants: [{name: same}, {name: other}], versions: [{name: 1.0.0}]}\n");
    let bake = plan(&config, &Selection::default(), |_| {});
    assert_eq!(
        bake.plan["group"],
        json!({
            "default": {"targets": ["same-1-0-0-other", "same-1-0-0-same"]},
            "same": {"targets": ["same-1-0-0-other", "same-1-0-0-same"]},
            "other": {"targets": ["same-1-0-0-other"]},
        })
    );
    let nothing = Selection { dev_versions: Inclusion::Only, ..Selection::default() };
    assert_eq!(
        plan(&config, &nothing, |_| {}).plan,
        json!({"group": {"default": {"targets": []}}, "target": {}})
    );
}

#[test]
fn a_matrix_row_carries_its_arguments_and_tools() {
    let config = images(
        "  - name: x\n    variants: [{name: Minimal}, {name: Full}]\n    matrix: {dependencies: [{dependency: R, version: 4.5.1}], values: {go: '1.25'}}\n",
    );
    let bake = plan(&config, &everything(), |o| o.revision = Some("abc"));
    let target = |uid: &str| bake.plan["target"][uid].clone();
    let full = target("x-r4-5-1-go1-25-full");
    assert_eq!(full["args"], json!({"R_VERSION": "4.5.1", "GO": "1.25"}));
    assert_eq!(full["dockerfile"], "x/matrix/Containerfile.full");
    assert_eq!(full["labels"]["co.posit.image.tools.R"], "4.5.1");
    assert_eq!(target("x-r4-5-1-go1-25-minimal")["labels"].get("co.posit.image.tools.R"), None);
    let keys: Vec<&String> = full["labels"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "org.opencontainers.image.created",
            "org.opencontainers.image.source",
            "org.opencontainers.image.title",
            "org.opencontainers.image.vendor",
            "co.posit.image.maintainer",
            "co.posit.image.name",
            "org.opencontainers.image.version",
            "org.opencontainers.image.revision",
            "co.posit.image.version",
            "co.posit.image.revision",
            "co.posit.image.variant",
            "co.posit.image.tools.R",
        ]
    );
    assert_eq!(full["labels"]["org.opencontainers.image.created"], Value::from("2026-01-02T03:04:05"));
}

#[test]
fn the_temporary_index_is_named_after_its_sources() {
    let config = images("  - {name: x, versions: [{name: 1.0.0}]}\n");
    let targets = targets(&config, &Selection::default());
    let index = |sources: &[&str]| {
        let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
        targets[0].temp_index("r.example", &sources)
    };
    // The sha256 of `abc` is a published test vector: ba7816bf 8f01cfea.
    assert_eq!(index(&["a", "bc"]), "r.example/x/tmp:x-1-0-0ba7816bf8f");
    assert_eq!(index(&["ab", "c"]), index(&["a", "bc"]));
    assert_ne!(index(&["bc", "a"]), index(&["a", "bc"]));
}
