//! What a publish of the real metadata would do, against the commands that the predecessor really ran for them.

use std::path::Path;

use bakery_core::{
    config,
    plan::publish::{self, PublishOptions, PublishPlan},
};
use libtest_mimic::Failed;
use serde_json::Value;

/// The time and the commit: the one is masked in what was recorded, the other was not known there.
const VOLATILE: [&str; 3] =
    ["org.opencontainers.image.created", "org.opencontainers.image.revision", "co.posit.image.revision"];

/// Sources, temporary indexes, annotations, destinations and their order.
pub(crate) fn plan(folder: &Path) -> Result<(), Failed> {
    same(folder, "publish-multiplatform.json", "")
}

/// The same, where the predecessor converted the index on its way.
pub(crate) fn plan_with_conversion(folder: &Path) -> Result<(), Failed> {
    same(folder, "publish-multiplatform-soci.json", "-soci")
}

fn same(folder: &Path, expected: &str, suffix: &str) -> Result<(), Failed> {
    let recorded: Value = serde_json::from_slice(&std::fs::read(folder.join("expected").join(expected))?)?;
    let wanted = recorded_commands(&recorded);
    let found = commands(&planned(folder)?, suffix);
    if wanted.is_empty() {
        return Err("nothing was recorded".into());
    }
    match wanted.iter().zip(&found).find(|(wanted, found)| wanted != found) {
        Some((wanted, found)) => Err(format!("wanted {wanted}\nfound  {found}").into()),
        None if wanted.len() != found.len() => {
            Err(format!("{} commands instead of {}", found.len(), wanted.len()).into())
        }
        None => Ok(()),
    }
}

fn planned(folder: &Path) -> Result<PublishPlan, Failed> {
    let context = folder.join("multiplatform");
    let yaml = std::fs::read(context.join("bakery.yaml"))?;
    let config = config::load("bakery.yaml", &yaml, false).map_err(|errors| errors.render(false))?.config;
    // The order of the arguments makes no difference.
    let mut files = Vec::new();
    for name in ["arm64-metadata.json", "amd64-metadata.json"] {
        files.push(publish::read(name, &std::fs::read(context.join(name))?).map_err(|e| e.to_string())?);
    }
    let options =
        PublishOptions { temp_registry: Some("ghcr.io/posit-dev/temp"), ..PublishOptions::default() };
    let plan = publish::plan(&config, &files, &options).map_err(|errors| errors.to_string())?;
    if plan.warnings.is_empty() { Ok(plan) } else { Err(plan.warnings.join("\n").into()) }
}

/// The commands that change something, and those that read sources and tags, without what is volatile.
fn recorded_commands(recorded: &Value) -> Vec<String> {
    let calls = recorded["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |call: &Value| {
        let words: Vec<&str> = call.as_array()?.iter().filter_map(Value::as_str).collect();
        match words[..] {
            ["oras", "manifest", "index", "create", ref rest @ ..] => Some(create(rest)),
            ["oras", "cp", from, to] => Some(format!("cp {from} {to}")),
            ["oras", "manifest", "fetch", "--descriptor", reference] if !reference.contains('@') => {
                Some(format!("verify {reference}"))
            }
            _ => None,
        }
    };
    sorted(calls.iter().filter_map(text).collect())
}

fn create(words: &[&str]) -> String {
    let mut kept = vec!["create"];
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--annotation" => {
                let annotation = words.next().copied().unwrap_or_default();
                if !VOLATILE.iter().any(|key| annotation.starts_with(&format!("{key}="))) {
                    kept.push(annotation);
                }
            }
            reference => kept.push(reference),
        }
    }
    kept.join(" ")
}

/// What the predecessor would run for the plan.
fn commands(plan: &PublishPlan, suffix: &str) -> Vec<String> {
    let (mut creates, mut copies, mut checks) = (Vec::new(), Vec::new(), Vec::new());
    for target in &plan.targets {
        let mut create = vec!["create".to_owned(), target.temp_index.to_string()];
        create.extend(target.sources.iter().map(|source| source.reference.to_string()));
        let stable = target.annotations.iter().filter(|(key, _)| !VOLATILE.contains(&key.as_str()));
        create.extend(stable.map(|(key, value)| format!("{key}={value}")));
        creates.push(create.join(" "));
        for destination in &target.destinations {
            let mut tags: Vec<&str> = destination.tags().map(|tag| tag.as_str()).collect();
            tags.sort_unstable();
            let repository = &destination.repository;
            copies.push(format!("cp {}{suffix} {repository}:{}", target.temp_index, tags.join(",")));
            checks.extend(tags.iter().map(|tag| format!("verify {repository}:{tag}")));
        }
    }
    sorted([creates, copies, checks].concat())
}

/// First what is created, then what is copied, then what is checked; each in its order.
fn sorted(mut commands: Vec<String>) -> Vec<String> {
    let rank =
        |command: &String| ["create", "cp", "verify"].iter().position(|verb| command.starts_with(verb));
    commands.sort_by_key(rank);
    commands
}
