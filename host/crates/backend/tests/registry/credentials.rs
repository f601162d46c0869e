//! Credentials of every kind, from where docker keeps them to the header they end in.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use bakery_backend::registry::{
    Credential, CredentialHelper, Credentials, DockerConfig, HelperError, RegistryClient, Secret,
};
use bakery_core::port::{BoxFuture, Failure, FailureKind, registry::Registry as _};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    gate::{client_with, permit},
    server::{Reply, Request, Server},
};

fn docker(config: &str) -> DockerConfig {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.json"), config).unwrap();
    DockerConfig::load(directory.path()).unwrap()
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// Answers with the token that this header buys, or with 401.
fn wants(request: &Request, header: &str) -> Reply {
    if request.header("authorization") == Some(header) {
        Reply::new(200).body(r#"{"token":"bought"}"#)
    } else {
        Reply::error(401, "UNAUTHORIZED")
    }
}

async fn bearer_server(token: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.path.as_str() {
        "/token" => token(request),
        _ if request.header("authorization") == Some("Bearer bought") => Reply::new(200),
        _ => Reply::new(401).header(
            "www-authenticate",
            format!("Bearer realm=\"http://{}/token\",service=\"s\"", request.header("host").unwrap()),
        ),
    })
    .await
}

async fn has(client: &RegistryClient, server: &Server) -> Result<bool, Failure> {
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let digest = bakery_core::model::Digest::of(b"x");
    client.has_blob(&permit().await, &repository, &digest).await
}

#[tokio::test]
async fn a_password_of_docker_s_configuration_buys_a_token() {
    let server = bearer_server(|request| wants(request, &basic("me:pass:word"))).await;
    let auth = STANDARD.encode("me:pass:word");
    let config = docker(&format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, server.name()));
    assert!(has(&client_with(Credentials::docker(config, None), |_| {}), &server).await.unwrap());
}

