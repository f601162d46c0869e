//! Which build of a target wins, and what an entry must have.

use bakery_core::{config::Config, plan::publish::MetadataFile};
use serde_json::json;

use super::support::{Entry, TEMP, file, options, plan, refusal};
use crate::support::images;

const UID: &str = "app-1-0-0-ubuntu-24-04";

fn app() -> Config {
    images(
        "  - name: app
    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]}]",
    )
}

fn refused(files: &[MetadataFile]) -> String {
    refusal(&app(), files, &options())
}

/// Platform and file of each source, in their order.
fn sources(files: &[MetadataFile]) -> String {
    let plan = plan(&app(), files);
    let target = &plan.targets[0];
    let text: Vec<String> = target
        .sources
        .iter()
        .zip(&target.files)
        .map(|(source, file)| format!("{} {file}", source.platform.architecture()))
        .chain(plan.warnings.clone())
        .collect();
    text.join("\n")
}

fn amd64() -> Entry {
    Entry::new(UID)
}

fn arm64() -> Entry {
    Entry::new(UID).arm64()
}

#[test]
fn the_newest_build_of_each_platform_wins_and_the_newest_comes_first() {
    let older = file("older.json", &[amd64().digest_of("old").created("2025-12-31T23:59:59")]);
    let amd = file("amd64.json", &[amd64().created("2026-01-01T01:00:00+01:00")]);
    let arm = file("arm64.json", &[arm64().created("2026-01-01T00:00:01Z")]);
    insta::assert_snapshot!(sources(&[older, amd, arm]), @r"
    arm64 arm64.json
    amd64 amd64.json
    `older.json`: the build of `app-1-0-0-ubuntu-24-04` for linux/amd64 is not used, because the one of `amd64.json` is newer
    ");
}

#[test]
fn builds_of_one_moment_are_ordered_by_file() {
    let files = |amd: &str, arm: &str| [file(amd, &[amd64()]), file(arm, &[arm64()])];
    assert_eq!(sources(&files("a", "b")), "amd64 a\narm64 b");
    assert_eq!(sources(&files("b", "a")), "arm64 a\namd64 b");
}

#[test]
fn one_build_that_is_told_twice_is_one_build() {
    let files = [file("a", &[amd64()]), file("b", &[amd64()]), file("c", &[arm64()])];
    assert_eq!(sources(&files), "amd64 a\narm64 c");
}

#[test]
fn two_images_of_one_moment_are_refused_with_both_files() {
    let files =
        [file("a.json", &[amd64()]), file("b.json", &[amd64().digest_of("other")]), file("c", &[arm64()])];
    insta::assert_snapshot!(refused(&files), @r"
    [bakery::publish::disagreement] `a.json` and `b.json` disagree: `app-1-0-0-ubuntu-24-04` for `linux/amd64` was built at 2026-01-01T00:00:01Z as `sha256:2dc5b514d9c09d9f854eaa80d35b061bf6ad00df260704ffa9893c0c2bf1dddd` and as `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`
      one of the two files was changed or mixed up: leave it out, or build again
    ");
    // Also where both lose.
    let newer = file("new.json", &[amd64().digest_of("new").created("2026-02-01T00:00:00Z")]);
    assert!(refused(&[files.to_vec(), vec![newer]].concat()).starts_with("[bakery::publish::disagreement]"));
}

#[test]
fn an_entry_must_have_a_name_a_digest_a_platform_and_a_time() {
    let entry = amd64()
        .without("/image.name")
        .without("/containerimage.digest")
        .without("/containerimage.descriptor");
    insta::assert_snapshot!(refused(&[file("a.json", &[entry]), file("b.json", &[arm64()])]), @r"
    [bakery::publish::incomplete] `a.json`: `app-1-0-0-ubuntu-24-04` has no name (`image.name`)
      build it again with `bakery build --push --temp-registry --metadata-file`, so that it is pushed by digest
    [bakery::publish::incomplete] `a.json`: `app-1-0-0-ubuntu-24-04` has no digest (`containerimage.digest`)
      build it again with `bakery build --push --temp-registry --metadata-file`, so that it is pushed by digest
    [bakery::publish::incomplete] `a.json`: `app-1-0-0-ubuntu-24-04` has no platform (`containerimage.descriptor`)
      build it again with `bakery build --push --temp-registry --metadata-file`, one platform per invocation (`--image-platform`)
    [bakery::publish::incomplete] `a.json`: `app-1-0-0-ubuntu-24-04` has no time of creation (`org.opencontainers.image.created`, as annotation of its descriptor or as label)
      build it again with `bakery build --push --temp-registry --metadata-file`, which labels it
    ");
}

#[test]
fn an_index_is_no_source() {
    let index = "application/vnd.oci.image.index.v1+json";
    let descriptor = json!({ "mediaType": index, "annotations": {} });
    let several = amd64()
        .set("buildx.build.provenance/linux/amd64", json!({}))
        .set("buildx.build.provenance/linux/arm64", json!({}));
    let one = amd64().set("containerimage.descriptor", descriptor);
    insta::assert_snapshot!(refused(&[file("a.json", &[one]), file("b.json", &[several])]), @r"
    [bakery::publish::several_platforms] `a.json`: `app-1-0-0-ubuntu-24-04` is an index, not the image of one platform
      build one platform per invocation (`--image-platform`), without attestations (`BUILDX_NO_DEFAULT_ATTESTATIONS=1`), which also make an index
    [bakery::publish::several_platforms] `b.json`: `app-1-0-0-ubuntu-24-04` is an index, not the image of one platform
      build one platform per invocation (`--image-platform`), without attestations (`BUILDX_NO_DEFAULT_ATTESTATIONS=1`), which also make an index
    ");
}

#[test]
fn a_name_must_be_one_and_agree_with_the_digest() {
    let other = bakery_core::model::Digest::of(b"other");
    let files = [
        file("a.json", &[amd64().set("image.name", json!("https://ghcr.io/Example/tmp"))]),
        file("b.json", &[arm64().set("image.name", json!(format!("{TEMP}/tmp@{other}")))]),
    ];
    insta::assert_snapshot!(refused(&files), @r"
    [bakery::publish::incomplete] `a.json`: the name of `app-1-0-0-ubuntu-24-04` is wrong: `https://ghcr.io/Example/tmp` is not an image reference: a port is a number from 1 to 65535
      build it again with `bakery build --push --temp-registry --metadata-file`, so that it is pushed by digest
    [bakery::publish::incomplete] `b.json`: the name of `app-1-0-0-ubuntu-24-04` has the digest `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`, but its digest is `sha256:b15028e3a6a3ba3f0a163152dfb9e0feb09a3fa8ed781f522b663e27c27238c3`
      build it again with `bakery build --push --temp-registry --metadata-file`, so that it is pushed by digest
    ");
}

#[test]
fn the_first_name_is_the_source_whatever_its_form() {
    let reference = |name: &str| {
        let files = [
            file("a.json", &[amd64().set("image.name", json!(name))]),
            file("b.json", &[arm64().created("2025-01-01T00:00:00Z")]),
        ];
        let reference = plan(&app(), &files).targets[0].sources[0].reference.to_string();
        reference.replace(&reference[reference.len() - 64..], "…")
    };
    assert_eq!(reference("ghcr.io/a/tmp:latest,ghcr.io/b:2"), "ghcr.io/a/tmp:latest@sha256:…");
    assert_eq!(reference("localhost:5000/a/tmp"), "localhost:5000/a/tmp@sha256:…");
    let digest = bakery_core::model::Digest::of(UID.as_bytes());
    assert_eq!(reference(&format!("ghcr.io/a/tmp@{digest}")), "ghcr.io/a/tmp@sha256:…");
}

#[test]
fn a_platform_that_is_missing_is_told_with_every_file_that_was_read() {
    insta::assert_snapshot!(refused(&[file("b.json", &[amd64()]), file("a.json", &[amd64()])]), @r"
    [bakery::publish::missing_platform] `app-1-0-0-ubuntu-24-04` lacks `linux/arm64`: no metadata file has a build of image `app` version `1.0.0` on `Ubuntu 24.04` for it
      add the file of that build, or remove the platform under `platforms` in bakery.yaml; read were `a.json`, `b.json`
    ");
}

#[test]
fn a_platform_that_the_target_does_not_have_is_refused() {
    let platform = json!({ "os": "linux", "architecture": "arm", "variant": "v7" });
    let descriptor = json!({ "platform": platform, "annotations": { "org.opencontainers.image.created": "2026-01-01T00:00:00" } });
    let arm = amd64().digest_of("arm");
    let arm = arm.set("containerimage.descriptor", descriptor);
    let files = [file("a.json", &[amd64()]), file("b.json", &[arm64()]), file("c.json", &[arm])];
    insta::assert_snapshot!(refused(&files), @r"
    [bakery::publish::other_platform] `c.json`: `app-1-0-0-ubuntu-24-04` is built for `linux/arm/v7`, which is not among its platforms
      its platforms are `linux/amd64`, `linux/arm64`: add the other one under `platforms` in bakery.yaml, or leave out the file
    ");
}

#[test]
fn a_platform_that_only_the_builder_has_is_taken_with_a_warning() {
    let provenance =
        json!({ "buildDefinition": { "internalParameters": { "builderPlatform": "linux/amd64" } } });
    let entry =
        amd64().without("/containerimage.descriptor/platform").set("buildx.build.provenance", provenance);
    insta::assert_snapshot!(sources(&[file("a.json", &[entry]), file("b.json", &[arm64()])]), @r"
    amd64 a.json
    arm64 b.json
    `a.json`: `app-1-0-0-ubuntu-24-04` has no platform of its own, so it is taken for linux/amd64, where it was built
    ");
}
