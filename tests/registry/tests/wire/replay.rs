//! Scripts as data: what a failing run prints can be run again.

use bakery_fault_registry::{
    Action, Answer, Auth, ImageBuilder, Lag, LagOf, Operation, Profile, Script, Until, When,
    script::{Load, Rate, RateHint, RetryAfter, Tls},
};

use crate::raw::{get, spawn};

#[test]
fn a_script_survives_the_round_trip_through_json() {
    let rate = Rate { burst: 5, per_second: 0.5, hint: RateHint::Fixed(RetryAfter::DateIn(-5)) };
    let script = Script::new()
        .seed(7)
        .profile(Profile::ecr())
        .auth(Auth::bearer("ci", "test").anonymous("**", &["pull"]))
        .tls(Tls::default())
        .load(Load { latency_ms: 50, rate: Some(rate), ..Load::default() })
        .lag(Lag::new(LagOf::Tags, Until::Reads(3)).name("latest"))
        .replicas_ms(&[0, 10])
        .image(ImageBuilder::new("app").tag("1.0").base(3, 2).attestations())
        .rule(When::on(Operation::PutManifest).nth(2).then(Action::reset_after()).named("lost"))
        .rule(When::any().chance(0.25).per_path().then(Action::answer(Answer::ghcr_rate("2s"))))
        .rule(When::any().between_ms(0, 10).authorized(false).then(Action::EndlessBody));
    let text = serde_json::to_string_pretty(&script).unwrap();
    assert_eq!(serde_json::from_str::<Script>(&text).unwrap(), script);
}

#[test]
fn a_rule_reads_as_it_is_written_by_hand() {
    let text = r#"{
        "lag": [{ "of": "manifests", "name": "sha256:*", "until": { "reads": 2 } }],
        "images": [{ "repository": "app", "tags": ["1.0"], "layers": 1 }],
        "rules": [
            { "name": "busy",
              "when": { "operations": ["ping"], "occurrence": { "first": 1 } },
              "then": { "answer": { "point": "before", "answer": { "status": 429, "retry_after": { "seconds": 3 } } } } },
            { "when": { "path": "/v2/*/tags/list" }, "then": { "cut_body": { "at": 4, "ending": "close" } } }
        ]
    }"#;
    let registry = spawn(serde_json::from_str(text).unwrap());
    let busy = get(&registry, "/v2/");
    assert_eq!((busy.status, busy.header("retry-after")), (429, Some("3")));
    assert_eq!(get(&registry, "/v2/").status, 200);
    assert_eq!(get(&registry, "/v2/app/tags/list").body.len(), 4);
    assert_eq!(
        registry.fired().into_iter().collect::<Vec<_>>(),
        [("busy".to_owned(), 1), ("rule-2".to_owned(), 1)]
    );
}

#[test]
fn a_misspelt_word_in_a_script_is_an_error_that_names_it() {
    let error = serde_json::from_str::<Script>(r#"{ "seeed": 1 }"#).unwrap_err().to_string();
    assert!(error.contains("seeed"), "{error}");
    let error =
        serde_json::from_str::<Script>(r#"{ "rules": [{ "then": "explode" }] }"#).unwrap_err().to_string();
    assert!(error.contains("explode"), "{error}");
}

#[test]
fn equal_seeds_fail_the_same_requests_and_others_do_not() {
    let statuses = |seed: u64| {
        let registry =
            spawn(Script::new().seed(seed).rule(When::any().chance(0.5).then(Action::status(503))));
        (0..32).map(|_| get(&registry, "/v2/").status).collect::<Vec<_>>()
    };
    let first = statuses(1);
    assert_eq!(first, statuses(1));
    assert_ne!(first, statuses(2));
    assert!(first.contains(&200) && first.contains(&503));
}
