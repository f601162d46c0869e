//! One answer per run, one flight per answer.

use std::time::Duration;

use bakery_core::port::{Failure, FailureKind};
use tokio::time::{sleep, timeout};

use crate::testing::{Bench, caller, fails, get, ok, redirect, seconds};

const URL: &str = "https://cdn.example.com/a/latest.json";
const ALLOW: &[&str] = &["https://cdn.example.com/a/"];

fn slow(body: &str) -> crate::testing::Reply {
    (seconds(1), ok(body).1)
}

#[tokio::test(start_paused = true)]
async fn equal_requests_are_sent_once_at_the_same_time_and_later() {
    let bench = Bench::new(|_, _| slow("x"));
    let (one, two) = (caller(ALLOW), caller(ALLOW));
    let (first, second) = tokio::join!(
        bench.gate.fetch(&one, vec![get(URL), get(URL)]),
        bench.gate.fetch(&two, vec![get("https://CDN.example.com:443/a/latest.json")]),
    );
    let third = bench.gate.fetch(&two, vec![get(URL)]).await;
    for answer in first.into_iter().chain(second).chain(third) {
        assert_eq!(answer.unwrap().body.as_ref(), b"x");
    }
    assert_eq!(bench.http.urls(), [URL]);
    assert_eq!(bench.elapsed(), seconds(1));
}

#[tokio::test(start_paused = true)]
async fn different_requests_are_not_confused() {
    let bench = Bench::new(|_, _| ok("x"));
    let accepting = |accept: &str| crate::FetchRequest { accept: Some(accept.into()), ..get(URL) };
    let head = crate::FetchRequest { method: bakery_core::port::HttpMethod::Head, ..get(URL) };
    let requests = vec![get(URL), accepting("a/b"), accepting("a/c"), head, get(&format!("{URL}?x"))];
    bench.gate.fetch(&caller(ALLOW), requests).await;
    assert_eq!(bench.http.seen().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_its_flight_and_then_forgotten() {
    let bench = Bench::new(
        |_, before| if before == 0 { (seconds(1), fails(FailureKind::NotFound).1) } else { ok("x") },
    );
    let caller = caller(ALLOW);
    let both = bench.gate.fetch(&caller, vec![get(URL), get(URL)]).await;
    assert!(both.iter().all(|answer| answer.as_ref().unwrap_err().kind == FailureKind::NotFound));
    assert_eq!(bench.http.seen().len(), 1);
    assert!(bench.gate.fetch(&caller, vec![get(URL)]).await[0].is_ok());
    assert_eq!(bench.http.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_polls_gets_nothing_that_began_before() {
    let bench = Bench::new(|_, before| slow(&before.to_string()));
    let body = |fresh_since| {
        let caller = crate::Caller { fresh_since, ..caller(ALLOW) };
        let gate = bench.gate.clone();
        async move {
            String::from_utf8(gate.fetch(&caller, vec![get(URL)]).await[0].as_ref().unwrap().body.to_vec())
                .unwrap()
        }
    };
    assert_eq!(body(None).await, "0");
    sleep(seconds(1)).await;
    let now = bench.gate.now();
    // A landed answer and one on its way are both too old.
    let (old, new, also_new) = tokio::join!(body(None), body(Some(now)), body(Some(now)));
    assert_eq!([old, new, also_new], ["0", "1", "1"]);
    let flying = bench.gate.clone();
    let (polling, ()) = tokio::join!(body(Some(bench.gate.now())), async {
        sleep(Duration::from_millis(500)).await;
        assert_eq!(body(Some(flying.now())).await, "3");
    });
    assert_eq!(polling, "2");
    // The newest answer is the one that is kept.
    assert_eq!(body(None).await, "3");
}

#[tokio::test(start_paused = true)]
async fn a_flight_survives_the_caller_who_began_it() {
    let bench = Bench::new(|_, _| slow("x"));
    let (one, two) = (caller(ALLOW), caller(ALLOW));
    let (gone, stayed) = tokio::join!(
        timeout(Duration::from_millis(500), bench.gate.fetch(&one, vec![get(URL)])),
        bench.gate.fetch(&two, vec![get(URL)]),
    );
    assert!(gone.is_err() && stayed[0].is_ok());
    assert_eq!(bench.http.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flight_ends_when_nobody_waits_for_it() {
    let bench = Bench::with(|_, _| slow("x"), |options| options.per_host = 1);
    let caller = caller(ALLOW);
    let gone = timeout(Duration::from_millis(500), bench.gate.fetch(&caller, vec![get(URL)])).await;
    assert!(gone.is_err());
    assert_eq!(bench.http.in_flight(), 0);
    assert!(bench.gate.fetch(&caller, vec![get(URL)]).await[0].is_ok());
    assert_eq!(bench.http.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_memorised_redirect_is_checked_again_for_every_caller() {
    let bench = Bench::new(|request, _| match request.url.host_str() {
        Some("cdn.example.com") => redirect("https://other.example/x"),
        _ => ok("x"),
    });
    let both = caller(&["https://cdn.example.com/", "https://other.example/"]);
    assert!(bench.gate.fetch(&both, vec![get(URL)]).await[0].is_ok());
    let denied = bench.gate.fetch(&caller(ALLOW), vec![get(URL)]).await;
    assert_eq!(denied[0].as_ref().unwrap_err().kind, FailureKind::Denied);
    assert_eq!(bench.http.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_a_full_memo_still_answers() {
    let bench = Bench::with(|_, _| ok(&"x".repeat(10_000)), |options| options.limits.memo_bytes = 25_000);
    let caller = caller(ALLOW);
    let url = |n: u32| get(&format!("https://cdn.example.com/a/{n}"));
    for round in 0..2 {
        for n in 0..3 {
            assert!(bench.gate.fetch(&caller, vec![url(n)]).await[0].is_ok(), "{round} {n}");
        }
    }
    // Two are remembered; the third is sent each time.
    assert_eq!(bench.http.seen().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_panics_is_one_failure() {
    let bench = Bench::new(|_, before| if before == 0 { panic!("a bug") } else { ok("x") });
    let caller = caller(ALLOW);
    let Failure { kind, message, .. } =
        bench.gate.fetch(&caller, vec![get(URL)]).await.remove(0).unwrap_err();
    assert_eq!(
        (kind, message.as_str()),
        (FailureKind::Internal, "the backend panicked, which is a bug of bakery")
    );
    assert!(bench.gate.fetch(&caller, vec![get(URL)]).await[0].is_ok());
}
