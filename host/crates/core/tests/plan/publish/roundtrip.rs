//! What is built is what is published: the metadata of every target of a configuration give that very target back,
//! without any upstream.

use bakery_core::{
    config::Config,
    model::Platform,
    plan::{
        Target,
        publish::{PublishPlan, PublishTarget},
    },
};
use serde_json::json;

use super::support::{Entry, built, file, plan};
use crate::support::{config, everything, targets};

/// Every kind of version that there is.
const EVERYTHING: &str = "
repository: {url: example.com/images, authors: [Team <team@example.com>]}
registries:
  - {host: ghcr.io, namespace: example}
  - {host: docker.io, namespace: example}
images:
  - name: connect
    description: A product
    dependencyConstraints:
      - {dependency: R, constraint: {latest: true, count: 2}}
      - {dependency: quarto, constraint: {latest: true}}
    variants:
      - {name: Standard, extension: std, primary: true, tagDisplayName: std}
      - {name: Minimal, extension: min, tagDisplayName: min}
    versions:
      - name: 2026.03.1+5.pro2
        latest: true
        os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}, {name: Ubuntu 22.04}]
        dependencies: [{dependency: R, version: 4.5.3}]
      - {name: 2026.02.0, os: [{name: Ubuntu 22.04}]}
    devVersions:
      - sourceType: channel
        product: connect
        channel: daily
        os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}, {name: Ubuntu 22.04}]
        overrideRegistries: [{host: ghcr.io, namespace: example, repository: connect-preview}]
  - name: session
    matrix:
      namePattern: 'R{{ Dependencies.R }}-python{{ Dependencies.python }}'
      dependencyConstraints:
        - {dependency: R, constraint: {latest: true, min: '4.3'}}
        - {dependency: python, constraint: {latest: true, count: 3}}
        - {dependency: quarto, constraint: {latest: true}}
      os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]
  - name: fixed
    matrix:
      dependencies: [{dependency: R, versions: [4.5.1, 4.5.0, 4.4.3]}]
      values: {go: ['1.24', '1.25']}
      os: [{name: Ubuntu 24.04}]
    devVersions:
      - {sourceType: dependency, dependency: R, channel: daily, os: [{name: Ubuntu 24.04}], values: {go: '1.26'}}
  - name: bare
    versions: [{name: '1.0', latest: true}]
";

/// Builds each target for each of its platforms, one file for each platform.
fn metadata(
    config: &Config,
    add: fn(&Target, Entry) -> Entry,
) -> (Vec<Target>, Vec<bakery_core::plan::publish::MetadataFile>) {
    let targets = targets(config, &everything());
    let files = Platform::ALL.map(|platform| {
        let of = targets.iter().filter(|target| target.platforms.contains(&platform));
        let created = format!("2026-01-01T00:00:0{}Z", platform.architecture().len());
        let entries: Vec<Entry> = of.map(|target| add(target, built(target, platform, &created))).collect();
        file(&format!("{}.json", platform.architecture()), &entries)
    });
    (targets, files.to_vec())
}

fn references(target: &PublishTarget) -> Vec<String> {
    let mut all: Vec<String> = target
        .destinations
        .iter()
        .flat_map(|one| one.tags().map(move |tag| format!("{}:{tag}", one.repository)))
        .collect();
    all.sort();
    all
}

fn of<'p>(plan: &'p PublishPlan, uid: &str) -> &'p PublishTarget {
    plan.targets.iter().find(|target| target.uid == uid).unwrap()
}

#[test]
fn every_target_comes_back_with_its_tags_platforms_and_labels() {
    let config = config(EVERYTHING);
    let says = |target: &Target, entry: Entry| {
        let open = target.identity.image == "session";
        if !open {
            return entry;
        }
        entry.set(
            "bakery.target",
            json!({ "image": "session", "version": target.identity.version, "os": target.identity.os,
                    "latest": target.latest, "latestPatch": true }),
        )
    };
    let (targets, files) = metadata(&config, says);
    assert!(targets.len() > 20, "{}", targets.len());
    let plan = plan(&config, &files);
    assert_eq!(plan.warnings, Vec::<String>::new());
    assert_eq!(plan.targets.len(), targets.len());
    for target in &targets {
        let published = of(&plan, &target.uid);
        assert_eq!(published.identity, target.identity);
        assert_eq!(references(published), target.references, "{}", target.uid);
        let mut platforms: Vec<Platform> = published.sources.iter().map(|source| source.platform).collect();
        platforms.sort();
        assert_eq!(platforms, target.platforms, "{}", target.uid);
        // 5 characters in `amd64` and in `arm64`.
        let labels = target.labels("2026-01-01T00:00:05Z", Some("c0ffee"));
        let labels: Vec<(String, String)> =
            labels.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        assert_eq!(published.annotations, labels, "{}", target.uid);
    }
    let mut ordered = targets.clone();
    bakery_core::plan::push_order(&mut ordered);
    let uids = |targets: &[Target]| targets.iter().map(|t| t.uid.clone()).collect::<Vec<_>>();
    assert_eq!(plan.targets.iter().map(|t| t.uid.clone()).collect::<Vec<_>>(), uids(&ordered));
    assert!(plan.needs_root());
}

#[test]
fn without_bakery_s_own_key_only_what_cannot_be_proven_is_left_alone() {
    let config = config(EVERYTHING);
    let (targets, files) = metadata(&config, |_, entry| entry);
    let plan = plan(&config, &files);
    let latest = "session-r4-5-2-python3-14-1-ubuntu-24-04";
    for target in targets.iter().filter(|target| target.uid != latest) {
        assert_eq!(references(of(&plan, &target.uid)), target.references, "{}", target.uid);
    }
    let floating: Vec<String> =
        of(&plan, latest).destinations.iter().flat_map(|d| &d.floating).map(ToString::to_string).collect();
    assert_eq!(floating, ["R4.5-python3.14", "R4.5-python3.14-ubuntu-24.04"].repeat(2));
    insta::assert_snapshot!(plan.warnings.join("\n"), @"`docker.io/example/session:latest`, `docker.io/example/session:ubuntu-24.04`, `ghcr.io/example/session:latest`, `ghcr.io/example/session:ubuntu-24.04` of image `session` version `R4.5.2-python3.14.1` on `Ubuntu 24.04` are left alone: the metadata do not say whether it is the latest row (`latest` of `bakery.target`)");
}
