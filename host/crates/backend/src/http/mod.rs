//! HTTP for guests: one attempt of one hop, bounded in every direction.
//! Everything that knows reqwest, rustls and name look-up is here; redirects, retry and grants are not.

mod body;
mod cause;
mod client;
mod guard;
mod lookup;
mod pool;
mod status;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use client::HttpClient;
