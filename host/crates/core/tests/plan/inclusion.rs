//! Which versions the inclusion flags and filters select, and that matrix and targets agree about it.

use std::collections::BTreeSet;

use bakery_core::{
    config::Config,
    model::Channel,
    plan::{self, Inclusion, Selection},
};
use regex::Regex;

use crate::support::{Upstream, images, rows, select};

fn config() -> Config {
    images(
        r#"
  - name: plain
    variants: [{name: Standard, primary: true}, {name: Minimal}]
    versions:
      - {name: 1.1.0, latest: true, os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]}
      - {name: 1.0.0, os: [{name: Ubuntu 22.04}]}
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}
      - {sourceType: channel, product: workbench, channel: preview, os: [{name: Ubuntu 24.04}]}
  - name: grid
    versions:
      - {name: 0.9.0, os: [{name: Ubuntu 24.04}]}
    devVersions:
      - {sourceType: dependency, dependency: positron, os: [{name: Ubuntu 24.04}]}
    matrix:
      dependencies: [{dependency: R, versions: [4.5.1, 4.4.3]}]
      os: [{name: Ubuntu 24.04}]
  - name: bare
    versions: [{name: 3.0.0}]
"#,
    )
}

fn selected(change: impl FnOnce(&mut Selection)) -> String {
    let config = config();
    let mut selection = Selection::default();
    change(&mut selection);
    let builds = select(&config, &selection, &[], &Upstream::default()).unwrap();
    rows(&builds, &selection)
}

#[test]
fn inclusions_select_kinds_of_versions() {
    use Inclusion::{Exclude, Include, Only};
    const PLAIN: &str = "plain 1.1.0 linux/amd64\nplain 1.1.0 linux/arm64\nplain 1.0.0 linux/amd64";
    const PLAIN_DEV: &str = "plain 2026.05.0-dev+7 dev linux/amd64\nplain 2026.05.0-dev+7 dev linux/amd64";
    const STATIC: &str = "grid 0.9.0 linux/amd64";
    const ROWS: &str = "grid R4.5.1 linux/amd64\ngrid R4.4.3 linux/amd64";
    const GRID_DEV: &str = "grid 2026.07.0-55 dev linux/amd64";
    const BARE: &str = "bare 3.0.0 linux/amd64";
    for (dev, matrix, want) in [
        (Exclude, Exclude, vec![PLAIN, STATIC, BARE]),
        (Exclude, Include, vec![PLAIN, ROWS, BARE]),
        (Exclude, Only, vec![ROWS]),
        (Include, Exclude, vec![PLAIN, PLAIN_DEV, STATIC, GRID_DEV, BARE]),
        (Include, Include, vec![PLAIN, PLAIN_DEV, ROWS, GRID_DEV, BARE]),
        (Include, Only, vec![ROWS, GRID_DEV]),
        (Only, Exclude, vec![PLAIN_DEV, GRID_DEV]),
        (Only, Include, vec![PLAIN_DEV, GRID_DEV]),
        (Only, Only, vec![GRID_DEV]),
    ] {
        let got = selected(|s| (s.dev_versions, s.matrix_versions) = (dev, matrix));
        assert_eq!(got, want.join("\n"), "{dev:?} {matrix:?}");
    }
}

#[test]
fn filters_select_names() {
    let regex = |text: &str| Regex::new(text).unwrap();
    for (got, want) in [
        (selected(|s| s.image_name = Some(regex("ar"))), "bare 3.0.0 linux/amd64"),
        (selected(|s| s.image_name = Some(regex("nothing"))), ""),
        (selected(|s| s.image_version = Some("1.0".to_owned())), "plain 1.0.0 linux/amd64"),
        (selected(|s| s.latest = true), "plain 1.1.0 linux/amd64\nplain 1.1.0 linux/arm64"),
        (
            selected(|s| (s.latest, s.matrix_versions) = (true, Inclusion::Include)),
            "plain 1.1.0 linux/amd64\nplain 1.1.0 linux/arm64\ngrid R4.5.1 linux/amd64",
        ),
        (selected(|s| s.image_os = Some(regex("22"))), "plain 1.0.0 linux/amd64"),
        (selected(|s| s.image_platforms = vec![regex("arm64")]), "plain 1.1.0 linux/arm64"),
        (
            selected(|s| s.image_variant = Some(regex("Min"))),
            "plain 1.1.0 linux/amd64\nplain 1.1.0 linux/arm64\nplain 1.0.0 linux/amd64",
        ),
        (
            selected(|s| (s.dev_versions, s.dev_channel) = (Inclusion::Only, Some(Channel::Preview))),
            "plain 2026.05.0-dev+7 dev linux/amd64",
        ),
        (
            selected(|s| (s.dev_versions, s.image_version) = (Inclusion::Only, Some("2026.05".to_owned()))),
            "plain 2026.05.0-dev+7 dev linux/amd64\nplain 2026.05.0-dev+7 dev linux/amd64",
        ),
    ] {
        assert_eq!(got, want);
    }
}

