//! Every product and channel of the embedded table, asked for every operating system.
//! The fixtures cover the whole mapping; `tests/real` asks the same of real answers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use bakery_sdk::{
    SourceError,
    resolver::{Artifact, Query, Resolution, Target},
    testing::{FakeUpstream, query, target},
};
use serde_json::Value;

const TABLE: &str = include_str!("../../../host/crates/core/src/config/products.json");

const SYSTEMS: [(&str, &str); 17] = [
    ("ubuntu", "26.04"),
    ("ubuntu", "24.04"),
    ("ubuntu", "22.04"),
    ("debian", "13"),
    ("debian", "12"),
    ("debian", "11"),
    ("rhel", "10"),
    ("rhel", "9"),
    ("rhel", "8"),
    ("alma", "10"),
    ("alma", "9"),
    ("alma", "8"),
    ("rocky", "10"),
    ("rocky", "9"),
    ("rocky", "8"),
    ("scratch", ""),
    ("unknown", ""),
];

const DOWNLOADS: &str = "https://posit.co/wp-content/uploads/downloads.json";
const CONNECT: &str = "https://cdn.posit.co/connect/latest-packages.json";
const DAILIES: &str = "https://dailies.rstudio.com/rstudio/latest/index.json";
const PREVIEW: &str = "https://cdn.posit.co/package-manager/deb/amd64/rstudio-pm-rc-latest.txt";
const DAILY: &str = "https://cdn.posit.co/package-manager/deb/amd64/rstudio-pm-main-latest.txt";

/// The component and the configuration of a product's channel.
fn entry(product: &str, channel: &str) -> Option<(String, String)> {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let row = table["sources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["product"] == product && row["channel"] == channel)?;
    Some((row["component"].as_str().unwrap().to_owned(), row["config"].to_string()))
}

/// What a product's channel answers, `None` where the table has no such channel.
fn ask(
    upstream: &FakeUpstream,
    product: &str,
    channel: &str,
    change: impl Fn(&mut Query),
) -> Option<Result<Resolution, SourceError>> {
    let (component, config) = entry(product, channel)?;
    let mut query = query(product, channel, &config);
    change(&mut query);
    Some(match component.as_str() {
        "source-template" => bakery_source_template::resolve(upstream, &query),
        "source-manifest" => bakery_source_manifest::resolve(upstream, &query),
        other => panic!("no such component: {other}"),
    })
}

fn systems() -> Vec<Target> {
    SYSTEMS.map(|(os, version)| target(os, version, "amd64")).to_vec()
}

fn fixtures() -> FakeUpstream {
    FakeUpstream::new()
        .with(DOWNLOADS, include_str!("fixtures/downloads.json"))
        .with(CONNECT, include_str!("fixtures/packages.json"))
        .with(DAILIES, include_str!("fixtures/dailies.json"))
        .with(PREVIEW, "2030.06.0-dev+89-ga1b\n")
        .with(DAILY, "2030.07.0-dev+167-gd27\n")
}

fn class(error: &SourceError) -> &'static str {
    match error {
        SourceError::InvalidConfig(_) => "invalid-config",
        SourceError::Unsupported(_) => "unsupported",
        SourceError::NotFound(_) => "not-found",
        SourceError::InvalidAnswer(_) => "invalid-answer",
        SourceError::Failed(_) => "failed",
    }
}

/// One word per system: the file's name in the fixture, or the class of the error.
fn words(product: &str, channel: &str) -> Vec<String> {
    let answer = ask(&fixtures(), product, channel, |query| query.targets = systems()).unwrap().unwrap();
    let word = |artifact: Result<Artifact, SourceError>| match artifact {
        Ok(artifact) => artifact.url.rsplit('/').next().unwrap().to_owned(),
        Err(error) => class(&error).to_owned(),
    };
    answer.artifacts.into_iter().map(word).collect()
}

/// `names` are the keys of the manifest for the 17 systems, `-` for one that the table does not serve and `?` for one
/// that the manifest lacks.
fn check(product: &str, channel: &str, names: &str, file: impl Fn(&str) -> String) {
    let want: Vec<String> = names
        .split_whitespace()
        .map(|name| match name {
            "-" => "unsupported".to_owned(),
            "?" => "not-found".to_owned(),
            name => file(name),
        })
        .collect();
    assert_eq!(words(product, channel), want, "{product} {channel}");
}

#[test]
fn every_system_is_mapped_for_every_product() {
    check(
        "connect",
        "release",
        "resolute noble jammy - noble jammy multi rhel9 redhat8 multi rhel9 redhat8 multi rhel9 redhat8 - -",
        |name| format!("{name}-2030.01.0.pkg"),
    );
    check(
        "connect",
        "daily",
        "ubuntu26-amd64 ubuntu24-amd64 ubuntu22-amd64 ubuntu26-amd64 ubuntu24-amd64 ubuntu22-amd64 rhel10-x86_64 \
         el9-x86_64 el8-x86_64 alma10-x86_64 el9-x86_64 el8-x86_64 rocky10-x86_64 el9-x86_64 el8-x86_64 - -",
        |name| format!("{name}_2030.05.0-dev%2B10-gbe0.pkg"),
    );
    check(
        "package-manager",
        "release",
        "ubuntu64 ubuntu64 jammy ubuntu64 ubuntu64 jammy multi rhel9 fedora28 multi rhel9 fedora28 multi rhel9 fedora28 - -",
        |name| format!("{name}-2030.02.0-7.pkg"),
    );
    let workbench =
        "resolute noble jammy - noble jammy rhel10 rhel9 rhel8 rhel10 rhel9 rhel8 rhel10 rhel9 rhel8 - -";
    for product in ["workbench", "workbench-session"] {
        check(product, "release", workbench, |name| format!("{name}-2030.03.1-563.pro5.pkg"));
        for channel in ["preview", "daily"] {
            check(product, channel, workbench, |name| {
                let arch = if name.starts_with("rhel") { "x86_64" } else { "amd64" };
                format!("{name}-{arch}-2030.04.0-daily-404.pro4.pkg")
            });
        }
    }
    for (channel, version) in [("preview", "2030.06.0-dev%2B89-ga1b"), ("daily", "2030.07.0-dev%2B167-gd27")]
    {
        let deb = format!("rstudio-pm_{version}_amd64.deb");
        let rpm = format!("rstudio-pm-{version}.x86_64.rpm");
        let names = ["deb"; 6].into_iter().chain(["rpm"; 9]).chain(["-"; 2]).collect::<Vec<_>>().join(" ");
        check(
            "package-manager",
            channel,
            &names,
            |name| if name == "deb" { deb.clone() } else { rpm.clone() },
        );
    }
    assert!(ask(&fixtures(), "connect", "preview", |_| ()).is_none());
}

