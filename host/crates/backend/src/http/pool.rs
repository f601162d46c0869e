//! The connection pools, one per reach and scheme, each set up by its first request.
//! A connection that may go to private addresses is never used for a request that may not.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bakery_core::port::{Failure, FailureKind, Reach};
use reqwest::{Client, redirect, retry, tls};
use url::Url;

use super::{cause::chain, guard::GuardedResolver, lookup::Lookup};

/// Time to look a name up, connect, and agree on TLS.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
const IDLE_PER_HOST: usize = 16;
const MAX_HEADERS: usize = 100;
/// Bytes; HTTP/1.1 heads are bounded by hyper's read buffer of about 400 KiB.
const MAX_HEADER_LIST: u32 = 64 * 1024;

/// Every pool of the process.
pub(crate) struct Pools {
    lookup: Arc<dyn Lookup>,
    authorities: Authorities,
    public: Pair,
    private: Pair,
}

/// Who may sign a server's certificate.
pub(crate) enum Authorities {
    /// Whom the machine trusts; also `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    Machine,
    /// These only.
    #[cfg(test)]
    Only(Vec<reqwest::Certificate>),
}

#[derive(Default)]
struct Pair {
    plain: OnceLock<Result<Client, String>>,
    secure: OnceLock<Result<Client, String>>,
}

impl Pools {
    pub(crate) fn new(lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, authorities: Authorities::Machine, public: Pair::default(), private: Pair::default() }
    }

    #[cfg(test)]
    pub(crate) fn trusting(mut self, only: Vec<reqwest::Certificate>) -> Self {
        self.authorities = Authorities::Only(only);
        self
    }

    /// The pool for a URL.
    pub(super) fn client(&self, url: &Url, reach: Reach) -> Result<&Client, Failure> {
        let pair = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let secure = url.scheme() == "https";
        let client = if secure { &pair.secure } else { &pair.plain };
        client.get_or_init(|| self.build(secure, reach)).as_ref().map_err(|problem| {
            let message = format!("no connection to `{url}` can be made safe: {problem}");
            Failure::new(FailureKind::Denied, url.as_str(), message)
                .with_hint("install the package `ca-certificates`, or name a bundle with `SSL_CERT_FILE`")
        })
    }

    fn build(&self, secure: bool, reach: Reach) -> Result<Client, String> {
        // The error says that a provider is installed already, which is as good.
        rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
        let builder = Client::builder()
            .user_agent(concat!("bakery/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .gzip(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_LIST)
            .tls_version_min(tls::Version::TLS_1_2)
            .https_only(secure)
            .dns_resolver(Arc::new(GuardedResolver::new(Arc::clone(&self.lookup), reach)));
        let builder = match &self.authorities {
            // Plain HTTP must work, and start fast, on a machine without any authority.
            _ if !secure => builder.tls_certs_only([]),
            Authorities::Machine => builder,
            #[cfg(test)]
            Authorities::Only(certificates) => builder.tls_certs_only(certificates.clone()),
        };
        builder.build().map_err(|error| chain(&error))
    }
}
