//! What an identifier stands for: found in the configuration, told by the metadata, or refused.

use bakery_core::{
    config::Config,
    model::Channel,
    plan::{
        DevRef, Pin, Selection,
        publish::{self, MetadataFile, PublishOptions},
    },
};
use serde_json::{Value, json};

use super::support::{Entry, file, options, plan, refusal, tags};
use crate::support::images;

fn connect() -> Config {
    images(
        "  - name: connect
    versions: [{name: 2026.03.1, latest: true, os: [{name: Ubuntu 24.04}]}]
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04, primary: true}, {name: Ubuntu 22.04}]}
      - {sourceType: channel, product: workbench, channel: preview, os: [{name: Ubuntu 24.04}]}
  - name: connect-init
    versions: [{name: 2026.03.1, os: [{name: Ubuntu 24.04}]}]",
    )
}

const DAILY: &str = "connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily";
const DAILY_VERSION: &str = "2026.05.0-dev+185-gSHA";

fn daily() -> Entry {
    Entry::new(DAILY).version(DAILY_VERSION)
}

fn says(body: Value) -> Entry {
    let mut target =
        json!({ "image": "connect", "version": DAILY_VERSION, "os": "Ubuntu 24.04", "channel": "daily" });
    for (key, value) in body.as_object().unwrap() {
        target[key] = value.clone();
    }
    Entry::new(DAILY).set("bakery.target", target)
}

fn pin(version: &str) -> [Pin; 1] {
    [Pin { at: DevRef { image: 0, dev: 0 }, version: Some(version.parse().unwrap()), branch: None }]
}

fn files(entries: &[Entry]) -> Vec<MetadataFile> {
    vec![file("a.json", entries)]
}

/// Tags and warnings.
fn outcome(config: &Config, files: &[MetadataFile], options: &PublishOptions<'_>) -> String {
    match publish::plan(config, files, options) {
        Ok(plan) => [vec![tags(&plan)], plan.warnings].concat().join("\n"),
        Err(errors) => panic!("{errors}"),
    }
}

#[test]
fn a_development_version_is_what_its_labels_say() {
    insta::assert_snapshot!(outcome(&connect(), &files(&[daily()]), &options()), @"connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily -> ghcr.io/example/connect: 2026.05.0-dev-185-gSHA 2026.05.0-dev-185-gSHA-ubuntu-24.04 | 2026.05.0-dev-185 2026.05.0-dev-185-ubuntu-24.04 daily daily-ubuntu-24.04");
    let own = Entry::new(DAILY).argument("label:co.posit.image.version", DAILY_VERSION);
    assert_eq!(plan(&connect(), &files(&[own])), plan(&connect(), &files(&[daily()])));
}

#[test]
fn bakery_s_own_key_wins_over_labels() {
    let entry = says(json!({})).version("1.2.3");
    assert_eq!(plan(&connect(), &files(&[entry])).targets[0].identity.version, DAILY_VERSION);
}

