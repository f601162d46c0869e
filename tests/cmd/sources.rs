//! Version sources as a project sees them: failures, mirrors, grants, third parties.

use bakery_tests::{Answer, Finished, Program, Project, Upstream};

const TWO: &str = r#"
repository: {url: https://git.example/images}
sources:
  - {product: one, channel: daily, component: source-template, allow: ["https://up.example/"], config: {head: "https://up.example/one.txt", url: "https://up.example/one-{version}.deb", families: {debian: {}}}}
  - {product: two, channel: daily, component: source-template, allow: ["https://up.example/"], config: {head: "https://up.example/two.txt", url: "https://up.example/two-{version}.deb", families: {debian: {}}}}
images:
  - name: one
    devVersions: [{sourceType: channel, product: one, channel: daily, os: [{name: Ubuntu 24.04}]}]
  - name: two
    devVersions: [{sourceType: channel, product: two, channel: daily, os: [{name: Ubuntu 24.04}]}]
"#;

fn matrix(upstream: &Upstream, yaml: &str, arguments: &[&str]) -> Finished {
    let project = Project::new(yaml);
    Program::bakery()
        .cwd(project.path())
        .args(["ci", "matrix", "--dev-versions", "only"])
        .args(arguments)
        .args(["--mirror", &format!("https://up.example/={}/", upstream.url())])
        .run()
}

#[test]
fn products_of_the_file_are_resolved_like_built_in_ones() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3\n"));
    upstream.on("/two.txt", Answer::ok("4.5.6"));
    let done = matrix(&upstream, TWO, &["--exclude", "platform", "--exclude", "dev"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(
        done.stdout,
        "[{\"image\":\"one\",\"version\":\"1.2.3\"},{\"image\":\"two\",\"version\":\"4.5.6\"}]\n"
    );
}

#[test]
fn only_selected_images_are_asked_for() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3"));
    let done = matrix(&upstream, TWO, &["^one$"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(upstream.log(), ["GET /one.txt"]);
}

#[test]
fn a_failing_source_fails_the_run_and_prints_no_rows() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3"));
    let done = matrix(&upstream, TWO, &[]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    for part in ["two", "two.txt", "404", "--keep-going"] {
        assert!(done.stderr.contains(part), "`{part}` is missing in: {}", done.stderr);
    }
}

#[test]
fn keep_going_prints_the_rest_names_what_is_missing_and_exits_13() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3"));
    let done = matrix(&upstream, TWO, &["--keep-going"]);
    assert_eq!(done.code, 13, "{}", done.stderr);
    assert!(done.stdout.contains("\"one\"") && !done.stdout.contains("\"two\""), "{}", done.stdout);
    assert!(done.stderr.contains("two"), "{}", done.stderr);
}

#[test]
fn a_passing_fault_is_retried_and_told() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3"));
    upstream.on_each("/two.txt", |n| {
        if n == 0 { Answer::status(503, "").header("Retry-After", "0") } else { Answer::ok("4.5.6") }
    });
    let done = matrix(&upstream, TWO, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("503") && done.stderr.contains("attempt 2"), "{}", done.stderr);
}

#[test]
fn an_upstream_that_stays_down_ends_with_its_own_exit_code() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3"));
    upstream.on("/two.txt", Answer::status(503, "maintenance"));
    let done = matrix(&upstream, TWO, &["--retry-attempts", "1"]);
    assert_eq!((done.code, done.stdout.as_str()), (11, ""), "{}", done.stderr);
}

#[test]
fn equal_questions_are_asked_once() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("1.2.3"));
    let yaml = TWO.replace("product: two, channel: daily, os", "product: one, channel: daily, os");
    let done = matrix(&upstream, &yaml, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(upstream.log(), ["GET /one.txt"]);
}

#[test]
fn an_upstream_that_is_not_granted_is_refused_with_the_line_to_add() {
    let upstream = Upstream::start();
    let yaml = TWO.replace("https://up.example/one.txt", "https://elsewhere.example/one.txt");
    let done = matrix(&upstream, &yaml, &["^one$"]);
    assert_eq!((done.code, done.stdout.as_str()), (12, ""), "{}", done.stderr);
    assert!(done.stderr.contains("https://elsewhere.example/"), "{}", done.stderr);
    assert!(done.stderr.contains("allow"), "{}", done.stderr);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn a_loopback_upstream_is_refused_unless_the_operator_grants_it() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::status(302, "").header("Location", &format!("http://localhost:{}/x", 1)));
    let done = matrix(&upstream, TWO, &["^one$"]);
    assert_eq!(done.code, 12, "{}", done.stderr);
    assert!(done.stdout.is_empty());
}

#[test]
fn a_maintenance_page_is_named_with_its_url_and_how_it_begins() {
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("<!DOCTYPE html><title>Down</title>\n::error::boo"));
    let done = matrix(&upstream, TWO, &["^one$"]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("one.txt") && done.stderr.contains("<!DOCTYPE html>"), "{}", done.stderr);
    assert!(!done.stderr.lines().any(|line| line.trim_start().starts_with("::")), "{}", done.stderr);
}

#[test]
fn a_third_party_component_answers_for_a_product_of_the_file() {
    let wasm = std::fs::read(bakery_tests::workspace_root().join("target/components/source-template.wasm"))
        .expect("`make components` was run");
    let project = Project::new(
        r#"
repository: {url: https://git.example/images}
sources:
  - {product: mine, channel: daily, component: {path: plugins/mine.wasm}, allow: ["https://up.example/"], config: {head: "https://up.example/one.txt", url: "https://up.example/one-{version}.deb", families: {debian: {}}}}
images:
  - name: mine
    devVersions: [{sourceType: channel, product: mine, channel: daily, os: [{name: Ubuntu 24.04}]}]
"#,
    );
    project.write("plugins/mine.wasm", wasm);
    let upstream = Upstream::start();
    upstream.on("/one.txt", Answer::ok("7.8.9"));
    for round in ["compiled", "from the cache"] {
        let done = Program::bakery()
            .cwd(project.path())
            .args([
                "ci",
                "matrix",
                "--dev-versions",
                "only",
                "--mirror",
                &format!("https://up.example/={}/", upstream.url()),
            ])
            .env("HOME", project.path())
            .run();
        assert_eq!(done.code, 0, "{round}: {}", done.stderr);
        assert!(done.stdout.contains("7.8.9"), "{round}: {}", done.stdout);
    }
}
