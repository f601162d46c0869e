//! Where targets go: repositories, tags that move and tags that do not, the temporary index, annotations.

use bakery_core::{
    config::Config,
    plan::publish::{self, MetadataFile, PublishOptions},
};
use serde_json::json;

use super::support::{Entry, TEMP, file, options, plan, refusal, tags};
use crate::support::{config, images};

fn files(entries: &[Entry]) -> Vec<MetadataFile> {
    vec![file("a.json", entries)]
}

fn app(more: &str) -> Config {
    images(&format!(
        "  - name: app\n    versions: [{{name: 1.0.0, latest: true, os: [{{name: Ubuntu 24.04}}]}}]{more}"
    ))
}

const UID: &str = "app-1-0-0-ubuntu-24-04";

#[test]
fn tags_with_the_whole_version_are_immutable_and_references_keep_their_order() {
    let config = config(
        "repository: {url: example.com/images}
registries: [{host: ghcr.io, namespace: example}, {host: docker.io, namespace: example}]
images:
  - name: app
    variants: [{name: Standard, primary: true, tagDisplayName: std}, {name: Minimal, tagDisplayName: min}]
    versions:
      - {name: 2026.03.1+5.pro2, latest: true, os: [{name: Ubuntu 24.04}]}
      - {name: 2026.02.0, os: [{name: Ubuntu 24.04}]}",
    );
    let entries = [
        "app-2026-03-1-5-pro2-minimal-ubuntu-24-04",
        "app-2026-03-1-5-pro2-standard-ubuntu-24-04",
        "app-2026-02-0-standard-ubuntu-24-04",
    ];
    insta::assert_snapshot!(tags(&plan(&config, &files(&entries.map(Entry::new)))), @r"
    app-2026-02-0-standard-ubuntu-24-04 -> docker.io/example/app: 2026.02.0 2026.02.0-std 2026.02.0-ubuntu-24.04 2026.02.0-ubuntu-24.04-std | 
    app-2026-02-0-standard-ubuntu-24-04 -> ghcr.io/example/app: 2026.02.0 2026.02.0-std 2026.02.0-ubuntu-24.04 2026.02.0-ubuntu-24.04-std | 
    app-2026-03-1-5-pro2-minimal-ubuntu-24-04 -> docker.io/example/app: 2026.03.1-5.pro2-min 2026.03.1-5.pro2-ubuntu-24.04-min | 2026.03.1-min 2026.03.1-ubuntu-24.04-min min ubuntu-24.04-min
    app-2026-03-1-5-pro2-minimal-ubuntu-24-04 -> ghcr.io/example/app: 2026.03.1-5.pro2-min 2026.03.1-5.pro2-ubuntu-24.04-min | 2026.03.1-min 2026.03.1-ubuntu-24.04-min min ubuntu-24.04-min
    app-2026-03-1-5-pro2-standard-ubuntu-24-04 -> docker.io/example/app: 2026.03.1-5.pro2 2026.03.1-5.pro2-std 2026.03.1-5.pro2-ubuntu-24.04 2026.03.1-5.pro2-ubuntu-24.04-std | 2026.03.1 2026.03.1-std 2026.03.1-ubuntu-24.04 2026.03.1-ubuntu-24.04-std latest std ubuntu-24.04 ubuntu-24.04-std
    app-2026-03-1-5-pro2-standard-ubuntu-24-04 -> ghcr.io/example/app: 2026.03.1-5.pro2 2026.03.1-5.pro2-std 2026.03.1-5.pro2-ubuntu-24.04 2026.03.1-5.pro2-ubuntu-24.04-std | 2026.03.1 2026.03.1-std 2026.03.1-ubuntu-24.04 2026.03.1-ubuntu-24.04-std latest std ubuntu-24.04 ubuntu-24.04-std
    ");
}

#[test]
fn two_names_of_one_registry_are_one_repository() {
    let more = "\n    overrideRegistries: [{host: docker.io, namespace: example}, {host: index.docker.io, namespace: example}]";
    let plan = plan(&app(more), &files(&[Entry::new(UID)]));
    assert_eq!(plan.targets[0].destinations.len(), 1);
    let tags: Vec<_> = plan.targets[0].destinations[0].tags().map(ToString::to_string).collect();
    assert_eq!(tags, ["1.0.0", "1.0.0-ubuntu-24.04", "latest", "ubuntu-24.04"]);
    assert!(!plan.needs_root());
}

#[test]
fn a_root_is_needed_for_more_than_one_index_or_repository() {
    let two = "\n    extraRegistries: [{host: docker.io, namespace: example}]";
    assert!(plan(&app(two), &files(&[Entry::new(UID)])).needs_root());
    assert!(!publish::PublishPlan::default().needs_root());
}

#[test]
fn the_temporary_index_is_named_after_its_sources() {
    let publish = plan(&app(""), &files(&[Entry::new(UID)]));
    let target = &publish.targets[0];
    let digest = target.sources[0].reference.digest().unwrap();
    let of = |sources: &[String]| {
        use sha2::Digest as _;
        let hash = sha2::Sha256::digest(sources.concat());
        hash.iter().take(5).map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let hash = of(&[format!("{TEMP}/app/tmp@{digest}")]);
    assert_eq!(target.temp_index.to_string(), format!("{TEMP}/app/tmp:{UID}{hash}"));
    assert!(!target.staged);
    // The name is written as the metadata have it, tag included.
    let tagged = Entry::new(UID).set("image.name", json!(format!("{TEMP}/app/tmp:latest")));
    let other = plan(&app(""), &files(&[tagged]));
    let hash = of(&[format!("{TEMP}/app/tmp:latest@{digest}")]);
    assert_eq!(other.targets[0].temp_index.to_string(), format!("{TEMP}/app/tmp:{UID}{hash}"));
}

#[test]
fn the_temporary_registry_is_required_and_must_be_one() {
    let with = |temp_registry| PublishOptions { temp_registry, staged: true, ..PublishOptions::default() };
    let metadata = files(&[Entry::new(UID)]);
    insta::assert_snapshot!(refusal(&app(""), &metadata, &with(None)), @r"
    [bakery::publish::temp_registry] there is no temporary registry
      say with `--temp-registry` where the builds were pushed to
    ");
    insta::assert_snapshot!(refusal(&app(""), &metadata, &with(Some("https://ghcr.io/x"))), @r"
    [bakery::publish::temp_registry] `--temp-registry https://ghcr.io/x` is wrong: `https:` is not an image reference: a port is a number from 1 to 65535
      write host and namespace without scheme and tag, for example `ghcr.io/example`
    ");
    let long = images(&format!(
        "  - name: app\n    tagPatterns: [{{patterns: [x]}}]\n    versions: [{{name: {}}}]",
        "v".repeat(130)
    ));
    let entry = Entry::new(&format!("app-{}", "v".repeat(130)));
    let text = refusal(&long, &files(&[entry]), &options()).replace(&"v".repeat(50), "v…");
    insta::assert_snapshot!(text, @r"
    [bakery::publish::temp_registry] the temporary index of `app-v…v…vvvvvvvvvvvvvvvvvvvvvvvvvvvvvv` cannot be named: `ghcr.io/example/app/tmp:app-v…vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv` is not an image reference: a tag is 1 to 128 letters, digits, `_`, `.` or `-` and begins with a letter, a digit or `_`
      the name is `<temporary registry>/<image>/tmp:<target><ten digits>`, and a tag has at most 128 characters: shorten the names in bakery.yaml
    ");
    assert!(publish::plan(&app(""), &metadata, &with(Some("localhost:5000"))).unwrap().targets[0].staged);
}

#[test]
fn a_target_must_have_a_place_to_go() {
    let nowhere = config(
        "repository: {url: example.com/images}
images: [{name: app, versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04}]}]}]",
    );
    insta::assert_snapshot!(refusal(&nowhere, &files(&[Entry::new(UID)]), &options()), @r"
    [bakery::publish::no_registry] image `app` version `1.0.0` on `Ubuntu 24.04` has no registry to be published to
      add `registries`, or `extraRegistries` for this image, in bakery.yaml
    ");
    let wrong = app(
        "\n    overrideRegistries: [{host: ghcr.io, namespace: Example}, {host: ghcr.io, namespace: ok}]",
    );
    insta::assert_snapshot!(refusal(&wrong, &files(&[Entry::new(UID)]), &options()), @r"
    [bakery::publish::destination] image `app` version `1.0.0` on `Ubuntu 24.04` cannot be published: `ghcr.io/Example/app` is not an image reference: a repository name is made of lower-case letters and digits, joined by `.`, `_`, `__`, `-` or `/`
      a repository has lower-case letters and digits: check `host`, `namespace` and `repository` in bakery.yaml
    ");
}

#[test]
fn a_tag_of_two_targets_goes_to_the_last_one_pushed_and_that_is_told() {
    let config = images(
        "  - name: app
    versions:
      - {name: 1.0.0+2, latest: true, os: [{name: Ubuntu 24.04}]}
      - {name: 1.0.0+1, os: [{name: Ubuntu 24.04}]}",
    );
    let entries = ["app-1-0-0-1-ubuntu-24-04", "app-1-0-0-2-ubuntu-24-04"].map(Entry::new);
    let plan = plan(&config, &files(&entries));
    insta::assert_snapshot!([vec![tags(&plan)], plan.warnings].concat().join("\n"), @r"
    app-1-0-0-1-ubuntu-24-04 -> ghcr.io/example/app: 1.0.0-1 1.0.0-1-ubuntu-24.04 | 
    app-1-0-0-2-ubuntu-24-04 -> ghcr.io/example/app: 1.0.0-2 1.0.0-2-ubuntu-24.04 | 1.0.0 1.0.0-ubuntu-24.04 latest ubuntu-24.04
    `ghcr.io/example/app:1.0.0-ubuntu-24.04`, `ghcr.io/example/app:1.0.0` of image `app` version `1.0.0+1` on `Ubuntu 24.04` go to image `app` version `1.0.0+2` on `Ubuntu 24.04`, which is pushed after it
    ");
}

#[test]
fn a_target_that_keeps_no_tag_is_refused() {
    let config = images(
        "  - name: app
    tagPatterns: [{patterns: ['{{ Version }}']}]
    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04, primary: true}, {name: Ubuntu 22.04}]}]",
    );
    let entries = [UID, "app-1-0-0-ubuntu-22-04"].map(Entry::new);
    insta::assert_snapshot!(refusal(&config, &files(&entries), &options()), @r"
    [bakery::publish::no_tag_left] image `app` version `1.0.0` on `Ubuntu 22.04` keeps no tag: all of its tags are also those of image `app` version `1.0.0` on `Ubuntu 24.04`
      tell the two apart in `tagPatterns`
    ");
}

#[test]
fn annotations_come_from_configuration_and_metadata_alone() {
    let config = images(
        "  - name: app\n    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]}]",
    );
    let revision = "label:org.opencontainers.image.revision";
    let annotated = |amd: Entry, arm: Entry| {
        let files = [file("a", &[amd]), file("b", &[arm])];
        let plan =
            publish::plan(&config, &files, &PublishOptions { revision: Some("head"), ..options() }).unwrap();
        let lines = plan.targets[0].annotations.iter().map(|(key, value)| format!("{key}={value}"));
        lines.chain(plan.warnings.clone()).collect::<Vec<_>>().join("\n")
    };
    let (amd, arm) = (
        Entry::new(UID).created("2025-11-19T09:29:31.500000"),
        Entry::new(UID).arm64().created("2025-11-19T10:29:31+02:00"),
    );
    let text = annotated(amd.clone(), arm.clone());
    assert!(text.starts_with("org.opencontainers.image.created=2025-11-19T09:29:31.5Z\n"), "{text}");
    assert!(text.contains("org.opencontainers.image.revision=head\n"), "{text}");
    let text = annotated(amd.argument(revision, "aaa"), arm.argument(revision, "bbb"));
    insta::assert_snapshot!(text, @r"
    org.opencontainers.image.created=2025-11-19T09:29:31.5Z
    org.opencontainers.image.source=https://example.com/images
    org.opencontainers.image.title=App
    org.opencontainers.image.vendor=Posit Software, PBC
    co.posit.image.maintainer=Posit Docker Team <docker@posit.co>
    co.posit.image.name=App
    org.opencontainers.image.version=1.0.0
    org.opencontainers.image.revision=aaa
    co.posit.image.version=1.0.0
    co.posit.image.revision=aaa
    co.posit.image.os=Ubuntu 24.04
    the builds of image `app` version `1.0.0` on `Ubuntu 24.04` are of two commits, `aaa` and `bbb`: it is said to be of the first
    ");
}

#[test]
fn tool_versions_that_no_metadata_say_are_missed_aloud() {
    let config = images(
        "  - name: app
    dependencyConstraints: [{dependency: R, constraint: {latest: true}}]
    devVersions: [{sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}]",
    );
    let entry = Entry::new("app-2026-05-0-ubuntu-24-04-daily").version("2026.05.0");
    let said = entry.clone().argument("label:co.posit.image.tools.R", "4.5.2");
    let annotations = &plan(&config, &files(&[said])).targets[0].annotations;
    assert_eq!(annotations.last().unwrap(), &("co.posit.image.tools.R".to_owned(), "4.5.2".to_owned()));
    insta::assert_snapshot!(plan(&config, &files(&[entry])).warnings.join("\n"), @"the index of image `app` version `2026.05.0` on `Ubuntu 24.04` of channel `daily` has no annotation `co.posit.image.tools.R`, because no metadata say it");
}

#[test]
fn a_plan_can_be_told_in_words() {
    let two = "\n    extraRegistries: [{host: docker.io, namespace: example}]";
    insta::assert_snapshot!(plan(&app(two), &files(&[Entry::new(UID)])).describe(), @r"
    image `app` version `1.0.0` on `Ubuntu 24.04` (app-1-0-0-ubuntu-24-04)
      linux/amd64 from ghcr.io/example/app/tmp@sha256:2dc5b514d9c09d9f854eaa80d35b061bf6ad00df260704ffa9893c0c2bf1dddd (a.json)
      index ghcr.io/example/app/tmp:app-1-0-0-ubuntu-24-043585bb470a (not written)
      to docker.io/example/app
        first 1.0.0, 1.0.0-ubuntu-24.04
        then latest, ubuntu-24.04
      to ghcr.io/example/app
        first 1.0.0, 1.0.0-ubuntu-24.04
        then latest, ubuntu-24.04
    ");
}
