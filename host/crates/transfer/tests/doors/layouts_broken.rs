//! Layouts that are none, or whose files are not what they are called: nothing of them reaches a registry.

use std::{fs, os::unix::fs::symlink, path::Path};

use bakery_core::port::FailureKind;
use bakery_fault_registry::Script;

use crate::{
    house::{Run, repository, sources},
    layouts::Scene,
};

#[tokio::test]
async fn a_broken_layout_brings_nothing_anywhere() {
    type Break = fn(&Scene);
    let breaks: [(&str, Break, &str); 11] = [
        ("no marker", |s| fs::remove_file(s.file("oci-layout")).unwrap(), "oci-layout"),
        ("another marker", |s| fs::write(s.file("oci-layout"), "{}").unwrap(), "version 1.0.0"),
        ("no index", |s| fs::remove_file(s.file("index.json")).unwrap(), "index.json"),
        ("no JSON", |s| fs::write(s.file("index.json"), "{").unwrap(), "index.json"),
        (
            "no manifest",
            |s| fs::write(s.file("index.json"), r#"{"schemaVersion":2,"manifests":[]}"#).unwrap(),
            "exactly one",
        ),
        (
            "two manifests",
            |s| {
                let text = fs::read_to_string(s.file("index.json")).unwrap();
                let (start, end) = (text.find("[{").unwrap() + 1, text.rfind(']').unwrap());
                let twice = format!("{}{},{}]}}", &text[..start], &text[start..end], &text[start..end]);
                fs::write(s.file("index.json"), twice).unwrap();
            },
            "names 2",
        ),
        (
            "a manifest with other bytes",
            |s| {
                let path = s.blob(&s.image.children[0].manifest.digest);
                let text = fs::read_to_string(&path).unwrap();
                fs::write(path, text.replacen("\"size\":", "\"size\": ", 1)).unwrap();
            },
            "bytes",
        ),
        (
            "a blob that is missing",
            |s| fs::remove_file(s.blob(&s.image.children[0].blobs[1].digest)).unwrap(),
            "",
        ),
        (
            "a blob of another size",
            |s| fs::write(s.blob(&s.image.children[0].blobs[1].digest), "x").unwrap(),
            "has 1 bytes",
        ),
        (
            "a blob behind a link that leads out",
            |s| {
                let blob = &s.image.children[0].blobs[1];
                let outside = s.space.folder().unwrap().join("elsewhere");
                fs::write(&outside, &blob.bytes).unwrap();
                fs::remove_file(s.blob(&blob.digest)).unwrap();
                symlink("../../../elsewhere", s.blob(&blob.digest)).unwrap();
            },
            "",
        ),
        (
            "a layout behind a link that leads out",
            |s| {
                let (out, outside) =
                    (s.file(""), s.space.folder().unwrap().parent().unwrap().join("outside"));
                fs::rename(&out, &outside).unwrap();
                symlink("../outside", s.space.folder().unwrap().join("out")).unwrap();
            },
            "",
        ),
    ];
    for (name, destroy, words) in breaks {
        let scene = Scene::new(Script::new()).await;
        let source = sources(&scene.registry, &scene.image).remove(0);
        scene.export(&source).await.unwrap();
        destroy(&scene);
        let failure = scene.import().await.expect_err(name);
        assert!(failure.message.contains(words), "{name}: {failure}");
        assert_eq!(scene.writes(), 0, "{name}");
    }
}

#[tokio::test]
async fn a_blob_whose_bytes_are_others_is_not_sent() {
    let scene = Scene::new(Script::new()).await;
    let source = sources(&scene.registry, &scene.image).remove(0);
    scene.export(&source).await.unwrap();
    let blob = &scene.image.children[0].blobs[1];
    fs::write(scene.blob(&blob.digest), vec![b'x'; blob.bytes.len()]).unwrap();
    // Who knows of no other place must take the bytes.
    let (from, to) = (repository(&scene.registry, "team/other"), repository(&scene.registry, "team/app"));
    let target = Run::new(&[&scene.registry]).target(&from, &to, &[]);
    let done = target.transfer.import(&target.caller, scene.layouts.as_ref(), Path::new("out"), &to).await;
    let failure = done.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("has the bytes of"), "{failure}");
    assert!(scene.registry.blob("team/app", &blob.digest).is_none());
}
