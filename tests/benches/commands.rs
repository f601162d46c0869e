//! What the commands cost: wall time and peak memory of whole runs, as ratios of one session.
//! Prints; asserts nothing about time, because machines are noisy.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use bakery_tests::{Answer, Program, Project, Upstream, artefact_folder, shared_inputs};

const RUNS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--one") {
        return one(&arguments[at + 1..]);
    }
    println!("\ncommands: median of {RUNS} runs, peak memory of the last\n");
    println!("{:<58} {:>9} {:>10} {:>9}", "", "wall", "of spawn", "peak");
    let bakery = artefact_folder().join("bakery");
    let bakery = bakery.to_string_lossy().into_owned();

    let spawn = measure(Path::new("."), &["true".to_owned()]).0;
    row("spawning an empty program", spawn, spawn, None);

    let (yaml, label) = configuration();
    let project = Project::new(&yaml);
    let command = |words: &[&str]| {
        let mut all = vec![bakery.clone()];
        all.extend(words.iter().map(|w| (*w).to_owned()));
        all
    };
    let (version, peak) = measure(project.path(), &command(&["version"]));
    row("bakery version", version, spawn, Some(peak));
    let (exclude, peak) =
        measure(project.path(), &command(&["ci", "matrix", "--dev-versions", "exclude", "-q"]));
    row(&format!("ci matrix --dev-versions exclude, {label}"), exclude, spawn, Some(peak));
    println!("{:<58} the Python tool took 740 ms and 81 MiB where it was measured", "");

    let template = Project::new(TEMPLATE);
    let spec = r#"{"version": "2026.05.0-dev+185-gabc", "channel": "daily"}"#;
    let (pinned, peak) = measure(template.path(), &command(&["ci", "matrix", "--dev-spec", spec, "-q"]));
    row("ci matrix, one pinned template version, two components", pinned, spawn, Some(peak));
    println!("{:<58} {:.2} times the run without an engine", "", ratio(pinned, exclude));

    ten_products();
    large_tree(&bakery, spawn);
}

/// A build context of 20,000 files with 234 MB: the first tag reads it, the second one looks at it.
fn large_tree(bakery: &str, spawn: Duration) {
    const FOLDERS: usize = 200;
    const FILES: usize = 100;
    const BYTES: usize = 11_700;
    let project = Project::new(TREE);
    project.write("app/1.0.0/Containerfile.ubuntu2404", "FROM scratch\nCOPY . /\n");
    for folder in 0..FOLDERS {
        for file in 0..FILES {
            let line = format!("folder {folder}, file {file}, and what makes it long\n");
            let text: String = line.chars().cycle().take(BYTES).collect();
            project.write(&format!("data/{folder}/{file}"), &text);
        }
    }
    for words in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "tree"]] {
        let identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
        let mut git = Command::new("git");
        let done = git.arg("-C").arg(project.path()).args(identity).args(words).status();
        if !done.is_ok_and(|status| status.success()) {
            println!("{:<58} not measured: git cannot commit", "dev tag of a large tree");
            return;
        }
    }
    let command: Vec<String> = [bakery, "dev", "tag", "-q"].map(str::to_owned).into();
    // Files must be older than their reading to be remembered.
    std::thread::sleep(Duration::from_secs(1));
    let started = Instant::now();
    assert!(start(project.path(), &command), "{command:?} failed");
    let first = started.elapsed();
    row("dev tag, 20,000 files with 234 MB, the first time", first, spawn, None);
    let (second, peak) = measure(project.path(), &command);
    row("dev tag, 20,000 files with 234 MB, from then on", second, spawn, Some(peak));
    println!("{:<58} {:.2} times the first one", "", ratio(second, first));
}

