//! What the files of the workflow and the action promise, read from the files: pins, permissions, where secrets are,
//! and the document that tells callers of it.

use std::collections::BTreeSet;

use bakery_tests::workspace_root;
use serde_json::{Value, json};

use crate::document::{Step, Workflow, action, parse, steps};

/// Actions of others that the workflow may use. Another one needs a reason.
const OTHERS: [&str; 3] = ["actions/checkout", "actions/download-artifact", "actions/upload-artifact"];
/// Secrets that a job with third-party code may have: what opens the temporary registry.
const TEMPORARY: [&str; 2] = ["TEMP_REGISTRY_PASSWORD", "TEMP_REGISTRY_USERNAME"];

fn all_steps(workflow: &Workflow) -> impl Iterator<Item = (&str, Step<'_>)> {
    workflow
        .jobs()
        .keys()
        .flat_map(|job| workflow.steps(job).into_iter().map(move |step| (job.as_str(), step)))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(workspace_root().join(path)).expect("the file is in the repository")
}

pub(crate) fn pins() {
    let mut seen = 0;
    for path in [".github/workflows/bakery-build.yml", ".github/workflows/ci.yml", "action.yml"] {
        let content = text(path);
        let used =
            content.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses:"));
        for used in used.map(str::trim) {
            seen += 1;
            if used == "$/" {
                continue;
            }
            let (action, rest) = used.split_once('@').unwrap_or((used, ""));
            assert!(OTHERS.contains(&action), "{path}: `{used}`");
            let (commit, version) = rest.split_once(" # v").unwrap_or((rest, ""));
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{path}: `{used}`");
            assert_eq!(version.split('.').count(), 3, "{path}: `{used}` lacks the version of the commit");
        }
    }
    assert!(seen > 15, "only {seen} actions were found");
}

pub(crate) fn expressions() {
    let workflow = Workflow::called();
    let action = action();
    let own = steps(&action["runs"]["steps"]).into_iter().map(|step| ("action", step));
    let mut scripts = 0;
    for (job, step) in all_steps(&workflow).chain(own) {
        let Some(script) = step.text("run") else { continue };
        scripts += 1;
        assert!(!script.contains("${{"), "{job}: an expression becomes part of the script: {script}");
    }
    assert!(scripts > 10, "only {scripts} scripts were found");
}

pub(crate) fn permissions() {
    let workflow = Workflow::called();
    assert_eq!(workflow.permissions(), &json!({}), "what a job does not ask for it does not have");
    let asked: Value =
        workflow.jobs().iter().map(|(name, job)| (name.clone(), job["permissions"].clone())).collect();
    assert_eq!(
        asked,
        json!({
            "matrix": {"contents": "read"},
            "program-arm64": {},
            "build": {"contents": "read", "packages": "write"},
            "publish": {"contents": "read", "packages": "write", "id-token": "write"},
            "summary": {},
        })
    );
}

pub(crate) fn secrets() {
    let workflow = Workflow::called();
    let known: BTreeSet<&str> = workflow.takes("secrets").keys().map(String::as_str).collect();
    let mut publishing = BTreeSet::new();
    for (job, step) in all_steps(&workflow) {
        for name in secrets_in(&step.whole()) {
            assert!(known.contains(name.as_str()), "{job}: `{name}` is no secret of the workflow");
            if job == "publish" {
                publishing.insert(name);
            } else {
                assert!(job == "build" && TEMPORARY.contains(&name.as_str()), "{job} has `{name}`");
            }
        }
        // A publish runs nothing of the product's: its configuration is read, and no image is built or started.
        let script = step.text("run").unwrap_or_default();
        assert!(job != "publish" || !script.contains("bakery build"), "{script}");
        assert!(job != "publish" || !script.contains("docker "), "{script}");
    }
    assert!(
        publishing.contains("DOCKER_HUB_ACCESS_TOKEN") && publishing.contains("AWS_ROLE"),
        "{publishing:?}"
    );
    for (name, job) in workflow.jobs() {
        assert!(secrets_in(&job["env"].to_string()).is_empty(), "{name} hands secrets to all its steps");
    }
}

