//! Resolving, getting and putting manifests: requests per verb, and answers that lie.

use bakery_core::{
    model::{Digest, Tag},
    port::{
        FailureKind,
        registry::{Registry as _, RegistryVerb},
    },
};

use super::{
    gate::{client, permit},
    server::{Act, Reply, Server},
    world::{World, image, index},
};

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[tokio::test]
async fn resolving_takes_one_head_and_getting_one_get() {
    let world = World::start(|_| {}).await;
    let image = image(&[b"{}"]);
    world.put_manifest("a", Some("1"), &image);
    let (client, permit) = (client(), permit().await);
    let descriptor = client.resolve(&permit, &world.reference("a:1")).await.unwrap();
    assert_eq!(descriptor, image.descriptor());
    assert_eq!(client.manifest(&permit, &world.reference("a:1")).await.unwrap(), image);
    let by_digest = world.reference(&format!("a:other@{}", image.digest()));
    assert_eq!(client.resolve(&permit, &by_digest).await.unwrap(), descriptor);
    assert_eq!(
        world.server.lines(),
        [
            "HEAD /v2/a/manifests/1".to_owned(),
            "GET /v2/a/manifests/1".to_owned(),
            format!("HEAD /v2/a/manifests/{}", image.digest()),
        ]
    );
    let accept = world.server.requests()[0].header("accept").unwrap().to_owned();
    insta::assert_snapshot!(accept, @"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json");
}

