//! Questions of a dispatch, what is built of it, and what could not be resolved.

use bakery_core::{
    config::Config,
    model::{Channel, Digest},
    plan::{self, Build, Builds, Detail, DevRef, Inclusion, Pin, Selection},
    port::{Failure, FailureKind, Resolution, SourceError, SourceQuery},
};

use crate::support::{Upstream, answer, images, questions, rows, select};

const TWO: &str =
    "os: [{name: Ubuntu 22.04}, {name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}]";

fn config() -> Config {
    images(&format!(
        r#"
  - name: connect
    dependencyConstraints: [{{dependency: R, constraint: {{latest: true}}}}]
    versions: [{{name: 1.0.0, os: [{{name: Ubuntu 24.04}}]}}]
    devVersions:
      - {{sourceType: channel, product: connect, channel: daily, {TWO}}}
  - name: connect-init
    devVersions:
      - {{sourceType: channel, product: connect, channel: daily, {TWO}}}
  - name: package-manager
    devVersions:
      - {{sourceType: channel, product: package-manager, channel: daily, {TWO}}}
      - {{sourceType: channel, product: package-manager, channel: preview, {TWO}}}
  - name: workbench
    devVersions:
      - {{sourceType: channel, product: workbench, channel: daily, release_branch: autumn, {TWO}}}
      - {{sourceType: channel, product: workbench, channel: preview, pinned: substitute, {TWO}}}
  - name: positron
    matrix: {{dependencies: [{{dependency: positron, version: 2026.06.0-1}}], os: [{{name: Ubuntu 24.04}}]}}
    devVersions:
      - {{sourceType: dependency, dependency: positron, channel: daily, values: {{mode: fast}}, os: [{{name: Ubuntu 24.04}}]}}
"#
    ))
}

const CONNECT: DevRef = DevRef { image: 0, dev: 0 };
const CONNECT_INIT: DevRef = DevRef { image: 1, dev: 0 };
const PACKAGE_MANAGER: DevRef = DevRef { image: 2, dev: 0 };
const WORKBENCH: DevRef = DevRef { image: 3, dev: 0 };
const WORKBENCH_SUBSTITUTE: DevRef = DevRef { image: 3, dev: 1 };
const POSITRON: DevRef = DevRef { image: 4, dev: 0 };

fn pin(at: DevRef, version: &str) -> Pin {
    Pin { at, version: Some(version.parse().unwrap()), branch: None }
}

fn only() -> Selection {
    Selection { dev_versions: Inclusion::Only, ..Selection::default() }
}

#[test]
fn equal_questions_of_several_images_are_asked_once() {
    let asked = questions(&config(), &only(), &[], Detail::Names).unwrap();
    let sources: Vec<String> =
        asked.sources.iter().map(|query| format!("{} {}", query.product, query.channel)).collect();
    assert_eq!(
        sources,
        [
            "connect daily",
            "package-manager daily",
            "package-manager preview",
            "workbench daily",
            "workbench preview"
        ]
    );
    assert_eq!(asked.devs.len(), 7);
    assert_eq!(asked.lists.len(), 1, "positron's head");
    let targets: Vec<String> =
        asked.sources[0].targets.iter().map(|t| format!("{} {}", t.os.version, t.platform)).collect();
    assert_eq!(targets, ["22.04 linux/amd64", "24.04 linux/amd64", "24.04 linux/arm64"]);
}

#[test]
fn only_what_the_filters_select_is_asked() {
    let selection = Selection { dev_channel: Some(Channel::Preview), ..only() };
    let asked = questions(&config(), &selection, &[], Detail::Labels).unwrap();
    let sources: Vec<&str> = asked.sources.iter().map(|query| query.product.as_str()).collect();
    assert_eq!((sources, asked.lists.len()), (vec!["package-manager", "workbench"], 0));
    let none = questions(&config(), &Selection::default(), &[], Detail::Labels).unwrap();
    assert_eq!((none.sources.len(), none.lists.len(), none.devs.len()), (0, 0, 0));
}

