//! What changed files touch: paths, differences of the configuration, and what is left of the matrix.

use bakery_core::{
    config::Config,
    plan::{ChangeSet, Selection},
};

use crate::support::{Upstream, config, everything, images, rows, select};

const FILE: &str = r#"
  - name: plain
    versions:
      - {name: 1.1.0, subpath: "1.1", latest: true, os: [{name: Ubuntu 24.04}]}
      - {name: 1.0.0, subpath: "1.0", os: [{name: Ubuntu 24.04}]}
    devVersions:
      - {sourceType: channel, product: connect, channel: daily, os: [{name: Ubuntu 24.04}]}
  - name: grid
    subpath: images/grid
    devVersions:
      - {sourceType: dependency, dependency: positron, os: [{name: Ubuntu 24.04}]}
    matrix:
      dependencies: [{dependency: R, versions: [4.5.1, 4.4.3]}]
      os: [{name: Ubuntu 24.04}]
"#;

/// What is touched, in words.
fn touched(changes: &ChangeSet) -> String {
    if changes.full {
        return "everything".to_owned();
    }
    let image = |(name, image): (&String, &bakery_core::plan::ImageChanges)| {
        let versions: Vec<&str> = image.versions.iter().map(String::as_str).collect();
        let marks =
            [(image.all_releases, "releases"), (image.dev_versions, "dev"), (image.latest_row, "latest row")];
        let marks = marks.into_iter().filter(|(set, _)| *set).map(|(_, word)| word);
        format!("{name}: {}", versions.into_iter().chain(marks).collect::<Vec<_>>().join(", "))
    };
    changes.images.iter().map(image).collect::<Vec<_>>().join("; ")
}

fn paths(paths: &[&str]) -> String {
    touched(&ChangeSet::classify(&images(FILE), paths.iter().copied(), None))
}

#[test]
fn paths_touch_what_is_built_from_them() {
    for (changed, want) in [
        (&[][..], ""),
        (&["README.md"], ""),
        (&["plain/docs/Notes.MD"], ""),
        (&["bakery.yaml"], "everything"),
        (&["bakery.yml"], "everything"),
        (&["sub/bakery.yaml"], "everything"),
        (&[".github/workflows/ci.yml"], "everything"),
        (&[".github/dependabot.yml"], ""),
        (&[".gitignore"], ""),
        (&[".pre-commit-config.yaml"], ""),
        (&[".idea/a.xml", ".claude/x"], ""),
        (&["plain/template/Containerfile.ubuntu2404.jinja2"], "plain: dev"),
        (&["plain/1.0/Containerfile.ubuntu2404"], "plain: 1.0.0"),
        (&["plain/1.0/deps/a.txt", "plain/1.1/b"], "plain: 1.0.0, 1.1.0"),
        (&["plain/1"], "plain: releases"),
        (&["plain/goss.yaml"], "plain: releases"),
        (&["plain"], "plain: releases"),
        (&["./plain//1.0/x"], "plain: 1.0.0"),
        (&["plainer/x"], "everything"),
        (&["images/grid/matrix/Containerfile"], "grid: releases, dev, latest row"),
        (&["images/grid/template/x"], "grid: dev, latest row"),
        (&["images/other"], "everything"),
        (&["Makefile"], "everything"),
        (&["../outside"], "everything"),
        (&["README.md", "plain/template/x", ".gitignore"], "plain: dev"),
        (&["plain/template/x", "unknown"], "everything"),
    ] {
        assert_eq!(paths(changed), want, "{changed:?}");
    }
}

/// What the edit of the file touches.
fn edited(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    let changed = images(&FILE.replace(from, to));
    touched(&ChangeSet::classify(&changed, ["bakery.yaml"], Some(&images(FILE))))
}

