//! Guests' requests: grants, mirrors, redirects hop by hop, one answer per run. Loops over attempts nowhere.

use std::{sync::Arc, time::Duration};

use bakery_core::{
    policy::{Denial, HttpGrants, Operation, PolicyError, check_accept, parse_url},
    port::{Event, Failure, FailureKind, HttpMethod, HttpRequest, HttpResponse},
};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    clock::{after, spoken},
    gate::Gate,
    hop::Hop,
    memo::{Answer, HopKey},
};

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The component, for events.
    pub component: String,
    /// What it may read.
    pub grants: HttpGrants,
    /// Answers to requests that began before are not used: whoever polls must see new ones.
    pub fresh_since: Option<Instant>,
    /// When the caller's time is over, where that is sooner than the limits say.
    pub deadline: Option<Instant>,
}

/// One request, as a guest wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// Method.
    pub method: HttpMethod,
    /// Untrusted.
    pub url: String,
    /// Untrusted `Accept` header.
    pub accept: Option<String>,
    /// Bytes of body after decompression; the operator's limit is the ceiling.
    pub max_bytes: Option<u32>,
}

/// One answer below 400, after redirects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Status.
    pub status: u16,
    /// The URL that answered, as grants speak of it: without mirrors.
    pub final_url: String,
    /// `Content-Type`.
    pub media_type: Option<String>,
    /// Body, decompressed; shared with everyone who asked the same.
    pub body: Arc<[u8]>,
}

impl Gate {
    /// Reads all requests concurrently; the answers come in the order of the requests.
    pub async fn fetch(&self, caller: &Caller, requests: Vec<FetchRequest>) -> Vec<Result<Fetched, Failure>> {
        join_all(requests.iter().map(|request| self.fetch_one(caller, request))).await
    }

    async fn fetch_one(&self, caller: &Caller, request: &FetchRequest) -> Result<Fetched, Failure> {
        let now = Instant::now();
        let total = after(now, self.inner.options.limits.total);
        let ends = caller.deadline.map_or(total, |deadline| deadline.min(total));
        timeout_at(ends, self.follow(caller, request)).await.unwrap_or_else(|_| {
            let url = parse_url(&request.url).map_or_else(|_| request.url.clone(), String::from);
            let message =
                format!("`{url}` was not read within {}", spoken(ends.saturating_duration_since(now)));
            Err(Failure::new(FailureKind::TimedOut, url, message))
        })
    }

    async fn follow(&self, caller: &Caller, request: &FetchRequest) -> Result<Fetched, Failure> {
        let refuse =
            |error: PolicyError| Failure::new(FailureKind::InvalidInput, &request.url, error.to_string());
        let mut named = parse_url(&request.url).map_err(refuse)?;
        request.accept.as_deref().map_or(Ok(()), check_accept).map_err(refuse)?;
        let mut trail: Vec<Url> = Vec::new();
        loop {
            let hop = Hop::admit(caller, &self.inner.options.mirrors, &named)
                .map_err(|denial| self.deny(caller, trail.last(), denial))?;
            if trail.contains(&hop.real) {
                let message = format!("`{}` redirects in a circle, back to `{}`", request.url, hop.real);
                return Err(Failure::new(FailureKind::Internal, named.as_str(), message));
            }
            let answer = self.answer(caller, request, &hop).await?;
            let Some(next) = hop.next(&answer) else {
                return finished(request, &hop, &answer);
            };
            named = next.inspect_err(|failure| self.announce(caller, failure))?;
            trail.push(hop.real);
            let redirects = self.inner.options.limits.redirects;
            if trail.len() > usize::try_from(redirects).unwrap_or(usize::MAX) {
                let message = format!("`{}` redirects more than {redirects} times", request.url);
                return Err(Failure::new(FailureKind::Internal, named.as_str(), message));
            }
        }
    }

    async fn answer(
        &self,
        caller: &Caller,
        request: &FetchRequest,
        hop: &Hop,
    ) -> Result<Arc<Answer>, Failure> {
        let key = HopKey {
            method: request.method,
            url: hop.real.clone(),
            accept: request.accept.clone(),
            reach: hop.reach,
        };
        let limits = &self.inner.options.limits;
        let sent = HttpRequest {
            method: request.method,
            url: hop.real.clone(),
            accept: request.accept.clone(),
            // The operator's limit, not the guest's: the answer may serve others.
            max_bytes: limits.max_bytes,
            timeout: limits.hop_timeout,
            reach: hop.reach,
        };
        let (gate, total) = (self.clone(), limits.total);
        self.inner
            .memo
            .get(key, caller.fresh_since, move || Box::pin(async move { gate.send(&sent, total).await }))
            .await
    }

    async fn send(&self, request: &HttpRequest, total: Duration) -> Result<HttpResponse, Failure> {
        let operation = Operation::http_read(request.method, &request.url, request.timeout, total);
        let http = &self.inner.options.http;
        let mut began = Instant::now();
        let mut attempts = 0;
        let outcome = self
            .run(&operation, |permit| {
                began = Instant::now();
                attempts += 1;
                async move { http.send(&permit, request).await }
            })
            .await;
        let answered = outcome.as_ref().ok();
        self.emit(Event::Request {
            method: request.method.as_str(),
            url: request.url.to_string(),
            status: answered.map(|response| response.status),
            attempts,
            bytes: answered.map_or(0, |response| response.body.len() as u64),
            elapsed: began.elapsed(),
        });
        outcome
    }

    fn deny(&self, caller: &Caller, redirected_by: Option<&Url>, denial: Denial) -> Failure {
        let Denial { subject, hint } = denial;
        let message = match redirected_by {
            None => format!("`{}` may not read `{subject}`", caller.component),
            Some(url) => {
                format!("`{}` may not read `{subject}`, where `{url}` redirects to", caller.component)
            }
        };
        let failure = Failure::new(FailureKind::Denied, subject, message).with_hint(hint);
        self.announce(caller, &failure);
        failure
    }

    fn announce(&self, caller: &Caller, failure: &Failure) {
        if failure.kind == FailureKind::Denied {
            self.emit(Event::Denied {
                component: caller.component.clone(),
                subject: failure.subject.clone(),
                hint: failure.hint.clone().unwrap_or_else(|| failure.message.clone()),
            });
        }
    }
}

fn finished(request: &FetchRequest, hop: &Hop, answer: &Answer) -> Result<Fetched, Failure> {
    let bytes = answer.body.len();
    if let Some(limit) =
        request.max_bytes.filter(|limit| u32::try_from(bytes).map_or(true, |bytes| bytes > *limit))
    {
        let message = format!(
            "the body of `{}` has {bytes} bytes, more than the {limit} that were asked for",
            hop.real
        );
        return Err(Failure::new(FailureKind::Internal, hop.real.as_str(), message));
    }
    Ok(Fetched {
        status: answer.status,
        final_url: hop.logical.to_string(),
        media_type: answer.media_type.clone(),
        body: Arc::clone(&answer.body),
    })
}

#[cfg(test)]
mod tests;
