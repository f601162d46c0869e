//! Lists: tags, referrers.
//! They show what a reader would see, so they lag as reads do.

use serde_json::{Value, json};

use super::{call::Call, reply::Reply};
use crate::{digest::is_digest, media};

/// `GET …/tags/list`.
pub(crate) fn tags(call: &mut Call<'_>, name: &str) -> Reply {
    let wanted = match call.arrival.parameter("n").map(str::parse::<usize>) {
        None => call.profile.tags_page,
        Some(Ok(wanted)) => wanted.min(call.profile.tags_page),
        Some(Err(_)) => {
            return Reply::error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested");
        }
    };
    let last = call.arrival.parameter("last").unwrap_or_default();
    let after: Vec<String> =
        call.world.see_tags(call.sight, name).into_iter().filter(|tag| tag.as_str() > last).collect();
    let page = &after[..wanted.min(after.len())];
    let body = json!({ "name": name, "tags": page }).to_string();
    let reply = Reply::status(200).content("application/json", body);
    match page.last().filter(|_| after.len() > page.len()) {
        Some(last) => {
            reply.header("link", &format!("</v2/{name}/tags/list?n={wanted}&last={last}>; rel=\"next\""))
        }
        None => reply,
    }
}

/// `GET …/referrers/<digest>`.
pub(crate) fn referrers(call: &mut Call<'_>, name: &str, digest: &str) -> Reply {
    if !call.profile.referrers {
        return Reply::status(404).content("text/plain; charset=utf-8", "404 page not found\n");
    }
    if !is_digest(digest) {
        return Reply::error(400, "DIGEST_INVALID", "provided digest did not match the format of a digest");
    }
    let wanted = call.arrival.parameter("artifactType");
    let found = call.world.see_referrers(call.sight, name, digest);
    let fitting = found.iter().filter(|(_, manifest)| {
        wanted.is_none_or(|wanted| manifest.document.artifact_type.as_deref() == Some(wanted))
    });
    let descriptors: Vec<Value> = fitting
        .map(|(digest, manifest)| {
            let document = &manifest.document;
            let mut descriptor = json!({
                "mediaType": document.media_type, "digest": digest, "size": manifest.bytes.len(),
            });
            if let Some(artifact_type) = &document.artifact_type {
                descriptor["artifactType"] = json!(artifact_type);
            }
            if let Some(annotations) = &document.annotations {
                descriptor["annotations"] = annotations.clone();
            }
            descriptor
        })
        .collect();
    let index = json!({ "schemaVersion": 2, "mediaType": media::OCI_INDEX, "manifests": descriptors });
    let reply = Reply::status(200).content(media::OCI_INDEX, index.to_string());
    if wanted.is_some() { reply.header("oci-filters-applied", "artifactType") } else { reply }
}
