//! What programs print: kept to a cap, counted beyond it, streamed as lines; and what they read.

use std::time::Duration;

use bakery_core::{
    model::Digest,
    policy::CommandGrant,
    port::command::{CommandLimits, Commands as _, Ended, Invocation, OutputStream, Word},
};
use libtest_mimic::Trial;

use crate::{
    host,
    world::{CHILD, Mark, Seen, child, child_with, limits, mark, permit, processes, run, stdout, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_flood_is_counted_and_takes_no_memory", flood),
        trial("lines_are_streamed_while_the_program_runs", streamed),
        trial("lines_have_no_endings_and_only_text", lines),
        trial("the_last_words_are_kept_when_the_cap_cut_them", last_words),
        trial("closed_outputs_are_not_the_end_of_a_program", closed),
        trial("a_grandchild_with_the_pipe_in_its_hand_keeps_nobody_waiting", holder),
        trial("standard_input_is_empty_unless_it_is_given", stdin),
        trial("a_program_that_never_reads_its_input_keeps_nobody_waiting", unread),
    ]
}

/// Measured in a process of its own, beside which no other test uses memory.
async fn flood() {
    let mark = mark();
    let report = host::run_to_end("flood", &mark).await;
    let (dropped, peak) = report.split_once(' ').unwrap();
    let (dropped, peak): (u64, u64) = (dropped.parse().unwrap(), peak.trim().parse().unwrap());
    assert!(dropped >= (200 << 20) - (6 << 20), "{dropped}");
    assert!(peak < 64 << 10, "{peak} KiB");
}

async fn streamed() {
    let mark = mark();
    let seen = Seen::new();
    let processes = processes();
    let invocation = child(&mark, &["deaf"]);
    let mut future = processes.run(permit().await, &invocation, Some(seen.clone()));
    tokio::select! {
        outcome = &mut future => panic!("{outcome:?}"),
        () = seen.wait_for("deaf") => {}
    }
    drop(future);
    processes.settled().await;
}

async fn lines() {
    let mark = mark();
    let seen = Seen::new();
    let output =
        processes().run(permit().await, &child(&mark, &["lines"]), Some(seen.clone())).await.unwrap();
    let all = seen.0.lock().unwrap().clone();
    let of = |stream| -> Vec<String> {
        all.iter().filter(|(from, _)| *from == stream).map(|(_, line)| line.clone()).collect()
    };
    assert_eq!(of(OutputStream::Stdout), ["one", "two", "bad \u{fffd} byte", "bar", "unended"]);
    assert_eq!(of(OutputStream::Stderr), ["error line"]);
    assert_eq!(output.stdout.bytes, b"one\r\n\n  \ntwo\nbad \xff byte\rbar\runended");
    assert_eq!(output.last_lines(), ["error line"]);
    assert!(!output.truncated());
}

async fn last_words() {
    let mark = mark();
    let limits = CommandLimits { stdout_bytes: 10, stderr_bytes: 0, line_bytes: 20, ..limits() };
    let output = run(&child_with(&mark, &["flood", "2"], |grant| grant.limits(limits))).await.unwrap();
    assert_eq!(output.stdout.bytes, b"xxxxxxxxxx");
    assert_eq!(output.stderr.dropped, (2 << 20) + 15);
    assert!(output.truncated());
    assert_eq!(output.last_lines().last().unwrap(), "the last word");
}

async fn closed() {
    let mark = mark();
    let output = run(&child(&mark, &["close-outputs"])).await.unwrap();
    assert_eq!(output.ended, Ended::Code(7));
}

async fn holder() {
    let mark = mark();
    let output = run(&child(&mark, &["leave", "apart"])).await.unwrap();
    assert_eq!(output.ended, Ended::Code(0));
    assert!(output.elapsed < Duration::from_secs(20), "{:?}", output.elapsed);
    mark.assert_gone();
}

fn with_stdin(mark: &Mark, what: &str, stdin: Option<Vec<u8>>) -> Invocation {
    let grant = CommandGrant::new("child", std::env::current_exe().unwrap()).unwrap().limits(limits());
    grant.own([CHILD, what, mark.as_str(), "0"].into_iter().map(Word::from).collect(), stdin)
}

async fn stdin() {
    let input: Vec<u8> = (0..1 << 20).map(|n: u32| n.to_le_bytes()[1]).collect();
    for stdin in [None, Some(Vec::new()), Some(b"a\0b".to_vec()), Some(input)] {
        let mark = mark();
        let output = run(&with_stdin(&mark, "stdin", stdin.clone())).await.unwrap();
        let read = stdin.unwrap_or_default();
        assert_eq!(stdout(&output), format!("{} {}\n", read.len(), Digest::of(&read)));
    }
}

async fn unread() {
    let mark = mark();
    let output = run(&with_stdin(&mark, "exit", Some(vec![b'x'; 1 << 20]))).await.unwrap();
    assert_eq!(output.ended, Ended::Code(0));
}
