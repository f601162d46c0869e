//! What follows a failure, under a paused clock: waits for what propagates, and what a host is worth.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use bakery_core::{
    model::Digest,
    policy::{BudgetPolicy, Jitter, Operation, OperationKind, stale},
    port::{
        Admission, FailureKind,
        registry::{Party, RegistryFault, RegistryVerb},
    },
};
use futures_util::future::join_all;
use tokio::time::sleep;

use super::*;
use crate::testing::{Bench, failure, ok, operation, seconds};

fn absent() -> Failure {
    failure(FailureKind::NotFound)
}

/// Reads something that appears at `at`; every look takes 50 ms. Says when it was noticed.
async fn look(bench: &Bench, subject: &str, window: Duration, at: Duration) -> Result<Duration, Failure> {
    let awaited = operation(subject).awaited(window);
    let attempt = |_| async {
        let there = bench.elapsed() >= at;
        sleep(Duration::from_millis(50)).await;
        if there { Ok(()) } else { Err(absent()) }
    };
    bench.gate.run(&awaited, attempt).await.map(|()| bench.elapsed())
}

fn looks_again(bench: &Bench) -> usize {
    bench.events().iter().filter(|event| matches!(event, Event::Waiting { .. })).count()
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_told_as_a_wait_and_its_end_as_an_arrival() {
    let bench = Bench::idle();
    look(&bench, "a", seconds(600), seconds(30)).await.unwrap();
    let events = bench.events();
    let (last, waits) = events.split_last().unwrap();
    assert_eq!(last, &Event::Arrived { subject: "a".into(), waited: bench.elapsed() });
    let mut clock = Duration::ZERO;
    for event in waits {
        let Event::Waiting { subject, message, elapsed, delay, remaining } = event else {
            panic!("{event:?}")
        };
        assert_eq!((subject.as_str(), message.as_str()), ("a", "the server said no"));
        assert_eq!(*elapsed + *remaining, seconds(600));
        assert!(*elapsed >= clock && *delay > Duration::ZERO);
        clock = *elapsed + *delay;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_there_at_once_is_no_arrival() {
    let bench = Bench::idle();
    look(&bench, "a", seconds(600), Duration::ZERO).await.unwrap();
    assert_eq!(bench.events(), []);
}

#[tokio::test(start_paused = true)]
async fn twenty_laggards_are_noticed_within_a_tenth_and_a_second() {
    for milliseconds in [100, 241, 500, 1_000, 2_600, 5_000, 9_900, 30_000, 49_000, 120_000, 590_000] {
        let appears = Duration::from_millis(milliseconds);
        let bench = Bench::idle();
        let subjects: Vec<_> = (0..20).map(|n| format!("laggard {n}")).collect();
        let seen =
            join_all(subjects.iter().map(|subject| look(&bench, subject, seconds(600), appears))).await;
        let last = seen.into_iter().map(Result::unwrap).max().unwrap();
        assert!(last <= appears.mul_f64(1.1) + seconds(1), "there after {appears:?}, noticed after {last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_laggards_ask_no_more_often_than_twenty() {
    let bench = Bench::idle();
    let asked = RefCell::new(Vec::new());
    let laggards = (0..100).map(|n| {
        let (bench, asked) = (&bench, &asked);
        async move {
            let awaited = operation(&format!("laggard {n}")).awaited(seconds(600));
            let attempt = |_| async move {
                asked.borrow_mut().push(bench.elapsed());
                sleep(Duration::from_millis(50)).await;
                Err::<(), _>(absent())
            };
            bench.gate.run(&awaited, attempt).await.unwrap_err()
        }
    });
    let failures = join_all(laggards).await;
    assert!(failures.iter().all(|failure| failure.message.starts_with("waited 600")), "{:?}", failures[0]);
    let asked = asked.into_inner();
    let during =
        |from: u64, to: u64| asked.iter().filter(|at| (seconds(from)..seconds(to)).contains(at)).count();
    // The first and the last looks are everyone's own.
    assert!(during(1, 2) <= 26, "{}", during(1, 2));
    assert!(during(10, 11) <= 21, "{}", during(10, 11));
    assert!(during(100, 160) <= 241, "{}", during(100, 160));
    assert!(asked.len() < 3000 + 200, "{}", asked.len());
}

#[tokio::test(start_paused = true)]
async fn a_laggard_leaves_its_place_to_others() {
    let bench = Bench::with(|_, _| ok(""), |options| options.per_host = 1);
    let others = async {
        sleep(Duration::from_millis(60)).await;
        for n in 0..10 {
            bench.gate.run(&operation(&n.to_string()), |_| async { Ok(()) }).await.unwrap();
        }
        bench.elapsed()
    };
    let (lagged, done) = tokio::join!(look(&bench, "laggard", seconds(600), seconds(30)), others);
    assert!(lagged.unwrap() >= seconds(30));
    assert_eq!(done, Duration::from_millis(60));
}

#[tokio::test(start_paused = true)]
async fn after_the_window_it_says_what_lagged_and_how_long() {
    let bench = Bench::idle();
    let failure = look(&bench, "ghcr.io/a@sha256:x", seconds(90), Duration::MAX).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.message, "waited 90 s for `ghcr.io/a@sha256:x`: the server said no");
    assert!(failure.hint.unwrap().contains("--wait-timeout"));
    assert_eq!(failure.attempts as usize, looks_again(&bench) + 1);
    let last_look = bench.elapsed() - Duration::from_millis(50);
    assert_eq!(last_look, seconds(90), "the last look is at the end of the window");
}

#[tokio::test(start_paused = true)]
async fn without_a_window_nothing_was_waited_for() {
    let bench = Bench::idle();
    let failure = look(&bench, "a", Duration::ZERO, seconds(1)).await.unwrap_err();
    assert_eq!((failure.message.as_str(), failure.attempts), ("the server said no", 1));
    assert_eq!(failure.hint, None);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_shows_its_old_digest_is_looked_at_until_it_shows_the_new_one() {
    let reference = "ghcr.io/a:1".parse().unwrap();
    let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
    for moves in [true, false] {
        let bench = Bench::idle();
        let minute = seconds(60);
        let awaited =
            Operation::on_reference(RegistryVerb::Resolve, &reference, minute, minute).awaited(seconds(100));
        let outcome = bench.gate.run(&awaited, |_| async {
            let shown = if moves && bench.elapsed() >= seconds(40) { &new } else { &old };
            if *shown == new { Ok(()) } else { Err(stale(&reference, &new, shown)) }
        });
        match outcome.await {
            Ok(()) => assert!(moves && bench.elapsed() <= seconds(45), "{:?}", bench.elapsed()),
            Err(failure) => {
                assert!(!moves);
                assert_eq!(failure.kind, FailureKind::Conflict);
                let expected =
                    format!("waited 100 s for `ghcr.io/a:1`: `ghcr.io/a:1` shows `{old}` instead of `{new}`");
                assert_eq!(failure.message, expected);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn looks_cost_no_attempts_and_failures_between_them_do() {
    let bench = Bench::with(|_, _| ok(""), |options| options.retry.attempts = 3);
    let awaited = operation("a").awaited(seconds(600));
    let run = async |troubles: &[u32]| {
        let attempt = |permit: crate::Permit| async move {
            match permit.attempt() {
                number if troubles.contains(&number) => Err(failure(FailureKind::Unavailable)),
                number if number < 30 => Err(absent()),
                _ => Ok(()),
            }
        };
        bench.gate.run(&awaited, attempt).await
    };
    run(&[5, 20]).await.unwrap();
    let failure = run(&[5, 12, 20]).await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::Unavailable, 20));
}

/// Fails for good on one host; says how often it was tried.
async fn fail(bench: &Bench, operation: &Operation, kind: FailureKind) -> (Failure, u32) {
    let attempts = Cell::new(0);
    let outcome = bench.gate.run(operation, |_| {
        attempts.set(attempts.get() + 1);
        async move { Err::<(), _>(failure(kind)) }
    });
    (outcome.await.unwrap_err(), attempts.get())
}

fn prompt() -> Bench {
    Bench::with(
        |_, _| ok(""),
        |options| {
            options.retry.jitter = Jitter::None;
            options.retry.initial = Duration::ZERO;
        },
    )
}

#[tokio::test(start_paused = true)]
async fn a_host_that_keeps_failing_is_left_alone_and_others_are_not() {
    let bench = prompt();
    // A hundred tokens are ten retries: two operations of five attempts, and half of a third one.
    let mut tried = Vec::new();
    for subject in ["a", "b", "c", "d"] {
        tried.push(fail(&bench, &operation(subject), FailureKind::Unavailable).await.1);
    }
    assert_eq!(tried, [5, 5, 3, 1]);
    let (failure, _) = fail(&bench, &operation("e"), FailureKind::Unavailable).await;
    assert_eq!(failure.message, "the server said no; retry budget exhausted at `registry.example:443`");
    assert_eq!((failure.kind, failure.attempts), (FailureKind::Unavailable, 1));
    assert!(failure.hint.unwrap().contains("run the same command again"));
    let elsewhere = operation("f").at("other.example:443");
    assert_eq!(fail(&bench, &elsewhere, FailureKind::Unavailable).await.1, 5);
}

#[tokio::test(start_paused = true)]
async fn successes_refill_the_budget_and_throttling_costs_a_fifth() {
    let bench = prompt();
    for subject in ["a", "b", "c"] {
        fail(&bench, &operation(subject), FailureKind::Unavailable).await;
    }
    for _ in 0..10 {
        bench.gate.run(&operation("ok"), |_| async { Ok(()) }).await.unwrap();
    }
    assert_eq!(fail(&bench, &operation("d"), FailureKind::Unavailable).await.1, 2);
    let bench = prompt();
    let mut retries = 0;
    for n in 0..20 {
        retries += fail(&bench, &operation(&n.to_string()), FailureKind::RateLimited).await.1 - 1;
    }
    assert_eq!(retries, 50);
}

#[tokio::test(start_paused = true)]
async fn looks_for_what_propagates_are_not_paid_for() {
    let bench = Bench::with(
        |_, _| ok(""),
        |options| options.budget = BudgetPolicy { capacity: 0, ..BudgetPolicy::default() },
    );
    look(&bench, "a", seconds(600), seconds(300)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_budget_counts_registries_only_and_can_be_set() {
    let broke = |options: &mut crate::GateOptions| options.budget.capacity = 0;
    let bench = Bench::with(|_, _| ok(""), broke);
    assert_eq!(fail(&bench, &operation("a"), FailureKind::Unavailable).await.1, 1);
    let minute = seconds(60);
    let http = Operation::new(OperationKind::HttpRead, "b", minute, minute * 10).at("registry.example:443");
    assert_eq!(fail(&bench, &http, FailureKind::Unavailable).await.1, 5);
}

/// Fails for good with what a registry or its token server says.
async fn say(bench: &Bench, kind: FailureKind, fault: RegistryFault) -> Failure {
    let said = failure(kind).with_registry(fault);
    let attempt = |_| async { Err::<(), _>(said.clone()) };
    bench.gate.run(&operation("a"), attempt).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn broken_bytes_are_fetched_once_more() {
    let bench = Bench::idle();
    let fault = RegistryFault::new(RegistryVerb::GetManifest, Party::Registry);
    let end = say(&bench, FailureKind::Internal, RegistryFault { corrupt: true, ..fault }).await;
    assert_eq!((end.attempts, end.message.as_str()), (2, "the server said no"));
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_refuses_is_asked_three_times() {
    let bench = Bench::idle();
    let fault = RegistryFault::new(RegistryVerb::GetManifest, Party::TokenServer);
    assert_eq!(say(&bench, FailureKind::Denied, fault).await.attempts, 3);
    assert!(bench.retries().iter().all(|delay| *delay >= seconds(2)), "{:?}", bench.retries());
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_wait_at_once_and_says_what_was_waited_for() {
    let bench = Bench::idle();
    let cancel = bench.gate.inner.options.cancel.clone();
    // Fifty, so that most of them wait for a turn and not for their own next look.
    let subjects: Vec<_> = (0..50).map(|n| format!("laggard {n}")).collect();
    let all = join_all(subjects.iter().map(|subject| look(&bench, subject, seconds(600), Duration::MAX)));
    let (ends, ()) = tokio::join!(all, async {
        sleep(seconds(100)).await;
        cancel.cancel();
    });
    assert_eq!(bench.elapsed(), seconds(100));
    for (end, subject) in ends.into_iter().zip(&subjects) {
        let failure = end.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cancelled);
        assert!(failure.message.contains(subject.as_str()), "{failure}");
    }
}
