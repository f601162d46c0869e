//! Sends one request over one hop. Follows nothing, repeats nothing, and knows nothing of credentials: it sends the
//! headers it is given.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bakery_core::port::{Failure, FailureKind, registry::Party};
use reqwest::{
    Client, ClientBuilder, Method,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue},
};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::{
    answer::Answer,
    context::Context,
    lost,
    options::RegistryOptions,
    payload::{Payload, Watch},
    redirect::shown,
    resolver::{NotPublic, PublicOnly},
};

/// Whose choice the host of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The operator's: any address will do.
    Chosen,
    /// The registry's: public addresses only.
    Guarded,
}

/// One request.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: &'a Payload,
    pub(super) authorization: Option<&'a HeaderValue>,
    pub(super) lane: Lane,
    pub(super) party: Party,
}

/// The connections. Clients are made when they are first needed: plain http never reads certificates.
pub(super) struct Transport {
    clients: [OnceCell<Client>; 4],
    authorities: Vec<Vec<u8>>,
    user_agent: String,
    connect_timeout: Duration,
    idle_timeout: Duration,
    is_public: fn(std::net::IpAddr) -> bool,
}

impl Transport {
    pub(super) fn new(options: &RegistryOptions) -> Self {
        Self {
            clients: Default::default(),
            authorities: options.authorities.clone(),
            user_agent: options.user_agent.clone(),
            connect_timeout: options.connect_timeout,
            idle_timeout: options.idle_timeout,
            is_public: options.is_public,
        }
    }

    /// Whether a peer is on the public internet.
    pub(super) fn is_public(&self, peer: SocketAddr) -> bool {
        (self.is_public)(peer.ip())
    }

    /// One attempt. Any status is an answer.
    pub(super) async fn send(
        &self,
        context: &Context<'_>,
        outgoing: Outgoing<'_>,
    ) -> Result<Answer, Failure> {
        let what = format!("`{} {}`", outgoing.method, shown(outgoing.url));
        let party = outgoing.party;
        self.check_address(context, &outgoing, &what)?;
        let client =
            self.client(outgoing.lane, outgoing.url.scheme() == "https").await.map_err(|reason| {
                context.failure(
                    FailureKind::Internal,
                    Party::Bakery,
                    format!("{what} cannot be sent: {reason}"),
                )
            })?;
        let watch = Watch::new();
        let request = self.request(client, &outgoing, &watch);
        context.account.request();
        let started = std::time::Instant::now();
        let sending = watched(request.send(), &watch, self.idle_timeout).await;
        context.account.sent(watch.bytes());
        let status = sending.as_ref().and_then(|answer| answer.as_ref().ok()).map(|answer| answer.status());
        let answered = status.map_or_else(|| "no answer".to_owned(), |status| status.as_u16().to_string());
        tracing::debug!(sent = watch.bytes(), millis = started.elapsed().as_millis(), "{what} {answered}");
        let response = match sending {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                return Err(match watch.broken() {
                    Some(failure) => failure,
                    None => lost::failure(context, party, &what, &error.without_url()),
                });
            }
            None => {
                let seconds = self.idle_timeout.as_secs();
                let message = format!("{what} got no answer: nothing moved for {seconds} seconds");
                return Err(context.failure(FailureKind::TimedOut, party, message));
            }
        };
        Ok(Answer::new(response, what, party, self.idle_timeout).hiding(outgoing.authorization))
    }

    /// Literal addresses are never looked up, so the resolver does not see them.
    fn check_address(
        &self,
        context: &Context<'_>,
        outgoing: &Outgoing<'_>,
        what: &str,
    ) -> Result<(), Failure> {
        let literal = match outgoing.url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if outgoing.lane == Lane::Guarded && !(self.is_public)(literal) {
            return Err(context.refused(format!("{what} was not sent: {}", NotPublic(literal))));
        }
        Ok(())
    }

    fn request(
        &self,
        client: &Client,
        outgoing: &Outgoing<'_>,
        watch: &Arc<Watch>,
    ) -> reqwest::RequestBuilder {
        let mut headers = outgoing.headers.clone();
        // Bytes must arrive as they are: they are hashed, and ranges count them.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = outgoing.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let mut request = client.request(outgoing.method.clone(), outgoing.url.clone());
        if !matches!(outgoing.method, Method::GET | Method::HEAD | Method::DELETE) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(outgoing.payload.len()));
            request = request.body(outgoing.payload.body(watch));
        }
        request.headers(headers)
    }

    async fn client(&self, lane: Lane, tls: bool) -> Result<&Client, String> {
        let index = usize::from(lane == Lane::Guarded) * 2 + usize::from(tls);
        self.clients[index].get_or_try_init(|| async { self.build(lane, tls) }).await
    }

    fn build(&self, lane: Lane, tls: bool) -> Result<Client, String> {
        // Another part of the program may have chosen a provider already; then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = ClientBuilder::new()
            .user_agent(&self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .gzip(false)
            .tcp_nodelay(true)
            .connect_timeout(self.connect_timeout);
        builder = match lane {
            Lane::Guarded => builder.dns_resolver(Arc::new(PublicOnly { is_public: self.is_public })),
            // `localhost` is plain http because it cannot leave the machine: so no resolver is asked.
            Lane::Chosen => builder.resolve_to_addrs("localhost", &LOCALHOST),
        };
        builder = if tls {
            let mut roots = Vec::new();
            for pem in &self.authorities {
                let bundle = reqwest::Certificate::from_pem_bundle(pem);
                roots.extend(
                    bundle.map_err(|_| "a certificate authority that was given is not PEM".to_owned())?,
                );
            }
            builder.tls_certs_merge(roots)
        } else {
            builder.tls_certs_only(std::iter::empty())
        };
        builder.build().map_err(|error| {
            let cause =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            format!("a client cannot be made: {cause}")
        })
    }
}

const LOCALHOST: [SocketAddr; 2] = [
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(std::net::IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 0),
];

/// Ends a send in which nothing moves. This is a bound of one attempt, not a wait between two.
async fn watched<T>(sending: impl Future<Output = T>, watch: &Watch, idle: Duration) -> Option<T> {
    let mut sending = std::pin::pin!(sending);
    loop {
        let left = idle.saturating_sub(watch.idle());
        if left.is_zero() {
            return None;
        }
        if let Ok(output) = tokio::time::timeout(left, sending.as_mut()).await {
            return Some(output);
        }
    }
}