#[test]
fn a_pinned_template_version_is_asked_without_any_network() {
    let pins = [pin(PACKAGE_MANAGER, "2026.05.0-dev+185-gSHA")];
    let asked = questions(&config(), &only(), &pins, Detail::Labels).unwrap();
    assert_eq!((asked.sources.len(), asked.lists.len()), (1, 0));
    assert_eq!(asked.sources[0].pinned.as_deref(), Some("2026.05.0-dev+185-gSHA"));
    assert_eq!(asked.sources[0].allow, Vec::<String>::new());
    let unpinned = questions(&config(), &only(), &[], Detail::Names).unwrap();
    assert_eq!(unpinned.sources[1].allow, ["https://cdn.example/package-manager"]);
    let manifest = questions(&config(), &only(), &[pin(CONNECT, "1.2.3")], Detail::Names).unwrap();
    assert_eq!(manifest.sources[0].allow, ["https://cdn.example/connect"]);
}

#[test]
fn dependency_lists_behind_labels_are_asked_only_for_labels() {
    let pins = [pin(CONNECT, "2026.05.0-dev+1")];
    assert_eq!(questions(&config(), &only(), &pins, Detail::Names).unwrap().lists.len(), 0);
    let asked = questions(&config(), &only(), &pins, Detail::Labels).unwrap();
    assert_eq!(asked.lists.len(), 1);
    assert_eq!(asked.devs[0].labels, [0]);
}

#[test]
fn the_release_branch_is_the_payload_s_or_the_version_s_or_the_entry_s() {
    let branched = |version: Option<&str>, branch: Option<&str>| Pin {
        at: WORKBENCH,
        version: version.map(|version| version.parse().unwrap()),
        branch: branch.map(str::to_owned),
    };
    for (pin, want) in [
        (branched(Some("2026.06.0-daily+1"), Some("apple-blossom")), "apple-blossom"),
        (branched(Some("2026.06.0-daily+1"), None), "2026.06"),
        (branched(Some("2026.6.0"), None), "2026.6"),
        (branched(None, Some("apple-blossom")), "apple-blossom"),
        (branched(None, None), "autumn"),
    ] {
        let asked = questions(&config(), &only(), std::slice::from_ref(&pin), Detail::Names).unwrap();
        assert_eq!(asked.sources[0].branch.as_deref(), Some(want), "{pin:?}");
    }
}

#[test]
fn a_release_branch_of_the_file_that_leaves_its_place_is_refused() {
    let config = images(&format!(
        "  - name: x\n    devVersions:\n      - {{sourceType: channel, product: workbench, channel: daily, release_branch: 'a..b', {TWO}}}\n"
    ));
    let error = questions(&config, &only(), &[], Detail::Names).unwrap_err();
    assert_eq!(error.to_string(), "`a..b` from `devVersions` of image `x` (line 6) is not a release branch");
}

#[test]
fn substitution_is_asked_for_only_with_a_pin() {
    for (pins, want) in [(vec![], false), (vec![pin(WORKBENCH_SUBSTITUTE, "1.2.3")], true)] {
        let asked = questions(&config(), &only(), &pins, Detail::Names).unwrap();
        assert_eq!(asked.sources.last().unwrap().substitute, want);
    }
    let equal = questions(&config(), &only(), &[pin(CONNECT, "1.2.3")], Detail::Names).unwrap();
    assert!(!equal.sources[0].substitute);
}

#[test]
fn a_dispatch_builds_what_it_pins_and_no_other_development_version() {
    let config = config();
    let pins = [pin(CONNECT, "2026.05.0-dev+9"), pin(CONNECT_INIT, "2026.05.0-dev+9")];
    let check = |dev_versions, want: &str| {
        let selection = Selection { dev_versions, ..Selection::default() };
        let builds = select(&config, &selection, &pins, &Upstream::default()).unwrap();
        assert_eq!(rows(&builds, &selection), want);
        assert!(builds.resolved.iter().all(|(_, resolved)| resolved.pinned));
    };
    const DEV: &str = "connect 2026.05.0-dev+9 dev linux/amd64\nconnect 2026.05.0-dev+9 dev linux/arm64\n\
                       connect-init 2026.05.0-dev+9 dev linux/amd64\nconnect-init 2026.05.0-dev+9 dev linux/arm64";
    check(Inclusion::Only, DEV);
    check(Inclusion::Include, &format!("connect 1.0.0 linux/amd64\n{DEV}"));
}

