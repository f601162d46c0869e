//! What a conversion may change, and what every other change is called.

use super::*;
use crate::testing::{FakeRegistry, digest, image_manifest, task};

const TO: &str = "ghcr.io/posit-dev/connect";
const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn image(architecture: &str, digest: &str) -> String {
    format!(
        r#"{{"mediaType":"{OCI}","digest":"{digest}","platform":{{"architecture":"{architecture}","os":"linux"}}}}"#
    )
}

fn soci(architecture: &str, own: &str, of: &str) -> String {
    format!(
        r#"{{"artifactType":"{SOCI}","digest":"{own}","annotations":{{"{IMAGE}":"{of}"}},"platform":{{"architecture":"{architecture}","os":"linux"}}}}"#
    )
}

fn index(children: &[String]) -> Vec<u8> {
    format!(r#"{{"manifests":[{}]}}"#, children.join(",")).into_bytes()
}

/// Digests 11 and 12 are the converted images of sources 1 and 2.
fn registry() -> FakeRegistry {
    let sources = task().sources;
    let converted = |reference: &str| {
        let (_, bytes) = image_manifest(reference);
        String::from_utf8(bytes).unwrap().replace("\"layers\"", "\"annotations\":{\"a\":\"b\"},\"layers\"")
    };
    FakeRegistry::new()
        .with_sources_of(&task())
        .with(&by_digest(TO, &digest(12)), OCI, converted(&sources[0].reference))
        .with(&by_digest(TO, &digest(11)), OCI, converted(&sources[1].reference))
        .with(&by_digest(TO, &digest(13)), OCI, image_manifest("another").1)
}

fn right() -> Vec<String> {
    vec![
        image("amd64", &digest(11)),
        image("arm64", &digest(12)),
        soci("amd64", &digest(21), &digest(11)),
        soci("arm64", &digest(22), &digest(12)),
    ]
}

fn told(children: &[String]) -> Result<(), String> {
    let answer = compare(&registry(), &task(), TO, "sha256:i", &index(children));
    answer.map_err(|error| {
        assert_eq!(error.kind, FailureKind::Conflict);
        error.message
    })
}

#[test]
fn a_conversion_keeps_platforms_configurations_and_layers() {
    assert_eq!(told(&right()), Ok(()));
    // A platform whose layers are all small gets none.
    assert_eq!(told(&right()[..3]), Ok(()));
}

#[test]
fn everything_else_is_told() {
    let but = |at: usize, child: String| {
        let mut children = right();
        children[at] = child;
        children
    };
    for (children, want) in [
        (
            right()[1..2].to_vec(),
            "for `linux/amd64` wanted one image, got 0; it has no SOCI index".to_owned(),
        ),
        (right()[..2].to_vec(), "it has no SOCI index".to_owned()),
        (but(3, image("arm64", &digest(12))), "for `linux/arm64` wanted one image, got 2".to_owned()),
        (
            [right(), vec![image("s390x", &digest(14))]].concat(),
            format!("for `linux/s390x` wanted nothing, got `{}`", digest(14)),
        ),
        (
            but(2, soci("amd64", &digest(21), &digest(1))),
            format!("the SOCI index `{}` is for `{}`, which it does not list", digest(21), digest(1)),
        ),
        (
            but(2, soci("amd64", &digest(21), &digest(12))),
            format!("the SOCI index `{}` is for `{}`, which it does not list", digest(21), digest(12)),
        ),
        (
            vec![
                image("amd64", &digest(13)),
                image("arm64", &digest(12)),
                soci("arm64", &digest(22), &digest(12)),
            ],
            format!(
                "the image for `linux/amd64` has not the configuration and the layers of `{}`",
                task().sources[1].reference
            ),
        ),
    ] {
        let told = told(&children).unwrap_err();
        assert_eq!(told, format!("the converted index `sha256:i` differs from its sources: {want}"));
    }
}

#[test]
fn what_is_no_index_is_a_conflict() {
    for bytes in [&b""[..], b"{}", br#"{"manifests":[{}]}"#, br#"{"manifests":[{"artifactType":"application/vnd.amazon.soci.index.v2+json","digest":"x","platform":{"os":"linux","architecture":"amd64"}}]}"#] {
        let error = compare(&registry(), &task(), TO, "sha256:i", bytes).unwrap_err();
        assert_eq!(error.message, "`sha256:i` is not an index of images and their SOCI indexes");
    }
}
