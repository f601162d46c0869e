//! A request as it arrived, without its body.
//! It decides nothing.

use hyper::{HeaderMap, Method, Uri, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;

use super::target::Target;
use crate::{
    fault::Facts,
    script::{Listener, Operation},
};

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) connection: u64,
    pub(crate) listener: Listener,
    pub(crate) method: Method,
    /// Percent-decoded.
    pub(crate) path: String,
    /// As it was sent.
    pub(crate) query: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) target: Target,
    pub(crate) operation: Operation,
}

impl Arrival {
    /// Reads method, address and headers.
    pub(crate) fn new(
        connection: u64,
        listener: Listener,
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
    ) -> Self {
        let path = percent_decode_str(uri.path()).decode_utf8_lossy().into_owned();
        let query = uri.query().unwrap_or_default().to_owned();
        let parameters = parameters(query.as_bytes());
        let target = Target::read(listener, &path);
        let mounts = parameters.iter().any(|(name, _)| name == "mount");
        let operation = target.operation(&method, mounts);
        Self { connection, listener, method, path, query, parameters, headers, target, operation }
    }

    /// The first parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every parameter of this name.
    pub(crate) fn all_parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.parameters.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `Authorization` header; one that is no text counts as present and empty.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default())
    }

    /// What rules look at.
    pub(crate) fn facts(&self, now: std::time::Duration) -> Facts<'_> {
        Facts {
            operation: self.operation,
            listener: self.listener,
            method: self.method.as_str(),
            path: &self.path,
            query: &self.query,
            authorized: self.headers.contains_key(AUTHORIZATION),
            now,
        }
    }
}

/// The parameters of a query or a form.
pub(crate) fn parameters(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}
