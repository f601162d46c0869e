//! The width of a lane under a paused clock: halved by a host that has too many requests, and won back.

use std::{cell::Cell, time::Duration};

use bakery_core::port::FailureKind;
use futures_util::future::join_all;
use tokio::time::sleep;

use super::*;
use crate::testing::{Bench, failure, ok, operation, seconds};

const ORIGIN: &str = "registry.example:443";

/// A hundred requests of one second at once; says how many were in flight at most.
async fn peak(bench: &Bench) -> usize {
    let (now, peak) = (Cell::new(0), Cell::new(0));
    let requests = (0..100).map(|n| {
        let (now, peak) = (&now, &peak);
        async move {
            let attempt = |_| async move {
                now.set(now.get() + 1);
                peak.set(peak.get().max(now.get()));
                sleep(seconds(1)).await;
                now.set(now.get() - 1);
                // Not a success: the width stays as it is.
                Err::<(), _>(failure(FailureKind::Internal))
            };
            bench.gate.run(&operation(&format!("{n}")), attempt).await.unwrap_err();
        }
    });
    join_all(requests).await;
    peak.get()
}

async fn limited(bench: &Bench) {
    let once = operation("limited").once();
    let attempt = |_| async { Err::<(), _>(failure(FailureKind::RateLimited)) };
    bench.gate.run(&once, attempt).await.unwrap_err();
}

async fn succeed(bench: &Bench, times: u32) {
    for _ in 0..times {
        bench.gate.run(&operation("ok"), |_| async { Ok(()) }).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_halve_the_width_down_to_one() {
    let bench = Bench::idle();
    let mut seen = vec![peak(&bench).await];
    for _ in 0..6 {
        limited(&bench).await;
        seen.push(peak(&bench).await);
    }
    assert_eq!(seen, [24, 12, 6, 3, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn successes_win_the_width_back_one_by_one_and_no_further() {
    let bench = Bench::with(|_, _| ok(""), |options| options.per_host = 4);
    limited(&bench).await;
    succeed(&bench, Throttle::RECOVERY - 1).await;
    assert_eq!(peak(&bench).await, 2);
    succeed(&bench, 1).await;
    assert_eq!(peak(&bench).await, 3);
    succeed(&bench, 100).await;
    assert_eq!(peak(&bench).await, 4);
}

#[tokio::test(start_paused = true)]
async fn those_who_were_in_flight_together_say_it_once() {
    let bench = Bench::idle();
    let once = operation("a").once();
    let burst = (0..24).map(|n| {
        let (bench, once) = (&bench, &once);
        async move {
            let attempt = |_| async move {
                sleep(seconds(1) + Duration::from_millis(n)).await;
                Err::<(), _>(failure(FailureKind::RateLimited))
            };
            bench.gate.run(once, attempt).await.unwrap_err();
        }
    });
    join_all(burst).await;
    assert_eq!(peak(&bench).await, 12);
}

#[tokio::test(start_paused = true)]
async fn other_hosts_keep_their_width() {
    let bench = Bench::idle();
    let elsewhere = operation("a").at("other.example:443").once();
    let attempt = |_| async { Err::<(), _>(failure(FailureKind::RateLimited)) };
    bench.gate.run(&elsewhere, attempt).await.unwrap_err();
    assert_eq!(peak(&bench).await, 24);
}

#[tokio::test(start_paused = true)]
async fn no_slot_is_lost_or_won_by_a_storm() {
    let bench = Bench::idle();
    let lane = bench.gate.inner.lanes.lane(ORIGIN);
    let ends = after(Instant::now(), seconds(10_000));
    for round in 0..200_usize {
        let mut held = Vec::new();
        for _ in 0..round % 5 {
            held.extend(lane.spare());
        }
        match round % 7 {
            0 | 3 => lane.throttle(Instant::now()),
            _ => (0..round % 23).for_each(|_| lane.succeed()),
        }
        sleep(Duration::from_millis(1)).await;
        drop(held);
        let allowed = lane.state().throttle.allowed();
        assert_eq!((lane.slots.available_permits(), lane.state().surplus), (allowed, 0), "round {round}");
        drop(lane.enter(ends).await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_won_back_while_too_many_are_in_flight_lets_nobody_in() {
    let bench = Bench::with(|_, _| ok(""), |options| options.per_host = 4);
    let lane = bench.gate.inner.lanes.lane(ORIGIN);
    let held: Vec<_> = std::iter::from_fn(|| lane.spare()).collect();
    assert_eq!(held.len(), 4);
    lane.throttle(Instant::now());
    (0..Throttle::RECOVERY).for_each(|_| lane.succeed());
    assert_eq!((lane.state().throttle.allowed(), lane.slots.available_permits()), (3, 0));
    drop(held);
    assert_eq!(lane.slots.available_permits(), 3);
}

#[tokio::test(start_paused = true)]
async fn those_who_look_are_kept_apart_and_the_first_goes_at_once() {
    let lane = Bench::idle().gate.inner.lanes.lane(ORIGIN);
    let now = Instant::now();
    let apart = Duration::from_millis(40);
    let turns: Vec<_> = (0..3).map(|_| lane.look(|_| apart) - now).collect();
    assert_eq!(turns, [Duration::ZERO, apart, 2 * apart]);
    sleep(seconds(1)).await;
    assert_eq!(lane.look(|_| apart) - now, seconds(1), "what was not used is not saved up");
}
