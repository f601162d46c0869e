//! What stores say, and what is made of it.

use super::*;

const ID: &str = "8ecc0674c44ed7c03aa114480ee438f4b273c81650cbbb2d7af48b32d9ac2cb3";

#[test]
fn both_stores_say_the_same_in_their_own_words() {
    let labels: BTreeMap<_, _> = [(KEY.to_owned(), "a".repeat(64))].into();
    let id = format!("sha256:{ID}");
    let wanted = Image { config: Some(id.clone()), id, labels };
    let label = format!(r#"{{"{KEY}":"{}"}}"#, "a".repeat(64));
    let docker = format!(r#"[{{"Id":"sha256:{ID}","RepoTags":["a:1"],"Config":{{"Labels":{label}}}}}]"#);
    assert_eq!(Docker.read_image(docker.as_bytes()).unwrap(), wanted);
    let buildah = format!(r#"{{"FromImageID":"{ID}","OCIv1":{{"config":{{"Labels":{label}}}}}}}"#);
    assert_eq!(Buildah.read_image(buildah.as_bytes()).unwrap(), wanted);
    assert_eq!(wanted.key().unwrap().as_str(), "a".repeat(64));
}

#[test]
fn an_id_that_names_a_manifest_says_nothing_of_the_configuration() {
    let docker = format!(r#"[{{"Id":"sha256:{ID}","Descriptor":{{"digest":"sha256:{ID}"}}}}]"#);
    assert_eq!(Docker.read_image(docker.as_bytes()).unwrap().config, None);
}

#[test]
fn an_export_has_every_name_of_an_image() {
    let names = ["a.io/x:1".to_owned(), "b.io/x:1".to_owned()];
    let [one] = &Docker.export(&names, "/t")[..] else { panic!() };
    assert_eq!(one.words, ["image", "save", "--output", "/t/image.tar", "a.io/x:1", "b.io/x:1"]);
    let files: Vec<_> = Buildah.export(&names, "/t").into_iter().map(|one| one.file).collect();
    assert_eq!(files, ["/t/image-0.tar", "/t/image-1.tar"]);
    let words = &Buildah.export(&names, "/t")[1].words;
    assert_eq!(words[2..], ["b.io/x:1", "docker-archive:/t/image-1.tar:b.io/x:1"]);
}

#[test]
fn an_image_without_labels_has_no_key() {
    let docker = format!(r#"[{{"Id":"sha256:{ID}","Config":{{"Labels":null}}}}]"#);
    assert_eq!(Docker.read_image(docker.as_bytes()).unwrap().key(), None);
    let buildah = format!(r#"{{"FromImageID":"{ID}","OCIv1":{{"config":{{}}}}}}"#);
    assert_eq!(Buildah.read_image(buildah.as_bytes()).unwrap().key(), None);
}

#[test]
fn lists_have_every_name_of_an_image_once() {
    let rows = format!(
        "{{\"ID\":\"sha256:{ID}\",\"Repository\":\"a\",\"Tag\":\"1\"}}\n\
         {{\"ID\":\"sha256:{ID}\",\"Repository\":\"b\",\"Tag\":\"<none>\"}}\n\
         {{\"ID\":\"sha256:{ID}\",\"Repository\":\"c\",\"Tag\":\"2\"}}\n"
    );
    let wanted = Listed { id: format!("sha256:{ID}"), names: vec!["a:1".to_owned(), "c:2".to_owned()] };
    assert_eq!(Docker.read_list(rows.as_bytes()).unwrap(), [wanted]);
    assert_eq!(Docker.read_list(b"").unwrap(), []);
    let rows = format!(r#"[{{"id":"sha256:{ID}","names":["a:1"]}},{{"id":"{ID}","names":null}}]"#);
    let names: Vec<_> =
        Buildah.read_list(rows.as_bytes()).unwrap().into_iter().map(|one| one.names).collect();
    assert_eq!(names, [vec!["a:1".to_owned()], Vec::new()]);
    assert_eq!(Buildah.read_list(b"null").unwrap(), []);
}

#[test]
fn what_is_no_answer_is_an_error_that_names_the_store() {
    for bad in [&b""[..], b"{}", b"[]", b"[{\"Id\":\"x\"}]", b"\xff"] {
        assert!(Docker.read_image(bad).unwrap_err().to_string().starts_with("docker"));
        assert!(Buildah.read_image(bad).unwrap_err().to_string().starts_with("buildah"));
    }
    assert!(Docker.read_list(b"x").is_err() && Buildah.read_list(b"x").is_err());
}

#[test]
fn only_containerd_s_images_have_several_platforms() {
    assert!(Docker.read_several(br#"[["driver-type","io.containerd.snapshotter.v1"]]"#));
    for other in
        [&b""[..], b"null", b"{}", b"[]", br#"[["Backing Filesystem","extfs"],["Supports d_type","true"]]"#]
    {
        assert!(!Docker.read_several(other), "{}", String::from_utf8_lossy(other));
    }
    assert_eq!(Buildah.several(), None);
    assert!(!Buildah.read_several(br#"[["driver-type","io.containerd.snapshotter.v1"]]"#));
}

#[test]
fn only_the_names_that_an_image_was_built_for_are_its_own() {
    let labels = [(NAMES.to_owned(), "docker.io/posit/connect:dev-1,ghcr.io/x/y:dev-1".to_owned())];
    let image = Image { id: String::new(), labels: labels.into(), config: None };
    for (name, own) in [("posit/connect:dev-1", true), ("ghcr.io/x/y:dev-1", true), ("other:dev-1", false)] {
        assert_eq!(image.was_built_for(&name.parse().unwrap()), own, "{name}");
    }
}
