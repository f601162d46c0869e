//! What the program prints for real configurations against what the predecessor printed, as parsed JSON.

use std::path::Path;

use bakery_tests::{Finished, Program, Project};
use libtest_mimic::Failed;
use serde_json::Value;

/// Labels that hold the time and the commit of the run.
const VOLATILE: [&str; 3] =
    ["org.opencontainers.image.created", "org.opencontainers.image.revision", "co.posit.image.revision"];

pub(crate) fn matrix(folder: &Path) -> Result<(), Failed> {
    let done =
        run(&folder.join("images-connect.bakery.yaml"), &["ci", "matrix", "--dev-versions", "exclude"])?;
    same(&parse(&done.stdout)?, &read(&folder.join("expected/connect-matrix-exclude.json"))?)
}

pub(crate) fn tags(folder: &Path) -> Result<(), Failed> {
    let done = run(&folder.join("images-connect.bakery.yaml"), &["get", "tags", "--output", "uid"])?;
    same(&parse(&done.stdout)?, &read(&folder.join("expected/connect-tags-uid.json"))?)
}

pub(crate) fn plan(folder: &Path) -> Result<(), Failed> {
    let done = run(&folder.join("images-connect.bakery.yaml"), &["build", "--plan"])?;
    same(&masked(parse(&done.stdout)?), &masked(read(&folder.join("expected/connect-plan.json"))?))
}

pub(crate) fn temp_plan(folder: &Path) -> Result<(), Failed> {
    let registries = ["--temp-registry", "ghcr.io/posit-dev", "--cache-registry", "ghcr.io/posit-dev"];
    let arguments: Vec<&str> = ["build", "--plan", "--push"].into_iter().chain(registries).collect();
    let done = run(&folder.join("multiplatform/bakery.yaml"), &arguments)?;
    let recorded = read(&folder.join("expected/plan-multiplatform-temp-cache-push.json"))?;
    let expected = parse(recorded["stdout"].as_str().unwrap_or_default())?;
    same(&masked(parse(&done.stdout)?), &masked(expected))
}

fn run(yaml: &Path, arguments: &[&str]) -> Result<Finished, Failed> {
    let project = Project::new(&std::fs::read_to_string(yaml)?);
    let done = Program::bakery().cwd(project.path()).args(arguments).run();
    if done.code == 0 { Ok(done) } else { Err(format!("exit {}: {}", done.code, done.stderr).into()) }
}

fn read(path: &Path) -> Result<Value, Failed> {
    parse(&std::fs::read_to_string(path)?)
}

fn parse(text: &str) -> Result<Value, Failed> {
    Ok(serde_json::from_str(text)?)
}

fn masked(mut plan: Value) -> Value {
    for target in plan["target"].as_object_mut().into_iter().flat_map(|targets| targets.values_mut()) {
        if let Some(labels) = target["labels"].as_object_mut() {
            for name in VOLATILE {
                labels.shift_remove(name);
            }
        }
    }
    plan
}

fn same(found: &Value, expected: &Value) -> Result<(), Failed> {
    match difference("", found, expected) {
        None => Ok(()),
        Some(difference) => Err(difference.into()),
    }
}

/// The first place where two documents differ.
fn difference(place: &str, found: &Value, expected: &Value) -> Option<String> {
    match (found, expected) {
        (Value::Object(a), Value::Object(b)) => {
            if a.keys().ne(b.keys()) {
                return Some(format!("{place}: keys {:?} instead of {:?}", a.keys(), b.keys()));
            }
            a.iter().find_map(|(key, value)| difference(&format!("{place}/{key}"), value, &b[key]))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(&format!("{place}/{at}"), a, b))
        }
        _ => (found != expected).then(|| format!("{place}: {found} instead of {expected}")),
    }
}
