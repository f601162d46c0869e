//! Rows of matrices whose axes upstreams decide: which one may move `latest`, and what must be said about each.

use bakery_core::{config::Config, plan::publish::plan};
use serde_json::json;

use super::support::{Entry, file, options, refusal, tags};
use crate::support::images;

/// An image whose constraint on R is `constraint`.
fn session(constraint: &str) -> Config {
    images(&format!(
        "  - name: session
    matrix:
      namePattern: 'R{{{{ Dependencies.R }}}}'
      dependencyConstraints: [{{dependency: R, constraint: {constraint}}}]
      os: [{{name: Ubuntu 24.04}}]"
    ))
}

fn row(version: &str) -> Entry {
    let uid = format!("session-r{}-ubuntu-24-04", version.replace('.', "-"));
    let name = format!("R{version}");
    Entry::new(&uid).version(&name).argument("build-arg:R_VERSION", version)
}

/// The short tags of each row, and warnings about those left alone.
fn outcome(constraint: &str, entries: &[Entry]) -> String {
    let plan = plan(&session(constraint), &[file("a.json", entries)], &options());
    let plan = plan.unwrap_or_else(|errors| panic!("{errors}"));
    let mut text = tags(&plan).replace("ghcr.io/example/session", "…").replace("-ubuntu-24.04", "-os");
    for warning in &plan.warnings {
        text.push('\n');
        text.push_str(&warning.replace("ghcr.io/example/session", "…"));
    }
    text
}

#[test]
fn a_complete_axis_proves_which_row_is_the_latest() {
    insta::assert_snapshot!(outcome("{latest: true, count: 2}", &[row("4.5.2"), row("4.4.3")]), @r"
    session-r4-4-3-ubuntu-24-04 -> …: R4.4.3 R4.4.3-os | R4.4 R4.4-os
    session-r4-5-2-ubuntu-24-04 -> …: R4.5.2 R4.5.2-os | R4.5 R4.5-os latest ubuntu-24.04
    ");
    insta::assert_snapshot!(outcome("{max: '4.4'}", &[row("4.4.3")]), @"session-r4-4-3-ubuntu-24-04 -> …: R4.4.3 R4.4.3-os | R4.4 R4.4-os latest ubuntu-24.04");
}

#[test]
fn an_incomplete_axis_moves_no_tag_of_the_latest() {
    insta::assert_snapshot!(outcome("{latest: true, count: 2}", &[row("4.4.3")]), @r"
    session-r4-4-3-ubuntu-24-04 -> …: R4.4.3 R4.4.3-os | R4.4 R4.4-os
    `…:latest`, `…:ubuntu-24.04` of image `session` version `R4.4.3` on `Ubuntu 24.04` are left alone: the metadata do not say whether it is the latest row (`latest` of `bakery.target`)
    ");
    insta::assert_snapshot!(outcome("{latest: true, min: '4.3'}", &[row("4.5.2"), row("4.4.3")]), @r"
    session-r4-4-3-ubuntu-24-04 -> …: R4.4.3 R4.4.3-os | R4.4 R4.4-os
    session-r4-5-2-ubuntu-24-04 -> …: R4.5.2 R4.5.2-os | R4.5 R4.5-os
    `…:latest`, `…:ubuntu-24.04` of image `session` version `R4.5.2` on `Ubuntu 24.04` are left alone: the metadata do not say whether it is the latest row (`latest` of `bakery.target`)
    ");
}

#[test]
fn an_older_patch_leaves_the_tag_of_its_minor_version_to_the_newer_one() {
    insta::assert_snapshot!(outcome("{latest: true}", &[row("4.5.1"), row("4.5.2")]), @r"
    session-r4-5-1-ubuntu-24-04 -> …: R4.5.1 R4.5.1-os | 
    session-r4-5-2-ubuntu-24-04 -> …: R4.5.2 R4.5.2-os | R4.5 R4.5-os latest ubuntu-24.04
    ");
}

#[test]
fn a_build_that_says_so_is_believed() {
    let says = |version: &str, latest: bool| {
        let target = json!({ "image": "session", "version": format!("R{version}"), "os": "Ubuntu 24.04",
                             "latest": latest, "latestPatch": true, "dependencies": { "R": version } });
        let uid = format!("session-r{}-ubuntu-24-04", version.replace('.', "-"));
        Entry::new(&uid).set("bakery.target", target)
    };
    insta::assert_snapshot!(outcome("{latest: true, min: '4.3'}", &[says("4.4.3", true), says("4.5.2", false)]), @r"
    session-r4-5-2-ubuntu-24-04 -> …: R4.5.2 R4.5.2-os | R4.5 R4.5-os
    session-r4-4-3-ubuntu-24-04 -> …: R4.4.3 R4.4.3-os | R4.4 R4.4-os latest ubuntu-24.04
    ");
}

#[test]
fn a_row_must_say_its_versions_and_they_must_give_its_name() {
    let config = session("{latest: true}");
    let refused = |entry: Entry| refusal(&config, &[file("a.json", &[entry])], &options());
    let silent = Entry::new("session-r4-5-2-ubuntu-24-04").version("R4.5.2");
    insta::assert_snapshot!(refused(silent.clone()), @r"
    [bakery::publish::unidentified] `a.json`: the metadata of `session-r4-5-2-ubuntu-24-04` do not say which version of `R` it has
      build with provenance (do not set `BUILDX_METADATA_PROVENANCE=disabled`), which has the labels of the image
    ");
    insta::assert_snapshot!(refused(Entry::new("session-r4-5-2-ubuntu-24-04")), @r"
    [bakery::publish::unidentified] `a.json`: the metadata of `session-r4-5-2-ubuntu-24-04` do not say which version of image `session` it is
      build with provenance (do not set `BUILDX_METADATA_PROVENANCE=disabled`), which has the labels of the image
    ");
    insta::assert_snapshot!(refused(silent.clone().argument("build-arg:R_VERSION", "4.5.1")), @r"
    [bakery::publish::unknown_target] `a.json`: `session-r4-5-2-ubuntu-24-04` is not a target of the configuration
      publish with the bakery.yaml that the image was built with, or leave out the file
    ");
    insta::assert_snapshot!(refused(silent.clone().argument("build-arg:R_VERSION", "4.5.2 --x")), @"[bakery::plan::bad_version] `a.json`: `session-r4-5-2-ubuntu-24-04` is no target: the matrix of image `session` cannot be resolved: the list of `R` has `4.5.2 --x`, which is no version");
    let label = silent.argument("label:co.posit.image.tools.R", "4.5.2");
    assert!(plan(&config, &[file("a.json", &[label])], &options()).is_ok());
}

#[test]
fn what_the_configuration_cannot_expand_is_told_as_everywhere() {
    let config = images(
        "  - name: app
    tagPatterns: [{patterns: ['{{ Version | regexReplace(\"(?=x)\", \"\") }}']}]
    versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04}]}]",
    );
    let entry = Entry::new("app-1-0-0-ubuntu-24-04");
    insta::assert_snapshot!(refusal(&config, &[file("a.json", &[entry])], &options()), @r#"[bakery::plan::template] the tag pattern `{{ Version | regexReplace("(?=x)", "") }}` of image `app` cannot be rendered: invalid operation: `(?=x)` is not an expression that bakery can run (look-around is not supported)"#);
}
