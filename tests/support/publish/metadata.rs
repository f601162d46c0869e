//! One record of a metadata file, in the shape that buildx writes: the same keys in the same order, nothing else.

use bakery_fault_registry::Child;
use serde_json::{Value, json};

use super::Target;

/// When a platform was finished. Later platforms were finished later, so that the newest is not the first by name.
pub(super) fn created(number: usize) -> String {
    format!("2026-01-02T03:{:02}:05Z", number % 60)
}

/// What `buildx build --metadata-file` writes about one platform that it pushed by digest to `name`.
pub(super) fn record(target: &Target, child: &Child, number: usize, name: &str) -> Value {
    let (os, architecture) = child.platform.split_once('/').unwrap_or(("linux", &child.platform));
    json!({
        "buildx.build.provenance": {
            "builder": { "id": "" },
            "buildType": "https://mobyproject.org/buildkit@v1",
            "materials": [{
                "uri": format!("pkg:docker/ubuntu@24.04?platform={os}%2F{architecture}"),
                "digest": { "sha256": "c35e29c9450151419d9448b0fd75374fec4fff364a27f176fb458d472dfc9e54" },
            }],
            "invocation": {
                "configSource": { "entryPoint": "Containerfile.ubuntu2404" },
                "parameters": {
                    "frontend": "dockerfile.v0",
                    "args": {
                        "label:co.posit.image.os": "Ubuntu 24.04",
                        "label:co.posit.image.version": target.version,
                        "label:org.opencontainers.image.created": created(number).replace('Z', ".746229"),
                        "label:org.opencontainers.image.version": target.version,
                    },
                    "locals": [{ "name": "context" }, { "name": "dockerfile" }],
                },
                "environment": { "platform": child.platform },
            },
        },
        "buildx.build.ref": format!("builder/builder0/{}", &child.manifest.digest[7..32]),
        "containerimage.descriptor": {
            "mediaType": child.manifest.media_type,
            "digest": child.manifest.digest,
            "size": child.manifest.bytes.len(),
            "annotations": { "org.opencontainers.image.created": created(number) },
            "platform": { "architecture": architecture, "os": os },
        },
        "containerimage.digest": child.manifest.digest,
        "image.name": name,
    })
}