#[tokio::test]
async fn a_head_that_says_too_little_is_followed_by_a_get() {
    let image = image(&[b"{}"]);
    for (status, with_digest) in [(200, false), (405, false), (501, false), (403, false), (200, true)] {
        let (bytes, digest) = (image.bytes().to_vec(), image.digest().to_string());
        let server = Server::start(move |request| {
            let found = Reply::new(200).header("content-type", OCI).body(bytes.clone());
            match (request.method.as_str(), with_digest) {
                ("HEAD", false) if status == 200 => found,
                ("HEAD", true) => {
                    Reply { headers: Vec::new(), ..found }.header("docker-content-digest", &digest)
                }
                ("HEAD", _) => Reply::new(status),
                _ => found,
            }
        })
        .await;
        let reference = format!("{}/a:1", server.name()).parse().unwrap();
        let descriptor = client().resolve(&permit().await, &reference).await.unwrap();
        assert_eq!(descriptor, image.descriptor(), "{status}");
        assert_eq!((server.count("HEAD"), server.count("GET")), (1, 1));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_after_one_request() {
    let world = World::start(|_| {}).await;
    let (client, permit, reference) = (client(), permit().await, world.reference("a:1"));
    let failure = client.resolve(&permit, &reference).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.registry.unwrap().verb, RegistryVerb::Resolve);
    let failure = client.manifest(&permit, &reference).await.unwrap_err();
    let name = world.server.name();
    assert_eq!(failure.subject, format!("{name}/a:1"));
    insta::assert_snapshot!(failure.message.replace(&name, "HOST"), @"`GET http://HOST/v2/a/manifests/1` was answered 404 MANIFEST_UNKNOWN: words of MANIFEST_UNKNOWN");
    assert_eq!(world.server.requests().len(), 2);
}

/// One answer to everything, and the failure that it must be.
async fn check_answer(
    by_digest: bool,
    head: bool,
    reply: Reply,
    kind: FailureKind,
    corrupt: bool,
    words: &str,
) {
    let server = Server::start(move |_| reply.clone()).await;
    let place = if by_digest { format!("a@{}", Digest::of(b"wanted")) } else { "a:1".to_owned() };
    let reference = format!("{}/{place}", server.name()).parse().unwrap();
    let (client, permit) = (client(), permit().await);
    let failure = if head {
        client.resolve(&permit, &reference).await.unwrap_err()
    } else {
        client.manifest(&permit, &reference).await.unwrap_err()
    };
    assert!(failure.message.contains(words), "{words}: {failure}");
    assert_eq!((failure.kind, failure.registry.unwrap().corrupt), (kind, corrupt), "{words}");
}

#[tokio::test]
async fn an_answer_that_is_not_the_manifest_is_never_taken_for_it() {
    use FailureKind::{Internal, Unavailable};
    let image = image(&[b"{}"]);
    let found = Reply::new(200).header("content-type", OCI).body(image.bytes().to_vec());
    let says = |reply: &Reply, digest: &[u8]| {
        reply.clone().header("docker-content-digest", Digest::of(digest).to_string())
    };
    let long = vec![b' '; (4 << 20) + 1];
    let endless = Reply::new(200).header("content-type", OCI).body(vec![b' '; 65536]).act(Act::Endless);
    let page = Reply::new(200).header("content-type", "text/html; charset=utf-8").body("<html>Log in");
    let docker = Reply { headers: Vec::new(), ..found.clone() }
        .header("content-type", "application/vnd.docker.distribution.manifest.v2+json");
    let both = format!(
        r#"{{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"layers":[{}]}}"#,
        serde_json::to_string(&image.descriptor()).unwrap()
    );
    let both = Reply::new(200).body(both);
    let cut = found.clone().act(Act::Close(10));
    let says_other_of_all = says(&found, b"other");
    check_answer(true, false, found.clone(), Internal, true, "instead of").await;
    check_answer(true, false, says(&found, b"wanted"), Internal, true, "instead of").await;
    check_answer(true, true, says(&found, b"other"), Internal, true, "instead of").await;
    check_answer(false, false, says_other_of_all, Internal, true, "instead of").await;
    check_answer(false, false, Reply::new(200).body(long), Internal, false, "larger than 4194304 bytes")
        .await;
    check_answer(false, false, endless, Internal, false, "larger than 4194304 bytes").await;
    check_answer(false, false, page, Internal, false, "a page for people").await;
    check_answer(false, false, docker, Internal, false, "says it is").await;
    check_answer(false, false, both, Internal, false, "at once").await;
    check_answer(false, false, cut, Unavailable, false, "broke off").await;
}

#[tokio::test]
async fn a_manifest_is_put_by_digest_or_by_tag_with_its_exact_bytes() {
    let world = World::start(|_| {}).await;
    let manifest = index(&[]);
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let pushed = client.push_manifest(&permit, &repository, &manifest, &[]).await.unwrap();
    assert_eq!((&pushed.digest, pushed.tags.len()), (manifest.digest(), 0));
    let pushed = client.push_manifest(&permit, &repository, &manifest, &tags(&["1"])).await.unwrap();
    assert_eq!(pushed.tags, tags(&["1"]));
    let requests = world.server.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.body, manifest.bytes().to_vec());
        assert_eq!(request.header("content-type"), Some(manifest.media_type()));
    }
    assert_eq!(requests[0].path, format!("/v2/a/manifests/{}", manifest.digest()));
    assert_eq!(requests[1].path, "/v2/a/manifests/1");
    assert!(client.holds(&repository, manifest.digest()));
}

#[tokio::test]
async fn several_tags_go_with_one_request_where_the_registry_acknowledges_them() {
    let world = World::start(|state| state.many_tags = true).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    assert_eq!(client.takes_many_tags(&world.host()), None);
    let pushed =
        client.push_manifest(&permit, &repository, &index(&[]), &tags(&["1", "1.2", "x"])).await.unwrap();
    assert_eq!(pushed.tags, tags(&["1", "1.2", "x"]));
    assert_eq!(client.takes_many_tags(&world.host()), Some(true));
    assert_eq!(world.server.requests().len(), 1);
    assert_eq!(world.server.requests()[0].query("tag"), ["1", "1.2", "x"]);
}

