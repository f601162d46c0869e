//! The honest registry: what the distribution specification asks for.

use bakery_fault_registry::{
    FaultRegistry, Image, ImageBuilder, Profile, Script, media, script::MissingChildren, sha256,
};

use crate::raw::{Raw, ask, get, put, spawn};

fn image() -> Image {
    ImageBuilder::new("team/app").tag("1.0").layers(1).build().unwrap()
}

fn seeded(script: Script) -> (FaultRegistry, Image) {
    let registry = spawn(script);
    let image = image();
    registry.seed(&image).unwrap();
    (registry, image)
}

#[test]
fn an_index_is_read_by_tag_and_by_digest_with_its_bytes_type_and_digest() {
    let (registry, image) = seeded(Script::new());
    let index = image.index.unwrap();
    for reference in ["1.0", &index.digest] {
        let got = get(&registry, &format!("/v2/team/app/manifests/{reference}"));
        assert_eq!(got.status, 200);
        assert_eq!(got.body, index.bytes);
        assert_eq!(got.header("content-type"), Some(media::OCI_INDEX));
        assert_eq!(got.header("docker-content-digest"), Some(index.digest.as_str()));
    }
}

#[test]
fn a_head_says_length_type_and_digest_without_a_body() {
    let (registry, image) = seeded(Script::new());
    let index = image.index.unwrap();
    let mut connection = Raw::connect(registry.host());
    let accept = crate::raw::accept();
    let got = connection.ask("HEAD", "/v2/team/app/manifests/1.0", &[("accept", &accept)], &[]).unwrap();
    assert_eq!(got.header("content-length"), Some(index.bytes.len().to_string().as_str()));
    assert_eq!(got.header("content-type"), Some(media::OCI_INDEX));
    assert_eq!(got.header("docker-content-digest"), Some(index.digest.as_str()));
    // The same connection answers on, so no body followed.
    assert_eq!(connection.ask("GET", "/v2/", &[], &[]).unwrap().status, 200);
}

#[test]
fn what_is_absent_is_told_with_its_code() {
    let (registry, _) = seeded(Script::new());
    let absent = sha256(b"absent");
    for (path, code) in [
        ("/v2/team/app/manifests/2.0", "MANIFEST_UNKNOWN"),
        (&format!("/v2/team/app/manifests/{absent}"), "MANIFEST_UNKNOWN"),
        (&format!("/v2/team/app/blobs/{absent}"), "BLOB_UNKNOWN"),
        ("/v2/team/other/manifests/1.0", "NAME_UNKNOWN"),
        ("/v2/team/other/tags/list", "NAME_UNKNOWN"),
    ] {
        let got = get(&registry, path);
        assert_eq!((got.status, got.code().as_str()), (404, code), "{path}");
    }
    for (path, code) in [
        ("/v2/Team/manifests/1.0", "NAME_INVALID"),
        ("/v2/team/app/blobs/sha256:12", "DIGEST_INVALID"),
        ("/v2/team/app/manifests/md5:12", "DIGEST_INVALID"),
    ] {
        let got = get(&registry, path);
        assert_eq!((got.status, got.code().as_str()), (400, code), "{path}");
    }
}

#[test]
fn a_manifest_without_its_type_in_accept_is_not_found_unless_the_profile_is_lenient() {
    let (registry, _) = seeded(Script::new());
    let without = |registry: &FaultRegistry| {
        Raw::connect(registry.host()).ask("GET", "/v2/team/app/manifests/1.0", &[], &[]).unwrap().status
    };
    assert_eq!(without(&registry), 404);
    registry.set_profile(Profile { accept_required: false, ..Profile::default() });
    assert_eq!(without(&registry), 200);
}

