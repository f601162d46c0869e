//! A hostile or broken server costs a bounded time and a bounded memory.

use std::{io::Write, time::Duration};

use bakery_core::port::{Failure, FailureKind, HttpRequest};
use flate2::{Compression, write::GzEncoder};

use crate::http::{
    HttpClient,
    testing::{Reply, Server, request, response, send},
};

/// Long enough for a loaded machine, far shorter than what the servers would take.
const BRIEF: Duration = Duration::from_millis(300);

async fn fails(server: &Server, change: impl FnOnce(&mut HttpRequest)) -> Failure {
    let mut request = request(&server.url("/a"));
    change(&mut request);
    let outcome = tokio::time::timeout(Duration::from_secs(60), send(&HttpClient::new(), &request)).await;
    outcome.expect("the client bounds its own time").unwrap_err()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_is_counted_after_decompression_and_stopped() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    let server = Server::start(move |_| response("200 OK", "content-encoding: gzip\r\n", &bomb)).await;
    let failure = fails(&server, |_| {}).await;
    assert_eq!(failure.kind, FailureKind::Internal);
    assert_eq!(failure.message, format!("the body of `{}` is larger than 1048576 bytes", server.url("/a")));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
    for (encoding, compressed) in [("", false), ("content-encoding: gzip\r\n", true)] {
        for (length, fits) in [(1000, true), (1001, false)] {
            let body = if compressed { gzip(&vec![b'x'; length]) } else { vec![b'x'; length] };
            let server = Server::start(move |_| response("200 OK", encoding, &body)).await;
            let limited = HttpRequest { max_bytes: 1000, ..request(&server.url("/a")) };
            let outcome = send(&HttpClient::new(), &limited).await;
            assert_eq!(
                outcome.map(|answer| answer.body.len()).ok(),
                fits.then_some(length),
                "{encoding}{length}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_read() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n".to_vec();
    let server = Server::start(move |_| Reply::Write(head.clone())).await;
    assert_eq!(fails(&server, |_| {}).await.kind, FailureKind::Internal);
}

#[tokio::test]
async fn an_endless_body_is_stopped_at_the_limit() {
    let server = Server::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
        Reply::Forever(head, chunk, Duration::ZERO)
    })
    .await;
    assert_eq!(fails(&server, |_| {}).await.kind, FailureKind::Internal);
}

#[tokio::test]
async fn a_slow_body_a_slow_head_and_silence_end_with_the_timeout() {
    let ticking = |head: &[u8], tick: &[u8]| {
        let (head, tick) = (head.to_vec(), tick.to_vec());
        Server::start(move |_| Reply::Forever(head.clone(), tick.clone(), Duration::from_millis(20)))
    };
    for server in [
        ticking(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", b"x").await,
        ticking(b"HTTP/1.1 200 OK\r\n", b"x-slow: x\r\n").await,
        ticking(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n").await,
        Server::start(|_| Reply::Write(vec![])).await,
    ] {
        let failure = fails(&server, |request| request.timeout = BRIEF).await;
        assert_eq!(failure.message, format!("`{}` did not answer within 0.3 s", server.url("/a")));
        assert_eq!(failure.kind, FailureKind::TimedOut);
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_a_failure_that_may_pass() {
    for (head, body) in [
        ("content-length: 100\r\n", &b"only this"[..]),
        ("transfer-encoding: chunked\r\n", b"64\r\nonly this"),
        ("content-encoding: gzip\r\ncontent-length: 20\r\n", &gzip(b"a longer text that is cut off")[..20]),
    ] {
        let bytes = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n", body].concat();
        let server = Server::start(move |_| Reply::WriteAndClose(bytes.clone())).await;
        let failure = fails(&server, |_| {}).await;
        assert_eq!(failure.kind, FailureKind::Unavailable, "{head} {failure}");
        assert!(
            failure.message.starts_with(&format!("the body of `{}` ended badly: ", server.url("/a"))),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let many = "x-flood: x\r\n".repeat(101);
    let server = Server::start(move |_| response("200 OK", &many, b"")).await;
    assert_eq!(fails(&server, |_| {}).await.kind, FailureKind::Unavailable);
    let enough = "x-fine: x\r\n".repeat(50);
    let server = Server::start(move |_| response("200 OK", &enough, b"")).await;
    assert!(send(&HttpClient::new(), &request(&server.url("/a"))).await.is_ok());
}

#[tokio::test]
async fn one_endless_header_is_refused_before_the_time_is_over() {
    let server = Server::start(|_| {
        Reply::Forever(b"HTTP/1.1 200 OK\r\nx-flood: ".to_vec(), vec![b'x'; 1 << 16], Duration::ZERO)
    })
    .await;
    let failure = fails(&server, |_| {}).await;
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
}

#[tokio::test]
async fn what_is_no_http_is_a_failure() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..],
        b"",
        b"\0\0\0\0",
        b"HTTP/1.1 999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    ] {
        let server = Server::start(move |_| Reply::WriteAndClose(bytes.to_vec())).await;
        let failure = fails(&server, |_| {}).await;
        assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
        assert!(
            failure.message.starts_with(&format!("`{}` cannot be reached: ", server.url("/a"))),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn an_endless_error_body_delays_the_failure_briefly_and_is_not_kept() {
    let server = Server::start(|_| {
        Reply::Forever(
            b"HTTP/1.1 500 Oops\r\ncontent-length: 1000000000\r\n\r\n".to_vec(),
            vec![b'x'; 512],
            Duration::from_millis(1),
        )
    })
    .await;
    let failure = fails(&server, |_| {}).await;
    assert_eq!(failure.message, format!("`{}` answered 500 Internal Server Error", server.url("/a")));
}
