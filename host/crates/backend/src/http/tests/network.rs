//! TLS, HTTP/2, and what the machine around the client may and may not change.

use std::{
    collections::HashMap,
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bakery_core::port::FailureKind;
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::http::{
    HttpClient,
    pool::Pools,
    testing::{Names, Server, request, response, send},
};

/// An HTTP/2 server with a certificate for `cdn.example.com`, signed by itself.
struct TlsServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    certificate: reqwest::Certificate,
}

impl TlsServer {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["cdn.example.com".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let certificate = reqwest::Certificate::from_der(made.cert.der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (connected, requested) = (connections.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connected.fetch_add(1, Ordering::SeqCst);
                let (acceptor, requested) = (acceptor.clone(), requested.clone());
                tokio::spawn(async move {
                    // A client that refuses the certificate leaves here.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        requested.fetch_add(1, Ordering::SeqCst);
                        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                        body.send_data("over h2".into(), true).unwrap();
                    }
                });
            }
        });
        Self { address, connections, requests, certificate }
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/a", self.address.port())
    }

    fn pools(&self) -> Pools {
        let ip = self.address.ip();
        Pools::new(Arc::new(Names(HashMap::from([("cdn.example.com", ip), ("other.example", ip)]))))
    }

    fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.requests.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn requests_share_one_http2_connection() {
    let server = TlsServer::start().await;
    let client = HttpClient::over(server.pools().trusting(vec![server.certificate.clone()]));
    let asked = request(&server.url("cdn.example.com"));
    assert_eq!(send(&client, &asked).await.unwrap().body, b"over h2");
    let mut flying = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, asked) = (client.clone(), asked.clone());
        flying.spawn(async move { send(&client, &asked).await.unwrap().body });
    }
    assert!(flying.join_all().await.iter().all(|body| body == b"over h2"));
    assert_eq!(server.counts(), (1, 21));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_nothing_is_sent() {
    let server = TlsServer::start().await;
    let client = HttpClient::over(server.pools().trusting(vec![]));
    let failure = send(&client, &request(&server.url("cdn.example.com"))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    let expected = "the certificate of `cdn.example.com` is refused: it is signed by an authority that this machine does \
                    not trust";
    assert_eq!(failure.message, expected);
    assert!(failure.hint.unwrap().contains("`SSL_CERT_FILE`"));
    assert_eq!(server.counts(), (1, 0));
}

#[tokio::test]
async fn a_certificate_that_borrows_a_trusted_name_is_refused() {
    let (server, stranger) = (TlsServer::start().await, TlsServer::start().await);
    let client = HttpClient::over(server.pools().trusting(vec![stranger.certificate]));
    let failure = send(&client, &request(&server.url("cdn.example.com"))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert_eq!(
        failure.message,
        "the certificate of `cdn.example.com` is refused: its signature is not its issuer's"
    );
    assert_eq!(server.counts(), (1, 0));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = TlsServer::start().await;
    let client = HttpClient::over(server.pools().trusting(vec![server.certificate.clone()]));
    let failure = send(&client, &request(&server.url("other.example"))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert_eq!(failure.message, "the certificate of `other.example` is refused: it belongs to another host");
    assert_eq!(server.counts().1, 0);
}

#[tokio::test]
async fn https_is_not_spoken_with_who_answers_in_the_clear() {
    let server = Server::start(|_| response("200 OK", "", b"")).await;
    let stranger = TlsServer::start().await;
    let client = HttpClient::over(stranger.pools().trusting(vec![stranger.certificate]));
    // A plain server waits for a request line that never comes, so time ends it.
    let mut asked = request(&format!("https://{}/", server.address));
    asked.timeout = Duration::from_millis(300);
    assert!(send(&client, &asked).await.is_err());
    assert_eq!(server.heads(), [""; 0]);
}

#[tokio::test]
async fn a_port_where_nobody_listens_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    drop(listener);
    let failure = send(&HttpClient::new(), &request(&url)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(
        failure.message.starts_with(&format!("`{url}` cannot be reached: tcp connect error: ")),
        "{failure}"
    );
}

/// Runs one test of this file again in a child with another environment: a process cannot change its own safely.
fn in_child(test: &str, environment: &[(&str, &str)]) -> bool {
    if std::env::var_os("BAKERY_TEST_CHILD").is_some() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("http::tests::network::{test}")]).env("BAKERY_TEST_CHILD", "1");
    let output = child.envs(environment.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

#[tokio::test]
async fn a_machine_without_authorities_speaks_http_and_says_what_https_needs() {
    let nowhere = [("SSL_CERT_FILE", "/nonexistent/ca.pem"), ("SSL_CERT_DIR", "/nonexistent")];
    if !in_child("a_machine_without_authorities_speaks_http_and_says_what_https_needs", &nowhere) {
        return;
    }
    let server = Server::start(|_| response("200 OK", "", b"x")).await;
    let client = HttpClient::new();
    assert!(send(&client, &request(&server.url("/a"))).await.is_ok());
    let failure = send(&client, &request(&format!("https://{}/a", server.address))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.message.contains("No CA certificates were loaded from the system"), "{failure}");
    assert!(failure.hint.unwrap().contains("`ca-certificates`"));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    let dead = "http://127.0.0.1:9/";
    let proxies = [
        ("http_proxy", dead),
        ("HTTP_PROXY", dead),
        ("ALL_PROXY", dead),
        ("all_proxy", dead),
        ("no_proxy", ""),
    ];
    if !in_child("proxies_of_the_environment_are_ignored", &proxies) {
        return;
    }
    let server = Server::start(|_| response("200 OK", "", b"x")).await;
    assert!(send(&HttpClient::new(), &request(&server.url("/a"))).await.is_ok());
}
