//! Help, versions, completions, exit codes, and the commands that ask no upstream.

use bakery_tests::{Program, Project};

const YAML: &str = "
repository: {url: https://git.example/images}
registries: [{host: registry.example, namespace: images}]
images:
  - name: app
    variants: [{name: Standard, primary: true}, {name: Minimal, extension: min, tagDisplayName: min}]
    versions:
      - {name: 1.1.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}, {name: Ubuntu 22.04}]}
      - {name: 1.0.0, subpath: old, os: [{name: Ubuntu 22.04}]}
";

fn bakery(arguments: &[&str]) -> bakery_tests::Finished {
    let project = Project::new(YAML);
    Program::bakery().cwd(project.path()).args(arguments).run()
}

#[test]
fn a_supervisor_without_an_order_ends_and_says_nothing() {
    let done = bakery(&["__supervise"]);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    assert_eq!(bakery(&["__supervise", "x"]).code, 2);
}

#[test]
fn the_matrix_is_one_line_with_one_row_per_version_and_platform() {
    let done = bakery(&["ci", "matrix"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(
        done.stdout,
        concat!(
            r#"[{"image":"app","version":"1.1.0","dev":false,"platform":"linux/amd64"},"#,
            r#"{"image":"app","version":"1.1.0","dev":false,"platform":"linux/arm64"},"#,
            r#"{"image":"app","version":"1.0.0","dev":false,"platform":"linux/amd64"}]"#,
            "\n"
        )
    );
    assert_eq!(done.stderr, "");
}

#[test]
fn a_version_that_matches_nothing_is_an_error_and_an_image_that_does_is_not() {
    let done = bakery(&["ci", "matrix", "--image-version", "3"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("1.1.0"), "{}", done.stderr);
    let done = bakery(&["ci", "matrix", "nothing"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, "[]\n"), "{}", done.stderr);
}

#[test]
fn tags_are_printed_by_uid_and_by_component() {
    let done = bakery(&["get", "tags", "--output", "uid", "--image-version", "1.0.0"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let tags: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(tags["app-1-0-0-minimal-ubuntu-22-04"][0], "registry.example/images/app:1.0.0-min");
    let done = bakery(&["get", "tags"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("registry.example/images/app:latest"), "{}", done.stdout);
}

#[test]
fn the_version_of_an_image_is_printed_plain() {
    assert_eq!(bakery(&["get", "version", "app"]).stdout, "1.1.0\n");
    assert_eq!(bakery(&["get", "version", "app", "--subpath", "old"]).stdout, "1.0.0\n");
    let done = bakery(&["get", "version", "ap"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert!(done.stderr.contains("`app`"), "{}", done.stderr);
}

#[test]
fn usage_errors_exit_2_and_say_what_was_expected() {
    for (arguments, word) in [
        (&["ci", "matrix", "--dev-versions", "some"][..], "include"),
        (&["ci", "matrix", "-q", "-v"], "--verbose"),
        (&["ci", "matrix", "--context", "nowhere"], "nowhere"),
        (&["ci", "matrix", "("], "regular expression"),
        (&["ci", "matrix", "--dev-spec-wait", "soon"], "10m"),
        (&["ci", "matrix", "--mirror", "here"], "FROM=TO"),
        (&["ci", "matrx"], "matrix"),
    ] {
        let done = bakery(arguments);
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(word), "{arguments:?}: {}", done.stderr);
    }
}

#[test]
fn a_missing_or_broken_file_exits_1_and_shows_the_place() {
    let empty = tempfile::tempdir().unwrap();
    let done = Program::bakery().cwd(empty.path()).args(["ci", "matrix"]).run();
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert!(done.stderr.contains("bakery.yaml"), "{}", done.stderr);

    let project = Project::new("repository: {url: https://git.example/x}\nimages:\n  - nam: app\n");
    let done = Program::bakery().cwd(project.path()).args(["ci", "matrix"]).run();
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    for part in ["bakery.yaml:3", "`name`", "nam"] {
        assert!(done.stderr.contains(part), "`{part}` is missing in: {}", done.stderr);
    }
}

#[test]
fn an_unknown_key_warns_with_a_suggestion_and_fails_with_strict() {
    let project = Project::new(&YAML.replace("    versions:", "    devVersion: []\n    versions:"));
    let done = Program::bakery().cwd(project.path()).args(["ci", "matrix"]).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("warning") && done.stderr.contains("`devVersions`"), "{}", done.stderr);
    let done = Program::bakery().cwd(project.path()).args(["ci", "matrix", "--strict"]).run();
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    let done = Program::bakery().cwd(project.path()).args(["ci", "matrix", "-q"]).run();
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

#[test]
fn on_github_failures_are_annotations_too() {
    let project = Project::new("repository: {url: https://git.example/x}\nimages: 3\n");
    let done =
        Program::bakery().cwd(project.path()).args(["ci", "matrix"]).env("GITHUB_ACTIONS", "true").run();
    assert_eq!(done.code, 1);
    let annotations: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotations.len(), 1, "{}", done.stderr);
    assert!(annotations[0].contains("file=bakery.yaml,line=2,col=9::"), "{}", done.stderr);
}

#[test]
fn versions_help_and_completions_are_on_standard_output() {
    let done = bakery(&["version"]);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, format!("bakery {}\n", env!("CARGO_PKG_VERSION")).as_str())
    );
    for arguments in [
        &["--help"][..],
        &["ci", "matrix", "--help"],
        &["build", "--help"],
        &["get", "tags", "--help"],
        &["help"],
    ] {
        let done = bakery(arguments);
        assert_eq!(done.code, 0, "{arguments:?}");
        assert!(done.stdout.contains("Examples:"), "{arguments:?}: {}", done.stdout);
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = bakery(&["completions", shell]);
        assert!(done.code == 0 && done.stdout.contains("dev-spec"), "{shell}");
    }
}

#[test]
fn a_build_of_nothing_names_the_filters() {
    for arguments in [&["build"][..], &["build", "--plan"]] {
        let done = bakery(&[arguments, &["--image-name", "nothing"]].concat());
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        assert!(done.stderr.contains("--image-name 'nothing'"), "{}", done.stderr);
    }
}
