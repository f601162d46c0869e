//! What containerd says in a node, and what is no answer.

use super::*;

const REF: &str = "ghcr.io/posit-dev/connect:dev-1";

fn digest(byte: &str) -> Digest {
    format!("sha256:{}", byte.repeat(32)).parse().unwrap()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_node_is_asked_for_names_and_digests_alone() {
    let words = images("node", &names(&[REF]));
    assert_eq!(words[..5], ["exec", "node", "ctr", "--namespace", "k8s.io"]);
    assert_eq!(words[5..], ["images", "ls", &format!("name==\"{REF}\"")]);
    let one = digest("a1");
    assert_eq!(content("node", &one)[5..], ["content", "get", one.as_str()]);
    assert_eq!(blobs("node", &[&one])[5..], ["content", "ls", &format!("digest==\"{one}\"")]);
}

#[test]
fn a_list_has_what_each_name_points_at() {
    let answer = format!(
        "REF   TYPE   DIGEST  SIZE    PLATFORMS   LABELS \n\
         {REF} application/vnd.oci.image.manifest.v1+json {} 3.9 KiB linux/amd64 io.cri-containerd.image=managed \n",
        digest("a1")
    );
    let all = read_images(answer.as_bytes()).unwrap();
    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    assert_eq!(all, [(REF.to_owned(), Target { media_type, digest: digest("a1") })].into());
    assert_eq!(read_images(b"REF TYPE DIGEST SIZE PLATFORMS LABELS \n").unwrap(), BTreeMap::new());
}

#[test]
fn what_is_no_list_is_an_error() {
    for bad in
        ["", "DIGEST SIZE\n", "REF TYPE\nname\n", "REF TYPE\nname type sha256:12\n", "sh: ctr: not found\n"]
    {
        let error = read_images(bad.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("ctr gave an answer"), "{error}");
    }
    assert!(read_images(b"REF\n\xff").is_err());
    assert!(read_missing(b"", &[]).is_err());
}

#[test]
fn blobs_that_are_not_listed_are_missing() {
    let (one, two) = (digest("a1"), digest("b2"));
    let answer = format!("DIGEST\tSIZE\tAGE\tLABELS\n{one}\t420B\t1 second\tx={two}\n");
    assert_eq!(read_missing(answer.as_bytes(), &[&one]).unwrap(), 0);
    assert_eq!(read_missing(answer.as_bytes(), &[&one, &two]).unwrap(), 1, "a label is no blob");
    assert_eq!(read_missing(b"DIGEST\tSIZE\tAGE\tLABELS\n", &[&one]).unwrap(), 1);
}

#[test]
fn bytes_of_another_digest_are_not_read() {
    let bytes = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"{}","size":1}},"layers":[]}}"#,
        digest("a1")
    )
    .into_bytes();
    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    let target = Target { media_type, digest: Digest::of(&bytes) };
    assert!(read_manifest(&target, bytes.clone()).is_ok());
    assert!(read_manifest(&Target { digest: digest("a1"), ..target.clone() }, bytes).is_err());
    assert!(read_manifest(&target, b"{}".to_vec()).is_err());
    let config = br#"{"config":{"Labels":{"a":"b"}}}"#;
    let labels = read_labels(&Digest::of(config), config).unwrap();
    assert_eq!(labels, [("a".to_owned(), "b".to_owned())].into());
    assert!(read_labels(&digest("a1"), config).is_err());
    assert_eq!(read_labels(&Digest::of(b"{}"), b"{}").unwrap(), BTreeMap::new());
    assert!(read_labels(&Digest::of(b"x"), b"x").is_err());
}

#[test]
fn of_an_index_the_platforms_image_is_looked_at() {
    let entry = |byte: &str, platform: &str| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":1{platform}}}"#,
            digest(byte)
        )
    };
    let amd = r#","platform":{"os":"linux","architecture":"amd64"}"#;
    let unknown = r#","platform":{"os":"unknown","architecture":"unknown"}"#;
    let index = |entries: &[String]| {
        let bytes = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
        Manifest::parse(bytes.into_bytes(), Some("application/vnd.oci.image.index.v1+json")).unwrap()
    };
    let both = index(&[entry("a1", unknown), entry("b2", amd)]);
    let found = of_platform(&both, Platform::LinuxAmd64).unwrap().unwrap();
    assert_eq!(found.digest, digest("b2"));
    assert!(of_platform(&both, Platform::LinuxArm64).is_err());
    assert!(of_platform(&index(&[entry("a1", "")]), Platform::LinuxArm64).unwrap().is_some());
    assert!(of_platform(&index(&[]), Platform::LinuxAmd64).is_err());
}

#[test]
fn only_the_very_image_is_the_one_that_was_to_be_there() {
    let key: Key = "a".repeat(64).parse().unwrap();
    let labels: BTreeMap<String, String> =
        [(KEY.to_owned(), key.to_string()), ("created".to_owned(), "1".to_owned())].into();
    let expected = Expected { key, labels: Some(labels.clone()), config: Some("sha256:1".to_owned()) };
    let held = Held { config: "sha256:1".to_owned(), labels, missing: 0 };
    assert_eq!(expected.lack(Some(&held)), None);
    assert_eq!(expected.lack(None), Some(Lack::Absent));
    let lack = |change: &dyn Fn(&mut Held)| {
        let mut held = held.clone();
        change(&mut held);
        expected.lack(Some(&held)).unwrap().sentence("n", "r")
    };
    assert_eq!(lack(&|held| held.missing = 2), "node `n` lacks 2 of the blobs of `r`");
    let other = "node `n` has another image as `r`";
    assert!(
        lack(&|held| {
            held.labels.insert(KEY.to_owned(), "b".repeat(64));
        })
        .starts_with(&format!("{other}, whose inputs are bbb"))
    );
    assert_eq!(lack(&|held| held.labels.clear()), format!("{other}, which says nothing of its inputs"));
    assert!(
        lack(&|held| {
            held.labels.insert("created".to_owned(), "2".to_owned());
        })
        .contains("its label `created` is another")
    );
    assert!(
        lack(&|held| {
            held.labels.insert("more".to_owned(), "2".to_owned());
        })
        .contains("its label `more` is another")
    );
    assert!(lack(&|held| held.config = "sha256:2".to_owned()).ends_with("`sha256:2`, not `sha256:1`"));
}
