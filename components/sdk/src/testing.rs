//! An upstream and registries made of constants, for native tests of a guest's logic.
//! Must not be called by a guest: it would answer the guest's own words.

mod program;
mod registry;

use std::cell::RefCell;

pub use program::FakePrograms;
pub use registry::{FakeRegistry, Verb, digest, image_manifest, task};

use crate::{
    Upstream,
    host::{
        http::{Method, Request, Response},
        types::{Failure, FailureKind},
    },
    resolver::{OsFamily, Query, Target},
};

/// Answers what it was told to; everything else is `not-found`. Remembers what was asked.
#[derive(Default)]
pub struct FakeUpstream {
    answers: Vec<(String, Result<Vec<u8>, FailureKind>)>,
    asked: RefCell<Vec<String>>,
}

impl FakeUpstream {
    /// An upstream that has nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a body at an address; GET and HEAD find it.
    #[must_use]
    pub fn with(mut self, url: &str, body: impl Into<Vec<u8>>) -> Self {
        self.answers.push((url.to_owned(), Ok(body.into())));
        self
    }

    /// The same with an address that fails.
    #[must_use]
    pub fn failing(mut self, url: &str, kind: FailureKind) -> Self {
        self.answers.push((url.to_owned(), Err(kind)));
        self
    }

    /// What was asked so far, in order: `GET https://…`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }

    fn answer(&self, request: &Request) -> Result<Response, Failure> {
        let method = if request.method == Method::Get { "GET" } else { "HEAD" };
        self.asked.borrow_mut().push(format!("{method} {}", request.url));
        let known = self.answers.iter().find(|(url, _)| *url == request.url).map(|(_, answer)| answer);
        let failure = |kind| Failure {
            kind,
            message: format!("the upstream answered `{kind:?}`"),
            subject: request.url.clone(),
            attempts: 1,
            attributes: Vec::new(),
        };
        match known.unwrap_or(&Err(FailureKind::NotFound)) {
            Ok(body) => Ok(Response {
                status: 200,
                final_url: request.url.clone(),
                media_type: None,
                body: if request.method == Method::Get { body.clone() } else { Vec::new() },
                attributes: Vec::new(),
            }),
            Err(kind) => Err(failure(*kind)),
        }
    }
}

impl Upstream for FakeUpstream {
    fn fetch(&self, requests: Vec<Request>) -> Vec<Result<Response, Failure>> {
        requests.iter().map(|request| self.answer(request)).collect()
    }
}

/// A target whose family and code name follow from its name.
#[must_use]
pub fn target(os: &str, version: &str, architecture: &str) -> Target {
    let family = match os {
        "ubuntu" | "debian" => OsFamily::Debian,
        "rhel" | "alma" | "rocky" => OsFamily::Redhat,
        "sles" | "opensuse" => OsFamily::Suse,
        _ => OsFamily::Other,
    };
    let codename = match version {
        "26.04" => Some("resolute"),
        "24.04" => Some("noble"),
        "22.04" => Some("jammy"),
        "13" => Some("trixie"),
        "12" => Some("bookworm"),
        "11" => Some("bullseye"),
        _ => None,
    };
    Target {
        os: os.to_owned(),
        version: version.to_owned(),
        codename: codename.map(str::to_owned),
        family,
        architecture: architecture.to_owned(),
        attributes: Vec::new(),
    }
}

/// A question without a pin, for `ubuntu 24.04` on `amd64`.
#[must_use]
pub fn query(product: &str, channel: &str, config: &str) -> Query {
    Query {
        product: product.to_owned(),
        channel: channel.to_owned(),
        pinned: None,
        branch: None,
        targets: vec![target("ubuntu", "24.04", "amd64")],
        config: config.to_owned(),
        attributes: Vec::new(),
    }
}