#[test]
fn matrix_and_targets_agree_whatever_is_selected() {
    let config = config();
    let mut compared = 0;
    for dev_versions in Inclusion::ALL {
        for matrix_versions in Inclusion::ALL {
            for (name, version, platform, variant) in [
                (None, None, None, None),
                (Some("grid"), None, None, None),
                (None, Some("2026"), None, None),
                (None, None, Some("arm64"), None),
                (None, None, None, Some("Standard")),
            ] {
                let regex = |text: &str| Regex::new(text).unwrap();
                let selection = Selection {
                    image_name: name.map(regex),
                    image_version: version.map(str::to_owned),
                    image_platforms: platform.map(regex).into_iter().collect(),
                    image_variant: variant.map(regex),
                    dev_versions,
                    matrix_versions,
                    ..Selection::default()
                };
                let builds = select(&config, &selection, &[], &Upstream::default()).unwrap();
                let rows: BTreeSet<(String, String)> = plan::matrix(&builds, &selection, &[])
                    .unwrap_or_default()
                    .into_iter()
                    .map(|row| (row.image, row.version.unwrap()))
                    .collect();
                let targets: BTreeSet<(String, String)> = plan::targets(&builds)
                    .unwrap()
                    .into_iter()
                    .map(|target| (target.identity.image, target.identity.version))
                    .collect();
                assert_eq!(rows, targets, "{dev_versions:?} {matrix_versions:?} {name:?} {version:?}");
                compared += rows.len();
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn an_image_version_without_a_match_is_an_error_that_lists_what_there_is() {
    let config = config();
    let selection = Selection { image_version: Some("7".to_owned()), ..Selection::default() };
    let builds = select(&config, &selection, &[], &Upstream::default()).unwrap();
    let error = plan::matrix(&builds, &selection, &[]).unwrap_err();
    assert_eq!(error.code(), "bakery::plan::no_such_version");
    assert_eq!(error.to_string(), "no version matches `--image-version 7`");
    assert_eq!(error.hint().unwrap(), "there is `1.1.0`, `1.0.0`, `0.9.0`, `3.0.0`");
    let nobody = Selection { image_name: Some(Regex::new("^x$").unwrap()), ..selection };
    let builds = select(&config, &nobody, &[], &Upstream::default()).unwrap();
    let hint = plan::matrix(&builds, &nobody, &[]).unwrap_err().hint().unwrap();
    assert!(hint.starts_with("the other filters leave no version at all"), "{hint}");
}

#[test]
fn rows_are_objects_with_their_keys_in_order() {
    use plan::Column::{Dev, Platform, Version};
    let config = config();
    let selection = Selection { image_name: Some(Regex::new("plain").unwrap()), ..Selection::default() };
    let builds = select(&config, &selection, &[], &Upstream::default()).unwrap();
    for (exclude, want) in [
        (vec![], r#"{"image":"plain","version":"1.1.0","dev":false,"platform":"linux/amd64"}"#),
        (vec![Platform], r#"{"image":"plain","version":"1.1.0","dev":false}"#),
        (vec![Dev, Version], r#"{"image":"plain","platform":"linux/amd64"}"#),
        (vec![Dev, Version, Platform], r#"{"image":"plain"}"#),
    ] {
        let rows = plan::matrix(&builds, &selection, &exclude).unwrap();
        assert_eq!(rows.len(), if exclude.contains(&Platform) { 2 } else { 3 });
        assert_eq!(serde_json::to_string(&rows[0]).unwrap(), want);
    }
    assert_eq!("platform".parse(), Ok(Platform));
    assert_eq!(
        "image".parse::<plan::Column>().unwrap_err().to_string(),
        "`image` is not a column that can be left out: expected `version`, `dev` or `platform`"
    );
}

#[test]
fn one_identifier_for_two_versions_stops_the_matrix_and_the_build() {
    let config = images("  - {name: x, versions: [{name: 1.0.0}, {name: 1-0-0}]}\n");
    let error = select(&config, &Selection::default(), &[], &Upstream::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "image `x` version `1.0.0` and image `x` version `1-0-0` have the same identifier `x-1-0-0`"
    );
}

#[test]
fn get_version_names_the_latest_or_the_subpath_s() {
    let config = config();
    let get = |image, subpath| {
        plan::version_of(&config, image, subpath).map_err(|e| (e.to_string(), e.hint().unwrap()))
    };
    assert_eq!(get("plain", None), Ok("1.1.0"));
    assert_eq!(get("plain", Some("1.0.0")), Ok("1.0.0"));
    let fault = |message: &str, hint: &str| Err((message.to_owned(), hint.to_owned()));
    assert_eq!(get("plan", None), fault("no image is named `plan`", "did you mean `plain`?"));
    assert_eq!(
        get("grid", None),
        fault("image `grid` has no version with `latest: true`", "there is `0.9.0`")
    );
    assert_eq!(
        get("plain", Some("2")),
        fault("image `plain` has no version with the subpath `2`", "there is `1.1.0`, `1.0.0`")
    );
}
