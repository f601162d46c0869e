//! A publish that cannot begin: what is wrong with arguments, files and configuration is told, and nobody is asked.

use bakery_tests::{Finished, Program, Project};
use serde_json::{Value, json};

/// Nothing listens there: whoever asks it anything fails in another way.
const NOWHERE: &str = "127.0.0.1:1/tmp";

const YAML: &str = "
repository: {url: https://git.example/images}
registries: [{host: \"127.0.0.1:1\", namespace: images}]
images:
  - name: app
    versions:
      - {name: 1.0.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}]}
";

const UID: &str = "app-1-0-0-ubuntu-24-04";

fn record(architecture: &str, digit: &str) -> Value {
    let digest = format!("sha256:{}", digit.repeat(64));
    json!({
        "image.name": format!("{NOWHERE}/app/tmp:latest"),
        "containerimage.digest": digest,
        "containerimage.descriptor": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest,
            "size": 2,
            "annotations": { "org.opencontainers.image.created": "2026-01-02T03:04:05Z" },
            "platform": { "architecture": architecture, "os": "linux" },
        },
    })
}

/// A project with a metadata file for each of its two platforms.
fn project() -> Project {
    let project = Project::new(YAML);
    for (architecture, digit) in [("amd64", "1"), ("arm64", "2")] {
        let text = json!({ UID: record(architecture, digit) }).to_string();
        project.write(&format!("{architecture}-metadata.json"), text);
    }
    project
}

fn publish(project: &Project, arguments: &[&str]) -> Finished {
    program(project).args(["ci", "publish"]).args(arguments).run()
}

fn program(project: &Project) -> Program {
    Program::bakery().cwd(project.path()).env("HOME", project.path())
}

/// It ended with this code, said every one of these words, and printed no data.
fn refused(done: &Finished, code: i32, words: &[&str]) {
    assert_eq!((done.code, done.stdout.as_str()), (code, ""), "{}", done.stderr);
    for word in words {
        assert!(done.stderr.contains(word), "`{word}` is missing in: {}", done.stderr);
    }
    assert!(!done.stderr.contains("cannot connect"), "a registry was asked: {}", done.stderr);
}

#[test]
fn arguments_that_make_no_sense_are_usage_errors() {
    let project = project();
    for (arguments, words) in [
        (&["--temp-registry", NOWHERE][..], &["METADATA_FILE"][..]),
        (&["m.json", "-q", "-v"], &["--verbose"]),
        (&["m.json", "--jobs", "0"], &["--jobs"]),
        (&["m.json", "--wait-timeout", "soon"], &["10m"]),
        (&["m.json", "--retry-attempts", "0"], &["--retry-attempts"]),
        (&["m.json", "--image-name", "("], &["regular expression"]),
        (&["m.json", "--registry-realm", "a.example"], &["HOST=SERVER"]),
        (&["m.json", "--insecure-registry", "https://a.example"], &["--insecure-registry"]),
        (&["m.json", "--summary-format", "xml"], &["table", "json"]),
        (&["m.json", "--dev-channel", "daily", "--dev-stream", "preview"], &["daily", "preview"]),
        (
            &["m.json", "--insecure-registry", "a.example", "--secure-registry", "a.example"],
            &["a.example", "http or https"],
        ),
        (&["m.json", "--result", "nowhere/result.json"], &["`nowhere` is not a folder"]),
        (&["m.json", "--context", "nowhere"], &["`nowhere` is not a folder"]),
        (&["m.json", "--dev-spec", "{}"], &["--dev-spec"]),
    ] {
        refused(&publish(&project, arguments), 2, words);
    }
}

#[test]
fn everything_that_is_wrong_with_the_files_is_told_at_once() {
    let project = project();
    project.write("broken.json", "{\"app\": ");
    let arguments = ["broken.json", "absent.json", "no-such-*.json", "[x", "--temp-registry", NOWHERE];
    let done = publish(&project, &arguments);
    refused(
        &done,
        1,
        &[
            "`broken.json`",
            "`absent.json`: No such file",
            "`no-such-*.json` matches no file",
            "`[x` is not one",
        ],
    );
    assert_eq!(done.stderr.lines().filter(|line| line.starts_with("error")).count(), 4, "{}", done.stderr);
}

#[test]
fn an_unknown_target_is_an_error_that_names_the_file_and_what_there_is() {
    let project = project();
    project.write("other.json", json!({ "app-1-0-1-ubuntu-24-04": record("amd64", "1") }).to_string());
    let done = publish(&project, &["*-metadata.json", "other.json", "--temp-registry", NOWHERE]);
    refused(&done, 1, &["other.json", "app-1-0-1-ubuntu-24-04", UID]);
}

