//! An answer, with its body still on the wire. Reads no more of it than it was told to.

use std::{net::SocketAddr, time::Duration};

use bakery_core::port::{
    Failure, FailureKind,
    registry::{Party, RegistryFault},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{
    Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER},
};

use super::{
    context::Context,
    lost,
    refusal::{self, Reason},
    retry_after,
};

/// How long a body that only explains a refusal is waited for.
const REASON_TIMEOUT: Duration = Duration::from_secs(10);

/// What came back.
pub(super) struct Answer {
    response: Response,
    /// `` `GET https://…` ``.
    what: String,
    party: Party,
    idle: Duration,
    reason: Option<Reason>,
    /// What was shown to get the answer.
    authorization: Option<HeaderValue>,
}

impl Answer {
    pub(super) fn new(response: Response, what: String, party: Party, idle: Duration) -> Self {
        Self { response, what, party, idle, reason: None, authorization: None }
    }

    /// The same, knowing what its text must not repeat.
    pub(super) fn hiding(self, authorization: Option<&HeaderValue>) -> Self {
        Self { authorization: authorization.cloned(), ..self }
    }

    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn what(&self) -> &str {
        &self.what
    }

    pub(super) fn party(&self) -> Party {
        self.party
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.response.remote_addr()
    }

    /// A header, if it is text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All headers of a name that are text.
    pub(super) fn headers<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a str> {
        self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// Where a redirect leads, if this is one.
    pub(super) fn redirect(&self) -> Option<&str> {
        matches!(self.status(), 301 | 302 | 303 | 307 | 308)
            .then(|| self.header(&LOCATION).unwrap_or_default())
    }

    /// `Content-Length`, also of an answer to HEAD.
    pub(super) fn length(&self) -> Option<u64> {
        self.header(&CONTENT_LENGTH)?.trim().parse().ok()
    }

    /// `Content-Type` without its parameters.
    pub(super) fn media_type(&self) -> Option<&str> {
        Some(self.header(&CONTENT_TYPE)?.split(';').next().unwrap_or_default().trim())
    }

    /// The next bytes of the body.
    pub(super) async fn chunk(&mut self, context: &Context<'_>) -> Result<Option<Bytes>, Failure> {
        match tokio::time::timeout(self.idle, self.response.chunk()).await {
            Ok(Ok(chunk)) => {
                context.account.received(chunk.as_ref().map_or(0, |bytes| bytes.len() as u64));
                Ok(chunk)
            }
            Ok(Err(error)) => Err(lost::failure(context, self.party, &self.what, &error.without_url())),
            Err(_) => {
                let message = format!(
                    "the answer to {} stopped: no byte for {} seconds",
                    self.what,
                    self.idle.as_secs()
                );
                Err(context.failure(FailureKind::TimedOut, self.party, message))
            }
        }
    }

    /// The whole body, which may not have more bytes than `limit`.
    pub(super) async fn body(&mut self, context: &Context<'_>, limit: u64) -> Result<Vec<u8>, Failure> {
        if self.length().is_some_and(|length| length > limit) {
            return Err(self.too_large(context, limit));
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(context).await? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(self.too_large(context, limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Why the answer is a refusal. Reads the beginning of the body once; a body that does not come is no reason.
    pub(super) async fn reason(&mut self, context: &Context<'_>) -> &Reason {
        if self.reason.is_none() {
            let mut body = Vec::new();
            let reading = async {
                while body.len() < refusal::MAX_BYTES
                    && let Ok(Some(chunk)) = self.chunk(context).await
                {
                    body.extend_from_slice(&chunk);
                }
            };
            // What has come by then is reason enough.
            let _ = tokio::time::timeout(REASON_TIMEOUT, reading).await;
            body.truncate(refusal::MAX_BYTES);
            self.reason = Some(Reason::read(&body, &secrets(self.authorization.as_ref())));
        }
        self.reason.get_or_insert_default()
    }

    /// Reads a short body that nobody wants, so that its connection can carry the next request.
    pub(super) async fn let_go(&mut self, context: &Context<'_>) {
        self.reason(context).await;
    }

    /// The failure that the answer is, with everything that it says about itself.
    pub(super) async fn refusal(mut self, context: &Context<'_>) -> Failure {
        let status = self.status();
        let reason = self.reason(context).await.clone();
        let kind = refusal::kind(status, &reason, context.verb, self.party);
        let message = format!("{} was answered {}", self.what, reason.line(status));
        let wait = retry_after::read(self.header(&RETRY_AFTER), self.header(&DATE), &reason.text)
            .or_else(|| reason.assumed_wait(status));
        let fault = RegistryFault {
            verb: context.verb,
            party: self.party,
            status: Some(status),
            code: reason.code,
            digests: reason.digests,
            corrupt: false,
        };
        let failure = Failure::new(kind, context.subject, message).with_registry(fault);
        match wait {
            Some(wait) => failure.with_retry_after(wait),
            None => failure,
        }
    }

    fn too_large(&self, context: &Context<'_>, limit: u64) -> Failure {
        let message = format!("the answer to {} is larger than {limit} bytes", self.what);
        context.failure(FailureKind::Internal, self.party, message)
    }
}

/// Token, name with password in base64, password: whatever of it a header holds.
fn secrets(authorization: Option<&HeaderValue>) -> Vec<String> {
    let text = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, secret)) = text.split_once(' ') else { return Vec::new() };
    let mut secrets = vec![secret.to_owned()];
    if scheme == "Basic"
        && let Some(pair) = STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        && let Some((_, password)) = pair.split_once(':')
    {
        secrets.push(password.to_owned());
    }
    secrets
}
