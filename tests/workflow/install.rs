//! `install.sh`: what may be installed, and what may not.

use std::{path::PathBuf, process::Command};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::stage::{Ran, Stage, read};

const PROGRAM: &str = "#!/bin/bash\n[[ $1 == version ]] && echo 'bakery 0.1.0'\n";

/// An archive in a folder of its own, and its line of `sha256sum`.
fn packed(stage: &Stage, program: &str) -> (PathBuf, String) {
    let folder = stage.path("program");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let loose = stage.path("loose");
    std::fs::create_dir_all(&loose).expect("a folder can be made");
    std::fs::write(loose.join("bakery"), program).expect("a file can be written");
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let name = format!("bakery-0.1.0-linux-{arch}.tar.gz");
    let done = Command::new("bash")
        .arg("-c")
        .arg(r#"chmod 755 "$1/bakery" && tar -czf "$2" -C "$1" bakery"#)
        .arg("bash")
        .args([&loose, &folder.join(&name)])
        .status();
    assert!(done.is_ok_and(|status| status.success()), "tar can pack");
    let bytes = std::fs::read(folder.join(&name)).expect("it was packed");
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    (folder, format!("{digest}  {name}"))
}

fn install(stage: &Stage, variables: &[(&str, &str)]) -> Ran {
    let destination = stage.path("temp").join("bakery").display().to_string();
    let mut all = vec![
        ("DESTINATION", destination.as_str()),
        ("REPOSITORY", "example/bakery"),
        ("SOURCES", "/nowhere"),
    ];
    all.extend_from_slice(variables);
    stage.script("install.sh", &[], &all, "")
}

#[track_caller]
fn refused(stage: &Stage, ran: &Ran, why: &str) {
    assert_ne!(ran.code, 0, "{}", ran.said);
    assert!(ran.said.contains("::error::") && ran.said.contains(why), "{}", ran.said);
    assert!(!stage.path("temp").join("bakery/bakery").exists(), "it was installed all the same");
    assert_eq!(read(&stage.path("path")), "", "it is on the PATH all the same");
}

pub(crate) fn archive() {
    let stage = Stage::new(&json!({}));
    let (folder, line) = packed(&stage, PROGRAM);
    let other = format!("{}  bakery-0.1.0-linux-other.tar.gz", "0".repeat(64));
    let ran = install(
        &stage,
        &[("FOLDER", &folder.display().to_string()), ("SHA256", &format!("\n{other}\n{line}\n\n"))],
    );
    assert_eq!((ran.code, ran.output("version")), (0, "0.1.0"), "{}", ran.said);
    let bin = stage.path("temp").join("bakery");
    assert_eq!(read(&stage.path("path")), format!("{}\n", bin.display()));
    assert!(bin.join("bakery").is_file() && bin.join("scripts/settings.sh").is_file());
    assert_eq!(ran.output("scripts"), bin.join("scripts").display().to_string());
    assert_eq!(ran.output("archive"), "", "only what was built here is for others");
}

pub(crate) fn replaced() {
    let stage = Stage::new(&json!({}));
    let (folder, line) = packed(&stage, PROGRAM);
    let (_, _) = packed(&stage, "#!/bin/bash\necho evil 6.6.6\n");
    let folder = folder.display().to_string();
    refused(
        &stage,
        &install(&stage, &[("FOLDER", &folder), ("SHA256", &line)]),
        "not the one whose digest was given",
    );
    let name = line.split_once("  ").expect("a digest and a name").1;
    for nothing in [
        String::new(),
        line.replace("linux", "macos"),
        format!("{}  {name}", "g".repeat(64)),
        format!("{line}/x"),
    ] {
        let ran = install(&stage, &[("FOLDER", &folder), ("SHA256", &nothing)]);
        refused(&stage, &ran, "is not given");
    }
    let two = format!("{line}\n{}  {name}", "0".repeat(64));
    refused(&stage, &install(&stage, &[("FOLDER", &folder), ("SHA256", &two)]), "several lines");
}

pub(crate) fn release() {
    let stage = Stage::new(&json!({}));
    let (folder, line) = packed(&stage, PROGRAM);
    let name = line.split_once("  ").expect("a digest and a name").1;
    stage.plays(
        "curl",
        &format!(r#"while [[ $1 != --output ]]; do shift; done; cp '{}' "$2""#, folder.join(name).display()),
    );
    for wrong in ["0.1", "1.0.0/../../x", "latest", "0.1.0 x"] {
        refused(&stage, &install(&stage, &[("RELEASE", wrong), ("SHA256", &line)]), "is not a version");
    }
    for wrong in ["", "bakery", "a/b/c", "a/b?x"] {
        let ran = install(&stage, &[("RELEASE", "0.1.0"), ("SHA256", &line), ("REPOSITORY", wrong)]);
        refused(&stage, &ran, "repository");
    }
    // The digest must be there before anything is downloaded.
    refused(&stage, &install(&stage, &[("RELEASE", "0.1.0"), ("SHA256", "")]), "is not given");
    refused(&stage, &install(&stage, &[("RELEASE", "0.1.1"), ("SHA256", &line)]), "is not given");
    assert!(stage.calls("curl").is_empty());
    let other = format!("{}  {name}", "0".repeat(64));
    refused(
        &stage,
        &install(&stage, &[("RELEASE", "0.1.0"), ("SHA256", &other)]),
        "not the one whose digest was given",
    );

    let ran = install(&stage, &[("RELEASE", "v0.1.0"), ("SHA256", &line)]);
    assert_eq!((ran.code, ran.output("version")), (0, "0.1.0"), "{}", ran.said);
    let calls = stage.calls("curl");
    let words = &calls.last().expect("it was called").0;
    assert_eq!(
        words.last().map(String::as_str),
        Some(format!("https://github.com/example/bakery/releases/download/v0.1.0/{name}").as_str())
    );
    assert!(words.windows(2).any(|pair| pair == ["--proto", "=https"]), "{words:?}");
}

pub(crate) fn sources() {
    let stage = Stage::new(&json!({}));
    stage.plays("cargo", "");
    let make = format!(
        "mkdir -p \"$2/target/release\"\nprintf %s '{}' >\"$2/target/release/bakery\"\nchmod 755 \"$2/target/release/bakery\"",
        PROGRAM.replace('\'', r"'\''")
    );
    stage.plays("make", &make);
    let folder = stage.path("sources").display().to_string();
    std::fs::create_dir(&folder).expect("a folder can be made");
    let ran = install(&stage, &[("RELEASE", "main"), ("SOURCES", &folder)]);
    assert_eq!((ran.code, ran.output("version")), (0, "0.1.0"), "{}", ran.said);
    assert!(ran.said.contains("::warning::"), "{}", ran.said);
    let calls = stage.calls("make");
    assert_eq!(calls[0].0, ["-C", &folder, "build"]);

    // What another job gets: the archive, and the digest.
    let archive = PathBuf::from(ran.output("archive"));
    let other = Stage::new(&json!({}));
    let given = archive.parent().expect("it lies in a folder").display().to_string();
    let again = install(&other, &[("FOLDER", &given), ("SHA256", ran.output("sha256"))]);
    assert_eq!((again.code, again.output("version")), (0, "0.1.0"), "{}", again.said);
    assert!(other.calls("make").is_empty());
}