#[test]
fn a_manifest_is_pushed_after_its_children_and_never_before() {
    let registry = spawn(Script::new());
    let image = image();
    let child = &image.children[0];
    let path = format!("/v2/team/app/manifests/{}", child.manifest.digest);
    let push = || put(&registry, &path, media::OCI_MANIFEST, &child.manifest.bytes).unwrap();

    let refused = push();
    assert_eq!((refused.status, refused.code().as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    let named: Vec<_> =
        refused.json()["errors"].as_array().unwrap().iter().map(|e| e["detail"]["digest"].clone()).collect();
    assert_eq!(named.len(), child.blobs.len());

    registry.set_profile(Profile { missing_children: MissingChildren::NotFound, ..Profile::default() });
    assert_eq!(push().status, 404);
    registry.set_profile(Profile { missing_children: MissingChildren::Accept, ..Profile::default() });
    let taken = push();
    assert_eq!(taken.status, 201);
    assert_eq!(taken.header("docker-content-digest"), Some(child.manifest.digest.as_str()));
    assert_eq!(taken.header("location"), Some(path.as_str()));
}

#[test]
fn a_push_under_a_wrong_digest_a_bad_tag_or_a_wrong_type_is_refused() {
    let (registry, image) = seeded(Script::new());
    let index = image.index.unwrap();
    for (reference, media_type, code) in [
        (sha256(b"other").as_str(), media::OCI_INDEX, "DIGEST_INVALID"),
        ("-bad", media::OCI_INDEX, "TAG_INVALID"),
        ("2.0", media::DOCKER_LIST, "MANIFEST_INVALID"),
        ("2.0", "text/html", "MANIFEST_INVALID"),
    ] {
        let got =
            put(&registry, &format!("/v2/team/app/manifests/{reference}"), media_type, &index.bytes).unwrap();
        assert_eq!((got.status, got.code().as_str()), (400, code), "{reference} {media_type}");
    }
    assert_eq!(registry.tags("team/app").len(), 1);
    assert!(!registry.log().entries.iter().any(|entry| entry.applied));
}

#[test]
fn a_push_moves_the_tag_and_the_history_tells_when_and_by_which_request() {
    let (registry, image) = seeded(Script::new());
    let index = image.index.unwrap();
    for _ in 0..2 {
        put(&registry, "/v2/team/app/manifests/latest", media::OCI_INDEX, &index.bytes).unwrap();
    }
    let history = registry.history();
    // The seed's move of 1.0, then one of latest: pushing the same again moves nothing.
    assert_eq!(history.len(), 2);
    assert_eq!(history[1].tag, "latest");
    assert_eq!(history[1].to.as_deref(), Some(index.digest.as_str()));
    assert_eq!(history[1].origin, bakery_fault_registry::Origin::Request(1));
    assert!(history[0].sequence < history[1].sequence);
    let applied: Vec<bool> = registry.log().entries.iter().map(|entry| entry.applied).collect();
    assert_eq!(applied, [true, false]);
}

#[test]
fn blobs_are_read_whole_and_in_part() {
    let (registry, image) = seeded(Script::new());
    let blob = &image.children[0].blobs[1];
    let path = format!("/v2/team/app/blobs/{}", blob.digest);
    let whole = get(&registry, &path);
    assert_eq!((whole.status, &whole.body[..]), (200, &blob.bytes[..]));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));

    let mut connection = Raw::connect(registry.host());
    let part = connection.ask("GET", &path, &[("range", "bytes=100-")], &[]).unwrap();
    assert_eq!((part.status, &part.body[..]), (206, &blob.bytes[100..]));
    let length = blob.bytes.len();
    let range = format!("bytes 100-{}/{length}", length - 1);
    assert_eq!(part.header("content-range"), Some(range.as_str()));
    let outside = connection.ask("GET", &path, &[("range", &format!("bytes={length}-"))], &[]).unwrap();
    assert_eq!(outside.status, 416);
}

#[test]
fn tags_are_listed_in_order_and_in_pages() {
    let (registry, image) = seeded(Script::new());
    let index = image.index.unwrap();
    for tag in ["c", "a", "b"] {
        registry.move_tag("team/app", tag, Some(&index.digest));
    }
    let first = get(&registry, "/v2/team/app/tags/list?n=3");
    assert_eq!(first.json()["tags"], serde_json::json!(["1.0", "a", "b"]));
    assert_eq!(first.header("link"), Some("</v2/team/app/tags/list?n=3&last=b>; rel=\"next\""));
    let second = get(&registry, "/v2/team/app/tags/list?n=3&last=b");
    assert_eq!(second.json()["tags"], serde_json::json!(["c"]));
    assert_eq!(second.header("link"), None);
    assert_eq!(get(&registry, "/v2/team/app/tags/list?n=x").status, 400);
}

#[test]
fn referrers_are_listed_and_a_push_with_a_subject_says_so() {
    let (registry, image) = seeded(Script::new());
    let (subject, config) = (image.index.unwrap().digest, &image.children[0].blobs[0]);
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media::OCI_MANIFEST, "artifactType": "application/x.test",
        "config": { "mediaType": media::OCI_CONFIG, "digest": config.digest, "size": config.bytes.len() },
        "layers": [], "subject": { "mediaType": media::OCI_INDEX, "digest": subject, "size": 1 },
        "annotations": { "a": "b" },
    })
    .to_string();
    let digest = sha256(manifest.as_bytes());
    let pushed =
        put(&registry, &format!("/v2/team/app/manifests/{digest}"), media::OCI_MANIFEST, manifest.as_bytes());
    assert_eq!(pushed.unwrap().header("oci-subject"), Some(subject.as_str()));

    let path = format!("/v2/team/app/referrers/{subject}");
    let listed = get(&registry, &path);
    assert_eq!(listed.json()["manifests"][0]["digest"], digest);
    assert_eq!(listed.json()["manifests"][0]["annotations"]["a"], "b");
    let other = get(&registry, &format!("{path}?artifactType=application/x.other"));
    assert_eq!(other.json()["manifests"], serde_json::json!([]));
    assert_eq!(other.header("oci-filters-applied"), Some("artifactType"));

    registry.set_profile(Profile::distribution());
    assert_eq!(get(&registry, &path).status, 404);
}

#[test]
fn deleting_a_manifest_takes_its_tags_along_and_is_refused_where_the_profile_says_so() {
    let (registry, image) = seeded(Script::new());
    let digest = image.index.unwrap().digest;
    registry.set_profile(Profile { deletes: false, ..Profile::default() });
    assert_eq!(ask(&registry, "DELETE", "/v2/team/app/manifests/1.0").unwrap().status, 405);
    registry.set_profile(Profile::default());
    assert_eq!(ask(&registry, "DELETE", &format!("/v2/team/app/manifests/{digest}")).unwrap().status, 202);
    assert_eq!(registry.tags("team/app").len(), 0);
    assert_eq!(registry.history().last().unwrap().to, None);
    assert_eq!(ask(&registry, "DELETE", &format!("/v2/team/app/manifests/{digest}")).unwrap().status, 404);
}

#[test]
fn unknown_paths_and_methods_are_told_as_such() {
    let registry = spawn(Script::new());
    assert_eq!(get(&registry, "/").status, 404);
    assert_eq!(get(&registry, "/v2/_catalog").status, 404);
    let got = ask(&registry, "PATCH", "/v2/app/tags/list").unwrap();
    assert_eq!(got.status, 404);
}
