//! A publisher as small as can be, to try the registry's instruments on: it copies an image and sets its tags.
//! It retries nothing; a run that fails is run again.

use bakery_fault_registry::{FaultRegistry, Image, media};

use crate::raw::{End, Got, Raw, accept};

/// The order in which a publisher works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Everything in place first, immutable tags before floating ones.
    Right,
    /// The floating tag before the immutable one.
    FloatingFirst,
}

/// The repository it publishes to.
pub(crate) const TARGET: &str = "team/app";
/// The tags it sets: an immutable one and a floating one.
pub(crate) const TAGS: [&str; 2] = ["1.0", "latest"];

/// Copies the image from its own repository to the target and sets the tags.
pub(crate) fn publish(registry: &FaultRegistry, image: &Image, order: Order) -> Result<(), String> {
    let mut run = Run { connection: Raw::connect(registry.host()) };
    let source = &image.repository;
    for child in &image.children {
        run.expect("GET", &format!("/v2/{source}/manifests/{}", child.manifest.digest), &[], 200)?;
        for blob in &child.blobs {
            let path = format!("/v2/{TARGET}/blobs/uploads/?mount={}&from={source}", blob.digest);
            run.expect("POST", &path, &[], 201)?;
        }
        let path = format!("/v2/{TARGET}/manifests/{}", child.manifest.digest);
        run.expect("PUT", &path, &child.manifest.bytes, 201)?;
    }
    let index = image.index.as_ref().expect("the publisher is given images with an index");
    let mut tags = TAGS;
    if order == Order::FloatingFirst {
        tags.reverse();
    }
    for reference in [index.digest.as_str()].iter().chain(&tags) {
        let path = format!("/v2/{TARGET}/manifests/{reference}");
        let there = run.ask("HEAD", &path, &[])?;
        if there.header("docker-content-digest") == Some(&index.digest) {
            continue;
        }
        if !matches!(there.status, 200 | 404) {
            return Err(format!("HEAD {path} was answered {}", there.status));
        }
        run.expect("PUT", &path, &index.bytes, 201)?;
    }
    Ok(())
}

struct Run {
    connection: Raw,
}

impl Run {
    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Got, String> {
        let accept = accept();
        // What is pushed here is an index or a manifest, and says itself which.
        let media_type = if body.windows(11).any(|part| part == b"\"manifests\"") {
            media::OCI_INDEX
        } else {
            media::OCI_MANIFEST
        };
        let headers = [("accept", accept.as_str()), ("content-type", media_type)];
        let got = self
            .connection
            .ask(method, path, &headers, body)
            .map_err(|end| format!("{method} {path} ended {end:?}"))?;
        if got.end == End::Complete {
            Ok(got)
        } else {
            Err(format!("the answer to {method} {path} ended {:?}", got.end))
        }
    }

    fn expect(&mut self, method: &str, path: &str, body: &[u8], status: u16) -> Result<Got, String> {
        let got = self.ask(method, path, body)?;
        if got.status == status {
            Ok(got)
        } else {
            Err(format!("{method} {path} was answered {}", got.status))
        }
    }
}
