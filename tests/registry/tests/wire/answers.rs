//! Answers in place of the registry's own, in every form, before and after the effect.

use bakery_fault_registry::{
    Action, Answer, Auth, FaultRegistry, ImageBuilder, Operation, Script, When, media,
    script::{AnswerBody, Change, Redirection, RetryAfter},
    sha256,
};

use crate::raw::{ask, get, put, spawn};

fn with(action: Action) -> FaultRegistry {
    let rule = When::any().nth(1).then(action).named("fault");
    spawn(Script::new().image(ImageBuilder::new("app").tag("1.0").layers(1)).rule(rule))
}

const TAG: &str = "/v2/app/manifests/1.0";

#[test]
fn every_status_comes_with_the_error_body_of_the_specification() {
    for status in
        [400, 401, 403, 404, 405, 408, 409, 413, 416, 425, 429, 499, 500, 501, 502, 503, 504, 520, 529]
    {
        let registry = with(Action::status(status));
        let got = get(&registry, TAG);
        assert_eq!(got.status, status);
        assert!(!got.code().is_empty(), "{status}");
        assert_eq!(got.header("content-type"), Some("application/json"));
        let log = registry.log();
        assert_eq!(log.entries[0].faults, ["fault"]);
        assert_eq!(log.entries[0].status, Some(status));
        assert_eq!(get(&registry, TAG).status, 200, "only the first request is hit");
    }
}

#[test]
fn the_forms_of_a_refusal_are_those_seen_in_the_wild() {
    let check = |answer: Answer, content_type: &str, contained: &str| {
        let got = get(&with(Action::answer(answer.clone())), TAG);
        assert_eq!(got.status, answer.status);
        assert!(got.header("content-type").unwrap_or_default().starts_with(content_type), "{got:?}");
        assert!(got.text().contains(contained), "{}", got.text());
    };
    check(
        Answer::ghcr_rate("1.889377ms"),
        "application/json",
        "retry-after: 1.889377ms, allowed: 2000/minute",
    );
    check(Answer::secondary_rate_limit(), "application/json", "secondary rate limit");
    check(Answer::html(502), "text/html", "<h1>502</h1>");
    check(Answer::login_page(), "text/html", "password");
    let details = AnswerBody::Details("invalid repository name".to_owned());
    check(Answer::status(400).body(details), "application/json", r#"{"details":"invalid repository name"}"#);
    check(Answer::status(500).body(AnswerBody::Text("oops".to_owned())), "text/plain", "oops");
    check(Answer::status(500).body(AnswerBody::Json(serde_json::json!([1]))), "application/json", "[1]");
    check(Answer::code(404, "NAME_UNKNOWN", "create it"), "application/json", "create it");
    check(Answer::status(503).body(AnswerBody::Empty), "", "");
}

#[test]
fn retry_after_comes_as_seconds_as_date_and_as_nonsense() {
    let header = |hint: RetryAfter| {
        get(&with(Action::answer(Answer::too_many(hint))), TAG).header("retry-after").unwrap().to_owned()
    };
    assert_eq!(header(RetryAfter::Seconds(3600)), "3600");
    assert_eq!(header(RetryAfter::Text("9e9".to_owned())), "9e9");
    let date = httpdate(&header(RetryAfter::DateIn(60)));
    let now = std::time::SystemTime::now();
    assert!(date > now && date < now + std::time::Duration::from_secs(120));
    assert!(httpdate(&header(RetryAfter::DateIn(-60))) < now);
    let unavailable = Answer::status(503).retry_after(RetryAfter::Seconds(1));
    assert_eq!(get(&with(Action::answer(unavailable)), TAG).header("retry-after"), Some("1"));
}

#[test]
fn a_401_can_carry_the_registrys_own_challenge() {
    let script = Script::new().auth(Auth::bearer("ci", "test").anonymous("**", &["pull"]));
    let registry = spawn(script.rule(When::any().nth(1).then(Action::answer(Answer::unauthorized()))));
    let challenge = get(&registry, TAG);
    assert_eq!(challenge.status, 401);
    let text = challenge.header("www-authenticate").unwrap();
    assert!(text.contains("realm=") && text.contains("scope=\"repository:app:pull\""), "{text}");
}

#[test]
fn an_answer_before_the_effect_prevents_it_and_one_after_it_hides_it() {
    let push = |action: Action| {
        let registry = with(action);
        let index = ImageBuilder::new("app").layers(1).build().unwrap().index.unwrap();
        let got = put(&registry, "/v2/app/manifests/2.0", media::OCI_INDEX, &index.bytes).unwrap();
        (got.status, registry.tags("app").contains_key("2.0"), registry.log().entries[0].applied)
    };
    assert_eq!(push(Action::status(503)), (503, false, false));
    assert_eq!(push(Action::answer_after(Answer::status(503))), (503, true, true));
}

#[test]
fn a_redirect_leads_elsewhere_in_a_circle_or_anywhere() {
    let location = |to: Redirection, path: &str| {
        let registry = with(Action::Redirect { to, status: 307 });
        let got = get(&registry, path);
        assert_eq!(got.status, 307);
        let text = got.header("location").unwrap().to_owned();
        (registry, text)
    };
    let (_registry, text) = location(Redirection::Url("http://192.0.2.1/".to_owned()), TAG);
    assert_eq!(text, "http://192.0.2.1/");
    let (registry, text) = location(Redirection::Loop, TAG);
    assert_eq!(text, format!("{}{TAG}", registry.url()));
    let (registry, text) = location(Redirection::Elsewhere, TAG);
    assert_eq!(text, format!("{}{TAG}", registry.elsewhere_url()));
}

#[test]
fn unknown_children_are_named_although_they_are_there() {
    let registry = with(Action::UnknownChildren { status: 400 });
    let index = ImageBuilder::new("app").layers(1).build().unwrap().index.unwrap();
    let push = || put(&registry, "/v2/app/manifests/2.0", media::OCI_INDEX, &index.bytes).unwrap();
    let refused = push();
    assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 2);
    assert_eq!(push().status, 201);
}

#[test]
fn content_can_vanish_or_be_moved_by_others_just_before_a_request() {
    let image = ImageBuilder::new("app").tag("1.0").layers(1).build().unwrap();
    let child = image.children[0].manifest.digest.clone();
    let registry = with(Action::Change(Change::Evict { repository: "app".to_owned(), digest: child }));
    let index = image.index.unwrap();
    let refused = put(&registry, "/v2/app/manifests/2.0", media::OCI_INDEX, &index.bytes).unwrap();
    assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(registry.audit().len(), 1);

    let to = sha256(b"another");
    let change = Change::MoveTag { repository: "app".to_owned(), tag: "1.0".to_owned(), digest: to.clone() };
    let registry = with(Action::Change(change));
    assert_eq!(ask(&registry, "HEAD", "/v2/").unwrap().status, 200);
    assert_eq!(registry.tags("app")["1.0"], to);
    assert_eq!(registry.history().last().unwrap().origin, bakery_fault_registry::Origin::ThirdParty);
}

#[test]
fn rules_can_be_exchanged_while_the_registry_runs() {
    let registry = with(Action::status(500));
    registry.clear_rules();
    assert_eq!(get(&registry, TAG).status, 200);
    registry.add_rule(When::on(Operation::GetManifest).then(Action::status(418)).named("late"));
    assert_eq!(get(&registry, TAG).status, 418);
    assert_eq!(registry.fired()["late"], 1);
}

/// Reads an HTTP date.
fn httpdate(text: &str) -> std::time::SystemTime {
    httpdate::parse_http_date(text).unwrap()
}
