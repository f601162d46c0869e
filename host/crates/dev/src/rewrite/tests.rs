//! Rewriting, form by form: what changes and, more, what does not.

use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn managed(tag: Option<&str>) -> Managed {
    let mut managed = Managed::default();
    for (repository, image) in [
        ("ghcr.io/posit-dev/connect", "connect"),
        ("docker.io/posit/connect", "connect"),
        ("localhost:5000/team/connect", "connect"),
        ("ghcr.io/posit-dev/workbench", "workbench"),
        ("plain", "plain"),
    ] {
        managed.add(repository.parse().unwrap(), image, tag.map(|tag| tag.parse().unwrap()));
    }
    managed
}

fn done(text: &str) -> Rewritten {
    rewrite(text.as_bytes(), false, &managed(Some("dev-b"))).unwrap()
}

#[track_caller]
fn check(before: &str, after: &str) {
    let before = before.replace("HEX", HEX);
    let first = done(&before);
    assert_eq!(String::from_utf8(first.bytes.clone()).unwrap(), after, "from {before:?}");
    let again = done(after);
    assert_eq!(again.bytes, first.bytes, "a second time");
    assert!(again.found.iter().all(|found| !found.differs()), "{:?}", again.found);
}

#[test]
fn every_form_of_a_reference_gets_the_tag_and_loses_its_digest() {
    for (before, after) in [
        ("ghcr.io/posit-dev/connect", "ghcr.io/posit-dev/connect:dev-b"),
        ("ghcr.io/posit-dev/connect:latest", "ghcr.io/posit-dev/connect:dev-b"),
        ("ghcr.io/posit-dev/connect:1.0@sha256:HEX", "ghcr.io/posit-dev/connect:dev-b"),
        ("ghcr.io/posit-dev/connect@sha256:HEX", "ghcr.io/posit-dev/connect:dev-b"),
        ("ghcr.io/posit-dev/connect:dev-0123456789ab", "ghcr.io/posit-dev/connect:dev-b"),
        ("ghcr.io/posit-dev/connect:deadbee", "ghcr.io/posit-dev/connect:dev-b"),
        ("localhost:5000/team/connect", "localhost:5000/team/connect:dev-b"),
        ("localhost:5000/team/connect:1@sha256:HEX", "localhost:5000/team/connect:dev-b"),
        ("posit/connect:1", "posit/connect:dev-b"),
        ("index.docker.io/posit/connect:1", "index.docker.io/posit/connect:dev-b"),
        ("GHCR.io/posit-dev/connect:1", "GHCR.io/posit-dev/connect:dev-b"),
        ("plain", "plain:dev-b"),
        ("docker.io/library/plain:1", "docker.io/library/plain:dev-b"),
    ] {
        for (open, close) in [("", ""), ("'", "'"), ("\"", "\""), ("", " # c")] {
            check(&format!("image: {open}{before}{close}\n"), &format!("image: {open}{after}{close}\n"));
        }
        check(&format!("{{image: {before}, a: b}}"), &format!("{{image: {after}, a: b}}"));
        check(&format!("{{\"image\":\"{before}\"}}"), &format!("{{\"image\":\"{after}\"}}"));
        check(&format!("image: >-\n  {before}\na: b\n"), &format!("image: >-\n  {after}\na: b\n"));
        check(&format!("image: |\r\n  {before}\r\n"), &format!("image: |\r\n  {after}\r\n"));
    }
}

#[test]
fn neighbours_in_name_stay_as_they_are() {
    for other in [
        "ghcr.io/posit-dev/connect-content:1",
        "ghcr.io/posit-dev/connect/sub:1",
        "mirror.example.com/ghcr.io/posit-dev/connect:1",
        "ghcr.io/other/connect:1",
        "xghcr.io/posit-dev/connect:1",
        "ghcr.io:443/posit-dev/connect:1",
        "ghcr.io/posit-dev/Connect:1",
        "connect:1",
        "plain2:1",
    ] {
        let text = format!("image: {other}\n");
        let outcome = done(&text);
        assert_eq!(outcome.bytes, text.as_bytes());
        assert_eq!(outcome.found, [], "{other}");
    }
    // A word that is also the name of an image is no reference under other keys.
    let text = "name: plain\nlabels: {app: 'plain:1'}\nargs: [plain, 'plain:1']\n";
    assert_eq!(done(text).found, []);
}

