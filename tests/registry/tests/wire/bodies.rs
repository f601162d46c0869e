//! Bodies that are cut, slow, endless or wrong, and headers that lie about them.

use std::time::Duration;

use bakery_fault_registry::{
    Action, FaultRegistry, Image, ImageBuilder, Outcome, Script, When, media, script::Ending, sha256,
};

use crate::raw::{End, Got, Raw, ask, get, spawn};

fn image() -> Image {
    ImageBuilder::new("app").tag("1.0").layers(1).layer_bytes(100_000).build().unwrap()
}

fn with(action: Action) -> (FaultRegistry, Image) {
    let registry = spawn(Script::new().rule(When::any().nth(1).then(action)));
    let image = image();
    registry.seed(&image).unwrap();
    (registry, image)
}

/// Reads a blob under the fault: what came, and what should have.
fn read(action: Action) -> (FaultRegistry, Got, Vec<u8>) {
    let (registry, image) = with(action);
    let blob = image.children[0].blobs[1].clone();
    let got = get(&registry, &format!("/v2/app/blobs/{}", blob.digest));
    (registry, got, blob.bytes.to_vec())
}

#[test]
fn a_body_is_cut_at_the_byte_with_a_reset_or_a_close_under_its_full_length() {
    for (ending, end) in [(Ending::Reset, End::Reset), (Ending::Close, End::Closed)] {
        for at in [0, 1, 60_000] {
            let (registry, got, right) = read(Action::CutBody { at, ending });
            assert_eq!(got.status, 200);
            assert_eq!(got.header("content-length"), Some(right.len().to_string().as_str()));
            assert_eq!((got.body.len() as u64, got.end), (at, end));
            assert_eq!(got.body, right[..got.body.len()]);
            let entry = &registry.log().entries[0];
            assert_eq!((entry.bytes_out, entry.outcome), (at, Outcome::Severed));
        }
    }
}

#[test]
fn a_stalled_body_stays_silent_after_its_byte() {
    let (registry, image) = with(Action::CutBody { at: 10, ending: Ending::Stall });
    let blob = &image.children[0].blobs[1];
    let mut connection = Raw::patient(registry.host(), Duration::from_millis(300));
    let got = connection.ask("GET", &format!("/v2/app/blobs/{}", blob.digest), &[], &[]).unwrap();
    assert_eq!((got.body.len(), got.end), (10, End::Silent));
}

#[test]
fn a_cut_body_is_continued_with_a_range() {
    let (registry, got, right) = read(Action::cut_body(50_000));
    let path = registry.log().entries[0].path.clone();
    let mut connection = Raw::connect(registry.host());
    let rest =
        connection.ask("GET", &path, &[("range", &format!("bytes={}-", got.body.len()))], &[]).unwrap();
    assert_eq!(rest.status, 206);
    assert_eq!([got.body, rest.body].concat(), right);
}

#[test]
fn a_slow_body_arrives_complete() {
    // How slow it is is measured in virtual time, in `virtual_time`.
    let (_registry, got, right) = read(Action::SlowBody { bytes_per_second: 1_000_000 });
    assert_eq!((got.end, got.body), (End::Complete, right));
}

#[test]
fn an_endless_body_has_no_length_and_does_not_end() {
    let (_registry, got, right) = read(Action::EndlessBody);
    assert_eq!(got.header("content-length"), None);
    assert!(got.body.len() >= 1 << 20, "the client stopped reading, not the registry");
    assert_eq!(got.body[right.len()..][..100], right[..100]);
}

#[test]
fn corrupt_bytes_have_the_right_length_and_a_wrong_digest() {
    let (_registry, got, right) = read(Action::CorruptBody);
    assert_eq!((got.end, got.body.len()), (End::Complete, right.len()));
    assert_ne!(sha256(&got.body), sha256(&right));
    assert_eq!(got.header("docker-content-digest"), Some(sha256(&right).as_str()));
}

#[test]
fn a_resized_body_is_longer_or_shorter_also_in_what_a_head_says() {
    for by in [7_i64, -7] {
        let (_registry, got, right) = read(Action::ResizeBody { by });
        let wanted = right.len().checked_add_signed(by.try_into().unwrap()).unwrap();
        assert_eq!((got.end, got.body.len()), (End::Complete, wanted));
        let (registry, image) = with(Action::ResizeBody { by });
        let length = image.index.unwrap().bytes.len().checked_add_signed(by.try_into().unwrap()).unwrap();
        let head = ask(&registry, "HEAD", "/v2/app/manifests/1.0").unwrap();
        assert_eq!(head.header("content-length"), Some(length.to_string().as_str()));
    }
}

#[test]
fn headers_lie_about_the_digest_and_the_type_or_are_absent() {
    let digest = image().index.unwrap().digest;
    let header = |action: Action, name: &str| {
        let (registry, _) = with(action);
        let got = get(&registry, "/v2/app/manifests/1.0");
        assert_eq!(got.status, 200);
        got.header(name).map(str::to_owned)
    };
    let wrong = header(Action::WrongDigestHeader, "docker-content-digest").unwrap();
    assert!(bakery_fault_registry::is_digest(&wrong));
    assert_ne!(wrong, digest);
    let name = "docker-content-digest".to_owned();
    assert_eq!(header(Action::DropHeader { name: name.clone() }, &name), None);
    let other = "sha512:00".to_owned();
    assert_eq!(header(Action::SetHeader { name: name.clone(), value: other.clone() }, &name), Some(other));
    let lie = Action::SetHeader { name: "content-type".to_owned(), value: "text/html".to_owned() };
    assert_eq!(header(lie, "content-type").as_deref(), Some("text/html"));
    assert_eq!(header(Action::Delay { ms: 1 }, "content-type").as_deref(), Some(media::OCI_INDEX));
}

#[test]
fn alterations_and_paces_of_several_rules_add_up() {
    let script = Script::new()
        .rule(When::any().then(Action::CorruptBody))
        .rule(When::any().then(Action::WrongDigestHeader))
        .rule(When::any().then(Action::truncate_body(5)));
    let registry = spawn(script);
    let image = image();
    registry.seed(&image).unwrap();
    let got = get(&registry, "/v2/app/manifests/1.0");
    assert_eq!((got.body.len(), got.end), (5, End::Closed));
    assert_ne!(got.header("docker-content-digest"), Some(image.index.unwrap().digest.as_str()));
    assert_eq!(registry.log().entries[0].faults.len(), 3);
}
