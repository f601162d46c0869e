//! Scratch spaces when the host is killed: the next run removes them, with the credentials in them, and leaves those of
//! living runs alone.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bakery_backend::{
    command::Processes,
    registry::{Credentials, Secret},
    scratch_space::ScratchFolders,
};
use bakery_core::port::{
    command::{CommandCalls as _, CommandLimits},
    scratch::{ScratchSpace, ScratchSpaces as _, SpaceOrder},
};
use libtest_mimic::Trial;

use crate::{
    host,
    world::{Mark, child_with, limits, mark, permit, trial},
};

/// Where a host makes its spaces.
pub(crate) const BASE: &str = "BAKERY_TEST_BASE";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("kill_9_of_the_host_leaves_a_space_that_the_next_run_removes", killed),
        trial("the_space_of_a_living_run_is_left_alone", living),
        trial("a_call_settles_without_waiting_for_others", settles_alone),
        trial("room_that_was_promised_is_waited_for", waits_for_room),
        trial("a_program_may_fill_its_space_and_no_more", overfull),
    ]
}

fn folders(base: &Path) -> ScratchFolders {
    let password = Secret::new("not-a-secret".to_owned());
    let credentials = Credentials::anonymous().with_password("r.example".parse().unwrap(), "baker", password);
    ScratchFolders::new(base.to_owned(), Arc::new(credentials))
}

fn order(bytes: u64) -> SpaceOrder {
    let registries = ["r.example".parse().unwrap()].into();
    SpaceOrder { bytes: Some(bytes), credentials: BTreeMap::from([("child".to_owned(), registries)]) }
}

async fn open(folders: &ScratchFolders) -> Arc<dyn ScratchSpace> {
    folders.open(permit().await, &order(1 << 20)).await.unwrap()
}

fn listed(base: &Path) -> Vec<PathBuf> {
    fs::read_dir(base).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// What the host does that is killed: a program that does not end, in a space with credentials.
pub(crate) async fn host(processes: &Processes, mark: &Mark) {
    let base = PathBuf::from(std::env::var_os(BASE).unwrap());
    let folders = folders(&base);
    let space = open(&folders).await;
    fs::write(space.folder().unwrap().join("file"), "x").unwrap();
    let folder = space.folder().unwrap().to_owned();
    let invocation = child_with(mark, &["deaf"], |grant| grant.scratch(folder).unwrap().limits(limits()));
    let call = processes.begin();
    let _ = call.run(permit().await, &invocation, None).await;
}

async fn killed() {
    let base = tempfile::tempdir().unwrap();
    let mark = mark();
    let mut host = host::start_below(base.path(), "space", &mark);
    mark.count(1).await;
    let left = listed(base.path());
    let [left] = &left[..] else { panic!("{left:?}") };
    let config = left.join("docker-0/config.json");
    assert!(left.join("space/file").exists() && config.exists());
    assert_eq!(config.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // While it lives, another run leaves it alone.
    let other = folders(base.path());
    open(&other).await.remove().await;
    assert!(config.exists());
    host.start_kill().unwrap();
    host.wait().await.unwrap();
    mark.count(0).await;
    let next = folders(base.path());
    let space = open(&next).await;
    assert!(!left.exists(), "what the dead run left goes first");
    assert_eq!(listed(base.path()).len(), 1);
    space.remove().await;
    assert!(listed(base.path()).is_empty());
}

async fn living() {
    let base = tempfile::tempdir().unwrap();
    let (one, other) = (folders(base.path()), folders(base.path()));
    let space = open(&one).await;
    fs::write(space.folder().unwrap().join("file"), "x").unwrap();
    open(&other).await.remove().await;
    assert!(space.folder().unwrap().join("file").exists());
    space.remove().await;
    one.settled().await;
    assert!(listed(base.path()).is_empty());
}

async fn settles_alone() {
    let (one, other) = (mark(), mark());
    let processes = crate::world::processes();
    let (slow, quick) = (processes.begin(), processes.begin());
    let long = child_with(&one, &["sleep"], |grant| grant.limits(limits()));
    let grace = std::time::Duration::from_millis(500);
    let short = child_with(&other, &["deaf"], |grant| grant.limits(CommandLimits { grace, ..limits() }));
    let slow_call = Arc::clone(&slow);
    let running = tokio::spawn(async move { slow_call.run(permit().await, &long, None).await });
    one.count(1).await;
    // Given up while it runs: it ends all the same, and is waited for.
    let given_up =
        tokio::time::timeout(std::time::Duration::from_secs(1), quick.run(permit().await, &short, None));
    assert!(given_up.await.is_err());
    assert_eq!(other.alive().len(), 1);
    quick.settled().await;
    assert_eq!(other.alive().len(), 0);
    assert_eq!(one.alive().len(), 1, "another call's program goes on");
    running.abort();
    slow.settled().await;
    processes.settled().await;
    assert_eq!(one.alive().len(), 0);
}

async fn waits_for_room() {
    let base = tempfile::tempdir().unwrap();
    let folders = folders(base.path());
    let system = rustix::fs::statvfs(base.path()).unwrap();
    let most = system.f_bavail * system.f_frsize / 5 * 3;
    let first = folders.open(permit().await, &order(most)).await.unwrap();
    let second = async {
        let space = folders.open(permit().await, &order(most)).await.unwrap();
        assert!(first.folder().unwrap().parent().is_some_and(|top| !top.exists()));
        space.remove().await;
    };
    let leave = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(listed(base.path()).len(), 1, "there is no room for a second one");
        first.remove().await;
    };
    tokio::join!(second, leave);
    assert!(listed(base.path()).is_empty());
}

async fn overfull() {
    let base = tempfile::tempdir().unwrap();
    let folders = folders(base.path());
    let space = open(&folders).await;
    fs::write(space.folder().unwrap().join("file"), vec![1; 1 << 19]).unwrap();
    let look = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(look, space.overfull()).await.is_err());
    fs::write(space.folder().unwrap().join("more"), vec![1; 1 << 20]).unwrap();
    let failure = space.overfull().await;
    assert!(failure.message.contains("more than the 1048576 that it was given"), "{failure}");
    space.remove().await;
}
