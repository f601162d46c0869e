//! The backend behind `port::Http`: one request out, one bounded answer in. Follows nothing and tries once.

use std::{sync::Arc, time::Duration};

use bakery_core::port::{
    Admission, BoxFuture, Failure, FailureKind, Http, HttpMethod, HttpRequest, HttpResponse,
};
use reqwest::{
    Method, Response,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use tokio::time::timeout;

use super::{body, cause, guard, lookup::SystemLookup, pool::Pools, status};

/// Bytes of an error's or a redirect's body that are read, so that the connection can be used again.
const DRAINED: usize = 4 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// HTTP/1.1 and HTTP/2 over rustls, with connections kept alive.
///
/// Nothing is set up before the first request: certificate authorities are read on the first `https` URL. Proxies of
/// the environment are ignored: they would look names up where the addresses cannot be checked.
#[derive(Clone)]
pub struct HttpClient {
    pools: Arc<Pools>,
}

impl HttpClient {
    /// A client that reads nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { pools: Arc::new(Pools::new(Arc::new(SystemLookup))) }
    }

    #[cfg(test)]
    pub(crate) fn over(pools: Pools) -> Self {
        Self { pools: Arc::new(pools) }
    }

    async fn attempt(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        guard::check_literal(&request.url, request.reach)?;
        let client = self.pools.client(&request.url, request.reach)?;
        let method = match request.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Head => Method::HEAD,
        };
        let mut builder = client.request(method, request.url.clone()).timeout(request.timeout);
        if let Some(accept) = &request.accept {
            builder = builder.header(ACCEPT, accept_value(request, accept)?);
        }
        let response = builder.send().await.map_err(|error| cause::failure(request, &error))?;
        let code = response.status();
        if code.is_client_error() || code.is_server_error() {
            let failure = status::failure(&request.url, code, response.headers());
            drain(response).await;
            return Err(failure);
        }
        let (location, media_type) =
            (text(response.headers(), &LOCATION), text(response.headers(), &CONTENT_TYPE));
        let body = if code.is_redirection() || request.method == HttpMethod::Head {
            drain(response).await;
            Vec::new()
        } else {
            body::read(response, request).await?
        };
        Ok(HttpResponse { status: code.as_u16(), location, media_type, body })
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl Http for HttpClient {
    fn send<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        Box::pin(self.attempt(request))
    }
}

fn accept_value(request: &HttpRequest, accept: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(accept).map_err(|_| {
        let message = format!("the `accept` value for `{}` is not a header value", request.url);
        Failure::new(FailureKind::InvalidInput, request.url.as_str(), message)
    })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

async fn drain(mut response: Response) {
    let drained = timeout(DRAIN_TIME, async {
        let mut left = DRAINED;
        while let Ok(Some(chunk)) = response.chunk().await {
            let Some(rest) = left.checked_sub(chunk.len()) else { break };
            left = rest;
        }
    });
    // A body that does not end costs its connection, nothing else.
    drained.await.unwrap_or_default();
}
