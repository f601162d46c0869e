//! `pinned: substitute` on real manifests: the predecessor's addresses, without its crashes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::path::Path;

use bakery_sdk::{
    SourceError,
    resolver::{Query, Resolution},
    testing::{FakeUpstream, query, target},
};
use libtest_mimic::Failed;
use serde_json::Value;

const TABLE: &str = include_str!("../../host/crates/core/src/config/products.json");
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

fn class(error: &SourceError) -> &'static str {
    match error {
        SourceError::InvalidConfig(_) => "invalid-config",
        SourceError::Unsupported(_) => "unsupported",
        SourceError::NotFound(_) => "not-found",
        SourceError::InvalidAnswer(_) => "invalid-answer",
        SourceError::Failed(_) => "failed",
    }
}

fn real(root: &Path) -> FakeUpstream {
    let file = |name: &str| std::fs::read(root.join(name)).unwrap();
    FakeUpstream::new()
        .with(DOWNLOADS, file("downloads.json"))
        .with(CONNECT, file("connect-daily.latest-packages.json"))
        .with(DAILIES, file("workbench-daily.index.json"))
        .with(PREVIEW, file("package-manager-preview.latest.txt"))
        .with(DAILY, file("package-manager-daily.latest.txt"))
}

pub(crate) fn addresses(folder: &Path) -> Result<(), Failed> {
    let substituted = |product: &str, channel: &str, os: (&str, &str), pin: &str, there: &str| {
        let upstream = real(folder).with(there, "");
        let change = |query: &mut Query| {
            query.targets = vec![target(os.0, os.1, "amd64")];
            query.pinned = Some(pin.to_owned());
            query.attributes = vec![("substitute".to_owned(), "true".to_owned())];
        };
        let artifact = ask(&upstream, product, channel, change).unwrap().unwrap().artifacts.pop().unwrap();
        artifact
            .map(|artifact| format!("{} {}", artifact.version, artifact.url))
            .map_err(|error| class(&error))
    };
    for (product, channel, os, pin, url) in [
        (
            "connect",
            "daily",
            ("ubuntu", "24.04"),
            "2025.04.0-dev+9-gbe0a4a3d30",
            "https://cdn.posit.co/connect/2025.04/rstudio-connect_2025.04.0-dev%2B9-gbe0a4a3d30~ubuntu24_amd64.deb",
        ),
        // The predecessor left the directory at 2025.03, where this version never was.
        (
            "connect",
            "release",
            ("ubuntu", "24.04"),
            "2025.02.0",
            "https://cdn.rstudio.com/connect/2025.02/rstudio-connect_2025.02.0~ubuntu24_amd64.deb",
        ),
        (
            "workbench",
            "daily",
            ("ubuntu", "22.04"),
            "2025.04.0-daily+404.pro4",
            "https://s3.amazonaws.com/rstudio-ide-build/server/jammy/amd64/rstudio-workbench-2025.04.0-daily-404.pro4-amd64.deb",
        ),
        (
            "workbench",
            "preview",
            ("rocky", "9"),
            "2025.05.0+237.pro1",
            "https://s3.amazonaws.com/rstudio-ide-build/server/rhel9/x86_64/rstudio-workbench-rhel-2025.05.0-237.pro1-x86_64.rpm",
        ),
        (
            "workbench-session",
            "daily",
            ("ubuntu", "24.04"),
            "2025.04.0-daily+1.pro1",
            "https://s3.amazonaws.com/rstudio-ide-build/session/jammy/amd64/rsp-session-jammy-2025.04.0-daily-1.pro1-amd64.tar.gz",
        ),
        (
            "package-manager",
            "daily",
            ("debian", "12"),
            "2026.01.0-dev+167-gd27bbec1d7",
            "https://cdn.posit.co/package-manager/deb/amd64/rstudio-pm_2026.01.0-dev%2B167-gd27bbec1d7_amd64.deb",
        ),
        (
            "package-manager",
            "release",
            ("ubuntu", "22.04"),
            "2024.08.0-1",
            "https://cdn.rstudio.com/package-manager/deb/amd64/rstudio-pm_2024.08.0-1_amd64.deb",
        ),
    ] {
        assert_eq!(
            substituted(product, channel, os, pin, url),
            Ok(format!("{pin} {url}")),
            "{product} {channel}"
        );
    }
    // The predecessor crashed on each of these.
    for (product, channel, os, pin, want) in [
        ("connect", "daily", ("ubuntu", "26.04"), "2025.04.0-dev+9-gbe0a4a3d30", "not-found"),
        ("connect", "daily", ("debian", "13"), "2025.05.0-dev+9-g1", "not-found"),
        ("workbench", "daily", ("rhel", "10"), "2025.04.0-daily+1.pro1", "not-found"),
        ("workbench-session", "daily", ("scratch", ""), "2025.04.0-daily+1.pro1", "unsupported"),
    ] {
        assert_eq!(
            substituted(product, channel, os, pin, "https://h.example.org/"),
            Err(want),
            "{product} {channel}"
        );
    }
    Ok(())
}
