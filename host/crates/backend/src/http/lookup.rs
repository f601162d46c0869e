//! Names to addresses, by the system's resolver. Checks nothing.

use std::{io, net::IpAddr};

use bakery_core::port::BoxFuture;

/// Whoever knows the addresses of a name.
pub(crate) trait Lookup: Send + Sync + 'static {
    /// Every address of a host.
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
pub(crate) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