#[test]
fn a_changed_configuration_touches_what_differs() {
    for (from, to, want) in [
        ("images/grid", "images/grid", ""),
        ("  - name: plain", "  # a comment moves every line\n  - name: plain", ""),
        ("name: 1.0.0", "name: 1.0.1", "plain: 1.0.1"),
        (
            "      - {name: 1.0.0",
            "      - {name: 1.2.0, subpath: \"1.2\"}\n      - {name: 1.0.0",
            "plain: 1.2.0",
        ),
        (
            "subpath: \"1.0\"",
            "subpath: \"1.0\", dependencies: [{dependency: R, version: 4.5.1}]",
            "plain: 1.0.0",
        ),
        ("latest: true, os", "os", ""),
        ("subpath: \"1.0\"", "subpath: \"1.0\", latest: true", "plain: 1.0.0"),
        ("latest: true, os: [{name: Ubuntu 24.04}]", "os: [{name: Ubuntu 22.04}]", "plain: 1.1.0"),
        ("channel: daily", "channel: preview", "plain: releases, dev"),
        ("  - name: plain\n", "  - name: plain\n    description: new\n", "plain: releases"),
        ("4.5.1, 4.4.3", "4.5.1", ""),
        ("4.5.1, 4.4.3", "4.5.2, 4.4.3", "grid: dev, latest row"),
        (
            "{dependency: R, versions: [4.5.1, 4.4.3]}",
            "{dependency: quarto, version: 1.8.1}",
            "grid: dev, latest row",
        ),
        (
            "{dependency: R, versions: [4.5.1, 4.4.3]}",
            "{dependency: R, versions: [4.5.1]}, {dependency: quarto, version: 1.8.1}",
            "grid: dev, latest row",
        ),
        ("    matrix:\n", "    matrix:\n      values: {a: '1'}\n", "grid: dev, latest row"),
        ("subpath: images/grid", "subpath: images/other", "grid: releases, dev, latest row"),
        ("  - name: grid", "  - {name: new, versions: [{name: 1.0.0}]}\n  - name: grid", ""),
    ] {
        assert_eq!(edited(from, to), want, "{from} -> {to}");
    }
}

#[test]
fn a_change_outside_the_images_touches_everything() {
    let file = |top: &str| config(format!("{top}images: []\n"));
    let old = file("repository: {url: example.com/a}\n");
    for new in [
        "repository: {url: example.com/b}\n",
        "repository: {url: example.com/a}\nregistries: [{host: ghcr.io}]\n",
    ] {
        assert_eq!(touched(&ChangeSet::classify(&file(new), ["bakery.yaml"], Some(&old))), "everything");
    }
    assert_eq!(touched(&ChangeSet::classify(&old, ["bakery.yaml"], Some(&old))), "");
}

fn narrowed(config: &Config, changed: &[&str], selection: Selection) -> String {
    let changes = Some(ChangeSet::classify(config, changed.iter().copied(), None));
    let selection = Selection { changes, ..selection };
    rows(&select(config, &selection, &[], &Upstream::default()).unwrap(), &selection)
}

#[test]
fn changes_narrow_what_the_flags_select_and_never_widen_it() {
    let config = images(FILE);
    const DEV: &str = "plain 2026.05.0-dev+7 dev linux/amd64";
    const GRID: &str = "grid R4.5.1 linux/amd64\ngrid 2026.07.0-55 dev linux/amd64";
    for (changed, selection, want) in [
        (&["plain/1.0/x"][..], Selection::default(), "plain 1.0.0 linux/amd64".to_owned()),
        (&["plain/template/x"], Selection::default(), String::new()),
        (&["plain/template/x"], everything(), DEV.to_owned()),
        (&["images/grid/x"], Selection::default(), String::new()),
        (&["images/grid/x"], everything(), GRID.to_owned()),
        (&["README.md"], everything(), String::new()),
        (
            &["Makefile"],
            everything(),
            format!(
                "plain 1.1.0 linux/amd64\nplain 1.0.0 linux/amd64\n{DEV}\ngrid R4.5.1 linux/amd64\ngrid R4.4.3 linux/amd64\ngrid 2026.07.0-55 dev linux/amd64"
            ),
        ),
    ] {
        assert_eq!(narrowed(&config, changed, selection), want, "{changed:?}");
    }
}

#[test]
fn a_matrix_without_a_latest_row_is_built_whole() {
    let config = images("  - {name: grid, matrix: {values: {os: [jammy, noble]}}}\n");
    assert_eq!(
        narrowed(&config, &["grid/x"], everything()),
        "grid osjammy linux/amd64\ngrid osnoble linux/amd64"
    );
}
