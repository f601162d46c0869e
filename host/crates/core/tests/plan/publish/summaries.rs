//! Summaries: the slices of jobs, and their table.

use bakery_core::plan::summary::{SliceKind, Summary, markdown};
use serde_json::json;

use super::support::{Entry, file, plan};
use crate::support::images;

fn slice(uid: &str, registry_size: Option<u64>) -> Summary {
    let target = json!({
        "uid": uid, "image_name": "connect", "version": "2026.01.1", "os": "Ubuntu 24.04", "variant": "Standard",
        "platforms": 1, "tags": 8, "layers": null, "registry_size": registry_size, "local_size": null,
        "cache_ref": "ghcr.io/example/connect/cache:x", "cache_size": 2000,
    });
    Summary::read(json!({ "targets": [target] }).to_string().as_bytes()).unwrap()
}

#[test]
fn a_summary_is_one_table_with_a_row_of_totals() {
    let mut evil = slice("b", None);
    evil.targets[0].image_name = "x | y\n<b>".to_owned();
    evil.targets[0].variant = String::new();
    evil.targets[0].layers = Some(12);
    let slices = [slice("a", Some(1_000_000)), slice("a", Some(1_500_000)), evil];
    insta::assert_snapshot!(markdown(&slices, Some("Some jobs\nfailed.")), @r#"
    > ⚠️ **Some jobs failed.**

    ### Build Summary

    | Image | Version | OS | Variant | Platforms | Tags | Layers | Registry Size | Local Size | Cache Size |
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
    | connect | 2026.01.1 | Ubuntu 24.04 | Standard | 2 | 8 | — | 2.5 MB | — | 2.0 kB |
    | x \| y\\n&lt;b&gt; | 2026.01.1 | Ubuntu 24.04 | — | 1 | 8 | 12 | — | — | 2.0 kB |
    | **Total (2 targets)** |  |  |  | 3 | 16 |  | 2.5 MB | — | 2.0 kB |
    "#);
    insta::assert_snapshot!(markdown(&[], None), @r"
    ### Build Summary

    | Image | Version | OS | Variant | Platforms | Tags | Layers | Registry Size | Local Size | Cache Size |
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
    | **Total (0 targets)** |  |  |  | 0 | 0 |  | — | — | — |
    ");
}

#[test]
fn a_table_that_a_job_summary_would_drop_is_cut_at_a_row() {
    let slices: Vec<Summary> = (0..20_000).map(|n| slice(&format!("t{n}"), Some(1))).collect();
    let text = markdown(&slices, None);
    assert!(text.len() < 1 << 20, "{}", text.len());
    assert!(text.contains("| **Total (20000 targets)** |"));
    assert!(text.ends_with("are left out, because a job summary is limited.\n"));
}

#[test]
fn the_summary_of_a_plan_is_read_back_as_a_publish() {
    let config = images("  - name: app\n    versions: [{name: 1.0.0, latest: true}]");
    let plan = plan(&config, &[file("a.json", &[Entry::new("app-1-0-0")])]);
    let mut summary = Summary::of_plan(&plan);
    summary.targets[0].registry_size = Some(7);
    insta::assert_snapshot!(summary.to_json().to_string(), @r#"{"build_targets":1,"platform_builds":1,"registry_tags":2,"registry_size_bytes":7,"local_size_bytes":null,"cache_size_bytes":null,"targets":[{"uid":"app-1-0-0","image_name":"app","version":"1.0.0","os":"","variant":"","platforms":1,"tags":2,"layers":null,"registry_size":7,"local_size":null,"cache_ref":null,"cache_size":null}],"kind":"publish"}"#);
    let back = Summary::read(summary.to_json().to_string().as_bytes()).unwrap();
    assert_eq!(back, summary);
    assert_eq!(back.kind, SliceKind::Publish);
    let build = slice("a", None).to_json();
    assert_eq!(build.get("kind"), None);
    assert_eq!(build["registry_size_bytes"], json!(null));
}

#[test]
fn what_is_no_summary_is_refused() {
    let refused = |text: &str| Summary::read(text.as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!(refused(""), @"it is not a summary as `--summary-format json` prints it: EOF while parsing a value at line 1 column 0");
    insta::assert_snapshot!(refused(&" ".repeat((16 << 20) + 1)), @"it is not a summary as `--summary-format json` prints it: it has 16777217 bytes, at most 16777216 are read");
    insta::assert_snapshot!(refused("{}"), @"it is not a summary as `--summary-format json` prints it: missing field `targets` at line 1 column 2");
    insta::assert_snapshot!(refused(r#"{"targets": [{"uid": "a", "platforms": -1}]}"#), @"it is not a summary as `--summary-format json` prints it: invalid value: integer `-1`, expected u64 at line 1 column 41");
    insta::assert_snapshot!(refused(r#"{"targets": [], "kind": "deploy"}"#), @"it is not a summary as `--summary-format json` prints it: unknown variant `deploy`, expected `build` or `publish` at line 1 column 32");
}
