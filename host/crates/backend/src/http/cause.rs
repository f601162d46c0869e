//! Why a request got no answer: reqwest's chains of causes as one class and one sentence. Knows no status codes.

use std::{error::Error, io};

use bakery_core::port::{Failure, FailureKind, HttpRequest};
use rustls::CertificateError;

use super::{
    guard::{LookupFailed, Refused},
    pool::CONNECT_TIMEOUT,
};

/// The failure that an error of reqwest means.
pub(super) fn failure(request: &HttpRequest, error: &reqwest::Error) -> Failure {
    let url = &request.url;
    for cause in causes(error) {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return refused.failure(url);
        }
        if let Some(failed) = cause.downcast_ref::<LookupFailed>() {
            return failed.failure(url);
        }
        if let Some(rustls::Error::InvalidCertificate(problem)) = cause.downcast_ref::<rustls::Error>() {
            return untrusted(request, problem);
        }
    }
    if error.is_timeout() {
        let message = if error.is_connect() {
            format!(
                "no connection for `{url}` within {} s",
                CONNECT_TIMEOUT.min(request.timeout).as_secs_f64()
            )
        } else {
            format!("`{url}` did not answer within {} s", request.timeout.as_secs_f64())
        };
        return Failure::new(FailureKind::TimedOut, url.as_str(), message);
    }
    let message = if error.is_body() || error.is_decode() {
        format!("the body of `{url}` ended badly: {}", chain(error))
    } else {
        format!("`{url}` cannot be reached: {}", chain(error))
    };
    Failure::new(FailureKind::Unavailable, url.as_str(), message)
}

/// What the causes below an error say, outermost first, each once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error).skip(1) {
        let text = cause.to_string();
        // Layers that only name themselves help nobody.
        let empty = text.starts_with("client error (") || text == "error decoding response body";
        if !empty && !words.iter().any(|known| known.contains(&text)) {
            words.push(text);
        }
    }
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // `io::Error::source` skips the error that it carries.
            Some(carried) => Some(carried as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
    // A chain longer than this is a circle.
    .take(32)
}

/// A certificate does not become trustworthy by asking again.
fn untrusted(request: &HttpRequest, problem: &CertificateError) -> Failure {
    let url = &request.url;
    let host = url.host_str().unwrap_or_default();
    let reason = match problem {
        CertificateError::UnknownIssuer => {
            "it is signed by an authority that this machine does not trust".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it belongs to another host".to_owned()
        }
        CertificateError::BadSignature => "its signature is not its issuer's".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        other => format!("{other}"),
    };
    let failure = Failure::new(
        FailureKind::Denied,
        url.as_str(),
        format!("the certificate of `{host}` is refused: {reason}"),
    );
    match problem {
        CertificateError::UnknownIssuer => failure.with_hint(
            "if the authority is yours, install its certificate on this machine, or name a bundle with `SSL_CERT_FILE`",
        ),
        _ => failure,
    }
}
