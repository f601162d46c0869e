//! The only crate that touches the outside world. It retries nothing, prints nothing and holds no policy.

mod http;

pub use http::HttpClient;
