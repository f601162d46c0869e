//! Where a guest may not go, it does not get, however the address is written.

use std::{collections::HashMap, sync::Arc};

use bakery_core::port::{FailureKind, HttpRequest, Reach};

use crate::http::{
    HttpClient,
    pool::Pools,
    testing::{Names, Server, request, response, send},
};

fn public(url: &str) -> HttpRequest {
    HttpRequest { reach: Reach::Public, ..request(url) }
}

#[tokio::test]
async fn every_spelling_of_an_address_that_is_not_public_is_refused_before_connecting() {
    let server = Server::start(|_| response("200 OK", "", b"secret")).await;
    let port = server.address.port();
    let client = HttpClient::new();
    for (host, class) in [
        ("127.0.0.1", "loopback"),
        ("127.1", "loopback"),
        ("0x7f.1", "loopback"),
        ("2130706433", "loopback"),
        ("0177.0.0.1", "loopback"),
        ("①②⑦.0.0.1", "loopback"),
        ("[::1]", "loopback"),
        ("[::ffff:127.0.0.1]", "loopback"),
        ("[::127.0.0.1]", "loopback"),
        ("[64:ff9b::7f00:1]", "loopback"),
        ("[2002:7f00:1::]", "loopback"),
        ("[2001:0:808:808::80ff:fffe]", "loopback"),
        ("[2a00::5efe:127.0.0.1]", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("[::]", "unspecified"),
        ("169.254.169.254", "cloud metadata"),
        ("[fd00:ec2::254]", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("169.254.1.1", "link-local"),
        ("10.96.0.1", "private"),
        ("172.17.0.1", "private"),
        ("192.168.1.1", "private"),
        ("[fe80::1]", "link-local"),
        ("[fc00::1]", "private"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("192.0.2.1", "documentation"),
        ("198.18.0.1", "benchmarking"),
    ] {
        let failure = send(&client, &public(&format!("http://{host}:{port}/a"))).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied, "{host}: {failure}");
        assert!(failure.message.contains(&format!("the {class} address")), "{host}: {failure}");
        assert!(failure.hint.is_some(), "{host}");
    }
    assert_eq!(server.connections(), 0);
    // The server is there: only the reach was missing.
    assert!(send(&client, &request(&server.url("/a"))).await.is_ok());
}

#[tokio::test]
async fn a_name_with_a_private_address_is_refused_before_connecting() {
    let server = Server::start(|_| response("200 OK", "", b"secret")).await;
    let url = format!("http://localhost:{}/a", server.address.port());
    let client = HttpClient::new();
    let failure = send(&client, &public(&url)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
    assert!(failure.message.contains("the loopback address"), "{failure}");
    assert_eq!(server.connections(), 0);
    assert!(send(&client, &request(&url)).await.is_ok());
}

#[tokio::test]
async fn a_connection_to_a_private_address_is_never_lent_to_a_request_that_may_not_have_it() {
    let server = Server::start(|_| response("200 OK", "", b"secret")).await;
    let names = Names(HashMap::from([("cdn.example.com", server.address.ip())]));
    let client = HttpClient::over(Pools::new(Arc::new(names)));
    let url = format!("http://cdn.example.com:{}/a", server.address.port());
    assert!(send(&client, &request(&url)).await.is_ok());
    assert_eq!(send(&client, &public(&url)).await.unwrap_err().kind, FailureKind::Denied);
    assert_eq!((server.connections(), server.heads().len()), (1, 1));
}

#[tokio::test]
async fn metadata_is_refused_even_with_private_reach() {
    let names = Names(HashMap::from([("cdn.example.com", [169, 254, 169, 254].into())]));
    let client = HttpClient::over(Pools::new(Arc::new(names)));
    for url in
        ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://cdn.example.com/"]
    {
        let failure = send(&client, &request(url)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
        assert!(failure.message.contains("cloud metadata"), "{failure}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_says_so() {
    let client = HttpClient::over(Pools::new(Arc::new(Names(HashMap::new()))));
    let failure = send(&client, &public("https://cdn.example.com/a")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    let expected = "`https://cdn.example.com/a` cannot be reached: the name `cdn.example.com` cannot be resolved: \
                    Name or service not known";
    assert_eq!(failure.message, expected);
}

#[tokio::test]
async fn an_accept_value_that_is_no_header_value_is_refused() {
    let server = Server::start(|_| response("200 OK", "", b"")).await;
    let smuggling = HttpRequest { accept: Some("a\r\nAuthorization: x".into()), ..request(&server.url("/")) };
    assert_eq!(send(&HttpClient::new(), &smuggling).await.unwrap_err().kind, FailureKind::InvalidInput);
    assert_eq!(server.connections(), 0);
}
