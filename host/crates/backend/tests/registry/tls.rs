//! TLS: whom we trust, what we offer, and that nothing leads from it to plain http.

use std::{net::Ipv4Addr, sync::Arc};

use bakery_backend::registry::{Credentials, RegistryClient, Secret};
use bakery_core::{
    model::{Digest, RegistryHost},
    port::{
        Failure, FailureKind,
        registry::{BlobCursor, BytesBlob, Party, Registry as _},
    },
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::{
    gate::{client_with, permit},
    server::{Reply, Request, Server},
};

/// A server certificate for loopback, and the authority that signed it.
fn certificate() -> (Arc<ServerConfig>, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (Arc::new(config), authority.pem())
}

async fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (Server, String) {
    let (config, authority) = certificate();
    (Server::start_at(Ipv4Addr::LOCALHOST.into(), Some(config), reply).await, authority)
}

fn client(server: &Server, authority: Option<&str>) -> RegistryClient {
    let host: RegistryHost = server.name().parse().unwrap();
    let secret = Secret::new("hunter2-canary".to_owned());
    client_with(Credentials::anonymous().with_password(host.clone(), "me", secret), |options| {
        options.secure = vec![host];
        options.authorities = authority.iter().map(|pem| pem.as_bytes().to_vec()).collect();
    })
}

async fn has(client: &RegistryClient, server: &Server) -> Result<bool, Failure> {
    let repository = format!("{}/a", server.name()).parse().unwrap();
    client.has_blob(&permit().await, &repository, &Digest::of(b"x")).await
}

#[tokio::test]
async fn an_authority_that_was_given_is_trusted_and_no_other() {
    let (server, authority) = start(|_| Reply::new(200)).await;
    assert!(has(&client(&server, Some(&authority)), &server).await.unwrap());
    let (_, other) = certificate();
    let failure = has(&client(&server, Some(&other)), &server).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput, "no attempt will help: {failure}");
    assert!(failure.message.contains("certificate is not trusted"), "{failure}");
    assert!(failure.hint.unwrap().contains("--registry-ca"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_registry_without_tls_is_not_taken_for_one_that_is_down() {
    let server = Server::start(|_| Reply::new(200)).await;
    let (_, authority) = certificate();
    let failure = has(&client(&server, Some(&authority)), &server).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput, "{failure}");
    assert!(failure.hint.unwrap().contains("--insecure-registry"));
}

#[tokio::test]
async fn a_token_server_without_tls_gets_nothing_from_a_registry_with_it() {
    let plain = Server::start(|_| Reply::new(200).body(r#"{"token":"x"}"#)).await;
    let realm = plain.url("/token");
    let (server, authority) =
        start(move |_| Reply::new(401).header("www-authenticate", format!("Bearer realm=\"{realm}\""))).await;
    let failure = has(&client(&server, Some(&authority)), &server).await.unwrap_err();
    assert!(failure.message.contains("does not speak https"), "{failure}");
    assert_eq!(failure.registry.unwrap().party, Party::Bakery);
    assert!(plain.requests().is_empty());
}

#[tokio::test]
async fn nothing_leads_from_https_to_http() {
    let plain = Server::start(|_| Reply::new(200).body("x")).await;
    let target = plain.url("/blob");
    let (server, authority) = start(move |request| match request.method.as_str() {
        "POST" => Reply::new(202).header("location", &target),
        _ => Reply::new(307).header("location", &target),
    })
    .await;
    let (client, permit) = (client(&server, Some(&authority)), permit().await);
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let mut cursor = BlobCursor::new(Digest::of(b"x"), 1);
    let failure = client.read_blob(&permit, &repository, &mut cursor, &mut Vec::new()).await.unwrap_err();
    assert!(failure.message.contains("without TLS"), "{failure}");
    let failure =
        client.push_blob(&permit, &repository, Arc::new(BytesBlob::new(vec![0; 100_000]))).await.unwrap_err();
    assert!(failure.message.contains("without TLS"), "{failure}");
    assert!(plain.requests().is_empty());
}

#[tokio::test]
async fn http_2_is_offered_before_http_1() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let name: RegistryHost = listener.local_addr().unwrap().to_string().parse().unwrap();
    let (_, authority) = certificate();
    let client = client_with(Credentials::anonymous(), |options| {
        options.secure = vec![name.clone()];
        options.authorities = vec![authority.into_bytes()];
    });
    let repository = format!("{name}/a").parse().unwrap();
    let (digest, permit) = (Digest::of(b"x"), permit().await);
    let listening = async {
        let (stream, _) = listener.accept().await.unwrap();
        let hello = tokio_rustls::LazyConfigAcceptor::new(Default::default(), stream).await.unwrap();
        let offered: Vec<_> = hello.client_hello().alpn().unwrap().map(<[u8]>::to_vec).collect();
        offered
    };
    let (offered, _) = tokio::join!(listening, client.has_blob(&permit, &repository, &digest));
    assert_eq!(offered, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}
