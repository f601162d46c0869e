//! The host is killed: nothing that it started survives it.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::{
    host,
    world::{Mark, mark, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("kill_9_of_the_host_leaves_no_polite_program", || killed("sleep", 1, Way::Alone)),
        trial("kill_9_of_the_host_leaves_no_deaf_program", || killed("deaf", 1, Way::Alone)),
        trial("kill_9_of_the_host_leaves_no_double_fork", || killed("double-fork", 2, Way::Alone)),
        trial("kill_9_of_the_host_leaves_no_stopped_program", || killed("stop-deaf", 1, Way::Alone)),
        trial("kill_9_of_the_hosts_group_leaves_nothing", || killed("double-fork", 2, Way::Group)),
        trial("a_terminals_interrupt_reaches_the_host_and_then_everything", || {
            killed("double-fork", 2, Way::Interrupt)
        }),
        trial("kill_9_of_the_host_at_any_moment_leaves_nothing", early),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Alone,
    Group,
    Interrupt,
}

async fn killed(what: &'static str, expected: usize, way: Way) {
    let mark = mark();
    let mut host = host::start(what, &mark);
    mark.count(expected).await;
    let pid = host.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw).unwrap();
    match way {
        Way::Alone => kill_process(pid, Signal::KILL).unwrap(),
        Way::Group => kill_process_group(pid, Signal::KILL).unwrap(),
        Way::Interrupt => kill_process_group(pid, Signal::INT).unwrap(),
    }
    let began = Instant::now();
    host.wait().await.unwrap();
    gone(&mark).await;
    // Two seconds of grace, and what a loaded machine adds.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

async fn early() {
    let mut marks = Vec::new();
    for n in 0..12 {
        let mark = mark();
        let mut host = host::start("double-fork", &mark);
        tokio::time::sleep(Duration::from_millis(n)).await;
        host.start_kill().unwrap();
        host.wait().await.unwrap();
        marks.push(mark);
    }
    // A starter may be on its way still; then it is ended on its way.
    tokio::time::sleep(Duration::from_secs(3)).await;
    for mark in &marks {
        gone(mark).await;
    }
}

async fn gone(mark: &Mark) {
    mark.count(0).await;
}
