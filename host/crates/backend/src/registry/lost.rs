//! Names the reason why no answer came: a name, a connection, a certificate, a time limit. Shows no URL's query.

use std::{error::Error, io};

use bakery_core::port::{Failure, FailureKind, registry::Party};

use super::{context::Context, resolver::NotPublic};

/// The failure of a request that was not answered, or whose answer ended early. `what` is its line for people.
pub(super) fn failure(context: &Context<'_>, party: Party, what: &str, error: &reqwest::Error) -> Failure {
    let chain = chain(error);
    let find = |message: String, kind| context.failure(kind, party, format!("{what} {message}"));
    if let Some(address) = chain.iter().find_map(|cause| cause.downcast_ref::<NotPublic>()) {
        return context.refused(format!("{what} was not sent: its host is at {address}"));
    }
    if error.is_builder() {
        return find(format!("cannot be sent: {}", deepest(&chain)), FailureKind::InvalidInput);
    }
    if let Some(tls) = chain.iter().find_map(|cause| tls(*cause)) {
        return match tls {
            rustls::Error::InvalidCertificate(reason) => find(
                format!("was not sent: the certificate is not trusted ({reason})"),
                FailureKind::InvalidInput,
            )
            .with_hint("give its certificate authority with `--registry-ca FILE`"),
            rustls::Error::InvalidMessage(_) => {
                find("was not sent: the other side does not speak TLS".to_owned(), FailureKind::InvalidInput)
                    .with_hint("list a registry that speaks plain http with `--insecure-registry`")
            }
            other => find(format!("got no answer: {other}"), FailureKind::Unavailable),
        };
    }
    if error.is_dns() {
        let reason = deepest(&chain);
        // The system's resolver tells "try again" from "no such name" in words only.
        let passing = reason.contains("emporary failure") || reason.contains("ry again");
        let kind = if passing { FailureKind::Unavailable } else { FailureKind::InvalidInput };
        return find(format!("was not sent: its host's name cannot be looked up ({reason})"), kind);
    }
    if error.is_timeout() {
        let phase = if error.is_connect() { "could not be sent in time" } else { "was not answered in time" };
        return find(phase.to_owned(), FailureKind::TimedOut);
    }
    let phase = if error.is_connect() {
        "could not be sent"
    } else if error.is_body() || error.is_decode() {
        "broke off"
    } else {
        "got no answer"
    };
    find(format!("{phase}: {}", deepest(&chain)), FailureKind::Unavailable)
}

type Cause<'a> = &'a (dyn Error + 'static);

fn chain(error: &reqwest::Error) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = vec![error];
    while let Some(cause) = causes.last().copied() {
        // An error of input or output hides what it wraps from `source`.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped.map(|inner| inner as Cause<'_>).or_else(|| cause.source()) {
            Some(next) => causes.push(next),
            None => break,
        }
    }
    causes
}

fn tls(cause: Cause<'_>) -> Option<&rustls::Error> {
    cause.downcast_ref()
}

fn deepest(chain: &[Cause<'_>]) -> String {
    chain.last().map(|cause| super::refusal::one_line(&cause.to_string())).unwrap_or_default()
}
