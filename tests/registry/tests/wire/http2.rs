//! TLS with its own authority, HTTP/2 on top of it, and what faults look like there.

use std::{io, sync::Arc};

use bakery_fault_registry::{Action, FaultRegistry, ImageBuilder, Script, When, script::Tls};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, client::conn::http2::SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::raw::{Raw, accept, spawn};

fn trusting(registry: &FaultRegistry, protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let pem = registry.authority_pem().unwrap();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}

async fn connect(registry: &FaultRegistry) -> io::Result<SendRequest<Empty<Bytes>>> {
    let connector = TlsConnector::from(trusting(registry, &["h2"]));
    let stream = TcpStream::connect(registry.host()).await?;
    let stream = connector.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    Ok(sender)
}

fn request(registry: &FaultRegistry) -> Request<Empty<Bytes>> {
    let address = format!("{}/v2/app/manifests/1.0", registry.url());
    Request::get(address).header("accept", accept()).body(Empty::new()).unwrap()
}

fn script(tls: Tls) -> Script {
    Script::new().tls(tls).image(ImageBuilder::new("app").tag("1.0").layers(1))
}

#[test]
fn https_is_served_under_a_certificate_of_the_registrys_authority() {
    let registry = spawn(script(Tls::default()));
    assert!(registry.url().starts_with("https://127.0.0.1:"));
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(trusting(&registry, &["http/1.1"]), name).unwrap();
    let socket = std::net::TcpStream::connect(registry.host()).unwrap();
    let mut raw = Raw::over(StreamOwned::new(connection, socket));
    let got = raw.ask("GET", "/v2/app/manifests/1.0", &[("accept", &accept())], &[]).unwrap();
    assert_eq!(got.status, 200);
}

#[tokio::test]
async fn a_certificate_for_another_name_or_an_expired_one_is_refused_by_clients() {
    for tls in [Tls { wrong_name: true, ..Tls::default() }, Tls { expired: true, ..Tls::default() }] {
        let registry = spawn(script(tls.clone()));
        let error = connect(&registry).await.unwrap_err().to_string();
        assert!(error.contains("certificate"), "{tls:?}: {error}");
        assert_eq!(registry.log().len(), 0);
    }
}

#[tokio::test]
async fn many_requests_share_one_connection_over_http2() {
    let registry = spawn(script(Tls::default()));
    let sender = connect(&registry).await.unwrap();
    let requests = (0..20).map(|_| {
        let (mut sender, request) = (sender.clone(), request(&registry));
        tokio::spawn(async move {
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.into_body().collect().await.unwrap().to_bytes().len()
        })
    });
    for request in requests.collect::<Vec<_>>() {
        assert!(request.await.unwrap() > 0);
    }
    assert_eq!((registry.counters().requests, registry.counters().connections), (20, 1));
}

#[tokio::test]
async fn a_reset_breaks_the_whole_connection_with_every_request_on_it() {
    let hold = When::any().nth(1).then(Action::pause("held"));
    let registry = spawn(script(Tls::default()).rule(hold).rule(When::any().nth(2).then(Action::reset())));
    let mut sender = connect(&registry).await.unwrap();
    let held = tokio::spawn(sender.send_request(request(&registry)));
    registry.until_paused().await;
    assert!(sender.send_request(request(&registry)).await.is_err());
    assert!(held.await.unwrap().is_err());
}

#[tokio::test]
async fn a_body_is_cut_and_a_connection_announced_to_end_over_http2_too() {
    let cut = When::any().nth(1).then(Action::cut_body(10));
    let goodbye = When::any().nth(2).then(Action::Disconnect { announced: true });
    let registry = spawn(script(Tls::default()).rule(cut).rule(goodbye));
    let answer = connect(&registry).await.unwrap().send_request(request(&registry)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.into_body().collect().await.is_err());

    let mut sender = connect(&registry).await.unwrap();
    let answer = sender.send_request(request(&registry)).await.unwrap();
    assert!(!answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    // GOAWAY: the connection takes no more.
    assert!(sender.ready().await.is_err() || sender.send_request(request(&registry)).await.is_err());
}