#[test]
fn a_pin_that_image_version_leaves_out_is_not_asked_and_named_in_the_error() {
    let config = config();
    let selection = Selection { image_version: Some("2025".to_owned()), ..only() };
    let pins = [pin(CONNECT, "2026.05.0-dev+9")];
    assert_eq!(questions(&config, &selection, &pins, Detail::Labels).unwrap().sources.len(), 0);
    let builds = select(&config, &selection, &pins, &Upstream::default()).unwrap();
    let error = plan::matrix(&builds, &selection, &[]).unwrap_err();
    assert_eq!(error.hint().unwrap(), "there is `2026.05.0-dev+9`");
}

#[test]
fn a_pinned_dependency_needs_no_answer_and_is_one_more_row_of_the_matrix() {
    let config = config();
    let pins = [pin(POSITRON, "2026.07.0-55")];
    let asked = questions(&config, &only(), &pins, Detail::Labels).unwrap();
    assert_eq!((asked.sources.len(), asked.lists.len()), (0, 0));
    let builds = select(&config, &only(), &pins, &Upstream::default()).unwrap();
    let targets = plan::targets(&builds).unwrap();
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].uid, "positron-2026-07-0-55-ubuntu-24-04-daily");
    assert_eq!(targets[0].dockerfile, "positron/matrix/Containerfile.ubuntu2404");
    let args: Vec<String> = targets[0].args.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(args, ["POSITRON_VERSION=2026.07.0-55", "MODE=fast"]);
    assert!(
        targets[0]
            .labels("now", None)
            .contains(&("co.posit.image.tools.positron".to_owned(), "2026.07.0-55"))
    );
    assert_eq!(
        targets[0].suffixes,
        ["2026.07.0-55", "2026.07.0-55-ubuntu-24.04"],
        "a pin that nobody compared with the head moves no floating tag"
    );
    let head =
        select(&config, &only(), &[Pin { version: None, ..pins[0].clone() }], &Upstream::default()).unwrap();
    assert_eq!(
        plan::targets(&head).unwrap()[0].suffixes,
        ["2026.07.0-55", "2026.07.0-55-ubuntu-24.04", "daily", "daily-ubuntu-24.04"]
    );
}

#[test]
fn a_branch_has_no_effect_on_a_dependency_and_that_is_said() {
    let config = config();
    let pins = [Pin { at: POSITRON, version: None, branch: Some("autumn".to_owned()) }];
    let builds = select(&config, &only(), &pins, &Upstream::default()).unwrap();
    assert_eq!(
        builds.warnings,
        ["the release branch `autumn` has no effect on image `positron`: versions of `positron` have none"]
    );
    assert_eq!(builds.builds.iter().map(|build| build.name.as_str()).collect::<Vec<_>>(), ["2026.07.0-55"]);
}

