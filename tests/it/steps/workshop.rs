//! Programs for steps that misbehave: scripts, granted under the name `tool`, in folders below the test's own.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bakery_backend::{
    command::{ProcessOptions, Processes},
    scratch_space::ScratchFolders,
};
use bakery_core::{
    policy::{
        CommandGrant, CommandGrants,
        command_grant::{FlagRule, Subcommand, ValueKind},
    },
    port::{Failure, StepCall, StepOutcome, StepTask, command::CommandLimits},
};
use bakery_fault_registry::FaultRegistry;
use bakery_sandbox::StepTools;
use serde_json::{Value, json};

use super::{
    house::{Target, credentials},
    scene::Scene,
};

/// What the sandbox is given, and the processes in it.
pub(super) fn tools(folder: &Path, registries: &[&FaultRegistry]) -> (StepTools, Arc<Processes>) {
    let supervisor = vec![env!("CARGO_BIN_EXE_supervise-child").into()];
    let processes = Arc::new(Processes::new(ProcessOptions::new(supervisor)));
    let base = base(folder);
    std::fs::create_dir_all(&base).unwrap();
    let spaces = Arc::new(ScratchFolders::new(base, Arc::new(credentials(registries))));
    (StepTools { commands: processes.clone(), spaces }, processes)
}

/// Where scratch spaces lie.
pub(super) fn base(folder: &Path) -> PathBuf {
    folder.join("scratch spaces")
}

/// What lies there.
pub(super) fn spaces(scene: &Scene) -> Vec<String> {
    let entries = std::fs::read_dir(base(scene.house.dir.path())).unwrap();
    entries.map(|entry| entry.unwrap().path().display().to_string()).collect()
}

/// A grant of a script: no subcommand; `--flag TEXT`, `--file SCRATCH`, and any number of texts.
pub(super) fn grant(scene: &Scene, script: &str) -> CommandGrant {
    let path = scene.house.dir.path().join("tool");
    // Written by another process: what writes it is then closed for certain, whatever this one forks meanwhile.
    let mut shell = Command::new("/bin/sh")
        .args(["-c", r#"cat > "$1" && chmod 755 "$1""#, "sh"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    let grammar = Subcommand::new("")
        .unwrap()
        .flag("--flag", FlagRule::with(ValueKind::Text))
        .unwrap()
        .flag("--file", FlagRule::with(ValueKind::Scratch).times(4))
        .unwrap()
        .rest(ValueKind::Text);
    let limits = CommandLimits { grace: Duration::from_secs(1), ..CommandLimits::default() };
    CommandGrant::new("tool", path).unwrap().subcommand(grammar).limits(limits)
}

/// A call of the misbehaving step with these grants.
pub(super) fn call(
    target: &Target,
    options: &Value,
    grants: Vec<CommandGrant>,
    scratch: Option<u64>,
) -> StepCall {
    let task = StepTask { options: options.to_string(), ..target.plan.task() };
    StepCall {
        commands: CommandGrants::new(grants).unwrap(),
        scratch,
        ..target.call("misbehaving-step", "index-tag", task, &[])
    }
}

/// Runs the script under these options.
pub(super) async fn run(
    scene: &Scene,
    options: &Value,
    grant: CommandGrant,
    scratch: Option<u64>,
) -> Result<StepOutcome, Failure> {
    scene.target.runner.run(&call(&scene.target, options, vec![grant], scratch)).await
}

/// `{"deed": "run", …}` with these arguments.
pub(super) fn ask(arguments: Value) -> Value {
    json!({ "deed": "run", "command": { "program": "tool", "arguments": arguments } })
}
