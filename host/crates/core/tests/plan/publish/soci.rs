//! The options of `tool: soci`: fields of the variant over those of the image, and what a converted target is.

use bakery_core::{
    config::load,
    plan::publish::{self, Goal, MetadataFile, PublishOptions, PublishPlan, SociOptions},
};

use super::support::{Entry, TEMP, file, options, plan, refusal};

/// One image with these options, and two variants, of which the second has these.
fn yaml(image: &str, variant: &str) -> String {
    format!(
        "repository: {{url: github.com/example/images}}
registries: [{{host: ghcr.io, namespace: example}}]
images:
  - name: app
    options: [{image}]
    variants:
      - {{name: Minimal, extension: min, tagDisplayName: min}}
      - {{name: Standard, extension: std, tagDisplayName: std, primary: true, options: [{variant}]}}
    versions:
      - {{name: 1.0.0, latest: true, os: [{{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}}]}}
"
    )
}

fn built(uid: &str) -> MetadataFile {
    file(&format!("{uid}.json"), &[Entry::new(uid)])
}

const MINIMAL: &str = "app-1-0-0-minimal-ubuntu-24-04";
const STANDARD: &str = "app-1-0-0-standard-ubuntu-24-04";

fn files() -> Vec<MetadataFile> {
    let platforms = |uid: &str| {
        let arm64 = file(&format!("{uid}-arm64.json"), &[Entry::new(uid).arm64()]);
        [built(uid), arm64]
    };
    [platforms(MINIMAL), platforms(STANDARD)].concat()
}

fn planned(image: &str, variant: &str, goal: Goal) -> PublishPlan {
    let config = load("bakery.yaml", yaml(image, variant).as_bytes(), false).unwrap().config;
    publish::plan(&config, &files(), &PublishOptions { goal, ..options() }).unwrap()
}

/// The options of both variants.
fn merged(image: &str, variant: &str) -> [Option<SociOptions>; 2] {
    let plan = planned(image, variant, Goal::Publish);
    [MINIMAL, STANDARD].map(|uid| plan.targets.iter().find(|target| target.uid == uid).unwrap().soci.clone())
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_field_of_the_variant_replaces_the_image_s_where_it_was_written() {
    let image = "{tool: soci, enabled: true, min_layer_size: 10485760, prefetch_files: [/a, /b]}";
    let above = SociOptions {
        min_layer_size: Some(10_485_760),
        prefetch_files: list(&["/a", "/b"]),
        ..SociOptions::default()
    };
    assert_eq!(merged(image, ""), [Some(above.clone()), Some(above.clone())]);
    // The configuration that the predecessor's golden answer was made with.
    let variant = "{tool: soci, span_size: 4194304, prefetch_files: [], optimizations: [xattr], \
                   platforms: [linux/amd64, linux/arm64]}";
    let own = SociOptions {
        span_size: Some(4_194_304),
        min_layer_size: Some(10_485_760),
        prefetch_files: Vec::new(),
        optimizations: list(&["xattr"]),
        platforms: ["linux/amd64", "linux/arm64"].map(|name| name.parse().unwrap()).to_vec(),
    };
    assert_eq!(merged(image, variant), [Some(above.clone()), Some(own)]);
    // Written is written, also where it equals the default.
    assert_eq!(merged(image, "{tool: soci, enabled: false}"), [Some(above), None]);
    assert_eq!(merged("{tool: soci, span_size: 1}", "{tool: soci, enabled: true}")[0], None);
    assert_eq!(merged("", ""), [None, None]);
}

#[test]
fn a_converted_target_is_staged_under_a_name_of_its_own() {
    let plan = planned("", "{tool: soci, enabled: true}", Goal::Publish);
    let staged: Vec<(&str, bool)> = plan.targets.iter().map(|one| (one.uid.as_str(), one.staged)).collect();
    assert_eq!(staged, [(MINIMAL, false), (STANDARD, true)]);
    let target = &plan.targets[1];
    assert_eq!(target.temp_soci().unwrap().to_string(), format!("{}-soci", target.temp_index));
    assert!(
        target
            .accesses()
            .iter()
            .any(|one| one.push && one.repository.to_string() == format!("{TEMP}/app/tmp"))
    );
}

#[test]
fn who_only_converts_leaves_other_targets_and_all_destinations_alone() {
    let plan = planned("", "{tool: soci, enabled: true}", Goal::Convert);
    assert_eq!(plan.goal, Goal::Convert);
    let [only] = plan.targets.as_slice() else { panic!("{}", plan.describe()) };
    assert_eq!((only.uid.as_str(), only.destinations.len()), (STANDARD, 0));
    let config = load("bakery.yaml", yaml("", "").as_bytes(), false).unwrap().config;
    insta::assert_snapshot!(
        refusal(&config, &files(), &PublishOptions { goal: Goal::Convert, ..options() }),
        @r"
    [bakery::publish::no_soci] no target of the metadata files has `tool: soci` enabled
      add `options: [{tool: soci, enabled: true}]` to an image or a variant in bakery.yaml
    "
    );
}

#[test]
fn what_soci_would_refuse_is_refused_before_anything_is_asked() {
    for (fields, want) in [
        ("optimizations: [xattrs]", "`xattrs` is no value for `optimizations`"),
        ("prefetch_files: [-a]", "`-a` is no value for `prefetch_files`"),
        ("prefetch_files: ['@/etc/passwd']", "`@/etc/passwd` is no value for `prefetch_files`"),
        ("platforms: [linux/s390x]", "`linux/s390x` is no value for `platforms`"),
    ] {
        let image = format!("{{tool: soci, enabled: true, {fields}}}");
        let config = load("bakery.yaml", yaml(&image, "").as_bytes(), false).unwrap().config;
        let told = refusal(&config, &files(), &options());
        assert!(told.contains(want), "{told}");
    }
}

#[test]
fn a_name_that_gets_too_long_is_refused() {
    let name = "a".repeat(128 - 10 - "-1-0-0-minimal-ubuntu-24-04".len());
    let uid = |variant: &str| format!("{name}-1-0-0-{variant}-ubuntu-24-04");
    let text = |image: &str| yaml(image, "").replace("- name: app", &format!("- name: {name}"));
    let minimal = uid("minimal");
    let files = [built(&minimal), file("arm64.json", &[Entry::new(&minimal).arm64()])];
    let config = load("bakery.yaml", text("").as_bytes(), false).unwrap().config;
    assert_eq!(plan(&config, &files).targets.len(), 1, "without the ending it fits");
    let config = load("bakery.yaml", text("{tool: soci, enabled: true}").as_bytes(), false).unwrap().config;
    let told = refusal(&config, &files, &options());
    assert!(told.contains("[bakery::publish::temp_registry]"), "{told}");
}