const TREE: &str = "
repository: {url: https://git.example/x}
registries: [{host: ghcr.io, namespace: x}]
images:
  - name: app
    versions:
      - {name: 1.0.0, latest: true, os: [{name: Ubuntu 24.04, primary: true, extension: ubuntu2404}]}
";

/// Ten products whose upstream answers after 50 ms each: one request each, all at once.
fn ten_products() {
    const DELAY: Duration = Duration::from_millis(50);
    let upstream = Upstream::start();
    let mut yaml = String::from("repository: {url: https://git.example/x}\nsources:\n");
    let mut images = String::from("images:\n");
    for n in 0..10 {
        upstream.on(&format!("/p{n}.json"), Answer::ok(manifest()).after(DELAY));
        yaml.push_str(&source(n));
        images.push_str(&format!(
            "  - name: image-{n}\n    devVersions:\n      - {{sourceType: channel, product: p{n}, channel: daily, os: [{{name: Ubuntu 24.04}}]}}\n"
        ));
    }
    let project = Project::new(&(yaml + &images));
    let mirror = format!("https://upstream.example/={}/", upstream.url());
    let run = |jobs: &str| {
        let mut walls: Vec<Duration> = (0..9)
            .map(|_| {
                let done = Program::bakery()
                    .cwd(project.path())
                    .args([
                        "ci",
                        "matrix",
                        "--dev-versions",
                        "only",
                        "-q",
                        "--jobs",
                        jobs,
                        "--mirror",
                        &mirror,
                    ])
                    .run();
                assert_eq!(done.code, 0, "{}", done.stderr);
                done.elapsed
            })
            .collect();
        walls.sort();
        walls[walls.len() / 2]
    };
    let before = upstream.log().len();
    let together = run("10");
    let requests = (upstream.log().len() - before) / 9;
    let alone = run("1");
    println!(
        "{:<58} {:>7.1}ms, {requests} requests, {:.1} times one answer; one after another {:.1} times",
        "ten manifest products that answer in 50 ms each",
        together.as_secs_f64() * 1e3,
        ratio(together, DELAY),
        ratio(alone, DELAY)
    );
}

fn source(n: usize) -> String {
    format!(
        r#"  - product: p{n}
    channel: daily
    component: source-manifest
    allow: ["https://upstream.example/"]
    config:
      manifest: "https://upstream.example/p{n}.json"
      entry: [packages, "{{name}}"]
      names: {{"ubuntu 24.04": u24}}
      architectures: {{debian: {{amd64: amd64}}}}
      fields: {{version: version, url: url}}
"#
    )
}

fn manifest() -> String {
    r#"{"packages": {"u24": {"version": "2026.05.0-dev+1", "url": "https://upstream.example/a.deb"}}}"#
        .to_owned()
}

const TEMPLATE: &str = "
repository: {url: https://git.example/x}
images:
  - name: package-manager
    devVersions:
      - {sourceType: channel, product: package-manager, channel: daily, os: [{name: Ubuntu 24.04}]}
";

fn configuration() -> (String, &'static str) {
    match shared_inputs().map(|folder| std::fs::read_to_string(folder.join("images-connect.bakery.yaml"))) {
        Some(Ok(yaml)) => (yaml, "real configuration"),
        _ => (include_str!("../fixtures/demo/bakery.yaml").to_owned(), "demo configuration"),
    }
}

fn row(name: &str, wall: Duration, base: Duration, peak: Option<u64>) {
    let peak = peak.map_or_else(String::new, |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)));
    println!("{name:<58} {:>7.2}ms {:>9.1}x {peak:>9}", wall.as_secs_f64() * 1e3, ratio(wall, base));
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

/// Median wall time, and peak memory in bytes of one more run in a child of its own.
fn measure(folder: &Path, command: &[String]) -> (Duration, u64) {
    let mut walls: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let status = start(folder, command);
            assert!(status, "{command:?} failed");
            started.elapsed()
        })
        .collect();
    walls.sort();
    let own = std::env::current_exe().expect("a running program has a path");
    let output = Command::new(own)
        .arg("--one")
        .args(command)
        .current_dir(folder)
        .output()
        .expect("this program can start itself");
    let peak = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0);
    (walls[walls.len() / 2], peak)
}

fn start(folder: &Path, command: &[String]) -> bool {
    Command::new(&command[0])
        .args(&command[1..])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs one command and prints the peak memory of it, in bytes.
fn one(command: &[String]) {
    start(Path::new("."), command);
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    // Linux counts in KiB.
    println!("{}", usage.map_or(0, |usage| usage.max_rss() * 1024));
}