#[test]
fn pairs_of_helm_values_are_one_reference() {
    let r = "ghcr.io/posit-dev/connect";
    for (before, after) in [
        ("image:\n  repository: R\n  tag: 1.0\n", "image:\n  repository: R\n  tag: dev-b\n"),
        ("image:\n  tag: \"1.0\" # c\n  repository: R\n", "image:\n  tag: \"dev-b\" # c\n  repository: R\n"),
        ("image:\n  repository: R\n  tag:\n", "image:\n  repository: R\n  tag: dev-b\n"),
        ("image:\n  repository: R\n  tag: \"\"\n", "image:\n  repository: R\n  tag: \"dev-b\"\n"),
        ("image:\n  repository: R\n  tag: ~\n", "image:\n  repository: R\n  tag: dev-b\n"),
        ("image:\n  repository: R # c\n  x: 1\n", "image:\n  repository: R # c\n  tag: dev-b\n  x: 1\n"),
        ("image:\n  repository: R", "image:\n  repository: R\n  tag: dev-b"),
        ("a:\r\n- repository: R\r\n  x: 1\r\n", "a:\r\n- repository: R\r\n  tag: dev-b\r\n  x: 1\r\n"),
        ("image: {repository: R}\n", "image: {repository: R, tag: dev-b}\n"),
        ("{\"image\": {\"repository\": \"R\"}}", "{\"image\": {\"repository\": \"R\", \"tag\": \"dev-b\"}}"),
        (
            "image:\n  repository: R\n  tag: x\n  digest: sha256:HEX\n",
            "image:\n  repository: R\n  tag: dev-b\n  digest: \"\"\n",
        ),
        ("image:\n  repository: R\n  digest: 'sha256:HEX'\n", "image:\n  repository: R\n  tag: 'dev-b'\n"),
        (
            "registry: ghcr.io\nrepository: posit-dev/connect\ntag: '1'\n",
            "registry: ghcr.io\nrepository: posit-dev/connect\ntag: 'dev-b'\n",
        ),
        ("image: R\nimageTag: 1\n", "image: R\nimageTag: dev-b\n"),
        ("image: {name: R, tag: 1}\n", "image: {name: R, tag: dev-b}\n"),
        ("image:\n  repository: R:1\n", "image:\n  repository: R:dev-b\n"),
    ] {
        check(&before.replace('R', r), &after.replace('R', r));
    }
}

#[test]
fn entries_of_kustomize_get_a_new_tag() {
    let r = "ghcr.io/posit-dev/connect";
    let head = "kind: Kustomization\nimages:\n";
    for (before, after) in [
        ("- name: R\n  newTag: '1'\n", "- name: R\n  newTag: 'dev-b'\n"),
        ("- name: R\n", "- name: R\n  newTag: dev-b\n"),
        ("- name: R\n  digest: sha256:HEX\n", "- name: R\n  newTag: dev-b\n"),
        ("- name: app\n  newName: R\n", "- name: app\n  newName: R\n  newTag: dev-b\n"),
        ("- name: R\n  newTag: x\n  digest: sha256:HEX\n", "- name: R\n  newTag: dev-b\n  digest: \"\"\n"),
        // It leads away from the project's image.
        (
            "- name: R\n  newName: other.example.com/x\n  newTag: '1'\n",
            "- name: R\n  newName: other.example.com/x\n  newTag: '1'\n",
        ),
    ] {
        check(&format!("{head}{}", before.replace('R', r)), &format!("{head}{}", after.replace('R', r)));
    }
    let by_name = rewrite(b"images:\n- name: plain\n", true, &managed(Some("dev-b"))).unwrap();
    assert_eq!(by_name.bytes, b"images:\n- name: plain\n  newTag: dev-b\n");
    let no_kustomization = rewrite(b"images:\n- name: plain\n", false, &managed(Some("dev-b"))).unwrap();
    assert_eq!(no_kustomization.found, []);
}

#[test]
fn what_an_anchor_names_changes_once() {
    let r = "ghcr.io/posit-dev/connect";
    for (before, after) in [
        ("a: &x R:1\nimage: *x\n", "a: &x R:dev-b\nimage: *x\n"),
        ("image: &x 'R:1'\nb: {image: *x}\n", "image: &x 'R:dev-b'\nb: {image: *x}\n"),
        ("t: &t '1'\nimage: {repository: R, tag: *t}\n", "t: &t 'dev-b'\nimage: {repository: R, tag: *t}\n"),
        // Somebody else uses the value: it stays for them.
        (
            "t: &t '1'\nversion: *t\nimage: {repository: R, tag: *t}\n",
            "t: &t '1'\nversion: *t\nimage: {repository: R, tag: dev-b}\n",
        ),
        (
            "base: &b\n  repository: R\n  tag: '1'\nother:\n  <<: *b\n",
            "base: &b\n  repository: R\n  tag: 'dev-b'\nother:\n  <<: *b\n",
        ),
        (
            "base: &b\n  repository: R\n  tag: '1'\nother:\n  <<: *b\n  tag: '2'\n",
            "base: &b\n  repository: R\n  tag: 'dev-b'\nother:\n  <<: *b\n  tag: 'dev-b'\n",
        ),
        (
            "base: &b\n  tag: '1'\nimage:\n  <<: *b\n  repository: R\n  x: 1\n",
            "base: &b\n  tag: '1'\nimage:\n  <<: *b\n  repository: R\n  tag: dev-b\n  x: 1\n",
        ),
    ] {
        check(&before.replace('R', r), &after.replace('R', r));
    }
}

