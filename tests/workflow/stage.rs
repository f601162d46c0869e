//! Runs scripts and steps as GitHub does: bash in strict mode, variables from expressions, outputs from a file. Programs
//! that a machine may not have, or that must not be called, are played by small scripts that write down their call.
//! Judges nothing.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bakery_tests::{artefact_folder, workspace_root};
use serde_json::{Map, Value, json};

use crate::document::{Step, Workflow};

/// One runner: a temporary folder, programs, inputs.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    /// Where steps run.
    pub(crate) workspace: PathBuf,
    inputs: Map<String, Value>,
    /// What other expressions are worth; those of steps come from the steps.
    pub(crate) values: BTreeMap<String, String>,
}

/// What a script left.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// Its exit code; 128 and more for a signal.
    pub(crate) code: i32,
    /// Both streams.
    pub(crate) said: String,
    /// Its outputs.
    pub(crate) outputs: BTreeMap<String, String>,
}

impl Stage {
    /// With these inputs, and the defaults of the workflow for all others.
    pub(crate) fn new(given: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for name in ["bin", "temp", "workspace", "calls", "home"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder can be made");
        }
        let workflow = Workflow::called();
        let mut inputs: Map<String, Value> = workflow
            .takes("inputs")
            .iter()
            .map(|(name, about)| (name.clone(), typed(&about["type"], &about["default"])))
            .collect();
        for (name, value) in given.as_object().into_iter().flatten() {
            assert!(inputs.insert(name.clone(), value.clone()).is_some(), "`{name}` is no input");
        }
        let workspace = folder.path().join("workspace");
        let mut values = BTreeMap::new();
        for (name, value) in [
            ("runner.temp", folder.path().join("temp").display().to_string()),
            ("github.repository_owner", "Example".to_owned()),
            ("github.actor", "octocat".to_owned()),
            ("github.token", "token-of-the-job".to_owned()),
            ("github.event_name == 'push' && github.event.before || ''", String::new()),
        ] {
            values.insert(name.to_owned(), value);
        }
        for name in workflow.takes("secrets").keys() {
            values.insert(format!("secrets.{name}"), String::new());
        }
        let scripts = workspace_root().join(".github/scripts").display().to_string();
        values.insert("steps.bakery.outputs.scripts".to_owned(), scripts);
        Self { folder, workspace, inputs, values }
    }

    /// A path of the runner: `bin`, `temp`, `calls`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a program on the PATH: bash, after a part that writes down its arguments, and its standard input if it
    /// is asked for its password.
    pub(crate) fn plays(&self, name: &str, script: &str) {
        let calls = self.path("calls");
        let text = format!(
            "#!/bin/bash\nset -eu\ncall={}/{name}.$(date +%s%N).$$\nprintf '%s\\n' \"$@\" >\"$call\"\n\
             if [[ \" $* \" == *' --password-stdin '* ]]; then cat >\"$call.stdin\"; fi\n{script}\n",
            calls.display()
        );
        let path = self.path("bin").join(name);
        std::fs::write(&path, text).expect("a program can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be started");
    }

    /// The calls of a program, in order: arguments, and what it was given for a password.
    pub(crate) fn calls(&self, name: &str) -> Vec<(Vec<String>, Option<String>)> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.path("calls"))
            .expect("the folder was made")
            .map(|entry| entry.expect("it can be read").path())
            .filter(|path| {
                // NAME.TIME.PROCESS; what else a program leaves has one part more.
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                file.starts_with(&format!("{name}.")) && file.split('.').count() == 3
            })
            .collect();
        files.sort();
        let call = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).expect("it was written");
            let stdin =
                std::fs::read_to_string(path.with_file_name(format!(
                    "{}.stdin",
                    path.file_name().unwrap_or_default().to_string_lossy()
                )));
            (text.lines().map(str::to_owned).collect(), stdin.ok())
        };
        files.into_iter().map(call).collect()
    }

    /// Runs one of the workflow's scripts.
    pub(crate) fn script(
        &self,
        name: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
        stdin: &str,
    ) -> Ran {
        let path = workspace_root().join(".github/scripts").join(name);
        let mut command = self.command();
        command.arg(path).args(arguments).envs(variables.iter().copied());
        self.finish(command, stdin)
    }

    /// The settings that the inputs give, as `settings.sh` writes them.
    pub(crate) fn settings(&self) -> Ran {
        let inputs = Value::Object(self.inputs.clone()).to_string();
        self.script("settings.sh", &[], &[("INPUTS", &inputs), ("OWNER", "Example")], "")
    }

    /// Runs a step of a job, and keeps its outputs for later steps.
    pub(crate) fn step(&mut self, job: &str, name: &str) -> Ran {
        let workflow = Workflow::called();
        let step = workflow.step(job, name);
        let mut command = self.command();
        command.args(["-c", step.text("run").expect("the step is a script")]);
        for (name, value) in step.env() {
            command.env(name, self.expanded(value));
        }
        let ran = self.finish(command, "");
        if let Some(id) = step.text("id") {
            for (name, value) in &ran.outputs {
                self.values.insert(format!("steps.{id}.outputs.{name}"), value.clone());
            }
        }
        ran
    }

    /// Sets what `matrix.row` is.
    pub(crate) fn row(&mut self, row: &Value) {
        for (name, value) in row.as_object().into_iter().flatten() {
            self.values.insert(format!("matrix.row.{name}"), value.as_str().unwrap_or_default().to_owned());
        }
    }

    /// An argument of an action's step, with its expressions replaced.
    pub(crate) fn argument(&self, step: Step<'_>, name: &str) -> String {
        self.expanded(step.with(name).unwrap_or_default())
    }

    fn expanded(&self, text: &str) -> String {
        let mut done = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (expression, after) = after.split_once("}}").expect("an expression ends");
            let _ = write!(done, "{before}{}", self.worth(expression.trim()));
            rest = after;
        }
        done + rest
    }

    fn worth(&self, expression: &str) -> String {
        if expression == "toJSON(inputs)" {
            return Value::Object(self.inputs.clone()).to_string();
        }
        if let Some(value) = expression.strip_prefix("inputs.").and_then(|name| self.inputs.get(name)) {
            return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        }
        let known = self.values.get(expression);
        known.unwrap_or_else(|| unreachable!("nobody says what `{expression}` is")).clone()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("bash");
        let path = std::env::var("PATH").expect("there is a PATH");
        let path = format!("{}:{}:{path}", self.path("bin").display(), artefact_folder().display());
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .current_dir(&self.workspace)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_PATH", self.path("path"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary.md"))
            .env("GITHUB_ACTOR", "octocat");
        command
    }

    fn finish(&self, mut command: Command, stdin: &str) -> Ran {
        let output = self.path("output");
        std::fs::write(&output, "").expect("a file can be written");
        let given = self.path("stdin");
        std::fs::write(&given, stdin).expect("a file can be written");
        let given = std::fs::File::open(given).expect("it was written");
        let done = command.stdin(Stdio::from(given)).output().expect("bash can be started");
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        let text = std::fs::read_to_string(output).expect("it was written");
        let outputs = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ran { code: done.status.code().unwrap_or(128), said, outputs }
    }
}

impl Ran {
    /// An output; empty where it was not set.
    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// An output that is JSON.
    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.output(name)).expect("the output is JSON")
    }
}

fn typed(kind: &Value, default: &Value) -> Value {
    let text = default.as_str().unwrap_or_default();
    match kind.as_str() {
        Some("boolean") => json!(text == "true"),
        Some("number") => json!(text.parse::<i64>().unwrap_or_default()),
        _ => json!(text),
    }
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
