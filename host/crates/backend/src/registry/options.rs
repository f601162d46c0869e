//! What the wiring gives the client. Reads no environment and no file.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bakery_core::{model::RegistryHost, policy::address};
use url::Url;

use super::Credentials;

/// Everything a client needs.
pub struct RegistryOptions {
    /// Registries that speak plain http. Loopback ones do so without being listed.
    pub insecure: Vec<RegistryHost>,
    /// Loopback registries that speak https all the same.
    pub secure: Vec<RegistryHost>,
    /// Token servers on other hosts than their registry's that the operator vouches for: registry, host.
    pub realms: Vec<(RegistryHost, String)>,
    /// Certificate authorities to trust beside the machine's own, as PEM bundles.
    pub authorities: Vec<Vec<u8>>,
    /// Who we are, where.
    pub credentials: Arc<Credentials>,
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time without a byte in either direction after which an attempt ends.
    pub idle_timeout: Duration,
    /// `User-Agent`.
    pub user_agent: String,
    /// Which addresses are on the public internet: a registry that is cannot send bakery to one that is not.
    pub is_public: fn(IpAddr) -> bool,
}

impl RegistryOptions {
    /// The defaults, with credentials.
    #[must_use]
    pub fn new(credentials: impl Into<Arc<Credentials>>) -> Self {
        Self {
            insecure: Vec::new(),
            secure: Vec::new(),
            realms: Vec::new(),
            authorities: Vec::new(),
            credentials: credentials.into(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            user_agent: concat!("bakery/", env!("CARGO_PKG_VERSION")).to_owned(),
            is_public: |address| address::classify(address).is_public(),
        }
    }

    /// Whether a registry is spoken to without TLS.
    #[must_use]
    pub fn speaks_http(&self, registry: &RegistryHost) -> bool {
        let loopback = registry.is_loopback() && !self.secure.contains(registry);
        loopback || self.insecure.contains(registry)
    }

    /// `https://host:port/` of a registry's interface, or the same with http where it speaks that.
    pub(super) fn base(&self, registry: &RegistryHost) -> Url {
        let scheme = if self.speaks_http(registry) { "http" } else { "https" };
        format!("{scheme}://{}/", registry.endpoint())
            .parse()
            .expect("a registry's name was checked to be a host with an optional port")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_listed_registries_speak_http() {
        let mut options = RegistryOptions::new(Credentials::anonymous());
        options.insecure = vec!["registry.internal:5000".parse().unwrap()];
        options.secure = vec!["localhost:5443".parse().unwrap()];
        for (registry, base) in [
            ("ghcr.io", "https://ghcr.io/"),
            ("docker.io", "https://registry-1.docker.io/"),
            ("registry.internal:5000", "http://registry.internal:5000/"),
            ("registry.internal", "https://registry.internal/"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000/"),
            ("[::1]:5000", "http://[::1]:5000/"),
            ("localhost", "http://localhost/"),
            ("localhost:5443", "https://localhost:5443/"),
            ("10.0.0.1:5000", "https://10.0.0.1:5000/"),
        ] {
            assert_eq!(options.base(&registry.parse().unwrap()).as_str(), base, "{registry}");
        }
    }
}
