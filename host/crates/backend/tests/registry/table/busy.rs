//! Rows about a registry, or its token server, that cannot answer now or has too many requests.

use std::time::Duration;

use bakery_core::port::{Failure, FailureKind};
use bakery_fault_registry::{
    Action, Answer, Auth, Operation as Asked, Script, When,
    script::{AnswerBody, RetryAfter},
};

use super::house::{House, PASSWORD, USER};

/// Statuses of trouble that passes.
const TROUBLE: [u16; 13] = [408, 425, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];

fn once(operation: Asked, answer: Answer) -> House {
    House::new(Script::new().rule(When::on(operation).nth(1).then(Action::answer(answer)).named("fault")))
}

#[tokio::test]
async fn trouble_passes_on_reads_and_writes() {
    for status in TROUBLE {
        for answer in [Answer::status(status), Answer::html(status)] {
            let house = once(Asked::GetManifest, answer.clone());
            house.get().await.unwrap();
            assert_eq!((house.asked(Asked::GetManifest), house.retries().len()), (2, 1), "{status}");
            let house = once(Asked::PutManifest, answer);
            house.put().await.unwrap();
            assert_eq!((house.asked(Asked::PutManifest), house.retries().len()), (2, 1), "{status}");
        }
    }
}

#[tokio::test]
async fn trouble_that_stays_is_tried_five_times() {
    let house = House::new(Script::new().rule(When::on(Asked::GetManifest).then(Action::status(503))));
    let failure = house.get().await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts), (FailureKind::Unavailable, 5));
    assert_eq!(house.asked(Asked::GetManifest), 5);
}

#[tokio::test]
async fn what_will_never_be_answered_is_asked_once() {
    for status in [501, 505, 508] {
        let house = once(Asked::GetManifest, Answer::status(status));
        assert_eq!(house.get().await.unwrap_err().kind, FailureKind::Internal, "{status}");
        assert_eq!((house.asked(Asked::GetManifest), house.retries()), (1, vec![]), "{status}");
    }
}

/// Is told to wait once; says which delay was announced, and how long it really took.
async fn told(answer: Answer) -> (Duration, Duration) {
    let house = once(Asked::GetManifest, answer.clone());
    let began = std::time::Instant::now();
    house.get().await.unwrap();
    let [delay] = house.retries()[..] else { panic!("{answer:?}: {:?}", house.retries()) };
    (delay, began.elapsed())
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_the_registry_asks_in_every_form() {
    let seconds = Answer::too_many(RetryAfter::Seconds(1));
    let any_status = Answer::code(400, "TOOMANYREQUESTS", "slow down").retry_after(RetryAfter::Seconds(1));
    let text = Answer::status(500)
        .body(AnswerBody::Text("toomanyrequests: Rate exceeded".to_owned()))
        .retry_after(RetryAfter::Seconds(1));
    let unavailable = Answer::status(503).retry_after(RetryAfter::Seconds(1));
    for (answer, least, most) in [
        (seconds, 1000, 1100),
        (any_status, 1000, 1100),
        (text, 1000, 1100),
        (unavailable, 1000, 1100),
        // Dates have whole seconds, and are rounded on both sides.
        (Answer::too_many(RetryAfter::DateIn(2)), 1000, 3300),
        (Answer::ghcr_rate("700ms"), 700, 770),
        (Answer::ghcr_rate("1.889377ms"), 1, 5),
        // What says nothing leaves the policy's own backoff.
        (Answer::too_many(RetryAfter::DateIn(-60)), 0, 5),
        (Answer::too_many(RetryAfter::Text("soon".to_owned())), 0, 5),
        (Answer::too_many(RetryAfter::Text("-1".to_owned())), 0, 5),
        (Answer::status(429).body(AnswerBody::Empty), 0, 5),
    ] {
        let (delay, took) = told(answer.clone()).await;
        let bounds = Duration::from_millis(least)..=Duration::from_millis(most);
        assert!(bounds.contains(&delay), "{answer:?}: {delay:?}");
        assert!(took >= delay, "{answer:?}: {took:?}");
    }
}

fn says(failure: &Failure, words: &str) {
    assert!(failure.message.contains(words), "{failure}");
    assert_eq!((failure.kind, failure.attempts), (FailureKind::RateLimited, 1));
}

#[tokio::test]
async fn a_wish_that_is_longer_than_the_time_left_fails_now() {
    let house = once(Asked::GetManifest, Answer::too_many(RetryAfter::Seconds(3600)));
    says(&house.get().await.unwrap_err(), "it asks to wait 3600 s, longer than the 60 s left");
    // And nobody else asks this registry in the meantime.
    let failure = house.put().await.unwrap_err();
    assert!(failure.message.contains("asked every caller to wait"), "{failure}");
    assert_eq!(house.registry.counters().requests, 1);
}

#[tokio::test]
async fn a_rate_limit_that_calls_itself_forbidden_is_worth_a_minute() {
    let house = once(Asked::GetManifest, Answer::secondary_rate_limit());
    says(&house.get().await.unwrap_err(), "it asks to wait 60 s");
    let hinted = Answer::secondary_rate_limit().retry_after(RetryAfter::Seconds(1));
    let (delay, _) = told(hinted).await;
    assert!((Duration::from_secs(1)..=Duration::from_millis(1100)).contains(&delay), "{delay:?}");
}

fn guarded(times: u64, status: u16) -> House {
    let rule = When::on(Asked::Token).first(times).then(Action::status(status));
    House::new(Script::new().auth(Auth::bearer(USER, PASSWORD)).rule(rule))
}

#[tokio::test]
async fn a_token_server_that_refuses_for_a_moment_is_asked_again() {
    let (forbidden, unauthorized) = (guarded(2, 403), guarded(2, 401));
    let (a, b) = tokio::join!(forbidden.get(), unauthorized.get());
    (a.unwrap(), b.unwrap());
    for house in [forbidden, unauthorized] {
        assert_eq!(house.asked(Asked::Token), 3);
        let retries = house.retries();
        assert!(retries.len() == 2 && retries.iter().all(|d| *d >= Duration::from_secs(2)), "{retries:?}");
    }
}

#[tokio::test]
async fn a_token_server_that_refuses_three_times_means_it() {
    let house = guarded(99, 403);
    let failure = house.get().await.unwrap_err();
    assert_eq!((failure.kind, failure.attempts, house.asked(Asked::Token)), (FailureKind::Denied, 3, 3));
    assert!(failure.hint.unwrap().contains("docker login"));
}

#[tokio::test]
async fn a_token_server_in_trouble_is_a_registry_in_trouble() {
    let house = guarded(1, 503);
    house.get().await.unwrap();
    assert_eq!((house.asked(Asked::Token), house.retries().len()), (2, 1));
}
