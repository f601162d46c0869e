//! What a metadata file may be, and what is said about one that is none.

use bakery_core::plan::publish::{MetadataEntry, read};
use serde_json::json;

use super::support::{Entry, file, text, told};

fn refused(text: impl AsRef<[u8]>) -> String {
    match read("a.json", text.as_ref()) {
        Ok(file) => panic!("{file:?}"),
        Err(errors) => told(&errors.0),
    }
}

fn one(entry: Entry) -> MetadataEntry {
    file("a.json", &[entry]).entries.remove(0)
}

fn created(entry: Entry) -> String {
    one(entry).created.map_or_else(|| "none".to_owned(), |time| time.to_string())
}

#[test]
fn what_is_not_a_map_of_targets_is_refused_with_its_place() {
    insta::assert_snapshot!(refused(""), @r"
    [bakery::publish::not_json] `a.json` line 1 column 0 is not JSON: EOF while parsing a value
      check that the file is complete; if it is, build again
    ");
    insta::assert_snapshot!(refused("{\n  \"x\": {\"image.name\": nope}}"), @r"
    [bakery::publish::not_json] `a.json` line 2 column 24 at `/x/image.name` is not JSON: expected ident
      check that the file is complete; if it is, build again
    ");
    insta::assert_snapshot!(refused(b"{\"x\": {\"image.name\": \"\xff\"}}"), @r"
    [bakery::publish::not_json] `a.json` line 1 column 23 at `/x/image.name` is not JSON: invalid unicode code point
      check that the file is complete; if it is, build again
    ");
    insta::assert_snapshot!(refused("[]"), @r"
    [bakery::publish::bad_value] `a.json` must be an object, but is a list
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    ");
    insta::assert_snapshot!(refused("{}"), @r"
    [bakery::publish::no_entries] `a.json` has no target
      the build that wrote it built nothing: look at its log, or leave the file out
    ");
    insta::assert_snapshot!(refused(r#"{"buildx.build.warnings": []}"#), @r"
    [bakery::publish::no_entries] `a.json` has no target
      the build that wrote it built nothing: look at its log, or leave the file out
    ");
    insta::assert_snapshot!(refused(r#"{"containerimage.digest": "sha256:0", "image.name": "a"}"#), @r#"
    [bakery::publish::one_build] `a.json` describes one build, but does not say of which target
      `docker buildx build` wrote it; publishing needs what `bakery build --metadata-file` writes: `{"<target>": {…}}`
    "#);
    insta::assert_snapshot!(refused(r#"{"x\u001b[31m": 3, "y": null}"#), @r#"
    [bakery::publish::bad_value] `a.json` at `/x\u{1b}[31m` must be an object, but is a number
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/y` must be an object, but is nothing
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    "#);
}

#[test]
fn a_key_that_is_given_twice_is_refused_at_any_depth() {
    insta::assert_snapshot!(refused("{\"x\": {},\n \"x\": {}}"), @r"
    [bakery::publish::duplicate_key] `a.json` line 2 column 4: `/x` is given twice
      two builds were written into one file: give each build a file of its own
    ");
    insta::assert_snapshot!(
        refused(r#"{"x": {"containerimage.descriptor": {"size": 1, "size": 2}}}"#),
        @r"
    [bakery::publish::duplicate_key] `a.json` line 1 column 54: `/x/containerimage.descriptor/size` is given twice
      two builds were written into one file: give each build a file of its own
    "
    );
}

#[test]
fn every_value_of_the_wrong_type_is_told_at_once() {
    let entry = json!({ "x": {
        "image.name": ["a"],
        "containerimage.digest": "sha256:short",
        "containerimage.descriptor": {
            "mediaType": 1, "size": -5, "digest": true,
            "platform": { "os": "linux", "architecture": 64 },
            "annotations": { "org.opencontainers.image.created": "yesterday" },
        },
        "buildx.build.provenance": {
            "invocation": { "parameters": { "args": { "label:a/b": 1 } }, "environment": "x" },
        },
        "bakery.target": { "image": "", "channel": "nightly", "latest": "yes", "dependencies": { "R": 4.5 } },
    }, "y": [] });
    insta::assert_snapshot!(refused(entry.to_string()), @r"
    [bakery::publish::bad_value] `a.json` at `/x/buildx.build.provenance/invocation/parameters/args/label:a~1b` must be text, but is a number
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/buildx.build.provenance/invocation/environment` must be an object, but is text
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/image.name` must be text, but is a list
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.digest`: `sha256:short` is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/bakery.target/image` must be text, but is nothing
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/bakery.target/version` must be text, but is nothing
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/bakery.target/channel`: `nightly` is not a channel: expected `release`, `preview` or `daily`
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/bakery.target/latest` must be true or false, but is text
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/bakery.target/dependencies/R` must be text, but is a number
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.descriptor/mediaType` must be text, but is a number
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.descriptor/size` must be a whole number from 0 on, but is a number
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.descriptor/digest` must be text, but is a truth value
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.descriptor/platform/architecture` must be text, but is a number
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.descriptor/annotations/org.opencontainers.image.created`: `yesterday` is not a time: expected one like `2026-08-11T15:52:59Z`
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    [bakery::publish::bad_value] `a.json` at `/y` must be an object, but is a list
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    ");
}

#[test]
fn files_and_lists_of_targets_are_bounded() {
    let large = vec![b' '; (16 << 20) + 1];
    insta::assert_snapshot!(refused(&large), @r"
    [bakery::publish::too_large] `a.json` has 16777217 bytes, a metadata file has at most 16777216
      check that this is the right file, or build fewer targets into one
    ");
    assert!(refused(&large[1..]).contains("not_json"));
    let many = |count: usize| {
        let entries: Vec<String> = (0..count).map(|n| format!("\"t{n}\":{{}}")).collect();
        format!("{{{}}}", entries.join(","))
    };
    assert_eq!(read("a.json", many(10_000).as_bytes()).unwrap().entries.len(), 10_000);
    insta::assert_snapshot!(refused(many(10_001)), @r"
    [bakery::publish::too_large] `a.json` has 10001 targets, a metadata file has at most 10000
      check that this is the right file, or build fewer targets into one
    ");
    insta::assert_snapshot!(refused("[".repeat(100_000)), @r"
    [bakery::publish::not_json] `a.json` line 1 column 128 at `/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0…` is not JSON: recursion limit exceeded
      check that the file is complete; if it is, build again
    ");
}

#[test]
fn keys_that_nobody_reads_and_absent_ones_are_no_errors() {
    let read =
        read("a.json", br#"{"buildx.build.warnings": [], "x": {"a": {"b": [1]}, "image.name": null}}"#);
    let entries = read.unwrap().entries;
    assert_eq!(entries, [MetadataEntry { uid: "x".to_owned(), ..MetadataEntry::default() }]);
}

#[test]
fn names_are_split_and_blank_ones_are_dropped() {
    let names = |text: &str| one(Entry::new("x").set("image.name", json!(text))).names;
    assert_eq!(names(" a:1 ,,b:2, "), ["a:1", "b:2"]);
    assert!(names(" , ").is_empty());
}

#[test]
fn the_time_is_the_descriptor_s_or_else_the_label_s_and_never_now() {
    let label = "label:org.opencontainers.image.created";
    let both = Entry::new("x").created("2026-08-11T15:52:59Z").argument(label, "2020-01-01T00:00:00");
    assert_eq!(created(both.clone()), "2026-08-11T15:52:59Z");
    let annotations = "/containerimage.descriptor/annotations";
    assert_eq!(created(both.without(annotations)), "2020-01-01T00:00:00Z");
    assert_eq!(created(Entry::new("x").without(annotations)), "none");
    let wrong = Entry::new("x").without(annotations).argument(label, "soon");
    insta::assert_snapshot!(refused(text(&[wrong])), @r"
    [bakery::publish::bad_value] `a.json` at `/x`: the label `org.opencontainers.image.created` is wrong: `soon` is not a time: expected one like `2026-08-11T15:52:59Z`
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    ");
}

#[test]
fn the_platform_is_the_descriptor_s_or_else_where_it_was_built() {
    let platform = |entry: Entry| {
        let entry = one(entry);
        (entry.platform.unwrap_or_default(), entry.platform_is_builders)
    };
    let environment = |entry: Entry| {
        let provenance = json!({ "invocation": { "environment": { "platform": "linux/arm64" } } });
        entry.set("buildx.build.provenance", provenance)
    };
    let pointer = "/containerimage.descriptor/platform";
    assert_eq!(platform(environment(Entry::new("x"))), ("linux/amd64".to_owned(), false));
    assert_eq!(platform(environment(Entry::new("x").without(pointer))), ("linux/arm64".to_owned(), true));
    assert_eq!(platform(Entry::new("x").without(pointer)), (String::new(), false));
    let suffixed = Entry::new("x").without(pointer).set("buildx.build.provenance/linux/arm64", json!({}));
    assert_eq!(platform(suffixed), ("linux/arm64".to_owned(), false));
    for (architecture, variant, want) in
        [("arm64", "v8", "linux/arm64"), ("arm", "v7", "linux/arm/v7"), ("amd64", "v3", "linux/amd64/v3")]
    {
        let map = json!({ "os": "linux", "architecture": architecture, "variant": variant });
        let descriptor = json!({ "platform": map });
        let entry = Entry::new("x").set("containerimage.descriptor", descriptor);
        assert_eq!(platform(entry).0, want);
    }
}

#[test]
fn the_digest_is_the_entry_s_or_else_the_descriptor_s_and_they_must_agree() {
    let entry = Entry::new("x");
    let digest = one(entry.clone()).digest;
    assert_eq!(one(entry.clone().without("/containerimage.digest")).digest, digest);
    assert_eq!(one(entry.clone().without("/containerimage.descriptor/digest")).digest, digest);
    let other = bakery_core::model::Digest::of(b"other");
    let differ = entry.set("containerimage.digest", json!(other.as_str()));
    insta::assert_snapshot!(refused(text(&[differ])), @r"
    [bakery::publish::bad_value] `a.json` at `/x/containerimage.descriptor/digest`: `sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881` is not the `containerimage.digest`, which is `sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa`
      check that this is a file that `bakery build --metadata-file` wrote, and that nothing changed it since
    ");
}
