//! A dispatched version, from payload to row: what `--dev-spec` promises.

use bakery_tests::{Answer, Finished, Program, Project, Upstream};

const OLD: &str = "2026.05.0-dev+184-g1111111";
const NEW: &str = "2026.05.0-dev+185-g2222222";

const YAML: &str = r#"
repository: {url: https://git.example/images}
images:
  - name: connect
    devVersions:
      - sourceType: channel
        product: connect
        channel: daily
        os: [{name: Ubuntu 24.04, primary: true}, {name: Ubuntu 22.04}]
    versions:
      - {name: 2026.04.0, latest: true, os: [{name: Ubuntu 24.04}]}
  - name: package-manager
    devVersions:
      - {sourceType: channel, product: package-manager, channel: daily, os: [{name: Ubuntu 24.04}]}
      - {sourceType: channel, product: package-manager, channel: preview, os: [{name: Ubuntu 24.04}]}
"#;

fn manifest(version: &str) -> Answer {
    torn(version, version)
}

fn torn(noble: &str, jammy: &str) -> Answer {
    let package = |platform: &str, version: &str| {
        let file = version.replace('+', "%2B");
        format!(
            r#"{{"platform": "{platform}/amd64", "version": "{version}", "url": "https://cdn.posit.co/connect/2026.05/c_{file}~{platform}_amd64.deb"}}"#
        )
    };
    Answer::ok(format!(
        r#"{{"generated": "2026-05-20T06:00:00", "packages": [{}, {}]}}"#,
        package("ubuntu24", noble),
        package("ubuntu22", jammy)
    ))
}

fn spec(version: &str, more: &str) -> String {
    format!(r#"{{"version": "{version}", "channel": "daily"{more}}}"#)
}

fn matrix(upstream: &Upstream, arguments: &[&str]) -> Finished {
    let project = Project::new(YAML);
    Program::bakery()
        .cwd(project.path())
        .args(["ci", "matrix"])
        .args(arguments)
        .args(["--mirror", &format!("https://cdn.posit.co/={}/", upstream.url())])
        .run()
}

fn rows(done: &Finished) -> Vec<(String, String)> {
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(done.stdout.matches('\n').count(), 1, "one line: {:?}", done.stdout);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&done.stdout).expect("standard output is JSON");
    rows.iter()
        .map(|row| {
            (
                row["image"].as_str().unwrap_or_default().to_owned(),
                row["version"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

#[test]
fn a_dispatched_version_that_the_manifest_has_becomes_a_row() {
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", manifest(NEW));
    let done = matrix(&upstream, &["--dev-spec", &spec(NEW, r#", "product": "connect""#)]);
    assert_eq!(rows(&done), [("connect".to_owned(), NEW.to_owned())]);
    assert_eq!(upstream.log(), ["GET /connect/latest-packages.json"]);
    assert!(done.stderr.contains("as dispatched"), "{}", done.stderr);
}

#[test]
fn a_stale_manifest_fails_at_once_and_names_both_versions() {
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", manifest(OLD));
    let done = matrix(&upstream, &["--dev-spec", &spec(NEW, r#", "image": "connect""#)]);
    assert_eq!((done.code, done.stdout.as_str()), (10, ""), "{}", done.stderr);
    for part in
        [OLD, NEW, "latest-packages.json", "2026-05-20T06:00:00", "--dev-spec-wait", "pinned: substitute"]
    {
        assert!(done.stderr.contains(part), "`{part}` is missing in: {}", done.stderr);
    }
    assert_eq!(upstream.log().len(), 1);
}

#[test]
fn a_stale_manifest_is_waited_for_and_the_wait_is_told() {
    let upstream = Upstream::start();
    upstream.on_each("/connect/latest-packages.json", |n| manifest(if n == 0 { OLD } else { NEW }));
    let done =
        matrix(&upstream, &["--dev-spec", &spec(NEW, r#", "product": "connect""#), "--dev-spec-wait", "1m"]);
    assert_eq!(rows(&done), [("connect".to_owned(), NEW.to_owned())]);
    assert!(done.stderr.contains("waiting for"), "{}", done.stderr);
    assert!(done.stderr.contains(OLD) && done.stderr.contains("after waiting"), "{}", done.stderr);
    assert_eq!(upstream.log().len(), 2);
}

#[test]
fn a_half_propagated_manifest_is_never_built_and_is_waited_for() {
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", torn(NEW, OLD));
    let payload = spec(NEW, r#", "product": "connect""#);
    let done = matrix(&upstream, &["--dev-spec", &payload]);
    assert_eq!((done.code, done.stdout.as_str()), (10, ""), "{}", done.stderr);
    assert!(done.stderr.contains("Ubuntu 22.04") || done.stderr.contains("ubuntu 22.04"), "{}", done.stderr);

    let upstream = Upstream::start();
    upstream
        .on_each("/connect/latest-packages.json", |n| if n == 0 { torn(NEW, OLD) } else { manifest(NEW) });
    let done = matrix(&upstream, &["--dev-spec", &payload, "--dev-spec-wait", "1m"]);
    assert_eq!(rows(&done).len(), 1);
}

#[test]
fn a_pinned_template_version_asks_no_upstream_at_all() {
    let upstream = Upstream::start();
    let done = matrix(&upstream, &["--dev-spec", &spec(NEW, r#", "product": "package-manager""#)]);
    assert_eq!(rows(&done), [("package-manager".to_owned(), NEW.to_owned())]);
    assert_eq!(upstream.connections(), 0, "{:?}", upstream.log());
    assert!(done.stderr.contains("without asking any upstream"), "{}", done.stderr);
}

#[test]
fn the_environment_variable_is_the_flag_and_an_empty_one_is_none() {
    let upstream = Upstream::start();
    let project = Project::new(YAML);
    let run = |value: &str| {
        Program::bakery()
            .cwd(project.path())
            .args(["ci", "matrix", "--mirror", &format!("https://cdn.posit.co/={}/", upstream.url())])
            .env("BAKERY_DEV_SPEC", value)
            .run()
    };
    assert_eq!(rows(&run(&spec(NEW, r#", "product": "package-manager""#)))[0].1, NEW);
    assert_eq!(rows(&run("")), [("connect".to_owned(), "2026.04.0".to_owned())]);
    assert_eq!(run("   ").code, 2);
}

#[test]
fn a_payload_that_matches_nothing_is_an_error_that_says_what_there_is() {
    let upstream = Upstream::start();
    let done = matrix(&upstream, &["--dev-spec", &spec(NEW, r#", "product": "workbench""#)]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("workbench") && done.stderr.contains("package-manager"), "{}", done.stderr);
}

#[test]
fn a_payload_that_could_mean_two_products_is_ambiguous_and_the_field_is_named() {
    let upstream = Upstream::start();
    let done = matrix(&upstream, &["--dev-spec", &spec(NEW, "")]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    for part in ["connect", "package-manager", "`product`"] {
        assert!(done.stderr.contains(part), "`{part}` is missing in: {}", done.stderr);
    }
    let done =
        matrix(&upstream, &["--dev-spec", &format!(r#"{{"version": "{NEW}", "image": "package-manager"}}"#)]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("`channel`"), "{}", done.stderr);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_payload_and_an_explicit_exclude_contradict_each_other() {
    let upstream = Upstream::start();
    let done = matrix(&upstream, &["--dev-spec", &spec(NEW, ""), "--dev-versions", "exclude"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{}", done.stderr);
}

#[test]
fn a_wrong_payload_is_a_usage_error_before_any_file_is_read() {
    for bad in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"version": 1}"#,
        r#"{"version": "v1"}"#,
        r#"{"version": "1.2.3", "version": "1.2.4"}"#,
    ] {
        let nowhere = tempfile::tempdir().unwrap();
        let done = Program::bakery().cwd(nowhere.path()).args(["ci", "matrix", "--dev-spec", bad]).run();
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{bad}: {}", done.stderr);
        assert!(done.stderr.contains("--dev-spec"), "{bad}: {}", done.stderr);
        assert!(!done.stderr.contains("bakery.yaml"), "{bad}: {}", done.stderr);
    }
}

#[test]
fn an_unknown_field_of_a_payload_is_a_warning_that_names_it() {
    let upstream = Upstream::start();
    let done = matrix(
        &upstream,
        &["--dev-spec", &spec(NEW, r#", "product": "package-manager", "chanel": "x", "sha": "abc""#)],
    );
    assert_eq!(rows(&done).len(), 1);
    assert!(done.stderr.contains("`chanel`") && done.stderr.contains("warning"), "{}", done.stderr);
    assert!(!done.stderr.contains("`sha`"), "{}", done.stderr);
}

#[test]
fn the_channel_of_flag_and_payload_must_agree_and_the_old_flag_still_works() {
    let upstream = Upstream::start();
    let payload = spec(NEW, r#", "product": "package-manager""#);
    let done = matrix(&upstream, &["--dev-spec", &payload, "--dev-channel", "preview"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    let done = matrix(&upstream, &["--dev-spec", &payload, "--dev-stream", "daily"]);
    assert_eq!(rows(&done).len(), 1);
    assert!(done.stderr.contains("--dev-channel daily"), "{}", done.stderr);
    let done = matrix(&upstream, &["--dev-stream", "daily", "--dev-channel", "preview"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
}

#[test]
fn tags_and_plan_take_a_payload_too() {
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", manifest(NEW));
    let project = Project::new(YAML);
    let mirror = format!("https://cdn.posit.co/={}/", upstream.url());
    let payload = spec(NEW, r#", "product": "connect""#);
    let run = |verb: &[&str]| {
        Program::bakery()
            .cwd(project.path())
            .args(verb)
            .args(["--dev-spec", &payload, "--mirror", &mirror])
            .run()
    };
    let tags = run(&["get", "tags", "--output", "uid"]);
    assert_eq!(tags.code, 0, "{}", tags.stderr);
    assert!(tags.stdout.contains("connect-2026-05-0-dev-185-g2222222-ubuntu-24-04-daily"), "{}", tags.stdout);
    let plan = run(&["build", "--plan"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let target = &plan["target"]["connect-2026-05-0-dev-185-g2222222-ubuntu-22-04-daily"];
    assert_eq!(target["labels"]["org.opencontainers.image.version"], NEW);
    assert_eq!(target["dockerfile"], format!("connect/.dev-{NEW}/Containerfile.ubuntu2204"));
}

#[test]
fn what_was_pinned_and_answered_is_recorded() {
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", manifest(NEW));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json");
    let payload = spec(NEW, r#", "product": "connect""#);
    let done = matrix(&upstream, &["--dev-spec", &payload, "--record", &file.to_string_lossy()]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(record["dispatch"]["payload"], payload);
    assert_eq!(record["dispatch"]["pins"][0]["image"], "connect");
    assert_eq!(record["dispatch"]["pins"][0]["version"], NEW);
    assert_eq!(record["resolutions"][0]["version"], NEW);
    assert!(
        record["resolutions"][0]["origin"].as_str().unwrap().contains("latest-packages.json"),
        "{record}"
    );
}

#[test]
fn a_pinned_version_can_be_substituted_into_the_url_where_the_file_says_so() {
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", manifest(NEW));
    let older = "2025.04.0-dev+9-g3333333";
    for platform in ["ubuntu24", "ubuntu22"] {
        let file = older.replace('+', "%2B");
        upstream.on(&format!("/connect/2025.04/c_{file}~{platform}_amd64.deb"), Answer::ok("x"));
    }
    let project =
        Project::new(&YAML.replace("product: connect\n", "product: connect\n        pinned: substitute\n"));
    let done = Program::bakery()
        .cwd(project.path())
        .args(["ci", "matrix", "--dev-spec", &spec(older, r#", "product": "connect""#)])
        .args(["--mirror", &format!("https://cdn.posit.co/={}/", upstream.url())])
        .run();
    assert_eq!(rows(&done), [("connect".to_owned(), older.to_owned())]);
    assert_eq!(
        upstream.log().iter().filter(|line| line.starts_with("HEAD")).count(),
        2,
        "{:?}",
        upstream.log()
    );
}

#[test]
fn a_signal_ends_the_wait_and_says_so() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let upstream = Upstream::start();
        upstream.on("/connect/latest-packages.json", manifest(OLD));
        let project = Project::new(YAML);
        let mut child = Program::bakery()
            .cwd(project.path())
            .args([
                "ci",
                "matrix",
                "--dev-spec",
                &spec(NEW, r#", "product": "connect""#),
                "--dev-spec-wait",
                "1h",
            ])
            .args(["--mirror", &format!("https://cdn.posit.co/={}/", upstream.url())])
            .spawn();
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stderr));
        assert!(lines.any(|line| line.is_ok_and(|line| line.contains("waiting for"))));
        let sent = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let words: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(child.wait().expect("a child can be waited for").code(), Some(code), "{words:?}");
        assert!(words.iter().any(|line| line.contains("stopped by a signal")), "{words:?}");
    }
}
