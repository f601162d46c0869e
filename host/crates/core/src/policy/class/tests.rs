//! The retry table, row by row: what was said, about what, and what it means.

use super::{
    Cause::{Corrupt, Throttled, TokenRefused, Unavailable},
    Class::{Pending, Permanent, Transient},
    *,
};
use crate::{
    model::RegistryHost,
    policy::OperationKind,
    port::FailureKind::{
        Cancelled, Conflict, Denied, Internal, InvalidInput, NotFound, RateLimited, TimedOut, Unauthorized,
        Unavailable as Busy,
    },
};

const SECOND: Duration = Duration::from_secs(1);

fn operation(verb: RegistryVerb) -> Operation {
    let ghcr: RegistryHost = "ghcr.io".parse().unwrap();
    Operation::registry(verb, &ghcr, "ghcr.io/a@sha256:x", SECOND, SECOND)
}

/// A read of what this run or its build has just written.
fn fresh() -> Operation {
    operation(RegistryVerb::GetManifest).awaited(SECOND)
}

fn read() -> Operation {
    operation(RegistryVerb::GetManifest)
}

fn put() -> Operation {
    operation(RegistryVerb::PutManifest)
}

fn mount() -> Operation {
    operation(RegistryVerb::Mount)
}

/// A whole blob, with an upload of its own.
fn blob() -> Operation {
    operation(RegistryVerb::BeginUpload)
}

/// The last piece of an upload that is open.
fn finish() -> Operation {
    operation(RegistryVerb::FinishUpload)
}

/// A piece in the middle of an upload: the one verb that is not idempotent.
fn patch() -> Operation {
    operation(RegistryVerb::PatchUpload)
}

/// `404 MANIFEST_UNKNOWN` from a party, in the class that the backend gives it.
fn from(party: Party, kind: FailureKind, verb: RegistryVerb, words: &str) -> Failure {
    let (status, code) = words.split_once(' ').unwrap_or((words, ""));
    let fault = RegistryFault {
        status: status.parse().ok(),
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        ..RegistryFault::new(verb, party)
    };
    Failure::new(kind, "s", "m").with_registry(fault)
}

fn said(kind: FailureKind, words: &str) -> Failure {
    from(Party::Registry, kind, RegistryVerb::GetManifest, words)
}

/// The same, said when a blob was to be put in place.
fn upload(kind: FailureKind, words: &str) -> Failure {
    from(Party::Registry, kind, RegistryVerb::FinishUpload, words)
}

fn token(kind: FailureKind, words: &str) -> Failure {
    from(Party::TokenServer, kind, RegistryVerb::GetManifest, words)
}

/// No answer, or half of one.
fn lost(kind: FailureKind) -> Failure {
    said(kind, "")
}

fn corrupt() -> Failure {
    let fault = RegistryFault { corrupt: true, ..RegistryFault::new(RegistryVerb::GetManifest, Party::Registry) };
    Failure::new(Internal, "s", "m").with_registry(fault)
}

fn old_value() -> Failure {
    stale(&"ghcr.io/a:1".parse().unwrap(), &Digest::of(b"new"), &Digest::of(b"old"))
}