#[test]
fn three_numbers_and_a_channel_are_enough_of_an_identifier() {
    let bare = Entry::new("connect-2026-05-0-ubuntu-22-04-daily");
    let plan = plan(&connect(), &files(&[bare]));
    assert_eq!(plan.targets[0].identity.version, "2026.05.0");
    insta::assert_snapshot!(refusal(&connect(), &files(&[Entry::new(DAILY)]), &options()), @r"
    [bakery::publish::unidentified] `a.json`: the metadata of `connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily` do not say which version of image `connect` it is
      build with provenance (do not set `BUILDX_METADATA_PROVENANCE=disabled`), which has the labels of the image
    ");
}

#[test]
fn an_unknown_target_is_refused_with_its_neighbours() {
    let entries = [
        Entry::new("conect-2026-03-1-ubuntu-24-04"),
        Entry::new("connect-init-2026-03-2-ubuntu-24-04"),
        Entry::new("connect-2026-09-0-ubuntu-24-04").version("2026.09.0"),
        Entry::new("\u{1b}]0;x"),
        Entry::new(&"x".repeat(5000)),
    ];
    let text = refusal(&connect(), &files(&entries), &options()).replace(&"x".repeat(200), "x");
    insta::assert_snapshot!(text, @r#"
    [bakery::publish::unknown_target] `a.json`: `\u{1b}]0;x` is not a target of the configuration
      publish with the bakery.yaml that the image was built with, or leave out the file
    [bakery::publish::unknown_target] `a.json`: `conect-2026-03-1-ubuntu-24-04` is not a target of the configuration
      did you mean `connect-2026-03-1-ubuntu-24-04`, `connect-init-2026-03-1-ubuntu-24-04`? publish with the bakery.yaml that the image was built with
    [bakery::publish::unknown_target] `a.json`: `connect-2026-09-0-ubuntu-24-04` is not a target of the configuration
      did you mean `connect-2026-03-1-ubuntu-24-04`, `connect-init-2026-03-1-ubuntu-24-04`? publish with the bakery.yaml that the image was built with
    [bakery::publish::unknown_target] `a.json`: `connect-init-2026-03-2-ubuntu-24-04` is not a target of the configuration
      did you mean `connect-init-2026-03-1-ubuntu-24-04`, `connect-2026-03-1-ubuntu-24-04`? publish with the bakery.yaml that the image was built with
    [bakery::publish::unknown_target] `a.json`: `x…` is not a target of the configuration
      publish with the bakery.yaml that the image was built with, or leave out the file
    "#);
}

#[test]
fn neighbours_are_looked_for_a_few_times_only() {
    let entries: Vec<Entry> =
        (10..40).map(|n| Entry::new(&format!("connect-init-2026-03-{n}-ubuntu-24-04"))).collect();
    let text = refusal(&connect(), &files(&entries), &options());
    assert_eq!(text.matches("is not a target").count(), 30);
    assert_eq!(text.matches("did you mean").count(), 20);
}

#[test]
fn metadata_that_contradict_themselves_or_each_other_are_refused() {
    let other = says(json!({ "version": "2026.05.0" }));
    insta::assert_snapshot!(refusal(&connect(), &files(&[other]), &options()), @r"
    [bakery::publish::unknown_target] `a.json`: the `bakery.target` of `connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily` describes `connect-2026-05-0-ubuntu-24-04-daily`
      the file was put together by hand or by another version: build again
    ");
    let two =
        [file("a.json", &[daily()]), file("b.json", &[Entry::new(DAILY).version("2026.05.0-dev-185-gSHA")])];
    insta::assert_snapshot!(refusal(&connect(), &two, &options()), @r"
    [bakery::publish::disagreement] `a.json` and `b.json` disagree: `connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily` is version `2026.05.0-dev+185-gSHA` in the one and `2026.05.0-dev-185-gSHA` in the other
      leave out the file that is not of this run
    ");
    let nobody =
        Entry::new("ghost-1-0-0").set("bakery.target", json!({ "image": "ghost", "version": "1.0.0" }));
    insta::assert_snapshot!(refusal(&connect(), &files(&[nobody]), &options()), @r"
    [bakery::publish::unknown_target] `a.json`: `ghost-1-0-0` is not a target of the configuration
      publish with the bakery.yaml that the image was built with, or leave out the file
    ");
}

#[test]
fn the_image_filter_explains_targets_of_other_images_and_nothing_else() {
    let filter = Selection::expression("--image-name", "^connect$").unwrap();
    let filtered = PublishOptions { image_name: Some(&filter), ..options() };
    let mine = Entry::new("connect-2026-03-1-ubuntu-24-04");
    // Neither a broken entry nor an unknown version of another image is this run's business.
    let others = [
        Entry::new("connect-init-2026-03-1-ubuntu-24-04").without("/image.name"),
        Entry::new("connect-init-9-9-9").version("9.9.9"),
        Entry::new("x").set("bakery.target", json!({ "image": "connect-init", "version": "1" })),
    ];
    let all = [&others[..], std::slice::from_ref(&mine)].concat();
    assert_eq!(publish::plan(&connect(), &files(&all), &filtered).unwrap().targets.len(), 1);
    insta::assert_snapshot!(refusal(&connect(), &files(&others), &filtered), @r"
    [bakery::publish::no_targets] no target is left to be published
      --image-name '^connect$' leaves out `connect-init-2026-03-1-ubuntu-24-04`, `connect-init-9-9-9`, `x`
    ");
    let stranger = Entry::new("strange-1-0-0");
    insta::assert_snapshot!(refusal(&connect(), &files(&[mine, stranger]), &filtered), @r"
    [bakery::publish::unknown_target] `a.json`: `strange-1-0-0` is not a target of the configuration
      publish with the bakery.yaml that the image was built with, or leave out the file
    ");
}

#[test]
fn the_image_filter_is_not_misled_by_an_image_whose_name_ends_with_a_number() {
    let config = images(
        "  - name: app
    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04}]}, {name: 1.1.0, os: [{name: Ubuntu 24.04}]}]
  - name: app-1
    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04}]}]",
    );
    let app = ["app-1-0-0-ubuntu-24-04", "app-1-1-0-ubuntu-24-04"];
    let other = ["app-1-1-0-0-ubuntu-24-04"];
    let entries: Vec<Entry> = app.iter().chain(&other).map(|uid| Entry::new(uid)).collect();
    for (filter, wanted) in [("^app$", &app[..]), ("^app-1$", &other[..])] {
        let filter = Selection::expression("--image-name", filter).unwrap();
        let filtered = PublishOptions { image_name: Some(&filter), ..options() };
        let plan = publish::plan(&config, &files(&entries), &filtered).unwrap();
        let uids: Vec<&str> = plan.targets.iter().map(|target| target.uid.as_str()).collect();
        assert_eq!(uids, wanted);
    }
}

