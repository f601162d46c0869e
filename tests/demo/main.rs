//! `make demo`: the main job on sample data over loopback, with the real program.
//! A dispatched version is resolved through the sandbox: once it is there, once the upstream is stale and catches up,
//! once it never comes. Then what was built is published. Ends with a failure if the program does anything else.
#![expect(clippy::print_stdout, reason = "a demonstration shows itself on standard output")]

mod publish;

use std::{path::Path, process::ExitCode, time::Duration};

use bakery_tests::{Answer, Program, Project, Upstream};

const YAML: &str = include_str!("../fixtures/demo/bakery.yaml");
const OLD: &str = "2026.05.0-dev+184-g1111111111";
const NEW: &str = "2026.05.0-dev+185-g2222222222";
const NEVER: &str = "2026.05.0-dev+999-g9999999999";

fn main() -> ExitCode {
    let project = Project::new(YAML);
    let mut wrong = Vec::new();

    say("1. The upstream has the dispatched version");
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", Answer::ok(manifest(NEW)));
    let done = run(project.path(), &upstream, NEW, &[]);
    if done.0 != 0 || !done.1.contains(NEW) {
        wrong.push("the dispatched version was not resolved");
    }

    say("2. The upstream is stale, and catches up while the run waits");
    let upstream = Upstream::start();
    upstream
        .on_each("/connect/latest-packages.json", |n| Answer::ok(manifest(if n < 2 { OLD } else { NEW })));
    let done = run(project.path(), &upstream, NEW, &["--dev-spec-wait", "2m"]);
    if done.0 != 0 || !done.1.contains(NEW) {
        wrong.push("the run did not wait for the upstream");
    }

    say("3. The upstream never gets the dispatched version");
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", Answer::ok(manifest(OLD)));
    let done = run(project.path(), &upstream, NEVER, &[]);
    if done.0 != 10 || !done.1.is_empty() {
        wrong.push("a version that is not there was not refused");
    }

    say("4. What the dispatched version will be tagged, with nothing but the payload");
    let upstream = Upstream::start();
    upstream.on("/connect/latest-packages.json", Answer::ok(manifest(NEW)));
    let done = command(project.path(), &upstream, &["get", "tags", "--output", "uid"], NEW, &[]);
    if done.0 != 0 {
        wrong.push("the tags of the dispatched version were not printed");
    }
    wrong.extend(publish::show());

    println!();
    if wrong.is_empty() {
        println!("demo: all as promised");
        ExitCode::SUCCESS
    } else {
        println!("demo: {}", wrong.join("; "));
        ExitCode::FAILURE
    }
}

fn run(folder: &Path, upstream: &Upstream, version: &str, more: &[&str]) -> (i32, String) {
    command(folder, upstream, &["ci", "matrix"], version, more)
}

fn command(folder: &Path, upstream: &Upstream, verb: &[&str], version: &str, more: &[&str]) -> (i32, String) {
    let spec = format!(r#"{{"version": "{version}", "channel": "daily"}}"#);
    let mirror = format!("https://cdn.posit.co/={}/", upstream.url());
    println!("$ bakery {} --dev-spec '{spec}' {}", verb.join(" "), more.join(" "));
    let done = Program::bakery()
        .cwd(folder)
        .args(verb)
        .args(["--dev-spec", &spec, "--mirror", &mirror])
        .args(more)
        .run();
    for line in done.stderr.lines() {
        println!("  {line}");
    }
    print!("{}", done.stdout);
    println!("  (exit {}, {} requests, {:.2?})", done.code, upstream.log().len(), rounded(done.elapsed));
    (done.code, done.stdout)
}

fn rounded(elapsed: Duration) -> Duration {
    Duration::from_millis(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

fn say(title: &str) {
    println!("\n== {title}");
}

/// What the upstream serves: the shape of a daily manifest with two packages.
fn manifest(version: &str) -> String {
    let package = |platform: &str, ending: &str| {
        format!(
            r#"{{"platform": "{platform}/amd64", "primary_version": "2026.05", "version": "{version}",
                 "url": "https://cdn.posit.co/connect/2026.05/rstudio-connect_{}~{ending}_amd64.deb"}}"#,
            version.replace('+', "%2B")
        )
    };
    format!(
        r#"{{"generated": "2026-05-20T06:00:00", "packages": [{}, {}]}}"#,
        package("ubuntu22", "ubuntu22"),
        package("ubuntu24", "ubuntu24")
    )
}