#[test]
fn what_cannot_be_resolved_is_left_out_and_named_and_leaves_the_rest_alone() {
    let config = images(&format!(
        r#"
  - name: x
    dependencyConstraints: [{{dependency: R, constraint: {{latest: true}}}}]
    devVersions:
      - {{sourceType: channel, product: connect, channel: preview, {TWO}}}
      - {{sourceType: channel, product: connect, channel: daily}}
      - {{sourceType: channel, product: workbench, channel: daily, {TWO}}}
      - {{sourceType: channel, product: workbench, channel: preview, {TWO}}}
  - name: y
    devVersions:
      - {{sourceType: channel, product: package-manager, channel: daily, {TWO}}}
"#
    ));
    let source = |query: &SourceQuery| match (query.product.as_str(), query.channel.as_str()) {
        ("workbench", "daily") => {
            Err(Failure::new(FailureKind::Unavailable, "https://cdn.example/", "the server answered 503")
                .into())
        }
        _ => Ok(answer(query, "1.2.3")),
    };
    let list = |_: &_| Err(SourceError::InvalidAnswer("the list is not JSON".to_owned()));
    let builds = select(&config, &only(), &[], &Upstream { source: &source, list: &list }).unwrap();
    let skipped: Vec<String> = builds.skipped.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(skipped.join("\n"), @r"
    the development version of connect (preview) of image `x` (line 8) cannot be resolved: no version source serves the channel `preview` of `connect`
    the development version of connect (daily) of image `x` (line 9) cannot be resolved: it has no `os`, so there is no artifact to ask for
    the development version of workbench (daily) of image `x` (line 10) cannot be resolved: the server answered 503
    the development version of workbench (preview) of image `x` (line 11) cannot be resolved: the versions of `R` cannot be listed: the list is not JSON
    ");
    assert_eq!(rows(&builds, &only()), "y 1.2.3 dev linux/amd64\ny 1.2.3 dev linux/arm64");
}

#[test]
fn a_dropped_operating_system_takes_its_platforms_along() {
    let config = config();
    let source = |query: &SourceQuery| {
        let mut resolution: Resolution = answer(query, "1.2.3");
        for (target, artifact) in query.targets.iter().zip(&mut resolution.artifacts) {
            if target.os.version == "24.04" {
                *artifact = Err(SourceError::NotFound("the manifest has no `noble`".to_owned()));
            }
        }
        Ok(resolution)
    };
    let upstream = Upstream { source: &source, ..Upstream::default() };
    let builds = select(&config, &only(), &[pin(CONNECT_INIT, "1.2.3")], &upstream).unwrap();
    assert_eq!(rows(&builds, &only()), "connect-init 1.2.3 dev linux/amd64");
    assert_eq!(
        builds.warnings,
        [
            "image `connect-init` 1.2.3: `Ubuntu 24.04` is left out, because it has no artifact: the manifest has no `noble`"
        ]
    );
    let targets = plan::targets(&builds).unwrap();
    assert!(targets[0].primary_os, "the only survivor is primary");
    assert_eq!(targets[0].dockerfile, "connect-init/.dev-1.2.3/Containerfile.ubuntu2204");
}

#[test]
fn digest_and_size_of_an_artifact_reach_the_build_of_its_platform() {
    let config = config();
    let digest: Digest = format!("sha256:{}", "5e".repeat(32)).parse().unwrap();
    let source = |query: &SourceQuery| {
        let mut resolution = answer(query, "1.2.3");
        for artifact in
            resolution.artifacts.iter_mut().flatten().filter(|a| a.url.ends_with("24.04_arm64.deb"))
        {
            (artifact.digest, artifact.size) = (Some(digest.clone()), Some(42));
        }
        Ok(resolution)
    };
    let upstream = Upstream { source: &source, ..Upstream::default() };
    let args = |platform: &str| {
        let selection = Selection { image_platforms: vec![regex::Regex::new(platform).unwrap()], ..only() };
        let builds = select(&config, &selection, &[pin(CONNECT_INIT, "1.2.3")], &upstream).unwrap();
        let targets = plan::targets(&builds).unwrap();
        let last = targets.last().unwrap();
        assert_eq!(
            last.download_url.as_deref(),
            Some("https://cdn.example/connect/ubuntu24.04_$TARGETARCH.deb")
        );
        last.args.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(args("amd64"), "");
    let known = format!("BAKERY_ARTIFACT_SHA256_ARM64={} BAKERY_ARTIFACT_SIZE_ARM64=42", "5e".repeat(32));
    assert_eq!(args("arm64"), known);
    assert_eq!(args(""), known);
}

#[test]
fn a_development_version_has_labels_of_its_dependencies_and_a_directory_of_its_own() {
    let config = config();
    let builds =
        select(&config, &only(), &[pin(CONNECT, "2026.05.0-dev+1-gABC")], &Upstream::default()).unwrap();
    let build: &Build<'_> = &builds.builds[0];
    assert_eq!(build.subpath, ".dev-2026.05.0-dev+1-gabc");
    assert_eq!(build.dependencies[0].versions, ["4.5.2", "4.4.3"]);
    assert!(build.is_dev() && !build.latest && !build.matrix);
    assert_eq!(build.channel_latest, Some(true), "the source says that its head is the pin");
}

/// Two channels of one image, and another image in the same folder.
fn shared(values: &str) -> Config {
    images(&format!(
        "  - name: app
    devVersions:
      - {{sourceType: channel, product: connect, channel: daily, os: [{{name: Ubuntu 24.04}}]}}
      - {{sourceType: channel, product: connect, channel: release, os: [{{name: Ubuntu 24.04}}]{values}}}
"
    ))
}

fn folders(builds: &Builds<'_>) -> Vec<String> {
    plan::dev_folders(builds).iter().map(plan::VersionFolder::path).collect()
}

#[test]
fn versions_share_a_folder_only_where_they_have_one_content() {
    let same = shared("");
    let builds = select(&same, &only(), &[], &Upstream::default()).unwrap();
    assert_eq!(builds.builds.len(), 2);
    assert_eq!(folders(&builds), ["app/.dev-2026.05.0-dev+7"]);
    let other = shared(", values: {mirror: 'yes'}");
    let builds = select(&other, &only(), &[], &Upstream::default()).unwrap();
    assert_eq!(folders(&builds), ["app/.dev-2026.05.0-dev+7", "app/.dev-2026.05.0-dev+7@2"]);
    let targets = plan::targets(&builds).unwrap();
    let files: Vec<&str> = targets.iter().map(|target| target.dockerfile.as_str()).collect();
    assert_eq!(
        files,
        [
            "app/.dev-2026.05.0-dev+7/Containerfile.ubuntu2404",
            "app/.dev-2026.05.0-dev+7@2/Containerfile.ubuntu2404"
        ]
    );
    let url = |query: &SourceQuery| {
        let mut answer = answer(query, "1.0.0");
        if let (true, Ok(artifact)) = (query.channel == "release", &mut answer.artifacts[0]) {
            artifact.url = "https://cdn.example/released.deb".to_owned();
        }
        Ok(answer)
    };
    let upstream = Upstream { source: &url, ..Upstream::default() };
    let builds = select(&same, &only(), &[], &upstream).unwrap();
    assert_eq!(folders(&builds), ["app/.dev-1.0.0", "app/.dev-1.0.0@2"], "two downloads are two contents");
}

#[test]
fn images_in_one_folder_have_folders_of_their_own() {
    let config = images(
        "  - {name: a, subpath: ./app, devVersions: [{sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}]}
  - {name: b, subpath: app, devVersions: [{sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}]}
",
    );
    let builds = select(&config, &only(), &[], &Upstream::default()).unwrap();
    assert_eq!(folders(&builds), ["app/.dev-2026.05.0-dev+7", "app/.dev-2026.05.0-dev+7@2"]);
    assert_eq!(plan::dev_folders(&builds)[0].image_path(), "app");
}

#[test]
fn a_folder_has_everything_that_its_version_has_whatever_the_filters_are() {
    let config = config();
    let pins = [pin(CONNECT, "2026.05.0-dev+1")];
    let narrow = Selection { image_os: Some(regex::Regex::new("24").unwrap()), ..only() };
    let of = |selection: &Selection| {
        let builds = select(&config, selection, &pins, &Upstream::default()).unwrap();
        let folders = plan::dev_folders(&builds);
        assert_eq!(folders.len(), 1);
        let folder = &folders[0];
        (
            folder.systems.len(),
            folder.version.clone(),
            folder.dependencies.len(),
            builds.builds[0].systems.len(),
        )
    };
    assert_eq!(of(&only()), (2, "2026.05.0-dev+1".to_owned(), 1, 2));
    assert_eq!(of(&narrow), (2, "2026.05.0-dev+1".to_owned(), 1, 1));
}