#[test]
fn the_channel_filter_leaves_other_channels_alone() {
    let preview = Entry::new("connect-2026-05-0-ubuntu-24-04-preview").version("2026.05.0");
    let release = Entry::new("connect-2026-03-1-ubuntu-24-04");
    let only = PublishOptions { dev_channel: Some(Channel::Daily), ..options() };
    let plan = publish::plan(&connect(), &files(&[preview.clone(), daily(), release]), &only).unwrap();
    let uids: Vec<&str> = plan.targets.iter().map(|target| target.uid.as_str()).collect();
    assert_eq!(uids, [DAILY, "connect-2026-03-1-ubuntu-24-04"]);
    insta::assert_snapshot!(refusal(&connect(), &files(&[preview]), &only), @r"
    [bakery::publish::no_targets] no target is left to be published
      --dev-channel 'daily' leaves out `connect-2026-05-0-ubuntu-24-04-preview`
    ");
}

#[test]
fn nothing_to_publish_is_never_a_success() {
    insta::assert_snapshot!(refusal(&connect(), &[], &PublishOptions::default()), @r"
    [bakery::publish::no_files] there is no metadata file to publish from
      name the files that `bakery build --metadata-file` wrote
    [bakery::publish::temp_registry] there is no temporary registry
      say with `--temp-registry` where the builds were pushed to
    ");
}

#[test]
fn a_dispatched_version_leaves_shared_tags_alone_unless_the_build_knows_better() {
    let pins = pin(DAILY_VERSION);
    let pinned = PublishOptions { pins: &pins, ..options() };
    let with = |entry: Entry, options: &PublishOptions<'_>| outcome(&connect(), &files(&[entry]), options);
    insta::assert_snapshot!(with(daily(), &pinned), @r"
    connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily -> ghcr.io/example/connect: 2026.05.0-dev-185-gSHA 2026.05.0-dev-185-gSHA-ubuntu-24.04 | 
    `ghcr.io/example/connect:2026.05.0-dev-185`, `ghcr.io/example/connect:2026.05.0-dev-185-ubuntu-24.04`, `ghcr.io/example/connect:daily`, `ghcr.io/example/connect:daily-ubuntu-24.04` of image `connect` version `2026.05.0-dev+185-gSHA` on `Ubuntu 24.04` of channel `daily` are left alone: it was dispatched, and no metadata say whether its channel points to it (`channelLatest` of `bakery.target`)
    ");
    let moved = with(daily(), &options());
    assert_eq!(with(says(json!({ "channelLatest": true })), &pinned), moved);
    let kept = with(says(json!({ "channelLatest": false })), &options());
    assert_eq!(with(daily(), &pinned).lines().next(), kept.lines().next());
    assert_eq!(kept.lines().count(), 1);
}

#[test]
fn builds_that_do_not_agree_leave_shared_tags_alone() {
    let second = "connect-2026-05-0-dev-185-gsha-ubuntu-22-04-daily";
    let second = Entry::new(second).set(
        "bakery.target",
        json!({ "image": "connect", "version": DAILY_VERSION, "os": "Ubuntu 22.04", "channel": "daily", "channelLatest": false }),
    );
    let entries = [says(json!({ "channelLatest": true })), second];
    insta::assert_snapshot!(outcome(&connect(), &files(&entries), &options()), @r"
    connect-2026-05-0-dev-185-gsha-ubuntu-22-04-daily -> ghcr.io/example/connect: 2026.05.0-dev-185-gSHA-ubuntu-22.04 | 
    connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily -> ghcr.io/example/connect: 2026.05.0-dev-185-gSHA 2026.05.0-dev-185-gSHA-ubuntu-24.04 | 
    `ghcr.io/example/connect:2026.05.0-dev-185-ubuntu-22.04`, `ghcr.io/example/connect:daily-ubuntu-22.04` of image `connect` version `2026.05.0-dev+185-gSHA` on `Ubuntu 22.04` of channel `daily` are left alone: its builds do not agree whether its channel points to it (`channelLatest` of `bakery.target`)
    `ghcr.io/example/connect:2026.05.0-dev-185`, `ghcr.io/example/connect:2026.05.0-dev-185-ubuntu-24.04`, `ghcr.io/example/connect:daily`, `ghcr.io/example/connect:daily-ubuntu-24.04` of image `connect` version `2026.05.0-dev+185-gSHA` on `Ubuntu 24.04` of channel `daily` are left alone: its builds do not agree whether its channel points to it (`channelLatest` of `bakery.target`)
    ");
}

#[test]
fn another_version_than_the_dispatched_one_is_refused() {
    let pins = pin("2026.05.0-dev+186");
    let pinned = PublishOptions { pins: &pins, ..options() };
    insta::assert_snapshot!(refusal(&connect(), &files(&[daily()]), &pinned), @r"
    [bakery::publish::other_pin] `a.json`: `connect-2026-05-0-dev-185-gsha-ubuntu-24-04-daily` is version `2026.05.0-dev+185-gSHA`, but `2026.05.0-dev+186` was dispatched
      give the same `--dev-spec` to `bakery build` and to `bakery ci publish`, or leave out the file
    ");
}

#[test]
fn two_heads_of_one_channel_are_refused() {
    let older = Entry::new("connect-2026-05-0-dev-184-ubuntu-24-04-daily").version("2026.05.0-dev+184");
    insta::assert_snapshot!(refusal(&connect(), &files(&[daily(), older.clone()]), &options()), @r"
    [bakery::publish::two_heads] image `connect` has two versions that both are the latest of their channel: `2026.05.0-dev+184` and `2026.05.0-dev+185-gSHA`
      publish them one after the other, the newer one last
    ");
    let pins = pin(DAILY_VERSION);
    let pinned = PublishOptions { pins: &pins, ..options() };
    assert!(refusal(&connect(), &files(&[daily(), older]), &pinned).contains("other_pin"));
}

#[test]
fn a_lost_primary_system_is_told_because_short_tags_are_lost_with_it() {
    let second = Entry::new("connect-2026-05-0-dev-185-gsha-ubuntu-22-04-daily").version(DAILY_VERSION);
    insta::assert_snapshot!(outcome(&connect(), &files(&[second]), &options()), @r"
    connect-2026-05-0-dev-185-gsha-ubuntu-22-04-daily -> ghcr.io/example/connect: 2026.05.0-dev-185-gSHA-ubuntu-22.04 | 2026.05.0-dev-185-ubuntu-22.04 daily-ubuntu-22.04
    image `connect` 2026.05.0-dev+185-gSHA: nothing was built on `Ubuntu 24.04`, the primary operating system, so there are no short tags
    ");
}

#[test]
fn two_entries_that_could_be_meant_are_ambiguous_unless_it_makes_no_difference() {
    let twice = |second: &str| {
        images(&format!(
            "  - name: app
    devVersions:
      - {{sourceType: channel, product: connect, channel: daily, os: [{{name: Ubuntu 24.04}}]}}
      - {{sourceType: channel, product: workbench, channel: daily, os: [{{name: Ubuntu 24.04}}]{second}}}"
        ))
    };
    let entry = [Entry::new("app-2026-05-0-ubuntu-24-04-daily").version("2026.05.0")];
    assert_eq!(plan(&twice(""), &files(&entry)).targets.len(), 1);
    let differ = twice(", overrideRegistries: [{host: ghcr.io, namespace: preview}]");
    insta::assert_snapshot!(refusal(&differ, &files(&entry), &options()), @r"
    [bakery::publish::ambiguous] `a.json`: `app-2026-05-0-ubuntu-24-04-daily` can be the development version of image `app` in line 6 or the development version of image `app` in line 7
      give each development version of the image a `channel` of its own, and build again
    ");
}

#[test]
fn a_development_version_without_a_channel_is_not_taken_for_a_row() {
    let config = images(
        "  - name: tool
    matrix:
      namePattern: '{{ Dependencies.positron }}'
      dependencyConstraints: [{dependency: positron, constraint: {latest: true}}]
      os: [{name: Ubuntu 24.04}]
    devVersions:
      - {sourceType: dependency, dependency: positron, prerelease: true, os: [{name: Ubuntu 24.04}]}",
    );
    let entry = || {
        Entry::new("tool-2026-07-0-55-ubuntu-24-04")
            .version("2026.07.0-55")
            .argument("build-arg:POSITRON_VERSION", "2026.07.0-55")
    };
    insta::assert_snapshot!(refusal(&config, &files(&[entry()]), &options()), @r"
    [bakery::publish::ambiguous] `a.json`: `tool-2026-07-0-55-ubuntu-24-04` can be a row of image `tool` or the development version of image `tool` in line 10
      give each development version of the image a `channel` of its own, and build again
    ");
    let says = |flag: &str| {
        let mut target = json!({ "image": "tool", "version": "2026.07.0-55", "os": "Ubuntu 24.04" });
        target[flag] = json!(true);
        outcome(&config, &files(&[entry().set("bakery.target", target)]), &options())
    };
    insta::assert_snapshot!(says("channelLatest"), @"tool-2026-07-0-55-ubuntu-24-04 -> ghcr.io/example/tool: 2026.07.0-55 2026.07.0-55-ubuntu-24.04 |");
    insta::assert_snapshot!(says("latest"), @"tool-2026-07-0-55-ubuntu-24-04 -> ghcr.io/example/tool: 2026.07.0-55 2026.07.0-55-ubuntu-24.04 | 2026.07-55 2026.07-55-ubuntu-24.04 latest ubuntu-24.04");
}