#[test]
fn a_manifest_inside_a_manifest_is_rewritten_where_it_stands() {
    let r = "ghcr.io/posit-dev/connect";
    for (before, after) in [
        (
            "data:\n  v.yaml: |\n    # c\n    image:\n      repository: R\n      x: 1\n  z: 1\n",
            "data:\n  v.yaml: |\n    # c\n    image:\n      repository: R\n      tag: dev-b\n      x: 1\n  z: 1\n",
        ),
        (
            "data:\r\n  v.yaml: |-\r\n\r\n    image: R:1\r\n\r\n    image2: {image: 'R:2'}\r\n  z: 1\r\n",
            "data:\r\n  v.yaml: |-\r\n\r\n    image: R:dev-b\r\n\r\n    image2: {image: 'R:dev-b'}\r\n  z: 1\r\n",
        ),
        (
            "a: |2\n    image: R:1\nb: |+\n  é: {\"image\": \"R:1\"}\n\n",
            "a: |2\n    image: R:dev-b\nb: |+\n  é: {\"image\": \"R:dev-b\"}\n\n",
        ),
        ("a: |\n  repository: R", "a: |\n  repository: R\n  tag: dev-b"),
    ] {
        check(&before.replace('R', r), &after.replace('R', r));
    }
    let lines: Vec<usize> = done(&"a: |\n  x: 1\n  image: R:1\nimage: R:1\n".replace('R', r))
        .found
        .iter()
        .map(|f| f.line)
        .collect();
    assert_eq!(lines, [3, 4]);
}

#[test]
fn what_cannot_be_rewritten_is_told() {
    let r = "ghcr.io/posit-dev/connect";
    for (text, reason) in [
        ("image: R:${TAG:-1}\n", LeftReason::Variable),
        ("image: \"R:{{ .Values.tag }}\"\n", LeftReason::Variable),
        ("image: R@${DIGEST}\n", LeftReason::Variable),
        ("args: ['--image=R:1.0']\n", LeftReason::InsideText),
        ("run: |\n  docker pull R:1 || exit 1\n", LeftReason::InsideText),
        ("x: docker://R:1\n", LeftReason::InsideText),
    ] {
        let text = text.replace('R', r);
        let outcome = done(&text);
        assert_eq!(outcome.bytes, text.as_bytes());
        assert_eq!(outcome.found, []);
        assert_eq!(outcome.left.iter().map(|left| left.reason).collect::<Vec<_>>(), [reason], "{text}");
        assert_eq!(outcome.left[0].repository, r);
    }
    assert_eq!(done(&format!("x: see {r} for more\n")).left, []);
}

#[test]
fn marks_line_ends_documents_and_lines_are_kept() {
    let before =
        "\u{feff}# é\r\nimage: posit/connect:1 # c\r\n---\r\nimage: ghcr.io/posit-dev/workbench\r\n...\r\n";
    let after = before.replace("connect:1", "connect:dev-b").replace("workbench", "workbench:dev-b");
    check(before, &after);
    let found = done(before).found;
    assert_eq!(
        found.iter().map(|f| (f.line, f.image.as_str())).collect::<Vec<_>>(),
        [(2, "connect"), (4, "workbench")]
    );
    assert_eq!(found[0].path, "image");
}

#[test]
fn an_image_that_nothing_builds_is_found_and_left() {
    let text = "image: posit/connect:1\n";
    let outcome = rewrite(text.as_bytes(), false, &managed(None)).unwrap();
    assert_eq!(outcome.bytes, text.as_bytes());
    assert_eq!((outcome.found[0].wanted.clone(), outcome.found[0].tag.as_deref()), (None, Some("1")));
}

#[test]
fn a_policy_that_pulls_always_is_seen() {
    let found = done("- image: posit/connect:1\n  imagePullPolicy: Always\n- image: posit/connect:1\n").found;
    assert_eq!(found.iter().map(|f| f.always_pulled).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn hostile_files_are_refused_or_done_in_bounded_time() {
    let managed = managed(Some("dev-b"));
    let run = |text: &str| rewrite(text.as_bytes(), false, &managed);
    assert!(matches!(rewrite(b"a: \xff", false, &managed), Err(RewriteError::NotText(3))));
    assert!(matches!(run(&" ".repeat(MAX_BYTES + 1)), Err(RewriteError::Limit(_))));
    assert!(matches!(run("a: [\n"), Err(RewriteError::Syntax { template: false, .. })));
    assert!(matches!(run("{{ if x }}\na: b\n{{ end }}\n"), Err(RewriteError::Syntax { template: true, .. })));
    assert!(run(&"{a: ".repeat(10_000)).is_err());
    // Each level merges the one below twice: followed without bound it would never end.
    let mut bomb = "m0: &m0 {repository: posit/connect}\n".to_owned();
    for level in 1..60 {
        bomb += &format!("m{level}: &m{level} {{<<: [*m{}, *m{}]}}\n", level - 1, level - 1);
    }
    bomb += "x: {<<: *m59, tag: '1'}\n";
    assert!(run(&bomb).is_ok());
    // Many references in one map.
    let mut many = String::new();
    for at in 0..20_000 {
        many += &format!("a{at}Image: posit/connect:1\n");
    }
    assert_eq!(run(&many).unwrap().found.len(), 20_000);
    let words = "posit/connect: ".repeat(20_000);
    assert!(run(&format!("a: '{words}'\n")).is_ok());
}
