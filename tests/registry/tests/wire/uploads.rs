//! Uploads and mounts, honest and broken.

use bakery_fault_registry::{
    Action, Auth, FaultRegistry, ImageBuilder, Lag, LagOf, Operation, Profile, Script, Until, When,
    script::{Mounts, UploadLocation},
    sha256,
};

use crate::raw::{End, Got, Raw, ask, get, spawn};

const CONTENT: &[u8] = b"a blob of forty-two bytes, near enough ...";

fn send(
    registry: &FaultRegistry,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Got, End> {
    Raw::connect(registry.host()).ask(method, path, headers, body)
}

fn open(registry: &FaultRegistry) -> String {
    let opened = send(registry, "POST", "/v2/app/blobs/uploads/", &[], b"").unwrap();
    assert_eq!(opened.status, 202);
    opened.header("location").unwrap().to_owned()
}

fn finish(registry: &FaultRegistry, location: &str, body: &[u8]) -> Got {
    send(registry, "PUT", &format!("{location}&digest={}", sha256(CONTENT)), &[], body).unwrap()
}

#[test]
fn a_blob_is_uploaded_with_post_and_put() {
    let registry = spawn(Script::new());
    let location = open(&registry);
    let done = finish(&registry, &location, CONTENT);
    assert_eq!(done.status, 201);
    assert_eq!(done.header("location"), Some(format!("/v2/app/blobs/{}", sha256(CONTENT)).as_str()));
    assert_eq!(registry.blob("app", &sha256(CONTENT)).as_deref(), Some(CONTENT));
    assert_eq!(finish(&registry, &location, CONTENT).code(), "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn a_blob_is_uploaded_in_one_request_only_where_the_profile_has_it() {
    let registry = spawn(Script::new());
    let path = format!("/v2/app/blobs/uploads/?digest={}", sha256(CONTENT));
    assert_eq!(send(&registry, "POST", &path, &[], CONTENT).unwrap().status, 201);
    registry.set_profile(Profile::distribution());
    assert_eq!(send(&registry, "POST", &path, &[], CONTENT).unwrap().status, 202);
}

#[test]
fn chunks_must_follow_each_other_and_the_upload_tells_where_it_stands() {
    let registry = spawn(Script::new());
    let location = open(&registry);
    let chunk = |range: &str, body: &[u8]| {
        send(&registry, "PATCH", &location, &[("content-range", range)], body).unwrap()
    };
    let first = chunk("0-9", &CONTENT[..10]);
    assert_eq!((first.status, first.header("range")), (202, Some("0-9")));
    let gap = chunk("20-29", &CONTENT[20..30]);
    assert_eq!((gap.status, gap.header("range")), (416, Some("0-9")));
    let stand = ask(&registry, "GET", &location).unwrap();
    assert_eq!((stand.status, stand.header("range")), (204, Some("0-9")));
    assert_eq!(chunk("10-19", &CONTENT[10..20]).header("range"), Some("0-19"));
    assert_eq!(finish(&registry, &location, &CONTENT[20..]).status, 201);
}

#[test]
fn only_the_last_chunk_may_be_shorter_than_the_registry_asks() {
    let registry = spawn(Script::new().profile(Profile { min_chunk_bytes: 16, ..Profile::default() }));
    let opened = send(&registry, "POST", "/v2/app/blobs/uploads/", &[], b"").unwrap();
    assert_eq!(opened.header("oci-chunk-min-length"), Some("16"));
    let location = opened.header("location").unwrap();
    assert_eq!(send(&registry, "PATCH", location, &[], &CONTENT[..8]).unwrap().status, 202);
    assert_eq!(send(&registry, "PATCH", location, &[], &CONTENT[8..]).unwrap().status, 416);
}

#[test]
fn wrong_bytes_a_lost_query_and_a_cancelled_upload_are_told() {
    let registry = spawn(Script::new());
    assert_eq!(finish(&registry, &open(&registry), b"other").code(), "DIGEST_INVALID");
    let location = open(&registry);
    let bare = location.split('?').next().unwrap();
    let without =
        send(&registry, "PUT", &format!("{bare}?digest={}", sha256(CONTENT)), &[], CONTENT).unwrap();
    assert_eq!(without.code(), "BLOB_UPLOAD_INVALID");
    assert_eq!(ask(&registry, "DELETE", &location).unwrap().status, 204);
    assert_eq!(ask(&registry, "GET", &location).unwrap().code(), "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn an_upload_may_lead_to_another_host_that_asks_for_no_credentials() {
    let profile = Profile { upload_location: UploadLocation::Elsewhere, ..Profile::default() };
    let registry = spawn(Script::new().profile(profile));
    let location = open(&registry);
    let path =
        location.strip_prefix(registry.elsewhere_url()).expect("an absolute location on the other host");
    registry
        .add_rule(When::any().listener(bakery_fault_registry::Listener::Registry).then(Action::status(500)));
    let mut connection = Raw::connect(registry.elsewhere_host());
    let done = connection.ask("PUT", &format!("{path}&digest={}", sha256(CONTENT)), &[], CONTENT).unwrap();
    assert_eq!(done.status, 201);
    assert_eq!(registry.blob("app", &sha256(CONTENT)).as_deref(), Some(CONTENT));
    // Nothing else of the registry is to be had there.
    assert_eq!(connection.ask("GET", "/v2/app/tags/list", &[], b"").unwrap().status, 404);
}

#[test]
fn an_absolute_location_names_the_registry_itself() {
    let registry = spawn(Script::new().profile(Profile::distribution()));
    assert!(open(&registry).starts_with(registry.url()));
}

#[test]
fn a_mount_is_made_refused_or_made_only_for_referenced_blobs() {
    let registry = spawn(Script::new());
    let image = ImageBuilder::new("source").layers(1).build().unwrap();
    registry.seed(&image).unwrap();
    let referenced = &image.children[0].blobs[1].digest;
    let location = send(&registry, "POST", "/v2/source/blobs/uploads/", &[], b"").unwrap();
    let location = location.header("location").unwrap().to_owned();
    assert_eq!(finish(&registry, &location, CONTENT).status, 201);
    let loose = sha256(CONTENT);
    let mount = |digest: &str| {
        send(&registry, "POST", &format!("/v2/app/blobs/uploads/?mount={digest}&from=source"), &[], b"")
            .unwrap()
    };

    registry.set_profile(Profile { mounts: Mounts::Refuse, ..Profile::default() });
    let refused = mount(referenced);
    assert_eq!(refused.status, 202);
    assert!(refused.header("location").unwrap().starts_with("/v2/app/blobs/uploads/"));
    registry.set_profile(Profile { mounts: Mounts::Referenced, ..Profile::default() });
    assert_eq!(mount(&loose).status, 202);
    assert_eq!(mount(referenced).status, 201);
    registry.set_profile(Profile::default());
    assert_eq!(mount(&loose).status, 201);
    assert_eq!(mount(&sha256(b"absent")).status, 202);
    assert_eq!(registry.blob("app", referenced), registry.blob("source", referenced));
}

#[test]
fn a_request_cut_at_a_byte_leaves_an_upload_that_goes_on_from_there() {
    let rule = When::on(Operation::PatchUpload).first(1).then(Action::CutRequest { at: 10, keep: true });
    let registry = spawn(Script::new().rule(rule));
    let location = open(&registry);
    assert_eq!(send(&registry, "PATCH", &location, &[], CONTENT).unwrap_err(), End::Reset);
    assert_eq!(ask(&registry, "GET", &location).unwrap().header("range"), Some("0-9"));
    let rest = send(&registry, "PATCH", &location, &[("content-range", "10-41")], &CONTENT[10..]).unwrap();
    assert_eq!(rest.status, 202);
    assert_eq!(finish(&registry, &location, b"").status, 201);
}

#[test]
fn a_request_cut_without_keeping_leaves_nothing_behind() {
    let rule = When::on(Operation::PatchUpload).first(1).then(Action::CutRequest { at: 10, keep: false });
    let registry = spawn(Script::new().rule(rule));
    let location = open(&registry);
    assert_eq!(send(&registry, "PATCH", &location, &[], CONTENT).unwrap_err(), End::Reset);
    assert_eq!(send(&registry, "PATCH", &location, &[], CONTENT).unwrap().header("range"), Some("0-41"));
}

#[test]
fn the_end_of_an_upload_may_take_effect_and_its_answer_be_lost() {
    let rule = When::on(Operation::FinishUpload).first(1).then(Action::reset_after());
    let registry = spawn(Script::new().rule(rule));
    let location = open(&registry);
    let path = format!("{location}&digest={}", sha256(CONTENT));
    assert_eq!(send(&registry, "PUT", &path, &[], CONTENT).unwrap_err(), End::Reset);
    // As with GHCR: the second attempt finds no upload, and yet the blob is there.
    assert_eq!(send(&registry, "PUT", &path, &[], CONTENT).unwrap().code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(ask(&registry, "HEAD", &format!("/v2/app/blobs/{}", sha256(CONTENT))).unwrap().status, 200);
}

#[test]
fn forgotten_uploads_and_lagging_blobs_are_told_as_unknown() {
    use bakery_fault_registry::script::Change;
    let rule = When::on(Operation::FinishUpload).first(1).then(Action::Change(Change::ForgetUploads));
    let registry = spawn(Script::new().rule(rule).lag(Lag::new(LagOf::Blobs, Until::Reads(1))));
    assert_eq!(finish(&registry, &open(&registry), CONTENT).code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(finish(&registry, &open(&registry), CONTENT).status, 201);
    let path = format!("/v2/app/blobs/{}", sha256(CONTENT));
    assert_eq!(get(&registry, &path).code(), "BLOB_UNKNOWN");
    assert_eq!(get(&registry, &path).status, 200);
}

#[test]
fn a_registry_that_makes_no_repositories_on_push_says_so() {
    let registry = spawn(Script::new().profile(Profile::ecr()));
    let refused = send(&registry, "POST", "/v2/app/blobs/uploads/", &[], b"").unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (404, "NAME_UNKNOWN"));
    registry.create_repository("app");
    assert_eq!(send(&registry, "POST", "/v2/app/blobs/uploads/", &[], b"").unwrap().status, 202);
}

#[test]
fn a_mount_needs_the_right_to_read_its_source() {
    let registry = spawn(Script::new().auth(Auth::bearer("ci", "test")));
    let path = format!("/v2/app/blobs/uploads/?mount={}&from=source", sha256(CONTENT));
    let challenge = send(&registry, "POST", &path, &[], b"").unwrap();
    let text = challenge.header("www-authenticate").unwrap();
    assert!(text.contains("scope=\"repository:app:pull,push repository:source:pull\""), "{text}");
}
