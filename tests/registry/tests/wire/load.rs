//! Rate and concurrency. Latency is measured in virtual time, in `virtual_time`.

use bakery_fault_registry::{
    Action, Auth, FaultRegistry, Script, When,
    script::{Load, Over, Rate, RateHint, RetryAfter},
};

use crate::raw::{Got, Raw, ask, get, spawn};

fn rated(hint: RateHint) -> FaultRegistry {
    // One request at once and then practically none: no test is fast or slow enough to see another.
    let rate = Rate { burst: 1, per_second: 0.001, hint };
    spawn(Script::new().load(Load { rate: Some(rate), ..Load::default() }))
}

fn second(hint: RateHint) -> Got {
    let registry = rated(hint);
    assert_eq!(get(&registry, "/v2/").status, 200);
    let got = get(&registry, "/v2/");
    assert_eq!(got.status, 429);
    got
}

#[test]
fn a_client_that_is_too_fast_is_told_in_the_chosen_form() {
    let seconds: u64 = second(RateHint::Seconds).header("retry-after").unwrap().parse().unwrap();
    assert!((900..=1000).contains(&seconds), "{seconds}");
    assert!(second(RateHint::Date).header("retry-after").unwrap().ends_with(" GMT"));
    let ghcr = second(RateHint::Ghcr);
    assert!(ghcr.text().contains("retry-after: ") && ghcr.header("retry-after").is_none());
    assert_eq!(second(RateHint::Silent).header("retry-after"), None);
    let fixed = second(RateHint::Fixed(RetryAfter::Text("-1".to_owned())));
    assert_eq!(fixed.header("retry-after"), Some("-1"));
}

#[test]
fn each_user_has_a_bucket_and_tokens_are_free() {
    let auth = Auth::basic("a", "a").user(bakery_fault_registry::script::User::almighty("b", "b"));
    let rate = Rate { burst: 1, per_second: 0.001, hint: RateHint::Silent };
    let registry = spawn(Script::new().auth(auth).load(Load { rate: Some(rate), ..Load::default() }));
    let ping = |credentials: &str| {
        Raw::connect(registry.host())
            .ask("GET", "/v2/", &[("authorization", credentials)], &[])
            .unwrap()
            .status
    };
    // "a:a" and "b:b".
    assert_eq!([ping("Basic YTph"), ping("Basic YTph"), ping("Basic Yjpi")], [200, 429, 200]);
    assert_eq!([get(&registry, "/token").status, get(&registry, "/token").status], [200, 200]);
}

#[test]
fn requests_above_the_concurrency_wait_or_are_refused() {
    let load = |over| Load { concurrency: Some(1), over, ..Load::default() };
    let hold = When::any().nth(1).then(Action::pause("first"));

    let registry = spawn(Script::new().load(load(Over::Refuse)).rule(hold.clone()));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| get(&registry, "/v2/").status);
        assert!(registry.wait_paused(std::time::Duration::from_secs(20)).is_some());
        assert_eq!(get(&registry, "/v2/").status, 429);
        assert_eq!(registry.release(), 1);
        assert_eq!(first.join().unwrap(), 200);
    });

    let registry = spawn(Script::new().load(load(Over::Queue)).rule(hold));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| get(&registry, "/v2/").status);
        assert!(registry.wait_paused(std::time::Duration::from_secs(20)).is_some());
        let mut impatient = Raw::patient(registry.host(), std::time::Duration::from_millis(200));
        assert!(impatient.ask("GET", "/v2/", &[], &[]).is_err(), "the second waits for its turn");
        registry.release();
        assert_eq!(first.join().unwrap(), 200);
    });
    assert_eq!(ask(&registry, "GET", "/v2/").unwrap().status, 200);
    assert!(registry.counters().most_at_once >= 2);
}
