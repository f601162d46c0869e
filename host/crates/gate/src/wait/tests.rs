//! Waiting for a condition under a paused clock.

use std::cell::Cell;

use super::*;
use crate::testing::{Bench, seconds};

/// Ready from `arrives` on.
async fn wait(bench: &Bench, budget: Duration, arrives: Duration) -> Waited<&'static str> {
    let probe = |_| async {
        if bench.elapsed() >= arrives {
            Probe::Ready("new")
        } else {
            Probe::Pending("old", "has `1`, wanted `2`".into())
        }
    };
    bench.gate.await_condition("connect daily", budget, probe).await
}

fn waiting(bench: &Bench) -> usize {
    bench.events().iter().filter(|event| matches!(event, Event::Waiting { .. })).count()
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_not_waited_for() {
    let bench = Bench::idle();
    let waited = wait(&bench, seconds(600), Duration::ZERO).await;
    assert_eq!(waited, Waited { answer: "new", end: WaitEnd::Arrived, waited: Duration::ZERO, looks: 1 });
    assert_eq!((bench.events(), bench.elapsed()), (vec![], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn it_ends_soon_after_the_answer_arrives_and_says_how_long_it_took() {
    let bench = Bench::idle();
    let waited = wait(&bench, seconds(600), seconds(60)).await;
    assert_eq!((waited.answer, waited.end), ("new", WaitEnd::Arrived));
    assert!((seconds(60)..=seconds(70)).contains(&waited.waited), "{waited:?}");
    assert_eq!(waited.waited, bench.elapsed());
    // Looks come further apart: a minute is a dozen of them, not hundreds.
    assert!((8..=20).contains(&waited.looks), "{waited:?}");
    assert_eq!(waiting(&bench) + 1, waited.looks as usize);
    let arrived = Event::Arrived { subject: "connect daily".into(), waited: waited.waited };
    assert_eq!(bench.events().last(), Some(&arrived));
}

#[tokio::test(start_paused = true)]
async fn every_look_says_what_is_there_and_how_long_it_will_go_on() {
    let bench = Bench::idle();
    wait(&bench, seconds(60), seconds(50)).await;
    let mut clock = Duration::ZERO;
    for event in bench.events() {
        if let Event::Waiting { subject, message, elapsed, delay, remaining } = event {
            assert_eq!((subject.as_str(), message.as_str()), ("connect daily", "has `1`, wanted `2`"));
            assert_eq!(elapsed + remaining, seconds(60));
            assert!(elapsed >= clock && delay > Duration::ZERO && delay <= remaining);
            clock = elapsed + delay;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_when_the_budget_is_used_after_a_last_look() {
    let bench = Bench::idle();
    let waited = wait(&bench, seconds(90), seconds(91)).await;
    assert_eq!((waited.answer, waited.end), ("old", WaitEnd::GaveUp));
    assert_eq!((waited.waited.as_secs(), bench.elapsed().as_secs()), (90, 90));
    let bench = Bench::idle();
    assert_eq!(wait(&bench, seconds(90), seconds(90)).await.end, WaitEnd::Arrived);
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_it_looks_once() {
    let bench = Bench::idle();
    let waited = wait(&bench, Duration::ZERO, seconds(1)).await;
    assert_eq!(waited, Waited { answer: "old", end: WaitEnd::GaveUp, waited: Duration::ZERO, looks: 1 });
    assert_eq!(bench.events(), []);
}

#[tokio::test(start_paused = true)]
async fn what_no_waiting_changes_ends_the_wait() {
    let bench = Bench::idle();
    let looks = Cell::new(0);
    let probe = |look| {
        looks.set(look);
        async move { if look == 3 { Probe::Failed("broken") } else { Probe::Pending("old", String::new()) } }
    };
    let waited = bench.gate.await_condition("s", seconds(600), probe).await;
    assert_eq!((waited.answer, waited.end, waited.looks, looks.get()), ("broken", WaitEnd::Failed, 3, 3));
    assert!(!bench.events().iter().any(|event| matches!(event, Event::Arrived { .. })));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_it_between_two_looks_and_during_one() {
    for hangs in [false, true] {
        let bench = Bench::idle();
        let cancel = bench.gate.inner.options.cancel.clone();
        let probe = |look| async move {
            if hangs && look > 1 {
                std::future::pending::<()>().await;
            }
            Probe::Pending("old", String::new())
        };
        let (waited, ()) = tokio::join!(bench.gate.await_condition("s", seconds(600), probe), async {
            sleep(seconds(7)).await;
            cancel.cancel();
        });
        assert_eq!((waited.answer, waited.end), ("old", WaitEnd::Cancelled));
        assert_eq!(bench.elapsed(), seconds(7));
    }
}