#[test]
fn a_platform_that_no_file_has_is_an_error() {
    let project = project();
    let done = publish(&project, &["amd64-metadata.json", "--temp-registry", NOWHERE]);
    refused(&done, 1, &[UID, "linux/arm64"]);
}

#[test]
fn a_publish_needs_its_temporary_registry() {
    let done = publish(&project(), &["*-metadata.json"]);
    refused(&done, 1, &["temporary registry", "--temp-registry"]);
}

#[test]
fn a_filter_that_leaves_nothing_is_an_error() {
    let project = project();
    let done = publish(&project, &["*-metadata.json", "--image-name", "^ap$", "--temp-registry", NOWHERE]);
    refused(&done, 1, &["--image-name"]);
}

#[test]
fn what_cannot_be_trusted_or_read_ends_the_run_before_any_request() {
    let project = project();
    let base = ["*-metadata.json", "--temp-registry", NOWHERE];
    let with = |more: &[&str]| publish(&project, &[&base[..], more].concat());
    refused(&with(&["--registry-ca", "absent.pem"]), 1, &["--registry-ca", "absent.pem"]);
    project.write("key.pem", "-----BEGIN PRIVATE KEY-----");
    refused(&with(&["--registry-ca", "key.pem"]), 1, &["key.pem", "no certificate"]);
    project.write(".docker/config.json", "{\"auths\":\nhunter2");
    let done = with(&[]);
    refused(&done, 1, &["config.json", "line 2", "DOCKER_CONFIG"]);
    assert!(!done.stderr.contains("hunter2"), "{}", done.stderr);
}

#[test]
fn the_result_says_why_nothing_began() {
    let project = project();
    let done = publish(&project, &["absent.json", "--temp-registry", NOWHERE, "--result", "result.json"]);
    refused(&done, 1, &["absent.json"]);
    let text = std::fs::read(project.path().join("result.json")).unwrap();
    let result: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((&result["exit_code"], &result["outcome"]), (&json!(1), &json!("failed")), "{result:#}");
    assert!(result["refused"][0]["message"].as_str().unwrap().contains("absent.json"), "{result:#}");
    assert_eq!(result["targets"], json!([]));
}

#[test]
fn a_variable_that_makes_no_sense_is_told_and_a_registry_that_is_not_there_is_unavailable() {
    let project = project();
    let done = program(&project)
        .args(["oras", "merge", "*-metadata.json", "--temp-registry", NOWHERE, "--retry-attempts", "1"])
        .env("BAKERY_REGISTRY_RETRY_MULTIPLIER", "fast")
        .run();
    assert_eq!(done.code, 11, "{}", done.stderr);
    let warnings: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    assert_eq!(warnings.len(), 1, "{}", done.stderr);
    assert!(warnings[0].contains("BAKERY_REGISTRY_RETRY_MULTIPLIER") && warnings[0].contains("`fast`"));
    assert!(done.stderr.contains("bakery oras merge '*-metadata.json'"), "{}", done.stderr);
}

#[test]
fn every_name_of_the_command_has_help_with_examples() {
    for name in [
        &["ci", "publish"][..],
        &["ci", "merge"],
        &["ci", "summary"],
        &["imagetools", "publish"],
        &["imagetools", "merge"],
        &["oras", "merge"],
    ] {
        let done = Program::bakery().args(name).args(["--help"]).run();
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stdout.contains("Examples:\n  bakery ci "), "{name:?}: {}", done.stdout);
    }
}

#[test]
fn a_summary_is_written_from_what_can_be_read_and_the_rest_is_told() {
    let project = project();
    let slice = json!({ "targets": [{
        "uid": UID, "image_name": "app", "version": "1.0.0", "os": "Ubuntu 24.04", "variant": "",
        "platforms": 2, "tags": 4,
    }] });
    project.write("one-summary.json", slice.to_string());
    let summary = |files: &[&str]| {
        program(&project).args(["ci", "summary"]).args(files).args(["--output", "summary.md"]).run()
    };
    let written = || std::fs::read_to_string(project.path().join("summary.md")).unwrap();
    let done = summary(&["*-summary.json"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert!(written().contains("| app | 1"), "{}", written());
    project.write("two-summary.json", "[]");
    let done = summary(&["*-summary.json", "absent.json"]);
    assert_eq!(done.code, 13, "{}", done.stderr);
    assert!(
        done.stderr.contains("two-summary.json") && done.stderr.contains("absent.json"),
        "{}",
        done.stderr
    );
    assert!(written().contains("| app | 1"), "{}", written());
}
