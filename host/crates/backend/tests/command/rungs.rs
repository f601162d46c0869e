//! The other rungs of the ladder: a control group where there may be one, the group alone where `/proc` is hidden.

use std::{os::unix::fs::symlink, path::Path, time::Duration};

use bakery_backend::command::Processes;
use bakery_core::port::{
    FailureKind,
    command::{CommandLimits, Commands as _},
};
use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Mark, Seen, child, child_with, limits, mark, options, parent, permit, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let without = !cgroups_can_be_made();
    vec![
        trial("a_control_group_holds_what_the_program_starts_and_goes_with_it", in_group)
            .with_ignored_flag(without),
        trial("a_control_group_ends_what_nobody_else_can_find", by_group_alone).with_ignored_flag(without),
        trial("a_control_group_is_ended_when_its_supervisor_is", without_supervisor)
            .with_ignored_flag(without),
        trial("without_proc_the_group_is_ended_all_the_same", by_process_group),
    ]
}

/// Tried in a process of its own, which ends at once.
fn cgroups_can_be_made() -> bool {
    own_group().is_some_and(|own| {
        let folder = own.join(format!("bakery-probe-{}", std::process::id()));
        let made = std::fs::create_dir(&folder).is_ok() && folder.join("cgroup.kill").exists();
        let _ = std::fs::remove_dir(&folder);
        made
    })
}

/// Where this process's group of version 2 is mounted.
fn own_group() -> Option<std::path::PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let point = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?.split(' ').nth(1)?;
    Some(Path::new(point).join(own))
}

/// The control groups that supervisors made below ours.
fn groups() -> Vec<String> {
    let entries = std::fs::read_dir(own_group().unwrap()).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("bakery-"))
        .collect()
}

async fn until(processes: &Processes, mark: &Mark, expected: usize) -> Vec<i32> {
    let invocation = child(mark, &["double-fork"]);
    let mut future = processes.run(permit().await, &invocation, None);
    let alive = tokio::select! {
        outcome = &mut future => panic!("{outcome:?}"),
        alive = mark.count(expected) => alive,
    };
    let mut of: Vec<String> = alive
        .iter()
        .map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap())
        .map(|text| text.lines().find_map(|line| line.strip_prefix("0::")).unwrap().to_owned())
        .collect();
    of.dedup();
    assert_eq!(of.len(), 1, "{of:?}");
    assert!(of[0].rsplit('/').next().unwrap().starts_with("bakery-"), "{of:?}");
    alive
}

async fn in_group() {
    let mut options = options();
    options.cgroup = true;
    let processes = Processes::new(options);
    let mark = mark();
    let alive = until(&processes, &mark, 2).await;
    let supervisors: Vec<i32> = alive.iter().map(|pid| parent(*pid)).collect();
    processes.settled().await;
    mark.assert_gone();
    let left = groups();
    assert!(supervisors.iter().all(|pid| !left.contains(&format!("bakery-{pid}"))), "{left:?}");
}

/// A `/proc` that shows our own mounts and no other process.
async fn by_group_alone() {
    let proc = tempfile::tempdir().unwrap();
    symlink("/proc/self", proc.path().join("self")).unwrap();
    let mut options = options();
    options.cgroup = true;
    options.proc = proc.path().to_owned();
    let processes = Processes::new(options);
    let mark = mark();
    until(&processes, &mark, 2).await;
    processes.settled().await;
    mark.assert_gone();
}

/// Nobody is left who adopts orphans, but bakery knows the group's name.
async fn without_supervisor() {
    let mut options = options();
    options.cgroup = true;
    let processes = Processes::new(options);
    let (mark, seen) = (mark(), Seen::new());
    let invocation = child(&mark, &["double-fork"]);
    let (outcome, supervisor) =
        tokio::join!(processes.run(permit().await, &invocation, Some(seen.clone())), async {
            seen.wait_for("ready").await;
            let supervisor = parent(mark.count(2).await[0]);
            kill_process(Pid::from_raw(supervisor).unwrap(), Signal::KILL).unwrap();
            supervisor
        });
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Internal);
    mark.count(0).await;
    assert!(!groups().contains(&format!("bakery-{supervisor}")));
}

async fn by_process_group() {
    let mut options = options();
    options.proc = "/nowhere/proc".into();
    let processes = Processes::new(options);
    let mark = mark();
    // A grandchild in the program's group, which does not hear the polite signal.
    let output = processes.run(permit().await, &child(&mark, &["leave", "deaf"]), None).await.unwrap();
    assert!(output.ended.is_success());
    mark.assert_gone();
    let limits = CommandLimits { time: Duration::from_secs(2), ..limits() };
    let invocation = child_with(&mark, &["deaf"], |grant| grant.limits(limits));
    let failure = processes.run(permit().await, &invocation, None).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut);
    mark.assert_gone();
}
