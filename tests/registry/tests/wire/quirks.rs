//! Lawful differences between registries.

use bakery_fault_registry::{
    FaultRegistry, Image, ImageBuilder, Listener, Operation, Profile, Script, media, script::ImmutableTags,
};

use crate::raw::{Raw, ask, get, put, spawn};

fn with(profile: Profile) -> (FaultRegistry, Image) {
    let registry = spawn(Script::new().profile(profile));
    let image = ImageBuilder::new("app").tag("1.0").layers(1).build().unwrap();
    registry.seed(&image).unwrap();
    (registry, image)
}

#[test]
fn several_tags_in_one_push_are_set_and_acknowledged_only_where_the_profile_has_it() {
    let push = |multi_tag: bool| {
        let (registry, image) = with(Profile { multi_tag, ..Profile::default() });
        let index = image.index.unwrap();
        let path = format!("/v2/app/manifests/{}?tag=a&tag=b", index.digest);
        let got = put(&registry, &path, media::OCI_INDEX, &index.bytes).unwrap();
        assert_eq!(got.status, 201);
        let named: Vec<String> =
            got.headers.iter().filter(|(name, _)| name == "oci-tag").map(|(_, tag)| tag.clone()).collect();
        (named, registry.tags("app").len())
    };
    assert_eq!(push(true), (vec!["a".to_owned(), "b".to_owned()], 3));
    assert_eq!(push(false), (Vec::new(), 1));
}

#[test]
fn immutable_tags_cannot_be_moved_but_set_again_to_the_same() {
    for status in [400, 409, 412] {
        let immutable_tags = Some(ImmutableTags { tags: "1.*".to_owned(), status });
        let (registry, image) = with(Profile { immutable_tags, ..Profile::default() });
        let other = ImageBuilder::new("app").tag("latest").layers(1).seed(2).build().unwrap();
        registry.seed(&other).unwrap();
        let push = |tag: &str, image: &Image| {
            let index = image.index.clone().unwrap();
            put(&registry, &format!("/v2/app/manifests/{tag}"), media::OCI_INDEX, &index.bytes)
                .unwrap()
                .status
        };
        assert_eq!(push("1.0", &other), status);
        assert_eq!(push("1.0", &image), 201);
        assert_eq!(push("latest", &image), 201);
        assert_eq!(push("1.1", &other), 201);
    }
}

#[test]
fn blobs_come_from_another_host_under_a_signed_address() {
    let (registry, image) = with(Profile { blob_redirect: true, ..Profile::default() });
    let blob = &image.children[0].blobs[1];
    let path = format!("/v2/app/blobs/{}", blob.digest);
    let got = get(&registry, &path);
    assert_eq!(got.status, 307);
    let there = got.header("location").unwrap().strip_prefix(registry.elsewhere_url()).unwrap().to_owned();
    let mut connection = Raw::connect(registry.elsewhere_host());
    assert_eq!(
        connection.ask("GET", &there, &[("authorization", "Bearer leaked")], &[]).unwrap().body,
        blob.bytes
    );
    let unsigned = there.split('?').next().unwrap();
    assert_eq!(connection.ask("GET", unsigned, &[], &[]).unwrap().status, 403);
    // A HEAD is answered in place.
    assert_eq!(ask(&registry, "HEAD", &path).unwrap().status, 200);

    // What a test of credentials needs to know: who was told them.
    let leaked =
        registry.log().only(|entry| entry.listener == Listener::Elsewhere && entry.credentials.present());
    assert_eq!(leaked.of(Operation::CdnBlob).len(), 1);
}

#[test]
fn an_absent_repository_is_denied_where_the_registry_hides_it() {
    let (registry, _) = with(Profile::ghcr());
    let got = get(&registry, "/v2/private/manifests/1.0");
    assert_eq!((got.status, got.code().as_str()), (403, "DENIED"));
}

#[test]
fn a_manifest_above_the_limit_is_refused_and_headers_are_left_out() {
    let profile = Profile { max_manifest_bytes: 10, ..Profile::default() };
    let (registry, image) = with(profile);
    let index = image.index.unwrap();
    let push = || put(&registry, "/v2/app/manifests/2.0", media::OCI_INDEX, &index.bytes).unwrap();
    assert_eq!((push().status, push().code().as_str()), (413, "SIZE_INVALID"));
    registry.set_profile(Profile { digest_header: false, manifest_location: false, ..Profile::default() });
    let taken = push();
    assert_eq!(
        (taken.status, taken.header("location"), taken.header("docker-content-digest")),
        (201, None, None)
    );
    assert_eq!(get(&registry, "/v2/app/manifests/2.0").header("docker-content-digest"), None);
}

#[test]
fn deleting_a_tag_takes_the_manifest_along_only_where_tags_own_it() {
    for (owns, manifests) in [(false, 3), (true, 2)] {
        let (registry, _) = with(Profile { delete_tag_deletes_manifest: owns, ..Profile::default() });
        assert_eq!(ask(&registry, "DELETE", "/v2/app/manifests/1.0").unwrap().status, 202);
        assert_eq!(registry.tags("app").len(), 0);
        assert_eq!(registry.snapshot().repositories["app"].manifests.len(), manifests);
    }
}
