//! One request through the proxy: to the token server, to a refusal, or on to the registry and back.
//! Bodies flow; nothing is kept of them.

use std::{convert::Infallible, io, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{Request, Response, StatusCode, Uri, Version, body::Incoming, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Seen, Site, guard::Verdict};

type Body = BoxBody<Bytes, hyper::Error>;

/// Answers one request and writes it down.
pub(super) async fn answer(
    site: Arc<Site>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let method = request.method().to_string();
    let target = match request.uri().path() {
        // The query names the account and its scopes; it is of no use in a log.
        "/token" => "/token".to_owned(),
        _ => request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
    };
    let response = respond(&site, request).await;
    site.log.push(Seen { method, target, status: response.status().as_u16() });
    Ok(response)
}

async fn respond(site: &Site, request: Request<Incoming>) -> Response<Body> {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let uri = request.uri();
    if uri.path() == "/token" {
        return match site.guard.token(authorization, uri.query().unwrap_or_default()) {
            Some(token) => plain(StatusCode::OK, token),
            None => plain(StatusCode::UNAUTHORIZED, refusal("UNAUTHORIZED", "name or password is wrong")),
        };
    }
    match site.guard.check(request.method(), uri, authorization) {
        Verdict::Challenge(challenge) => {
            let mut response =
                plain(StatusCode::UNAUTHORIZED, refusal("UNAUTHORIZED", "authentication required"));
            if let Ok(challenge) = challenge.parse() {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
        Verdict::Pass => match forward(site.upstream, request).await {
            Ok(response) => response,
            Err(error) => plain(StatusCode::BAD_GATEWAY, refusal("UNAVAILABLE", &error.to_string())),
        },
    }
}

/// Sends the request on, over a connection of its own.
async fn forward(upstream: u16, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (mut head, body) = request.into_parts();
    let host = head.uri.authority().map(|authority| authority.as_str().to_owned());
    let host = host.or_else(|| Some(head.headers.get(header::HOST)?.to_str().ok()?.to_owned()));
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = path.parse::<Uri>().map_err(io::Error::other)?;
    head.version = Version::HTTP_11;
    head.headers.remove(header::AUTHORIZATION);
    // The registry makes addresses of uploads out of these two.
    head.headers.insert("x-forwarded-proto", header::HeaderValue::from_static("https"));
    let host = host.unwrap_or_default().parse().map_err(io::Error::other)?;
    head.headers.insert(header::HOST, host);

    let stream = TcpStream::connect(("127.0.0.1", upstream)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let response = sender.send_request(Request::from_parts(head, body)).await.map_err(io::Error::other)?;
    let (mut head, body) = response.into_parts();
    head.version = Version::default();
    // These speak of the connection to the registry.
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    Ok(Response::from_parts(head, body.boxed()))
}

fn refusal(code: &str, message: &str) -> String {
    serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string()
}

fn plain(status: StatusCode, text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
