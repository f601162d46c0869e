//! Real answers of the upstreams, served on loopback, through the whole program.

use std::{collections::BTreeMap, path::Path};

use bakery_tests::{Answer, Program, Project, Upstream};
use libtest_mimic::Failed;
use serde_json::Value;

const PRODUCTS: [(&str, &[&str]); 4] = [
    ("connect", &["release", "daily"]),
    ("package-manager", &["release", "preview", "daily"]),
    ("workbench", &["release", "preview", "daily"]),
    ("workbench-session", &["release", "preview", "daily"]),
];

const SYSTEMS: [&str; 17] = [
    "ubuntu 26.04",
    "ubuntu 24.04",
    "ubuntu 22.04",
    "debian 13",
    "debian 12",
    "debian 11",
    "rhel 10",
    "rhel 9",
    "rhel 8",
    "alma 10",
    "alma 9",
    "alma 8",
    "rocky 10",
    "rocky 9",
    "rocky 8",
    "scratch",
    "unknown",
];

/// Every row of the table that the predecessor printed: product, channel, system, version, URL or error.
pub(crate) fn table(folder: &Path) -> Result<(), Failed> {
    let upstream = serve(folder)?;
    let answered = resolve(&upstream)?;
    let text = std::fs::read_to_string(folder.join("../reference/tables/resolver-tables.txt"))?;
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in text.lines().take_while(|line| !line.starts_with("---")) {
        let Some((question, answer)) = line.split_once(" -> ") else { continue };
        let mut words = question.split_whitespace();
        let (Some(product), Some(channel)) = (words.next(), words.next()) else { continue };
        let system = words.collect::<Vec<_>>().join(" ");
        if !PRODUCTS.iter().any(|(known, channels)| *known == product && channels.contains(&channel)) {
            continue;
        }
        compared += 1;
        let found = answered.get(&(format!("{product}-{channel}"), system.clone()));
        // The predecessor rendered a URL without an ending for systems it does not know; that is refused here.
        let expected = match answer.split_once(' ') {
            Some((version, url)) if version != "ERR" && !url.ends_with('.') => {
                Some(format!("{version} {url}"))
            }
            _ => None,
        };
        if found.cloned() != expected {
            wrong.push(format!("{question}: {found:?} instead of {expected:?}"));
        }
    }
    if compared < 150 {
        return Err(format!("only {compared} rows were compared").into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The real matrix image: R, Python and Quarto lists, constraints, rows.
pub(crate) fn lists(folder: &Path) -> Result<(), Failed> {
    let upstream = serve(folder)?;
    let project = Project::new(&std::fs::read_to_string(folder.join("images-connect.bakery.yaml"))?);
    let mut program = Program::bakery().cwd(project.path()).args([
        "ci",
        "matrix",
        "--matrix-versions",
        "only",
        "--exclude",
        "platform",
        "--exclude",
        "dev",
    ]);
    for mirror in mirrors(&upstream) {
        program = program.args(["--mirror", &mirror]);
    }
    let done = program.run();
    if done.code != 0 {
        return Err(format!("exit {}: {}", done.code, done.stderr).into());
    }
    let rows: Vec<Value> = serde_json::from_str(&done.stdout)?;
    let versions: Vec<&str> = rows.iter().filter_map(|row| row["version"].as_str()).collect();
    let expected = [
        "R4.5.1-python3.13.7",
        "R4.5.1-python3.12.11",
        "R4.5.1-python3.11.13",
        "R4.4.3-python3.13.7",
        "R4.4.3-python3.12.11",
        "R4.4.3-python3.11.13",
        "R4.3.3-python3.13.7",
        "R4.3.3-python3.12.11",
        "R4.3.3-python3.11.13",
    ];
    if versions == expected { Ok(()) } else { Err(format!("{versions:?}").into()) }
}

fn serve(folder: &Path) -> Result<Upstream, Failed> {
    let upstream = Upstream::start();
    for (path, file) in [
        ("/posit.co/wp-content/uploads/downloads.json", "downloads.json"),
        ("/cdn.posit.co/connect/latest-packages.json", "connect-daily.latest-packages.json"),
        (
            "/cdn.posit.co/package-manager/deb/amd64/rstudio-pm-rc-latest.txt",
            "package-manager-preview.latest.txt",
        ),
        (
            "/cdn.posit.co/package-manager/deb/amd64/rstudio-pm-main-latest.txt",
            "package-manager-daily.latest.txt",
        ),
        ("/dailies.rstudio.com/rstudio/latest/index.json", "workbench-daily.index.json"),
        ("/cdn.posit.co/r/versions.json", "r-versions.json"),
        ("/quarto.org/docs/download/_download.json", "quarto-download.json"),
        ("/quarto.org/docs/download/_prerelease.json", "quarto-prerelease.json"),
    ] {
        upstream.on(path, Answer::ok(std::fs::read(folder.join(file))?));
    }
    // The folder has no Python list; these are the newest patches that the predecessor's own rows were made from.
    let python: serde_json::Map<String, Value> = [(3, 13, 7), (3, 13, 6), (3, 12, 11), (3, 11, 13), (3, 10, 18)]
        .into_iter()
        .map(|(major, minor, patch)| {
            let entry = serde_json::json!({"name": "cpython", "os": "linux", "major": major, "minor": minor, "patch": patch, "prerelease": ""});
            (format!("cpython-{major}.{minor}.{patch}-linux"), entry)
        })
        .collect();
    upstream.on(
        "/raw.githubusercontent.com/astral-sh/uv/refs/heads/main/crates/uv-python/download-metadata.json",
        Answer::ok(serde_json::to_vec(&python)?),
    );
    upstream.on(
        "/raw.githubusercontent.com/quarto-dev/quarto-web/refs/heads/main/docs/download/_download-older.yml",
        Answer::ok("- title: 1.6.43\n- title: 1.5.57\n"),
    );
    Ok(upstream)
}

fn mirrors(upstream: &Upstream) -> Vec<String> {
    ["posit.co", "cdn.posit.co", "dailies.rstudio.com", "quarto.org", "raw.githubusercontent.com"]
        .into_iter()
        .map(|host| format!("https://{host}/={}/{host}/", upstream.url()))
        .collect()
}

/// Version and URL by image and system.
fn resolve(upstream: &Upstream) -> Result<BTreeMap<(String, String), String>, Failed> {
    let mut yaml = String::from("repository: {url: https://git.example/x}\nimages:\n");
    let systems: Vec<String> = SYSTEMS.iter().map(|name| format!("{{name: {name}}}")).collect();
    for (product, channels) in PRODUCTS {
        for channel in channels {
            yaml.push_str(&format!(
                "  - name: {product}-{channel}\n    devVersions: [{{sourceType: channel, product: {product}, channel: {channel}, os: [{}]}}]\n",
                systems.join(", ")
            ));
        }
    }
    let project = Project::new(&yaml);
    let record = project.path().join("record.json");
    let mut program = Program::bakery().cwd(project.path()).args([
        "ci",
        "matrix",
        "--dev-versions",
        "only",
        "-q",
        "--record",
    ]);
    program = program.args([&record]);
    for mirror in mirrors(upstream) {
        program = program.args(["--mirror", &mirror]);
    }
    let done = program.run();
    if done.code != 0 {
        return Err(format!("exit {}: {}", done.code, done.stderr).into());
    }
    let record: Value = serde_json::from_slice(&std::fs::read(record)?)?;
    let mut answered = BTreeMap::new();
    for resolution in record["resolutions"].as_array().into_iter().flatten() {
        let image = resolution["image"].as_str().unwrap_or_default();
        let version = resolution["version"].as_str().unwrap_or_default();
        for artifact in resolution["artifacts"].as_array().into_iter().flatten() {
            if let Some(url) = artifact["url"].as_str() {
                let system = artifact["os"].as_str().unwrap_or_default().to_owned();
                answered.insert((image.to_owned(), system), format!("{version} {url}"));
            }
        }
    }
    let mut asked = upstream.log();
    let all = asked.len();
    asked.sort();
    asked.dedup();
    if asked.len() != all {
        return Err(format!("an upstream was asked twice: {:?}", upstream.log()).into());
    }
    Ok(answered)
}
