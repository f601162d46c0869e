//! The control address of the process: the log and the state as JSON, and the few things a test may do from outside.
//! It is not part of the registry and is never in its log.

use std::{convert::Infallible, io, sync::Arc};

use bakery_fault_registry::{FaultRegistry, Rule};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;

/// Serves the control address and gives its URL.
pub(crate) async fn listen(registry: Arc<FaultRegistry>) -> io::Result<String> {
    let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", socket.local_addr()?);
    tokio::spawn(async move {
        loop {
            // An accept fails when the client has gone already.
            let Ok((stream, _)) = socket.accept().await else { continue };
            let registry = registry.clone();
            let service = service_fn(move |request| answer(registry.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(url)
}

async fn answer(
    registry: Arc<FaultRegistry>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(text(400, "the body did not arrive")) };
    Ok(match (&head.method, head.uri.path()) {
        (&Method::GET, "/log") => json(&registry.log()),
        (&Method::GET, "/counters") => json(&registry.counters()),
        (&Method::GET, "/fired") => json(&registry.fired()),
        (&Method::GET, "/history") => json(&registry.history()),
        (&Method::GET, "/audit") => json(&registry.audit()),
        (&Method::GET, "/snapshot") => json(&registry.snapshot()),
        (&Method::GET, "/paused") => json(&registry.paused()),
        (&Method::POST, "/release") => json(&registry.release()),
        (&Method::POST, "/discard") => json(&registry.discard()),
        (&Method::POST, "/reveal") => {
            registry.reveal();
            json(&true)
        }
        (&Method::DELETE, "/rules") => {
            registry.clear_rules();
            json(&true)
        }
        (&Method::POST, "/rules") => match serde_json::from_slice::<Vec<Rule>>(&body.to_bytes()) {
            Ok(rules) => {
                rules.into_iter().for_each(|rule| registry.add_rule(rule));
                json(&true)
            }
            Err(error) => text(400, &format!("not a list of rules: {error}")),
        },
        (_, path) => text(404, &format!("there is no `{path}` here")),
    })
}

fn json(value: &impl Serialize) -> Response<Full<Bytes>> {
    match serde_json::to_vec(value) {
        Ok(bytes) => Response::new(Full::from(bytes)),
        Err(error) => text(500, &error.to_string()),
    }
}

fn text(status: u16, message: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{message}\n")));
    // Only the three statuses above are ever given.
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}
