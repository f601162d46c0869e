//! The corpus of manifests: rewriting from one tag to another and back gives the bytes that were there.
//! A file's name begins with the number of references in it; all of them carry the first tag.

use std::{fs, path::Path};

use bakery_dev::rewrite::{Managed, rewrite};

const FIRST: &str = "dev-0123456789ab";
const SECOND: &str = "dev-fedcba987654-0011223344556677";

fn managed(tag: &str) -> Managed {
    let mut managed = Managed::default();
    for (repository, image) in [
        ("ghcr.io/posit-dev/connect", "connect"),
        ("docker.io/posit/connect", "connect"),
        ("localhost:5000/team/connect", "connect"),
        ("ghcr.io/posit-dev/workbench", "workbench"),
    ] {
        managed.add(repository.parse().expect("a repository"), image, Some(tag.parse().expect("a tag")));
    }
    managed
}

#[test]
fn every_manifest_goes_to_another_tag_and_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/manifests");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let expected: usize = name[..2].parse().unwrap();
        let original = fs::read(&path).unwrap();

        let same = rewrite(&original, false, &managed(FIRST)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(same.bytes == original, "{name} changes where nothing is to be done");
        assert_eq!(same.found.len(), expected, "{name}: {:#?}", same.found);
        assert_eq!(same.left, [], "{name}");

        let there = rewrite(&original, false, &managed(SECOND)).unwrap();
        // An oracle that knows no YAML: in these files the first tag stands in references alone.
        let text = String::from_utf8(original.clone()).unwrap();
        assert_eq!(String::from_utf8(there.bytes.clone()).unwrap(), text.replace(FIRST, SECOND), "{name}");
        assert_eq!(rewrite(&there.bytes, false, &managed(SECOND)).unwrap().bytes, there.bytes, "{name}");

        let back = rewrite(&there.bytes, false, &managed(FIRST)).unwrap();
        assert!(back.bytes == original, "{name} does not come back");
        count += 1;
    }
    assert!(count >= 60, "{count} manifests");
}
