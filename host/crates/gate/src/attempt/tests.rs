//! The loop under a paused clock.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bakery_core::{
    policy::{Cause, Class, Tally},
    port::{Admission, Event, FailureKind},
};
use tokio::time::{Instant, sleep_until};

use super::*;
use crate::{
    clock::{after, spoken},
    testing::{Bench, failure, operation, seconds},
};

/// Fails `failures` times with `kind`, then succeeds.
async fn flaky(
    bench: &Bench,
    operation: &Operation,
    kind: FailureKind,
    failures: u32,
) -> (Result<u32, Failure>, u32) {
    let attempts = Cell::new(0);
    let outcome = bench
        .gate
        .run(operation, |permit| {
            attempts.set(attempts.get() + 1);
            let number = attempts.get();
            assert_eq!(permit.attempt(), number);
            async move { if number > failures { Ok(number) } else { Err(failure(kind)) } }
        })
        .await;
    (outcome, attempts.get())
}

#[tokio::test(start_paused = true)]
async fn it_succeeds_after_two_transient_failures() {
    let bench = Bench::idle();
    let (outcome, attempts) = flaky(&bench, &operation("a"), FailureKind::Unavailable, 2).await;
    assert_eq!((outcome, attempts), (Ok(3), 3));
    let retries = bench.retries();
    assert_eq!(retries.len(), 2);
    assert!(bench.elapsed() >= retries.iter().sum::<Duration>(), "it did not wait");
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_ends_it_on_the_first_attempt() {
    for kind in
        [FailureKind::NotFound, FailureKind::Unauthorized, FailureKind::Denied, FailureKind::InvalidInput]
    {
        let bench = Bench::idle();
        let (outcome, attempts) = flaky(&bench, &operation("a"), kind, 9).await;
        assert_eq!((outcome.unwrap_err().attempts, attempts), (1, 1), "{kind:?}");
        assert_eq!((bench.retries(), bench.elapsed()), (vec![], Duration::ZERO), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_attempt_budget_ends_it_with_the_last_failure() {
    let bench = Bench::idle();
    let (outcome, attempts) = flaky(&bench, &operation("a"), FailureKind::Unavailable, 99).await;
    let expected = Failure { attempts: 5, ..failure(FailureKind::Unavailable) };
    assert_eq!((outcome, attempts), (Err(expected), 5));
    assert_eq!(bench.retries().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_idempotent_is_tried_once() {
    let bench = Bench::idle();
    let (outcome, attempts) = flaky(&bench, &operation("a").once(), FailureKind::Unavailable, 1).await;
    assert!(outcome.is_err());
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn the_delays_are_the_policys_for_its_seed() {
    let draw = |seed| async move {
        let bench = Bench::with(|_, _| crate::testing::ok(""), |options| options.retry.seed = seed);
        flaky(&bench, &operation("a"), FailureKind::Unavailable, 99).await.0.unwrap_err();
        let policy = &bench.gate.inner.options.retry;
        for (retry, ceiling) in bench.retries().iter().zip([2, 4, 8, 16]) {
            assert!(*retry < seconds(ceiling), "{retry:?}");
        }
        let tally = Tally::default().with(Class::Transient(Cause::Unavailable));
        let first =
            policy.next_delay(&operation("a"), tally, Duration::ZERO, &failure(FailureKind::Unavailable));
        assert_eq!(Some(bench.retries()[0]), first);
        bench.retries()
    };
    assert_eq!(draw(1).await, draw(1).await);
    assert_ne!(draw(1).await, draw(2).await);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_one_caller_is_asked_for_holds_back_every_caller_of_that_host() {
    let bench = Bench::idle();
    let began = RefCell::new(Vec::new());
    let call = |name: &'static str, subject: &'static str, origin: &'static str, after: u64| {
        let (bench, began) = (&bench, &began);
        async move {
            tokio::time::sleep(seconds(after)).await;
            let first = Cell::new(name == "limited");
            let operation = operation(subject).at(origin);
            let outcome = bench.gate.run(&operation, |_| {
                began.borrow_mut().push((name, bench.elapsed().as_secs()));
                let limited = first.replace(false);
                async move {
                    if limited {
                        Err(failure(FailureKind::RateLimited).with_retry_after(seconds(60)))
                    } else {
                        Ok(())
                    }
                }
            });
            outcome.await.unwrap();
        }
    };
    tokio::join!(
        call("limited", "a", "one.example:443", 0),
        call("same host", "b", "one.example:443", 5),
        call("same host", "c", "one.example:443", 70),
        call("other host", "d", "two.example:443", 5),
    );
    let mut began = began.into_inner();
    began.sort_by_key(|(name, at)| (*at, *name));
    // The floor is 60 s; the one who was told returns within a second of it.
    assert_eq!(began[..3], [("limited", 0), ("other host", 5), ("limited", 60)]);
    assert_eq!(began[3..], [("same host", 60), ("same host", 70)]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_the_time_left_fails_now_and_says_so() {
    let bench = Bench::idle();
    let asked = failure(FailureKind::RateLimited).with_retry_after(seconds(3600));
    let first = bench.gate.run(&operation("a"), |_| async { Err::<(), _>(asked.clone()) }).await.unwrap_err();
    let second = flaky(&bench, &operation("b"), FailureKind::Internal, 0).await.0.unwrap_err();
    assert_eq!(bench.elapsed(), Duration::ZERO);
    shown(
        &first,
        "rate-limited after 1: the server said no; it asks to wait 3600 s, longer than the 600 s left",
    );
    shown(
        &second,
        "rate-limited after 0: `registry.example:443` asked every caller to wait, another 3600 s, longer than the 600 s left",
    );
}

#[tokio::test(start_paused = true)]
async fn only_a_busy_host_holds_its_callers_back() {
    for (kind, pause) in [
        (FailureKind::RateLimited, 60),
        (FailureKind::Unavailable, 60),
        (FailureKind::NotFound, 0),
        (FailureKind::Denied, 0),
    ] {
        let bench = Bench::idle();
        let asked = failure(kind).with_retry_after(seconds(60));
        let once = operation("a").once();
        bench.gate.run(&once, |_| async { Err::<(), _>(asked.clone()) }).await.unwrap_err();
        flaky(&bench, &operation("b"), FailureKind::Internal, 0).await.0.unwrap();
        assert_eq!(bench.elapsed().as_secs(), pause, "{kind:?}");
    }
}

fn shown(failure: &Failure, expected: &str) {
    assert_eq!(format!("{} after {}: {failure}", failure.kind.as_str(), failure.attempts), expected);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_is_cut_off_and_tried_again() {
    let bench = Bench::idle();
    let attempts = Cell::new(0);
    let operation = operation("a");
    let outcome = bench.gate.run(&operation, |_| {
        attempts.set(attempts.get() + 1);
        let hangs = attempts.get() == 1;
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    outcome.await.unwrap();
    assert_eq!(attempts.get(), 2);
    assert!((seconds(60)..seconds(63)).contains(&bench.elapsed()), "{:?}", bench.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_it_whatever_it_does() {
    let bench = Bench::idle();
    let short = Operation { limit: seconds(100), ..operation("a") };
    let outcome = bench.gate.run(&short, |_| std::future::pending::<Result<(), Failure>>()).await;
    assert_eq!(bench.elapsed().as_secs(), 100);
    shown(
        &outcome.unwrap_err(),
        &format!(
            "timed-out after 2: `a` did not answer within {}; no time for another attempt within 100 s",
            spoken(seconds(40) - bench.retries()[0])
        ),
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_wait_for_a_permit() {
    let bench = Bench::with(|_, _| crate::testing::ok(""), |options| options.per_host = 1);
    let hog = operation("hog");
    let waiter = Operation { limit: seconds(5), ..operation("waiter") };
    let (_, outcome) = tokio::join!(
        bench.gate.run(&hog, |_| async {
            tokio::time::sleep(seconds(50)).await;
            Ok(())
        }),
        async {
            let outcome = bench.gate.run(&waiter, |_| async { Ok(()) }).await;
            assert_eq!(bench.elapsed(), seconds(5));
            outcome
        }
    );
    shown(
        &outcome.unwrap_err(),
        "timed-out after 0: waited 5 s for other requests to `registry.example:443`, and had no turn",
    );
}

#[tokio::test(start_paused = true)]
async fn permits_are_given_in_the_order_of_asking_and_never_exceeded() {
    let bench = Bench::with(|_, _| crate::testing::ok(""), |options| options.per_host = 2);
    let (order, flying, peak) = (Mutex::new(Vec::new()), AtomicUsize::new(0), AtomicUsize::new(0));
    let calls = (0..20).map(|caller| {
        let (bench, order, flying, peak) = (&bench, &order, &flying, &peak);
        async move {
            // They ask in an order that is not the order in which they are polled.
            let turn = (caller * 7) % 20;
            tokio::time::sleep(Duration::from_millis(turn)).await;
            let operation = operation(&format!("{caller}"));
            let attempt = |_| async move {
                order.lock().unwrap().push(turn);
                peak.fetch_max(flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(seconds(1)).await;
                flying.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            bench.gate.run(&operation, attempt).await.unwrap();
        }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(order.into_inner().unwrap(), (0..20).collect::<Vec<_>>());
    assert_eq!(peak.into_inner(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_given_back_while_backing_off() {
    let bench = Bench::with(
        |_, _| crate::testing::ok(""),
        |options| {
            options.per_host = 1;
            options.retry.jitter = bakery_core::policy::Jitter::None;
        },
    );
    let (a, b) = (operation("a"), operation("b"));
    let (_, done) = tokio::join!(flaky(&bench, &a, FailureKind::Unavailable, 1), async {
        flaky(&bench, &b, FailureKind::Unavailable, 0).await.0.unwrap();
        bench.elapsed()
    });
    assert_eq!(done, Duration::ZERO);
    assert_eq!(bench.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_every_kind_of_waiting_at_once() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Doing {
        Permit,
        Attempt,
        Backoff,
        Pause,
        Nothing,
    }
    for doing in [Doing::Permit, Doing::Attempt, Doing::Backoff, Doing::Pause, Doing::Nothing] {
        let bench = Arc::new(Bench::with(|_, _| crate::testing::ok(""), |options| options.per_host = 1));
        let cancel = bench.gate.inner.options.cancel.clone();
        let lane = bench.gate.inner.lanes.lane("registry.example:443");
        let held = if doing == Doing::Permit {
            lane.enter(after(Instant::now(), seconds(1))).await.ok()
        } else {
            None
        };
        match doing {
            Doing::Pause => lane.pause(seconds(300)),
            Doing::Nothing => cancel.cancel(),
            Doing::Permit | Doing::Attempt | Doing::Backoff => {}
        }
        let attempts = Cell::new(0);
        let when = bench.started + Duration::from_millis(1);
        let operation = operation("a");
        let run = bench.gate.run(&operation, |_| {
            attempts.set(attempts.get() + 1);
            async move {
                if doing == Doing::Attempt {
                    std::future::pending::<()>().await;
                }
                Err::<(), _>(failure(FailureKind::Unavailable))
            }
        });
        let (outcome, ()) = tokio::join!(run, async {
            sleep_until(when).await;
            cancel.cancel();
        });
        assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled, "{doing:?}");
        assert_eq!(attempts.get(), u32::from(matches!(doing, Doing::Attempt | Doing::Backoff)), "{doing:?}");
        assert!(bench.elapsed() <= Duration::from_millis(2), "{doing:?} {:?}", bench.elapsed());
        drop(held);
    }
}

#[tokio::test(start_paused = true)]
async fn a_thing_that_was_just_written_is_waited_for_without_spending_attempts() {
    let bench = Bench::idle();
    let awaited = operation("a").awaited(seconds(300));
    let (outcome, attempts) = flaky(&bench, &awaited, FailureKind::NotFound, 20).await;
    assert_eq!((outcome, attempts), (Ok(21), 21));

    let bench = Bench::idle();
    let (outcome, _) = flaky(&bench, &awaited, FailureKind::NotFound, u32::MAX).await;
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.message, "waited 300 s for `a`: the server said no");
    assert_eq!(bench.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn every_retry_is_an_event_that_names_its_reason() {
    let bench = Bench::idle();
    flaky(&bench, &operation("a"), FailureKind::Unavailable, 1).await.0.unwrap();
    let expected = Event::Retrying {
        subject: "a".into(),
        attempt: 1,
        kind: FailureKind::Unavailable,
        message: "the server said no".into(),
        delay: bench.retries()[0],
    };
    assert_eq!(bench.events(), [expected]);
}