/// Names after `secrets.`; a use of all secrets at once is a name that no secret has.
fn secrets_in(text: &str) -> Vec<String> {
    text.split("secrets")
        .skip(1)
        .map(|rest| {
            let name = rest.strip_prefix('.').unwrap_or("");
            name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
        })
        .collect()
}

pub(crate) fn checkouts() {
    let workflow = Workflow::called();
    let mut seen = 0;
    for (job, step) in all_steps(&workflow) {
        if step.text("uses").is_some_and(|uses| uses.starts_with("actions/checkout@")) {
            seen += 1;
            assert_eq!(step.with("persist-credentials"), Some("false"), "{job}");
        }
    }
    assert_eq!(seen, 3, "matrix, build and publish read the product");
}

pub(crate) fn limits() {
    for (name, job) in Workflow::called().jobs() {
        let minutes = job["timeout-minutes"].as_str().and_then(|text| text.parse::<u32>().ok());
        assert!(minutes.is_some_and(|minutes| minutes < 360), "{name}: {minutes:?}");
    }
}

pub(crate) fn isolation() {
    let workflow = Workflow::called();
    for job in ["build", "publish", "summary"] {
        let when = workflow.jobs()[job]["if"].as_str().unwrap_or_default().to_owned();
        assert!(when.contains("!cancelled()"), "{job}: {when}");
        assert!(!when.contains("needs.build.result == 'success'"), "{job}: {when}");
        assert!(!when.contains("needs.publish.result"), "{job}: {when}");
    }
    for job in ["build", "publish"] {
        assert_eq!(workflow.jobs()[job]["strategy"]["fail-fast"], "false", "{job}");
    }
}

/// Rows of the tables below a heading, cell by cell.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let part = document.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_default();
    let part = part.split("\n## ").next().unwrap_or_default();
    part.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
        })
        .collect()
}

pub(crate) fn documented() {
    let document = text("docs/ci.md");
    let workflow = Workflow::called();
    let inputs: BTreeSet<(String, String)> = workflow
        .takes("inputs")
        .iter()
        .map(|(name, about)| (name.clone(), about["default"].as_str().unwrap_or_default().to_owned()))
        .collect();
    let rows = table(&document, "Inputs");
    let told: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row[0].clone(), row.last().cloned().unwrap_or_default())).collect();
    assert_eq!(told, inputs);
    let secrets: BTreeSet<String> = workflow.takes("secrets").keys().cloned().collect();
    let told: BTreeSet<String> = table(&document, "Secrets").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(told, secrets);
    let action = action();
    let inputs: BTreeSet<&String> =
        action["inputs"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    let told = table(&document, "The action");
    assert_eq!(told.iter().map(|row| &row[0]).collect::<BTreeSet<_>>(), inputs);
}

pub(crate) fn callers() {
    let workflow = Workflow::called();
    let action = action();
    let mut seen = (0, 0);
    let document = text("docs/ci.md");
    for block in document.split("```yaml\n").skip(1) {
        let block = parse(block.split("```").next().unwrap_or_default());
        for job in block["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values()) {
            if job["uses"].as_str().is_some_and(|uses| uses.contains("/.github/workflows/bakery-build.yml@"))
            {
                seen.0 += 1;
                gives(&job["with"], &Value::Object(workflow.takes("inputs").clone()));
                gives(&job["secrets"], &Value::Object(workflow.takes("secrets").clone()));
                // A called job cannot have more than its caller.
                assert_eq!(job["permissions"], workflow.jobs()["publish"]["permissions"]);
            }
            for step in steps(&job["steps"]) {
                if step.text("uses").is_some_and(|uses| uses.contains("/bakery@")) {
                    seen.1 += 1;
                    gives(&parse_with(step), &action["inputs"]);
                }
            }
        }
    }
    assert!(seen.0 >= 3 && seen.1 >= 1, "{seen:?}");
}

fn parse_with(step: Step<'_>) -> Value {
    serde_json::from_str::<Value>(&step.whole()).map(|step| step["with"].clone()).unwrap_or_default()
}

#[track_caller]
fn gives(given: &Value, taken: &Value) {
    for name in given.as_object().into_iter().flat_map(|given| given.keys()) {
        assert!(taken.get(name).is_some(), "`{name}` does not exist");
    }
}