#[test]
fn the_retry_table() {
    let rows = [
        // Not found.
        (said(NotFound, "404 MANIFEST_UNKNOWN"), fresh(), Pending),
        (said(NotFound, "404 NAME_UNKNOWN"), fresh(), Pending),
        (said(NotFound, "404"), fresh(), Pending),
        (said(NotFound, "404"), operation(RegistryVerb::Resolve).awaited(SECOND), Pending),
        (said(NotFound, "404 MANIFEST_UNKNOWN"), read(), Permanent),
        (said(NotFound, "410"), fresh(), Permanent),
        (token(NotFound, "404"), fresh(), Permanent),
        (said(NotFound, "404 NAME_UNKNOWN"), put().awaited(SECOND), Permanent),
        // Parts of a manifest that are not there: whoever copies puts them there again, and asks again.
        (said(Conflict, "404 MANIFEST_BLOB_UNKNOWN"), put(), Permanent),
        (said(Conflict, "400 MANIFEST_BLOB_UNKNOWN"), put(), Permanent),
        (said(Conflict, "400 BLOB_UNKNOWN"), put(), Permanent),
        // An upload that the registry has closed. The backend has looked for the blob before it says so.
        (upload(Conflict, "404 BLOB_UPLOAD_UNKNOWN"), blob(), Transient(Unavailable)),
        (upload(Conflict, "404 BLOB_UNKNOWN"), blob(), Transient(Unavailable)),
        (upload(NotFound, "404"), blob(), Transient(Unavailable)),
        (upload(Conflict, "404 BLOB_UPLOAD_UNKNOWN"), finish(), Permanent),
        (upload(Conflict, "404 BLOB_UPLOAD_UNKNOWN"), patch(), Permanent),
        // A repository that must be made first.
        (from(Party::Registry, NotFound, RegistryVerb::BeginUpload, "404 NAME_UNKNOWN"), blob(), Permanent),
        // Access. The first 401 is a step of the backend, and a refused mount is an answer.
        (said(Unauthorized, "401 UNAUTHORIZED"), read(), Permanent),
        (said(Denied, "403 DENIED"), read(), Permanent),
        (said(Denied, "403 DENIED"), fresh(), Permanent),
        (from(Party::Storage, Denied, RegistryVerb::GetBlob, "403"), read(), Permanent),
        (from(Party::Bakery, Denied, RegistryVerb::GetManifest, ""), read(), Permanent),
        (token(Denied, "403 DENIED"), read(), Transient(TokenRefused)),
        (token(Unauthorized, "401 UNAUTHORIZED"), read(), Transient(TokenRefused)),
        (token(Denied, "403 DENIED"), fresh(), Transient(TokenRefused)),
        (token(Denied, "403 DENIED"), patch(), Permanent),
        // A request that is wrong.
        (upload(InvalidInput, "400 DIGEST_INVALID"), blob(), Transient(Corrupt)),
        (upload(InvalidInput, "400 DIGEST_INVALID"), finish(), Permanent),
        (said(InvalidInput, "400 DIGEST_INVALID"), put(), Permanent),
        (upload(InvalidInput, "400 SIZE_INVALID"), blob(), Permanent),
        (said(InvalidInput, "400 MANIFEST_INVALID"), put(), Permanent),
        (said(InvalidInput, "400 NAME_INVALID"), put(), Permanent),
        (said(InvalidInput, "400 TAG_INVALID"), put(), Permanent),
        (said(InvalidInput, "405 UNSUPPORTED"), put(), Permanent),
        (said(InvalidInput, "406"), read(), Permanent),
        (said(InvalidInput, "413"), put(), Permanent),
        (said(InvalidInput, "414"), put(), Permanent),
        (said(InvalidInput, "415"), put(), Permanent),
        (said(InvalidInput, "431"), put(), Permanent),
        (said(InvalidInput, "418"), read(), Permanent),
        // A tag that may not move, a piece that does not fit.
        (said(Conflict, "409"), put(), Permanent),
        (said(Conflict, "409"), fresh(), Permanent),
        (upload(Conflict, "416"), patch(), Permanent),
        // Trouble of the other side.
        (said(Busy, "408"), read(), Transient(Unavailable)),
        (said(Busy, "425"), read(), Transient(Unavailable)),
        (said(Busy, "499"), read(), Transient(Unavailable)),
        (said(Busy, "500"), read(), Transient(Unavailable)),
        (said(Busy, "502"), put(), Transient(Unavailable)),
        (said(Busy, "503"), mount(), Transient(Unavailable)),
        (said(Busy, "504"), blob(), Transient(Unavailable)),
        (said(Busy, "520"), finish(), Transient(Unavailable)),
        (said(Busy, "529"), fresh(), Transient(Unavailable)),
        (token(Busy, "503"), read(), Transient(Unavailable)),
        (said(Busy, "503"), patch(), Permanent),
        (said(Internal, "501"), read(), Permanent),
        (said(Internal, "505"), read(), Permanent),
        (said(Internal, "508"), read(), Permanent),
        // Too many requests, whoever says so and however.
        (said(RateLimited, "429"), read(), Transient(Throttled)),
        (said(RateLimited, "429 TOOMANYREQUESTS"), put(), Transient(Throttled)),
        (said(RateLimited, "403 DENIED"), read(), Transient(Throttled)),
        (said(RateLimited, "429"), fresh(), Transient(Throttled)),
        (token(RateLimited, "429"), read(), Transient(Throttled)),
        (said(RateLimited, "429"), patch(), Permanent),
        // No answer, or half of one.
        (lost(Busy), read(), Transient(Unavailable)),
        (lost(TimedOut), put(), Transient(Unavailable)),
        (lost(Busy), patch(), Permanent),
        (lost(InvalidInput), read(), Permanent),
        (lost(Internal), read(), Permanent),
        // Other bytes than those that were asked for.
        (corrupt(), read(), Transient(Corrupt)),
        (corrupt(), fresh(), Transient(Corrupt)),
        (corrupt(), patch(), Permanent),
        // A read-back that shows what was there before.
        (old_value(), operation(RegistryVerb::Resolve).awaited(SECOND), Pending),
        (old_value(), operation(RegistryVerb::Resolve), Permanent),
        // The user has had enough.
        (lost(Cancelled), fresh(), Permanent),
    ];
    for (failure, operation, expected) in rows {
        assert_eq!(classify(&operation, &failure), expected, "{failure:?} of {operation:?}");
    }
}

#[test]
fn where_no_registry_speaks_the_kind_alone_decides() {
    let read = Operation::new(OperationKind::HttpRead, "r", SECOND, SECOND);
    for (kind, expected) in [
        (Busy, Transient(Unavailable)),
        (TimedOut, Transient(Unavailable)),
        (RateLimited, Transient(Throttled)),
        (InvalidInput, Permanent),
        (NotFound, Permanent),
        (Unauthorized, Permanent),
        (Denied, Permanent),
        (Conflict, Permanent),
        (Cancelled, Permanent),
        (Internal, Permanent),
    ] {
        let failure = Failure::new(kind, "s", "m");
        assert_eq!(classify(&read, &failure), expected, "{kind:?}");
        assert_eq!(classify(&read.clone().once(), &failure), Permanent, "{kind:?}, done once");
    }
    let absent = Failure::new(NotFound, "s", "m");
    assert_eq!(classify(&read.clone().awaited(SECOND), &absent), Pending);
    assert_eq!(classify(&read.awaited(SECOND).once(), &absent), Permanent);
}

#[test]
fn what_still_shows_the_old_value_says_both_digests() {
    let failure = old_value();
    let (new, old) = (Digest::of(b"new"), Digest::of(b"old"));
    assert_eq!(failure.message, format!("`ghcr.io/a:1` shows `{old}` instead of `{new}`"));
}
