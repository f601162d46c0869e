//! Eventual consistency on the wire.

use bakery_fault_registry::{
    Action, Image, ImageBuilder, Lag, LagOf, Script, Until, When, media, script::Change,
};

use crate::raw::{ask, get, put, spawn};

fn image() -> Image {
    ImageBuilder::new("app").layers(1).build().unwrap()
}

#[test]
fn a_digest_is_not_found_for_so_many_reads_after_its_push() {
    let registry = spawn(Script::new().lag(Lag::new(LagOf::Manifests, Until::Reads(2))));
    let image = image();
    registry.seed(&image).unwrap();
    let path = format!("/v2/app/manifests/{}", image.children[0].manifest.digest);
    let read = || ask(&registry, "HEAD", &path).unwrap().status;
    assert_eq!([read(), read(), read()], [404, 404, 200]);
    // The other child has its own two reads, and a push that names both is not held up.
    let index = image.index.unwrap();
    assert_eq!(put(&registry, "/v2/app/manifests/1.0", media::OCI_INDEX, &index.bytes).unwrap().status, 201);
    assert_eq!(
        get(&registry, &format!("/v2/app/manifests/{}", image.children[1].manifest.digest)).status,
        404
    );
}

#[test]
fn a_tag_shows_its_old_digest_until_the_move_is_visible() {
    let old = ImageBuilder::new("app").tag("latest").layers(1).seed(1).build().unwrap();
    let new = ImageBuilder::new("app").layers(1).seed(2).build().unwrap();
    let registry = spawn(Script::new());
    registry.seed(&old).unwrap();
    registry.seed(&new).unwrap();
    registry.set_lag(vec![Lag::new(LagOf::Tags, Until::Reads(1)).name("latest")]);
    let (old, new) = (old.index.unwrap(), new.index.unwrap());
    for tag in ["latest", "other"] {
        put(&registry, &format!("/v2/app/manifests/{tag}"), media::OCI_INDEX, &new.bytes).unwrap();
    }
    let seen = |tag: &str| {
        let got = get(&registry, &format!("/v2/app/manifests/{tag}"));
        got.header("docker-content-digest").unwrap().to_owned()
    };
    assert_eq!(seen("other"), new.digest);
    assert_eq!([seen("latest"), seen("latest")], [old.digest, new.digest.clone()]);
    assert_eq!(registry.tags("app")["latest"], new.digest);
}

#[test]
fn what_lags_until_revealed_is_revealed_by_the_test_or_by_a_rule() {
    let registry = spawn(Script::new().lag(Lag::new(LagOf::All, Until::Revealed).repository("app")));
    let image = image();
    registry.seed(&image).unwrap();
    let path = format!("/v2/app/blobs/{}", image.children[0].blobs[0].digest);
    assert_eq!([get(&registry, &path).status, get(&registry, &path).status], [404, 404]);
    registry.reveal();
    assert_eq!(get(&registry, &path).status, 200);

    let rule = When::any().nth(2).then(Action::Change(Change::Reveal));
    let registry = spawn(Script::new().lag(Lag::new(LagOf::All, Until::Revealed)).rule(rule));
    registry.seed(&image).unwrap();
    assert_eq!([get(&registry, &path).status, get(&registry, &path).status], [404, 200]);
}

#[test]
fn reads_go_round_among_replicas_of_which_some_are_behind() {
    let registry = spawn(Script::new().replicas_ms(&[0, 3_600_000]));
    let image = image();
    registry.seed(&image).unwrap();
    let path = format!("/v2/app/manifests/{}", image.children[0].manifest.digest);
    let statuses: Vec<u16> = (0..4).map(|_| get(&registry, &path).status).collect();
    assert_eq!(statuses, [200, 404, 200, 404]);
}

#[test]
fn a_list_of_tags_lags_too_and_uses_up_no_reads() {
    let registry = spawn(Script::new().lag(Lag::new(LagOf::Tags, Until::Reads(1))));
    registry.seed(&ImageBuilder::new("app").tag("1.0").layers(1).build().unwrap()).unwrap();
    let listed = || get(&registry, "/v2/app/tags/list").json()["tags"].clone();
    assert_eq!([listed(), listed()], [serde_json::json!([]), serde_json::json!([])]);
    assert_eq!(get(&registry, "/v2/app/manifests/1.0").status, 404);
    assert_eq!(listed(), serde_json::json!(["1.0"]));
}
