//! Challenges, tokens, scopes, expiry, revocation.

use bakery_fault_registry::{
    Action, Auth, Credentials, FaultRegistry, ImageBuilder, Operation, Script, When,
    script::{Change, Realm, Scheme, TokenField, User},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::raw::{Got, Raw, accept, spawn};

const TAG: &str = "/v2/app/manifests/1.0";

fn with(auth: Auth) -> FaultRegistry {
    spawn(Script::new().auth(auth).image(ImageBuilder::new("app").tag("1.0").layers(1)))
}

fn authorized(registry: &FaultRegistry, method: &str, path: &str, authorization: &str) -> Got {
    let accept = accept();
    let headers = [("accept", accept.as_str()), ("authorization", authorization)];
    Raw::connect(registry.host()).ask(method, path, &headers, &[]).unwrap()
}

fn plain(registry: &FaultRegistry, path: &str) -> Got {
    Raw::connect(registry.host()).ask("GET", path, &[("accept", &accept())], &[]).unwrap()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// Fetches a token for these scopes and gives the `Authorization` header.
fn token(registry: &FaultRegistry, authorization: Option<&str>, scopes: &[&str]) -> String {
    let scopes: String = scopes.iter().map(|scope| format!("&scope={scope}")).collect();
    let path = format!("/token?service=fault-registry{scopes}");
    let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
    let got = Raw::connect(registry.host()).ask("GET", &path, &headers, &[]).unwrap();
    assert_eq!(got.status, 200, "{}", got.text());
    format!("Bearer {}", got.json()["token"].as_str().unwrap())
}

#[test]
fn a_bearer_registry_challenges_with_realm_service_and_scope() {
    let registry = with(Auth::bearer("ci", "test"));
    let got = plain(&registry, TAG);
    let expected = format!(
        "Bearer realm=\"{}/token\",service=\"fault-registry\",scope=\"repository:app:pull\"",
        registry.url()
    );
    assert_eq!((got.status, got.header("www-authenticate")), (401, Some(expected.as_str())));
    assert_eq!(got.code(), "UNAUTHORIZED");
    let ping = plain(&registry, "/v2/");
    assert_eq!(ping.status, 401);
    assert!(!ping.header("www-authenticate").unwrap().contains("scope="));
}

#[test]
fn a_token_opens_what_it_was_asked_for_and_no_more() {
    let registry = with(Auth::bearer("ci", "test"));
    let pull = token(&registry, Some(&basic("ci", "test")), &["repository:app:pull"]);
    assert_eq!(authorized(&registry, "GET", TAG, &pull).status, 200);
    let push = authorized(&registry, "POST", "/v2/app/blobs/uploads/", &pull);
    assert_eq!(push.status, 401);
    let challenge = push.header("www-authenticate").unwrap();
    assert!(
        challenge.ends_with("scope=\"repository:app:pull,push\",error=\"insufficient_scope\""),
        "{challenge}"
    );

    let both =
        token(&registry, Some(&basic("ci", "test")), &["repository:app:pull", "repository:other:pull,push"]);
    assert_eq!(authorized(&registry, "GET", TAG, &both).status, 200);
    assert_eq!(authorized(&registry, "POST", "/v2/other/blobs/uploads/", &both).status, 202);
    let log = registry.log();
    let Credentials::Bearer { user, scopes, valid } = &log.entries.last().unwrap().credentials else {
        panic!()
    };
    assert_eq!((user.as_deref(), *valid), (Some("ci"), true));
    assert_eq!(scopes, &["repository:app:pull", "repository:other:pull,push"]);
}

#[test]
fn less_than_asked_is_no_error_at_the_token_server_but_denied_later() {
    let reader = User::new("reader", "r").grant("app", &["pull"]);
    let registry = with(Auth::bearer("ci", "test").user(reader));
    let header = token(&registry, Some(&basic("reader", "r")), &["repository:app:pull,push"]);
    assert_eq!(authorized(&registry, "GET", TAG, &header).status, 200);
    let denied = authorized(&registry, "POST", "/v2/app/blobs/uploads/", &header);
    assert_eq!((denied.status, denied.code().as_str()), (403, "DENIED"));
}

#[test]
fn anonymous_clients_get_tokens_for_what_everybody_may() {
    let registry = with(Auth::bearer("ci", "test").anonymous("app", &["pull"]));
    assert_eq!(plain(&registry, TAG).status, 401);
    let header = token(&registry, None, &["repository:app:pull"]);
    assert_eq!(authorized(&registry, "GET", TAG, &header).status, 200);
}

#[test]
fn wrong_passwords_and_services_get_no_token() {
    let registry = with(Auth::bearer("ci", "test"));
    let wrong = authorized(&registry, "GET", "/token?service=fault-registry", &basic("ci", "guess"));
    assert_eq!(wrong.status, 401);
    assert_eq!(
        registry.log().entries[0].credentials,
        Credentials::Basic { user: "ci".to_owned(), valid: false }
    );
    assert_eq!(plain(&registry, "/token?service=another").status, 401);
}

#[test]
fn expired_and_revoked_tokens_are_told_as_invalid() {
    let registry = with(Auth::bearer("ci", "test").token_seconds(0));
    let header = token(&registry, Some(&basic("ci", "test")), &["repository:app:pull"]);
    let expired = authorized(&registry, "GET", TAG, &header);
    assert!(expired.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));

    let rule = When::on(Operation::GetManifest).nth(2).then(Action::Change(Change::RevokeTokens));
    let image = ImageBuilder::new("app").tag("1.0").layers(1);
    let registry = spawn(Script::new().auth(Auth::bearer("ci", "test")).image(image).rule(rule));
    let header = token(&registry, Some(&basic("ci", "test")), &["repository:app:pull"]);
    let statuses = [1, 2].map(|_| authorized(&registry, "GET", TAG, &header).status);
    assert_eq!(statuses, [200, 401]);
}

#[test]
fn the_answer_names_the_token_and_its_life_as_the_script_says() {
    let answer = |auth: Auth| {
        let registry = with(auth);
        authorized(&registry, "GET", "/token?offline_token=true", &basic("ci", "test")).json()
    };
    let both = answer(Auth::bearer("ci", "test"));
    assert_eq!(both["token"], both["access_token"]);
    assert_eq!(both["expires_in"], 300);
    assert!(both["refresh_token"].is_string());
    let one = Auth { token_field: TokenField::AccessToken, tell_expiry: false, ..Auth::bearer("ci", "test") };
    let one = answer(one);
    assert!(one["token"].is_null() && one["access_token"].is_string() && one["expires_in"].is_null());
}

#[test]
fn a_refresh_token_is_exchanged_by_post_where_the_server_has_it() {
    let user = User::almighty("ci", "test").refresh_token("identity");
    let auth = Auth { users: vec![user], ..Auth::bearer("", "") };
    let form = "grant_type=refresh_token&refresh_token=identity&service=fault-registry\
                &scope=repository:app:pull+repository:other:pull&client_id=test";
    let post = |auth: Auth, form: &str| {
        let registry = with(auth);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let got = Raw::connect(registry.host()).ask("POST", "/token", &headers, form.as_bytes()).unwrap();
        (registry, got)
    };
    let (registry, got) = post(auth.clone(), form);
    assert_eq!(got.status, 200, "{}", got.text());
    let header = format!("Bearer {}", got.json()["access_token"].as_str().unwrap());
    assert_eq!(authorized(&registry, "GET", TAG, &header).status, 200);
    assert_eq!(post(auth.clone(), &form.replace("identity", "guess")).1.status, 401);
    assert_eq!(post(auth.clone(), "grant_type=nonsense").1.status, 400);
    assert_eq!(post(Auth { oauth2: false, ..auth }, form).1.status, 404);
}

#[test]
fn a_server_may_honour_only_the_first_scope() {
    let registry = with(Auth { first_scope_only: true, ..Auth::bearer("ci", "test") });
    let header =
        token(&registry, Some(&basic("ci", "test")), &["repository:other:pull", "repository:app:pull"]);
    assert_eq!(authorized(&registry, "GET", TAG, &header).status, 401);
}

#[test]
fn the_realm_may_be_the_other_host_or_any_url() {
    let registry = with(Auth { realm: Realm::Elsewhere, ..Auth::bearer("ci", "test") });
    let challenge = plain(&registry, TAG).header("www-authenticate").unwrap().to_owned();
    assert!(challenge.contains(&format!("realm=\"{}/token\"", registry.elsewhere_url())), "{challenge}");
    let headers = [("authorization", basic("ci", "test"))];
    let headers = [("authorization", headers[0].1.as_str())];
    let got = Raw::connect(registry.elsewhere_host()).ask("GET", "/token", &headers, &[]).unwrap();
    assert_eq!(got.status, 200);
    assert!(registry.log().entries.last().unwrap().credentials.present());

    let registry =
        with(Auth { realm: Realm::Url("http://192.0.2.1/".to_owned()), ..Auth::bearer("ci", "test") });
    assert!(plain(&registry, TAG).header("www-authenticate").unwrap().contains("\"http://192.0.2.1/\""));
}

#[test]
fn a_basic_registry_takes_name_and_password_with_every_request() {
    let registry = with(Auth::basic("ci", "test"));
    let challenge = plain(&registry, TAG);
    assert_eq!(
        (challenge.status, challenge.header("www-authenticate")),
        (401, Some("Basic realm=\"fault-registry\""))
    );
    assert_eq!(authorized(&registry, "GET", TAG, &basic("ci", "guess")).status, 401);
    assert_eq!(authorized(&registry, "GET", TAG, &basic("ci", "test")).status, 200);
    assert_eq!(plain(&registry, "/v2/").status, 401);
    let nobody = Auth { scheme: Scheme::Basic, users: vec![User::new("nobody", "n")], ..Auth::default() };
    let registry = with(nobody);
    assert_eq!(authorized(&registry, "GET", TAG, &basic("nobody", "n")).status, 403);
}

#[test]
fn the_log_keeps_no_credentials() {
    let registry = with(Auth::bearer("ci", "hunter2"));
    let header = token(&registry, Some(&basic("ci", "hunter2")), &["repository:app:pull"]);
    authorized(&registry, "GET", TAG, &header);
    let log = serde_json::to_string(&registry.log()).unwrap();
    assert!(!log.contains("hunter2") && !log.contains(&BASE64_STANDARD.encode("ci:hunter2")), "{log}");
    assert!(!log.contains(header.trim_start_matches("Bearer ")), "{log}");
}
