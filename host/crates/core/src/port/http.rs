//! HTTP as the gate asks for it: one attempt, one hop, bounded.

use std::time::Duration;

use url::Url;

use super::{Admission, BoxFuture, Failure};

/// GET or HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// HEAD.
    Head,
}

impl HttpMethod {
    /// `GET` or `HEAD`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// Which addresses a request may connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Addresses of the public internet only.
    Public,
    /// Any address: the operator granted this origin by name.
    Private,
}

/// One hop.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Method.
    pub method: HttpMethod,
    /// Already checked against the grants, and mapped by the mirrors.
    pub url: Url,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// Bytes of body after decompression.
    pub max_bytes: u64,
    /// Time for the whole hop, from name look-up to the last byte.
    pub timeout: Duration,
    /// Which addresses it may connect to.
    pub reach: Reach,
}

/// One answer below 400, redirects included: the gate follows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status.
    pub status: u16,
    /// `Location`, for a redirect.
    pub location: Option<String>,
    /// `Content-Type`.
    pub media_type: Option<String>,
    /// Body, decompressed.
    pub body: Vec<u8>,
}

/// The backend: no retry, no redirects, no policy.
pub trait Http: Send + Sync {
    /// One attempt. Statuses from 400 on are failures, with `retry_after` where the server gave it.
    fn send<'a>(
        &'a self,
        admission: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>>;
}