#[tokio::test]
async fn an_identity_token_is_traded_with_a_form() {
    let server = bearer_server(|request| {
        let form: BTreeSet<_> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = BTreeSet::from([
            pair("grant_type", "refresh_token"),
            pair("client_id", "bakery"),
            pair("service", "s"),
            pair("scope", "repository:a:pull"),
            pair("refresh_token", "id-canary"),
        ]);
        let right = request.method == "POST" && form == expected && request.header("authorization").is_none();
        if right { Reply::new(200).body(r#"{"access_token":"bought"}"#) } else { Reply::new(400) }
    })
    .await;
    let config = docker(&format!(r#"{{"auths":{{"{}":{{"identitytoken":"id-canary"}}}}}}"#, server.name()));
    assert!(has(&client_with(Credentials::docker(config, None), |_| {}), &server).await.unwrap());
}

#[tokio::test]
async fn an_identity_token_goes_the_older_way_where_the_form_is_not_known() {
    let server = bearer_server(|request| match request.method.as_str() {
        "POST" => Reply::new(404),
        _ => wants(request, &basic("<token>:id-canary")),
    })
    .await;
    let config = docker(&format!(r#"{{"auths":{{"{}":{{"identitytoken":"id-canary"}}}}}}"#, server.name()));
    assert!(has(&client_with(Credentials::docker(config, None), |_| {}), &server).await.unwrap());
    assert_eq!(server.count("POST /token"), 1);
}

#[tokio::test]
async fn a_registry_token_is_shown_as_it_is() {
    let server = bearer_server(|_| panic!("nothing is to be bought")).await;
    let config = docker(&format!(r#"{{"auths":{{"{}":{{"registrytoken":"bought"}}}}}}"#, server.name()));
    assert!(has(&client_with(Credentials::docker(config, None), |_| {}), &server).await.unwrap());
}

#[tokio::test]
async fn a_basic_challenge_gets_the_password_with_every_request() {
    let expected = basic("me:pw");
    let server = Server::start(move |request| {
        if request.header("authorization") == Some(&expected) {
            Reply::new(404)
        } else {
            Reply::new(401).header("www-authenticate", "Basic realm=\"r\"")
        }
    })
    .await;
    let credentials = Credentials::anonymous();
    let credentials =
        credentials.with_password(server.name().parse().unwrap(), "me", Secret::new("pw".to_owned()));
    let client = client_with(credentials, |_| {});
    for _ in 0..2 {
        assert!(!has(&client, &server).await.unwrap());
    }
    assert_eq!(server.requests().len(), 3, "one 401, and then none");
}

#[tokio::test]
async fn credentials_of_one_registry_are_not_for_another() {
    let expected = Server::start(|_| Reply::new(401).header("www-authenticate", "Basic realm=\"r\"")).await;
    let credentials = Credentials::anonymous();
    let credentials =
        credentials.with_password("127.0.0.1".parse().unwrap(), "me", Secret::new("pw".to_owned()));
    let failure = has(&client_with(credentials, |_| {}), &expected).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert!(
        failure.hint.unwrap().contains("no credentials for"),
        "the same host on another port is another one"
    );
    assert!(expected.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// A helper that notes what it was asked.
struct Noting(Mutex<Vec<(String, String)>>);

impl CredentialHelper for Noting {
    fn get<'a>(
        &'a self,
        helper: &'a str,
        server: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, HelperError>> {
        self.0.lock().unwrap().push((helper.to_owned(), server.to_owned()));
        let secret = Secret::new("pw".to_owned());
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok((helper == "knows").then(|| Credential::Password { username: "me".to_owned(), secret }))
        })
    }
}

#[tokio::test]
async fn a_helper_is_asked_once_per_registry_and_its_silence_falls_back_to_the_file() {
    for (helper, pair) in [("knows", "me:pw"), ("knows-nothing", "file:entry")] {
        let expected = basic(pair);
        let server = bearer_server(move |request| wants(request, &expected)).await;
        let (name, auth) = (server.name(), STANDARD.encode("file:entry"));
        let config = docker(&format!(
            r#"{{"auths":{{"{name}":{{"auth":"{auth}"}}}},"credHelpers":{{"{name}":"{helper}"}}}}"#
        ));
        let noting = Arc::new(Noting(Mutex::default()));
        let client = client_with(Credentials::docker(config, Some(noting.clone())), |_| {});
        let both = tokio::join!(has(&client, &server), has(&client, &server));
        assert!(both.0.unwrap() && both.1.unwrap());
        assert_eq!(*noting.0.lock().unwrap(), [(helper.to_owned(), name)]);
    }
}

#[tokio::test]
async fn no_failure_shows_a_secret() {
    let repeating = bearer_server(|request| {
        let header = request.header("authorization").unwrap().to_owned();
        Reply::new(401).body(format!("{header} is canary-secret"))
    })
    .await;
    let repeated_token =
        Server::start(|request| match (request.path.as_str(), request.header("authorization")) {
            ("/token", _) => Reply::new(200).body(r#"{"token":"canary-token"}"#),
            (_, Some(token)) => Reply::new(404).body(format!("no blob for {token}x").repeat(2)),
            _ => Reply::new(401).header(
                "www-authenticate",
                format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap()),
            ),
        })
        .await;
    let broken = bearer_server(|_| Reply::new(200).body(r#"{"token":"canary-token\nx"}"#)).await;
    let garbled = bearer_server(|_| Reply::new(200).body("canary-token")).await;
    for server in [repeating, repeated_token, broken, garbled] {
        let secret = Secret::new("canary-secret".to_owned());
        let credentials =
            Credentials::anonymous().with_password(server.name().parse().unwrap(), "me", secret);
        let client = client_with(credentials, |_| {});
        let reference = format!("{}/a:1", server.name()).parse().unwrap();
        let failure = client.manifest(&permit().await, &reference).await.unwrap_err();
        let shown = format!("{failure:?} {failure}");
        let encoded = STANDARD.encode("me:canary-secret");
        for canary in ["canary-secret", "canary-token", &encoded] {
            assert!(!shown.contains(canary), "{shown}");
        }
    }
}
