//! Deadline, cancellation and drop: what was started is gone afterwards, whatever it does about it.

use std::time::Duration;

use bakery_core::port::{
    FailureKind,
    command::{CommandLimits, Commands as _, Ended, Invocation},
};
use libtest_mimic::Trial;

use crate::world::{
    Mark, Seen, child, child_with, limits, mark, parent, permit, processes, run, state, stdout, trial,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_program_that_ends_is_reported_with_its_code", codes),
        trial("a_program_that_a_signal_ends_is_reported_with_the_signal", signals),
        trial("a_deadline_ends_a_program_that_ignores_the_polite_signal", || deadline("deaf", 1)),
        trial("a_deadline_ends_a_program_that_stopped_itself", || deadline("stop", 1)),
        trial("a_deadline_ends_a_program_that_stopped_itself_and_is_deaf", || deadline("stop-deaf", 1)),
        trial("a_deadline_ends_a_double_fork_in_a_session_of_its_own", || deadline("double-fork", 2)),
        trial("a_deadline_ends_a_bomb_of_sessions", bomb),
        trial("a_polite_program_may_clean_up_within_its_grace", polite),
        trial("dropping_the_future_ends_everything", drop_ends),
        trial("dropping_the_future_at_any_moment_leaves_nothing", drop_early),
        trial("a_program_leaves_nothing_behind_when_it_ends", leftovers),
        trial("the_end_of_a_supervisor_is_the_end_of_its_program", supervisor_killed),
        trial("a_supervisor_that_is_asked_to_end_cleans_up_first", supervisor_asked),
        trial("many_at_once_do_not_disturb_each_other", many),
    ]
}

async fn codes() {
    for code in ["0", "1", "7", "125", "126", "127", "255"] {
        let mark = mark();
        let output = run(&child(&mark, &["exit", code])).await.unwrap();
        assert_eq!(output.ended, Ended::Code(code.parse().unwrap()));
        assert!(!output.leftovers && !output.truncated());
    }
}

async fn signals() {
    for signal in [9, 6, 15] {
        let mark = mark();
        let output = run(&child(&mark, &["kill-self", &signal.to_string()])).await.unwrap();
        assert_eq!(output.ended, Ended::Signal(signal));
        assert_eq!(output.ended.code(), 128 + signal);
    }
}

fn hurried(mark: &Mark, words: &[&str], time: u64) -> Invocation {
    let limits = CommandLimits { time: Duration::from_millis(time), ..limits() };
    child_with(mark, words, |grant| grant.limits(limits))
}

async fn deadline(what: &'static str, expected: usize) {
    let mark = mark();
    let invocation = hurried(&mark, &[what], 4000);
    let (outcome, ()) = tokio::join!(run(&invocation), async {
        let alive = mark.count(expected).await;
        if what.starts_with("stop") {
            while state(alive[0]) != Some('T') {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure}");
    assert_eq!(failure.message, "`child` did not end within 4 s, and was ended");
    mark.assert_gone();
}

async fn bomb() {
    let mark = mark();
    let invocation = hurried(&mark, &["bomb", "4"], 8000);
    let (outcome, _) = tokio::join!(run(&invocation), mark.count(31));
    assert_eq!(outcome.unwrap_err().kind, FailureKind::TimedOut);
    mark.assert_gone();
}

async fn polite() {
    let mark = mark();
    let limits = CommandLimits { grace: Duration::from_secs(20), time: Duration::from_secs(3), ..limits() };
    let failure = run(&child_with(&mark, &["polite"], |grant| grant.limits(limits))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert_eq!(failure.program.unwrap().last_lines, ["ready", "cleaned up"]);
    mark.assert_gone();
}

async fn drop_ends() {
    for (what, expected) in [("sleep", 1), ("deaf", 1), ("double-fork", 2)] {
        let mark = mark();
        let processes = processes();
        let invocation = child(&mark, &[what]);
        let mut future = processes.run(permit().await, &invocation, None);
        tokio::select! {
            outcome = &mut future => panic!("{what} ended: {outcome:?}"),
            _ = mark.count(expected) => {}
        }
        drop(future);
        processes.settled().await;
        mark.assert_gone();
    }
}

async fn drop_early() {
    let processes = processes();
    let marks: Vec<Mark> = (0..30).map(|_| mark()).collect();
    for (n, mark) in marks.iter().enumerate() {
        let invocation = child(mark, &["double-fork"]);
        let pause = Duration::from_micros(400 * n as u64);
        let _ = tokio::time::timeout(pause, processes.run(permit().await, &invocation, None)).await;
    }
    processes.settled().await;
    for mark in &marks {
        mark.assert_gone();
    }
}

async fn leftovers() {
    for left in ["deaf", "apart"] {
        let mark = mark();
        let output = run(&child(&mark, &["leave", left])).await.unwrap();
        assert_eq!(output.ended, Ended::Code(0));
        assert!(output.leftovers);
        mark.assert_gone();
    }
}

async fn supervisor_killed() {
    let mark = mark();
    let invocation = child(&mark, &["deaf"]);
    let (outcome, ()) = tokio::join!(run(&invocation), async {
        let program = mark.count(1).await[0];
        signal(parent(program), rustix::process::Signal::KILL);
    });
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Internal);
    assert_eq!(failure.message, "`child` lost its supervisor, which somebody ended");
    mark.count(0).await;
}

async fn supervisor_asked() {
    let mark = mark();
    let invocation = child(&mark, &["double-fork"]);
    let (processes, seen) = (processes(), Seen::new());
    let (outcome, ()) = tokio::join!(processes.run(permit().await, &invocation, Some(seen.clone())), async {
        seen.wait_for("ready").await;
        let alive = mark.count(2).await;
        assert_eq!(parent(alive[0]), parent(alive[1]), "the supervisor adopts orphans");
        signal(parent(alive[0]), rustix::process::Signal::TERM);
    });
    assert_eq!(outcome.unwrap().ended, Ended::Signal(9));
    mark.assert_gone();
}

fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

async fn many() {
    let processes = processes();
    let marks: Vec<Mark> = (0..24).map(|_| mark()).collect();
    let seen = Seen::new();
    let work = marks.iter().enumerate().map(|(n, mark)| {
        let (processes, seen) = (&processes, seen.clone());
        async move {
            let invocation = child(mark, &["who", &n.to_string()]);
            let output = processes.run(permit().await, &invocation, Some(seen)).await.unwrap();
            assert!(stdout(&output).contains(&format!("words: [\"{n}\"]")));
        }
    });
    futures_util::future::join_all(work).await;
    assert_eq!(seen.0.lock().unwrap().len(), 24 * 6);
}
