//! Second requests, under a paused clock: when there is one, and whose answer counts.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use bakery_core::{
    model::RegistryHost,
    policy::{Cause, Operation},
    port::{Event, registry::RegistryVerb},
};
use tokio::time::sleep;

use super::*;
use crate::testing::{Bench, failure, ok, seconds};

const ORIGIN: &str = "registry.example:443";

fn read(subject: &str) -> Operation {
    on(RegistryVerb::Resolve, subject)
}

fn on(verb: RegistryVerb, subject: &str) -> Operation {
    let registry: RegistryHost = ORIGIN.parse().unwrap();
    Operation::registry(verb, &registry, subject, seconds(60), seconds(600))
}

/// What a request answers, and after how many milliseconds.
type Answer = (u64, Result<u32, FailureKind>);

/// What happened to the requests of one operation.
#[derive(Default)]
struct Course {
    began: RefCell<Vec<Duration>>,
    dropped: Cell<usize>,
}

struct Flight {
    course: Rc<Course>,
    landed: Cell<bool>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed.get() {
            self.course.dropped.set(self.course.dropped.get() + 1);
        }
    }
}

/// Runs an operation whose nth request answers the nth of these; says when the requests began.
async fn run(bench: &Bench, operation: &Operation, answers: &[Answer]) -> (Result<u32, Failure>, Rc<Course>) {
    let course = Rc::new(Course::default());
    let start = bench.elapsed();
    let outcome = bench
        .gate
        .run_hedged(operation, |_| {
            let number = course.began.borrow().len();
            course.began.borrow_mut().push(bench.elapsed() - start);
            let (delay, answer) = answers[number.min(answers.len() - 1)];
            let flight = Flight { course: Rc::clone(&course), landed: Cell::new(false) };
            async move {
                sleep(Duration::from_millis(delay)).await;
                flight.landed.set(true);
                answer.map_err(failure)
            }
        })
        .await;
    (outcome, course)
}

fn began(course: &Course) -> Vec<u128> {
    course.began.borrow().iter().map(Duration::as_millis).collect()
}