#[test]
fn digest_size_head_and_date_come_with_the_answer() {
    for (product, channel, head, published) in [
        ("connect", "release", "2030.01.0", Some("2030-01-20")),
        ("connect", "daily", "2030.05.0-dev+10-gbe0", Some("2030-05-28T14:54:35.900911")),
        ("package-manager", "release", "2030.02.0-7", Some("2030-02-20")),
        ("package-manager", "daily", "2030.07.0-dev+167-gd27", None),
        ("workbench", "release", "2030.03.1+563.pro5", Some("2030-03-20")),
        ("workbench-session", "daily", "2030.04.0-daily+404.pro4", Some("2030-04-28 16:20:52 +0000 UTC")),
    ] {
        let answer = ask(&fixtures(), product, channel, |_| ()).unwrap().unwrap();
        assert_eq!(
            (answer.head.as_deref(), answer.published.as_deref()),
            (Some(head), published),
            "{product} {channel}"
        );
        let artifact = answer.artifacts[0].as_ref().unwrap();
        assert_eq!(artifact.version, head);
        let carried =
            !["connect daily", "package-manager daily"].contains(&format!("{product} {channel}").as_str());
        assert_eq!(
            (artifact.digest.is_some(), artifact.size.is_some()),
            (carried, carried),
            "{product} {channel}"
        );
    }
}

#[test]
fn the_other_architecture_is_its_own_artifact_or_none() {
    let arm = |query: &mut Query| {
        query.targets = vec![target("ubuntu", "24.04", "arm64"), target("rocky", "9", "arm64")]
    };
    let urls = |product: &str, channel: &str| -> Vec<String> {
        let answer = ask(&fixtures(), product, channel, arm).unwrap().unwrap();
        answer.artifacts.into_iter().map(|a| a.map_or_else(|e| class(&e).to_owned(), |a| a.url)).collect()
    };
    assert_eq!(
        urls("workbench", "daily"),
        ["noble", "rhel9"].map(|name| format!(
            "https://files.example.org/server/{name}-arm64-2030.04.0-daily-404.pro4.pkg"
        ))
    );
    assert_eq!(urls("connect", "release"), ["unsupported", "unsupported"]);
    assert_eq!(urls("connect", "daily"), ["not-found", "not-found"]);
    assert_eq!(
        urls("package-manager", "daily"),
        [
            "https://cdn.posit.co/package-manager/deb/arm64/rstudio-pm_2030.07.0-dev%2B167-gd27_arm64.deb",
            "https://cdn.posit.co/package-manager/rpm/aarch64/rstudio-pm-2030.07.0-dev%2B167-gd27.aarch64.rpm",
        ]
    );
}

#[test]
fn a_pinned_package_manager_asks_nobody() {
    for channel in ["preview", "daily"] {
        let upstream = FakeUpstream::new();
        let pin = |query: &mut Query| {
            query.targets = systems();
            query.pinned = Some("2030.05.0-dev+1-gabc".to_owned());
        };
        let answer = ask(&upstream, "package-manager", channel, pin).unwrap().unwrap();
        assert_eq!(answer.artifacts.iter().filter(|artifact| artifact.is_ok()).count(), 15);
        assert_eq!(upstream.asked(), [""; 0]);
    }
}

#[test]
fn no_cut_or_flipped_byte_of_a_manifest_is_more_than_an_error() {
    let body = include_bytes!("fixtures/packages.json");
    let (_, config) = entry("connect", "daily").unwrap();
    let targets = vec![target("ubuntu", "24.04", "amd64"), target("rocky", "8", "amd64")];
    let query = Query { targets, ..query("connect", "daily", &config) };
    let ask_with =
        |body: Vec<u8>| bakery_source_manifest::resolve(&FakeUpstream::new().with(CONNECT, body), &query);
    for at in 0..body.len() {
        assert!(ask_with(body[..at].to_vec()).is_err(), "cut at {at}");
        let mut flipped = body.to_vec();
        flipped[at] ^= 1 << (at % 8);
        let Ok(answer) = ask_with(flipped) else { continue };
        for artifact in answer.artifacts.into_iter().flatten() {
            assert!(
                artifact.url.starts_with("http") && artifact.url.is_ascii(),
                "flipped at {at}: {}",
                artifact.url
            );
            assert!(
                bakery_sdk::version::is_version(&artifact.version),
                "flipped at {at}: {}",
                artifact.version
            );
        }
    }
}
