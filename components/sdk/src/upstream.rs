//! The network as a guest's logic sees it: one function that the host, or a test, stands behind.
//! Must not retry, wait or cache: the host does.

use crate::host::{
    http::{self, Method, Request, Response},
    types::{Failure, FailureKind},
};

/// Whoever answers requests. All requests of one call run concurrently; the answers keep their order.
pub trait Upstream {
    /// Answers each request.
    fn fetch(&self, requests: Vec<Request>) -> Vec<Result<Response, Failure>>;
}

/// The host itself.
pub struct Host;

impl Upstream for Host {
    fn fetch(&self, requests: Vec<Request>) -> Vec<Result<Response, Failure>> {
        let wanted = requests.len();
        let mut answers = http::fetch(&requests);
        // The contract says one answer per request; an index out of bounds would be a worse message.
        answers.truncate(wanted);
        while answers.len() < wanted {
            answers.push(Err(Failure {
                kind: FailureKind::Internal,
                message: "the host gave fewer answers than requests".to_owned(),
                subject: requests[answers.len()].url.clone(),
                attempts: 0,
                attributes: Vec::new(),
            }));
        }
        answers
    }
}

/// A GET of at most `max_bytes` bytes of body.
#[must_use]
pub fn get(url: &str, accept: &str, max_bytes: u32) -> Request {
    Request {
        method: Method::Get,
        url: url.to_owned(),
        accept: Some(accept.to_owned()),
        max_bytes: Some(max_bytes),
        attributes: Vec::new(),
    }
}

/// A HEAD.
#[must_use]
pub fn head(url: &str) -> Request {
    Request {
        method: Method::Head,
        url: url.to_owned(),
        accept: None,
        max_bytes: None,
        attributes: Vec::new(),
    }
}

/// Sends one request.
///
/// # Errors
/// The host's failure.
pub fn fetch_one(upstream: &impl Upstream, request: Request) -> Result<Response, Failure> {
    let url = request.url.clone();
    upstream.fetch(vec![request]).pop().unwrap_or_else(|| {
        Err(Failure {
            kind: FailureKind::Internal,
            message: "the host gave no answer".to_owned(),
            subject: url,
            attempts: 0,
            attributes: Vec::new(),
        })
    })
}
