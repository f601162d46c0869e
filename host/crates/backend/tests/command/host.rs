//! A host of its own process, to be killed, measured, or started deaf. Says on standard output what the test asked.

use std::{
    path::Path,
    process::{ExitCode, Stdio},
};

use bakery_core::port::command::{CommandLimits, Commands as _};
use tokio::process::{Child, Command};

use crate::{
    spaces,
    world::{HOST, Mark, child_with, limits, permit, processes, program, stdout},
};

/// What a host does, and the mark of what it starts. Not among the arguments: a host is no survivor.
const WORK: &str = "BAKERY_TEST_WORK";
const MARK: &str = "BAKERY_TEST_MARK";

pub(crate) fn main() -> ExitCode {
    let (work, mark) = (std::env::var(WORK).unwrap(), Mark::borrowed(std::env::var(MARK).unwrap()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let processes = processes();
        match work.as_str() {
            "flood" => {
                let limits = CommandLimits { stderr_bytes: 1 << 20, ..limits() };
                let invocation = child_with(&mark, &["flood", "100"], |grant| grant.limits(limits));
                let output = processes.run(permit().await, &invocation, None).await.unwrap();
                println!("{} {}", output.stdout.dropped + output.stderr.dropped, peak_kib());
            }
            "signals" => {
                let invocation =
                    program(Path::new("/bin/grep"), &["-E", "SigBlk|SigIgn", "/proc/self/status"]);
                print!("{}", stdout(&processes.run(permit().await, &invocation, None).await.unwrap()));
            }
            "space" => spaces::host(&processes, &mark).await,
            what => {
                let invocation = child_with(&mark, &[what], |grant| {
                    // Longer than anybody may take to end it once the host is gone.
                    let grace = std::time::Duration::from_secs(600);
                    grant.limits(CommandLimits { grace, ..limits() })
                });
                let _ = processes.run(permit().await, &invocation, None).await;
            }
        }
    });
    std::mem::forget(mark);
    ExitCode::SUCCESS
}

/// The most memory that this process ever held.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Starts a host in a group of its own.
pub(crate) fn start(work: &str, mark: &Mark) -> Child {
    let own = std::env::current_exe().unwrap();
    host(Command::new(own).arg(HOST), work, mark)
}

/// Starts a host that works below this folder.
pub(crate) fn start_below(base: &Path, work: &str, mark: &Mark) -> Child {
    let own = std::env::current_exe().unwrap();
    host(Command::new(own).arg(HOST).env(spaces::BASE, base), work, mark)
}

fn host(command: &mut Command, work: &str, mark: &Mark) -> Child {
    command
        .env(WORK, work)
        .env(MARK, mark.as_str())
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

pub(crate) async fn run_to_end(work: &str, mark: &Mark) -> String {
    said(start(work, mark)).await
}

/// The same under a shell that ignores what can be ignored, as `nohup` and some CI engines do.
pub(crate) async fn run_deaf_to_end(work: &str, mark: &Mark) -> String {
    let own = std::env::current_exe().unwrap();
    let script = "trap '' HUP INT QUIT TERM USR1 PIPE; exec \"$@\"";
    said(host(Command::new("/bin/sh").args(["-c", script, "sh"]).arg(own).arg(HOST), work, mark)).await
}

async fn said(child: Child) -> String {
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
