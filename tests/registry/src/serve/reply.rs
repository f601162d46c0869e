//! An answer before it is sent: status, headers, whole body.
//! It knows no connection; `deliver` sends it.

use bytes::Bytes;
use hyper::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::script::error_body as body_of_error;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// This status without body.
    pub(crate) fn status(status: u16) -> Self {
        // A script may name any number; what is no status becomes 500, which its test will notice.
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// This status with an error body of the distribution specification.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::error_with(status, code, message, None)
    }

    /// The same with a detail.
    pub(crate) fn error_with(status: u16, code: &str, message: &str, detail: Option<Value>) -> Self {
        Self::status(status).content("application/json", body_of_error(code, message, detail))
    }

    /// The same reply with this body.
    pub(crate) fn content(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), media_type)
    }

    /// The same reply with a header, in place of one of that name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a header. What HTTP cannot carry is left out.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.insert(name, value);
        }
    }

    /// Adds a header besides others of that name.
    pub(crate) fn add(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.append(HeaderName::from_static(name), value);
        }
    }
}
