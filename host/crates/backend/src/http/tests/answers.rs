//! What an honest server says arrives as it was said.

use std::time::Duration;

use bakery_core::{
    policy::{Author, HttpGrants, Mirrors},
    port::{FailureKind, HttpMethod, HttpRequest, HttpResponse},
};
use bakery_gate::{Caller, FetchRequest};

use crate::http::{
    HttpClient,
    testing::{Server, gate, request, response, send},
};

#[tokio::test]
async fn an_answer_has_its_status_type_and_body() {
    let server = Server::start(|_| response("200 OK", "content-type: application/json\r\n", b"{}")).await;
    let answer = send(&HttpClient::new(), &request(&server.url("/a?b=c"))).await;
    let media_type = Some("application/json".into());
    assert_eq!(answer, Ok(HttpResponse { status: 200, location: None, media_type, body: b"{}".to_vec() }));
    assert!(server.heads()[0].starts_with("GET /a?b=c HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_request_says_who_asks_and_nothing_else() {
    let server = Server::start(|_| response("200 OK", "", b"")).await;
    let asking = HttpRequest { accept: Some("application/json".into()), ..request(&server.url("/")) };
    send(&HttpClient::new(), &asking).await.unwrap();
    let heads = server.heads();
    let mut headers: Vec<_> = heads[0].split("\r\n").skip(1).map(str::to_ascii_lowercase).collect();
    headers.sort();
    let expected = [
        "accept-encoding: gzip".to_owned(),
        "accept: application/json".to_owned(),
        format!("host: {}", server.address),
        concat!("user-agent: bakery/", env!("CARGO_PKG_VERSION")).to_owned(),
    ];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn connections_are_kept_and_used_again_also_after_errors_and_redirects() {
    let server = Server::start(|path| match path {
        "/missing" => response("404 Not Found", "", b"no such thing"),
        "/moved" => response("302 Found", "location: /a\r\n", b"look there"),
        _ => response("200 OK", "", b"x"),
    })
    .await;
    let client = HttpClient::new();
    for path in ["/a", "/missing", "/moved", "/b", "/missing", "/c"] {
        assert_eq!(send(&client, &request(&server.url(path))).await.is_err(), path == "/missing");
    }
    assert_eq!((server.connections(), server.heads().len()), (1, 6));
}

#[tokio::test]
async fn head_asks_without_a_body() {
    let server = Server::start(|_| {
        crate::http::testing::Reply::Write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec())
    })
    .await;
    let head = HttpRequest { method: HttpMethod::Head, ..request(&server.url("/a")) };
    let answer = send(&HttpClient::new(), &head).await.unwrap();
    assert_eq!((answer.status, answer.body), (200, vec![]));
    assert!(server.heads()[0].starts_with("HEAD /a "));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let server = Server::start(move |_| response(status, "location: /elsewhere\r\n", b"")).await;
        let answer = send(&HttpClient::new(), &request(&server.url("/a"))).await.unwrap();
        assert_eq!(
            (answer.status.to_string(), answer.location),
            (status[..3].to_owned(), Some("/elsewhere".into()))
        );
        assert_eq!(server.heads().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_error_status_is_a_failure_with_the_time_that_was_asked_for() {
    let server = Server::start(|path| match path {
        "/429" => response("429 Too Many Requests", "retry-after: 17\r\n", b""),
        "/503" => response(
            "503 Service Unavailable",
            "date: Fri, 20 Nov 2026 12:00:00 GMT\r\nretry-after: Fri, 20 Nov 2026 12:00:42 GMT\r\n",
            b"",
        ),
        _ => response("404 Not Found", "", b"::error::what the server says is not repeated"),
    })
    .await;
    let client = HttpClient::new();
    for (path, kind, asked, message) in [
        ("/429", FailureKind::RateLimited, Some(17), "answered 429 Too Many Requests"),
        ("/503", FailureKind::Unavailable, Some(42), "answered 503 Service Unavailable"),
        ("/404", FailureKind::NotFound, None, "answered 404 Not Found"),
    ] {
        let url = server.url(path);
        let failure = send(&client, &request(&url)).await.unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (kind, asked.map(Duration::from_secs)), "{path}");
        assert_eq!((failure.message, failure.subject), (format!("`{url}` {message}"), url));
    }
}

#[tokio::test]
async fn a_guests_request_goes_through_gate_mirror_redirect_and_one_connection() {
    let server = Server::start(|path| match path {
        "/m/a/latest" => response("302 Found", "location: /m/a/1.json\r\n", b""),
        "/m/a/1.json" => response("200 OK", "content-type: application/json\r\n", b"[1]"),
        _ => response("404 Not Found", "", b""),
    })
    .await;
    let mirror = format!("https://cdn.example.com/={}", server.url("/m/"));
    let gate = gate(&HttpClient::new(), |options| options.mirrors = Mirrors::parse([mirror]).unwrap());
    let caller = Caller {
        component: "source-manifest".into(),
        grants: HttpGrants::parse(["https://cdn.example.com/a/"], Author::Other).unwrap(),
        fresh_since: None,
        deadline: None,
    };
    let get =
        |url: &str| FetchRequest { method: HttpMethod::Get, url: url.into(), accept: None, max_bytes: None };
    let requests = vec![get("https://cdn.example.com/a/latest"), get("https://cdn.example.com/b")];
    let answers = gate.fetch(&caller, requests).await;
    let fetched = answers[0].as_ref().unwrap();
    assert_eq!(
        (fetched.final_url.as_str(), fetched.body.as_ref()),
        ("https://cdn.example.com/a/1.json", &b"[1]"[..])
    );
    assert_eq!(answers[1].as_ref().unwrap_err().kind, FailureKind::Denied);
    assert_eq!((server.connections(), server.heads().len()), (1, 2));
}