#[tokio::test(start_paused = true)]
async fn a_read_that_answers_soon_is_asked_once() {
    let bench = Bench::idle();
    let (outcome, course) = run(&bench, &read("a"), &[(999, Ok(1))]).await;
    assert_eq!((outcome, began(&course)), (Ok(1), vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_slow_read_is_asked_a_second_time_and_the_first_good_answer_counts() {
    for (answers, expected, at) in
        [([(30_000, Ok(1)), (100, Ok(2))], 2, 1100), ([(1500, Ok(1)), (30_000, Ok(2))], 1, 1500)]
    {
        let bench = Bench::idle();
        let (outcome, course) = run(&bench, &read("a"), &answers).await;
        assert_eq!((outcome, began(&course)), (Ok(expected), vec![0, 1000]));
        assert_eq!(bench.elapsed().as_millis(), at);
        assert_eq!(course.dropped.get(), 1, "the loser is let go");
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_never_a_third_request() {
    let bench = Bench::idle();
    let (outcome, course) = run(&bench, &read("a"), &[(30_000, Ok(1)), (30_000, Ok(2))]).await;
    assert_eq!((outcome, began(&course)), (Ok(1), vec![0, 1000]));
}

#[tokio::test(start_paused = true)]
async fn what_a_stale_replica_lacks_does_not_beat_what_another_one_has() {
    for operation in [read("a"), read("a").awaited(seconds(600))] {
        let bench = Bench::idle();
        let (outcome, course) =
            run(&bench, &operation, &[(2000, Ok(1)), (10, Err(FailureKind::NotFound))]).await;
        assert_eq!((outcome, began(&course)), (Ok(1), vec![0, 1000]));
        assert_eq!(bench.events(), [], "nothing was waited for");
        let bench = Bench::idle();
        let (outcome, _) =
            run(&bench, &operation, &[(1500, Err(FailureKind::NotFound)), (3000, Ok(2))]).await;
        assert_eq!(outcome, Ok(2));
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_other_request_would_change_ends_both() {
    let bench = Bench::idle();
    let (outcome, course) =
        run(&bench, &read("a"), &[(30_000, Ok(1)), (100, Err(FailureKind::Denied))]).await;
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Denied);
    assert_eq!((bench.elapsed().as_millis(), course.dropped.get()), (1100, 1));
}

#[tokio::test(start_paused = true)]
async fn of_two_failures_the_one_counts_that_leaves_more_to_do() {
    use FailureKind::{Denied, NotFound, Unavailable};
    let awaited = read("a").awaited(seconds(600));
    // Absence of what is awaited is waited for; trouble is tried again; and both come out well.
    for (operation, first, second) in [
        (&awaited, NotFound, Unavailable),
        (&awaited, Unavailable, NotFound),
        (&read("b"), NotFound, Unavailable),
        (&read("b"), Unavailable, Denied),
    ] {
        let bench = Bench::idle();
        let answers = [(1500, Err(first)), (1000, Err(second)), (0, Ok(3))];
        let (outcome, course) = run(&bench, operation, &answers).await;
        assert_eq!(outcome, Ok(3), "{first:?} {second:?}");
        assert_eq!(course.began.borrow().len(), 3);
        let waits = matches!(bench.events()[0], Event::Waiting { .. });
        assert_eq!(waits, operation.awaited.is_some(), "{first:?} {second:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn both_hanging_is_one_attempt_and_is_cut_off() {
    let bench = Bench::with(|_, _| ok(""), |options| options.retry.attempts = 1);
    let (outcome, course) = run(&bench, &read("a"), &[(900_000, Ok(1))]).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::TimedOut, 1));
    assert_eq!((course.dropped.get(), bench.elapsed().as_secs()), (2, 61));
}

#[tokio::test(start_paused = true)]
async fn writes_and_large_reads_are_never_asked_twice() {
    for verb in [
        RegistryVerb::PutManifest,
        RegistryVerb::Mount,
        RegistryVerb::BeginUpload,
        RegistryVerb::FinishUpload,
        RegistryVerb::GetBlob,
    ] {
        let bench = Bench::idle();
        let (outcome, course) = run(&bench, &on(verb, "a"), &[(30_000, Ok(1))]).await;
        assert_eq!((outcome, began(&course)), (Ok(1), vec![0]), "{verb:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_short_of_anything_is_not_asked_twice() {
    type Change = fn(&crate::lane::Lane);
    let shortages: [(&str, Change); 3] = [
        ("retries", |lane| assert!((0..5).all(|_| lane.pay(Cause::Unavailable)))),
        ("requests", |lane| lane.throttle(Instant::now())),
        ("time", |lane| lane.pause(seconds(2))),
    ];
    for (what, change) in shortages {
        let bench = Bench::idle();
        let lane = bench.gate.inner.lanes.lane(ORIGIN);
        let operation = read("a");
        let (outcome, _) = tokio::join!(run(&bench, &operation, &[(30_000, Ok(1))]), async {
            sleep(Duration::from_millis(500)).await;
            change(&lane);
        });
        assert_eq!(began(&outcome.1), [0], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_lane_has_no_place_for_second_requests() {
    for (width, expected) in [(1, vec![0]), (2, vec![0, 1000])] {
        let bench = Bench::with(|_, _| ok(""), |options| options.per_host = width);
        let (outcome, course) = run(&bench, &read("a"), &[(2000, Ok(1))]).await;
        assert_eq!((outcome, began(&course)), (Ok(1), expected));
    }
}

#[tokio::test(start_paused = true)]
async fn it_can_be_turned_off() {
    let bench = Bench::with(|_, _| ok(""), |options| options.hedge.enabled = false);
    let (_, course) = run(&bench, &read("a"), &[(30_000, Ok(1))]).await;
    assert_eq!(began(&course), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_always_slow_is_given_the_time_it_takes() {
    let bench = Bench::idle();
    for _ in 0..30 {
        run(&bench, &read("a"), &[(3000, Ok(1)), (60_000, Ok(2))]).await.0.unwrap();
    }
    let (_, course) = run(&bench, &read("a"), &[(3500, Ok(1))]).await;
    assert_eq!(began(&course), [0, 3000]);
}

#[tokio::test(start_paused = true)]
async fn the_second_request_gives_its_place_back() {
    let bench = Bench::with(|_, _| ok(""), |options| options.per_host = 2);
    for answers in [[(30_000, Ok(1)), (0, Ok(2))], [(30_000, Ok(1)), (0, Err(FailureKind::Denied))]] {
        run(&bench, &read("a"), &answers).await.0.ok();
        let lane = bench.gate.inner.lanes.lane(ORIGIN);
        assert!(lane.spare().is_some());
        let both = [lane.spare(), lane.spare()];
        assert!(both.iter().all(Option::is_some));
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_both() {
    let bench = Bench::idle();
    let cancel = bench.gate.inner.options.cancel.clone();
    let operation = read("a");
    let ((outcome, course), ()) = tokio::join!(run(&bench, &operation, &[(30_000, Ok(1))]), async {
        sleep(seconds(2)).await;
        cancel.cancel();
    });
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled);
    assert_eq!((course.dropped.get(), bench.elapsed()), (2, seconds(2)));
}