#[tokio::test]
async fn a_registry_that_ignores_several_tags_is_believed_only_about_those_it_names() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let manifest = index(&[]);
    let mut left = tags(&["1", "2", "3"]);
    let mut requests = 0;
    while !left.is_empty() {
        let pushed = client.push_manifest(&permit, &repository, &manifest, &left).await.unwrap();
        left.retain(|tag| !pushed.tags.contains(tag));
        requests += 1;
        assert!(requests < 10);
    }
    assert_eq!(requests, 4, "one that found out, then one per tag");
    assert_eq!(client.takes_many_tags(&world.host()), Some(false));
    for tag in ["1", "2", "3"] {
        client.resolve(&permit, &world.reference(&format!("a:{tag}"))).await.unwrap();
    }
}

#[tokio::test]
async fn tags_that_make_a_url_too_long_are_pushed_one_by_one() {
    let server = Server::start(|request| match request.query("tag").len() {
        0 => Reply::new(201),
        _ => Reply::new(414),
    })
    .await;
    let (client, permit) = (client(), permit().await);
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let pushed = client.push_manifest(&permit, &repository, &index(&[]), &tags(&["1", "2"])).await.unwrap();
    assert!(pushed.tags.is_empty());
    let pushed = client.push_manifest(&permit, &repository, &index(&[]), &tags(&["1", "2"])).await.unwrap();
    assert_eq!(pushed.tags, tags(&["1"]));
}

#[tokio::test]
async fn a_registry_that_stored_something_else_is_caught() {
    let other = Digest::of(b"other").to_string();
    let server = Server::start(move |_| Reply::new(201).header("docker-content-digest", &other)).await;
    let repository = format!("{}/a", server.name()).parse().unwrap();
    let failure = client().push_manifest(&permit().await, &repository, &index(&[]), &[]).await.unwrap_err();
    assert!(failure.message.contains("stored") && failure.registry.unwrap().corrupt);
}

#[tokio::test]
async fn a_lacking_blob_is_named_and_no_longer_believed_to_be_there() {
    let world = World::start(|_| {}).await;
    let (client, permit, repository) = (client(), permit().await, world.repository("a"));
    let blob = world.put_blob("a", b"{}");
    assert!(client.has_blob(&permit, &repository, &blob).await.unwrap());
    world.state().blobs.clear();
    assert!(client.has_blob(&permit, &repository, &blob).await.unwrap(), "known facts are not asked again");
    let failure = client.push_manifest(&permit, &repository, &image(&[b"{}"]), &[]).await.unwrap_err();
    let fault = failure.registry.unwrap();
    assert_eq!((failure.kind, fault.digests.as_slice()), (FailureKind::Conflict, [blob.clone()].as_slice()));
    assert!(fault.is("MANIFEST_BLOB_UNKNOWN"));
    assert!(!client.holds(&repository, &blob));
}

#[tokio::test]
async fn referrers_are_read_page_by_page_or_from_the_tag_that_stands_in() {
    let subject = Digest::of(b"subject");
    let (one, two) = (image(&[b"1"]), image(&[b"2"]));
    let (first, second) = (index(&[&one]), index(&[&two]));
    let pages = {
        let (first, second) = (first.bytes().to_vec(), second.bytes().to_vec());
        Server::start(move |request| match (request.path.contains("/referrers/"), request.query.as_str()) {
            (true, "") => Reply::new(200)
                .header("link", format!("<{}?last=1>; rel=\"next\"", request.path))
                .body(first.clone()),
            (true, _) => Reply::new(200).body(second.clone()),
            _ => Reply::new(500),
        })
        .await
    };
    let by_tag = {
        let tag = format!("/v2/a/manifests/sha256-{}", subject.hex());
        Server::start(move |request| {
            if request.path == tag { Reply::new(200).body(first.bytes().to_vec()) } else { Reply::new(404) }
        })
        .await
    };
    let none = Server::start(|_| Reply::error(404, "NAME_UNKNOWN")).await;
    let permit = permit().await;
    for (server, expected) in
        [(pages, vec![one.descriptor(), two.descriptor()]), (by_tag, vec![one.descriptor()]), (none, vec![])]
    {
        let repository = format!("{}/a", server.name()).parse().unwrap();
        assert_eq!(client().referrers(&permit, &repository, &subject).await.unwrap(), expected);
        assert!(server.requests().len() <= 2);
    }
}
