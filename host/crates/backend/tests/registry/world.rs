//! A registry in memory, with a token server if a test wants one. Knows as much of the specification as the tests
//! need, and keeps to it: what hostile servers do stands in the tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bakery_backend::registry::{Credentials, RegistryClient, Secret};
use bakery_core::model::{Digest, Manifest, Reference, RegistryHost, Repository};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    gate::client_with,
    server::{Reply, Request, Server},
};

/// The only user.
pub(super) const USER: &str = "baker";
/// Its password; no failure may ever contain it.
pub(super) const PASSWORD: &str = "hunter2-canary";

/// What a registry holds and how it behaves.
#[derive(Default)]
pub(super) struct State {
    pub(super) manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    pub(super) blobs: BTreeMap<(String, String), Vec<u8>>,
    pub(super) uploads: BTreeMap<u64, Vec<u8>>,
    /// Asks for tokens.
    pub(super) tokens: bool,
    /// Seconds that tokens live; they begin with this generation.
    pub(super) expires_in: u64,
    /// Only tokens of this generation are good.
    pub(super) generation: u64,
    /// Grants only the first scope of a token, as one token server did.
    pub(super) first_scope_only: bool,
    pub(super) many_tags: bool,
    pub(super) single_post: bool,
    pub(super) no_mounts: bool,
    pub(super) latency: Duration,
    next_upload: u64,
}

/// A running registry.
pub(super) struct World {
    pub(super) server: Server,
    state: Arc<Mutex<State>>,
}

impl World {
    pub(super) async fn start(change: impl FnOnce(&mut State)) -> Self {
        let mut state = State { expires_in: 300, ..State::default() };
        change(&mut state);
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        let server = Server::start(move |request| {
            let mut state = shared.lock().unwrap();
            let latency = state.latency;
            answer(&mut state, request).delay(latency)
        })
        .await;
        Self { server, state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn host(&self) -> RegistryHost {
        self.server.name().parse().unwrap()
    }

    pub(super) fn repository(&self, name: &str) -> Repository {
        Repository::new(self.host(), name).unwrap()
    }

    pub(super) fn reference(&self, text: &str) -> Reference {
        format!("{}/{text}", self.server.name()).parse().unwrap()
    }

    /// A client that knows the user's password.
    pub(super) fn client(&self) -> RegistryClient {
        let secret = Secret::new(PASSWORD.to_owned());
        client_with(Credentials::anonymous().with_password(self.host(), USER, secret), |_| {})
    }

    pub(super) fn put_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.state().blobs.insert((repository.to_owned(), digest.to_string()), bytes.to_vec());
        digest
    }

    /// Stores a manifest by its digest, and by a tag.
    pub(super) fn put_manifest(&self, repository: &str, tag: Option<&str>, manifest: &Manifest) {
        let stored = (manifest.media_type().to_owned(), manifest.bytes().to_vec());
        let mut state = self.state();
        for place in tag.into_iter().chain([manifest.digest().as_str()]) {
            state.manifests.insert((repository.to_owned(), place.to_owned()), stored.clone());
        }
    }
}

/// An image manifest over some blobs, the first of which is the configuration.
pub(super) fn image(blobs: &[&[u8]]) -> Manifest {
    let entries: Vec<String> = blobs
        .iter()
        .map(|blob| {
            let (digest, size) = (Digest::of(blob), blob.len());
            format!(r#"{{"mediaType":"application/octet-stream","digest":"{digest}","size":{size}}}"#)
        })
        .collect();
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}}"#,
        entries[0],
        entries[1..].join(",")
    );
    Manifest::parse(text.into_bytes(), None).unwrap()
}

/// An index over some manifests.
pub(super) fn index(children: &[&Manifest]) -> Manifest {
    let entries: Vec<String> =
        children.iter().map(|child| serde_json::to_string(&child.descriptor()).unwrap()).collect();
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}]}}"#,
        entries.join(",")
    );
    Manifest::parse(text.into_bytes(), None).unwrap()
}

fn answer(state: &mut State, request: &Request) -> Reply {
    if request.path == "/token" {
        return give_token(state, request);
    }
    let Some(path) = request.path.strip_prefix("/v2/") else { return Reply::new(404) };
    if state.tokens
        && let Some(refusal) = check_token(state, request, path)
    {
        return refusal;
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [""] => Reply::new(200),
        [name @ .., "manifests", place] => manifests(state, request, &name.join("/"), place),
        [name @ .., "blobs", "uploads", ""] => open_upload(state, request, &name.join("/")),
        [name @ .., "blobs", "uploads", id] => upload(state, request, &name.join("/"), id.parse().unwrap()),
        [name @ .., "blobs", digest] => blob(state, request, &name.join("/"), digest),
        _ => Reply::error(404, "NAME_UNKNOWN"),
    }
}

fn give_token(state: &State, request: &Request) -> Reply {
    let expected = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let known = match request.header("authorization") {
        Some(given) if given == expected => true,
        Some(_) => return Reply::error(401, "UNAUTHORIZED"),
        None => false,
    };
    let mut scopes = request.query("scope");
    if state.first_scope_only {
        scopes.truncate(1);
    }
    if !known {
        scopes = scopes.iter().map(|scope| scope.replace(":pull,push", ":pull")).collect();
    }
    let token = STANDARD.encode(format!("{}|{}", state.generation, scopes.join(" ")));
    let body = format!(r#"{{"token":"{token}","expires_in":{}}}"#, state.expires_in);
    Reply::new(200).header("content-type", "application/json").body(body)
}

/// The refusal of a request whose token does not allow it.
fn check_token(state: &State, request: &Request, path: &str) -> Option<Reply> {
    let host = request.header("host").unwrap();
    let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"world\"");
    let refusal = Reply::error(401, "UNAUTHORIZED").header("www-authenticate", challenge);
    let given = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| STANDARD.decode(token).ok())
        .and_then(|token| String::from_utf8(token).ok());
    let Some((generation, scopes)) = given.as_deref().and_then(|token| token.split_once('|')) else {
        return Some(refusal);
    };
    let granted: BTreeSet<&str> = scopes.split(' ').collect();
    let has = |name: &str, push: bool| {
        granted.contains(format!("repository:{name}:pull,push").as_str())
            || (!push && granted.contains(format!("repository:{name}:pull").as_str()))
    };
    let name = ["/manifests/", "/blobs/", "/referrers/"].iter().find_map(|part| path.split_once(part))?.0;
    let writes = !matches!(request.method.as_str(), "GET" | "HEAD");
    let from = request.query("from");
    let good = generation.parse() == Ok(state.generation)
        && has(name, writes)
        && from.iter().all(|source| has(source, false));
    (!good).then_some(refusal)
}

fn manifests(state: &mut State, request: &Request, name: &str, place: &str) -> Reply {
    let key = |place: &str| (name.to_owned(), place.to_owned());
    if request.method == "PUT" {
        let digest = Digest::of(&request.body).to_string();
        let media_type = request.header("content-type").unwrap().to_owned();
        let manifest = Manifest::parse(request.body.clone(), Some(&media_type)).unwrap();
        let held = |digest: &Digest| state.blobs.contains_key(&key(digest.as_str()));
        if let Some(lacking) = manifest.blobs().iter().find(|blob| !held(&blob.digest)) {
            let digest = &lacking.digest;
            let body = format!(
                r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":{{"digest":"{digest}"}}}}]}}"#
            );
            return Reply::new(400).body(body);
        }
        let tags = if state.many_tags { request.query("tag") } else { Vec::new() };
        for place in tags.iter().map(String::as_str).chain([place, digest.as_str()]) {
            state.manifests.insert(key(place), (media_type.clone(), request.body.clone()));
        }
        let reply = Reply::new(201).header("docker-content-digest", digest);
        return tags.into_iter().fold(reply, |reply, tag| reply.header("oci-tag", tag));
    }
    match state.manifests.get(&key(place)) {
        Some((media_type, bytes)) => Reply::new(200)
            .header("content-type", media_type)
            .header("docker-content-digest", Digest::of(bytes).to_string())
            .body(bytes.clone()),
        None => Reply::error(404, "MANIFEST_UNKNOWN"),
    }
}

fn blob(state: &State, request: &Request, name: &str, digest: &str) -> Reply {
    let Some(bytes) = state.blobs.get(&(name.to_owned(), digest.to_owned())) else {
        return Reply::error(404, "BLOB_UNKNOWN");
    };
    let from =
        request.header("range").and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match from {
        Some(from) => {
            let from: usize = from;
            let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
            Reply::new(206).header("content-range", range).body(&bytes[from..])
        }
        None => Reply::new(200).body(bytes.clone()),
    }
}

fn open_upload(state: &mut State, request: &Request, name: &str) -> Reply {
    if let ([digest], [from]) = (request.query("mount").as_slice(), request.query("from").as_slice())
        && !state.no_mounts
        && let Some(bytes) = state.blobs.get(&(from.clone(), digest.clone())).cloned()
    {
        state.blobs.insert((name.to_owned(), digest.clone()), bytes);
        return Reply::new(201).header("docker-content-digest", digest);
    }
    if let [digest] = request.query("digest").as_slice()
        && state.single_post
    {
        return store(state, name, digest, request.body.clone());
    }
    state.next_upload += 1;
    let id = state.next_upload;
    state.uploads.insert(id, Vec::new());
    Reply::new(202).header("location", format!("/v2/{name}/blobs/uploads/{id}?_state=s{id}"))
}

fn upload(state: &mut State, request: &Request, name: &str, id: u64) -> Reply {
    assert_eq!(
        request.query("_state"),
        [format!("s{id}")],
        "the state of an upload must come back as it was"
    );
    let Some(bytes) = state.uploads.get_mut(&id) else { return Reply::error(404, "BLOB_UPLOAD_UNKNOWN") };
    let reached = |reply: Reply, bytes: usize| {
        reply
            .header("range", format!("0-{}", bytes.saturating_sub(1)))
            .header("location", format!("/v2/{name}/blobs/uploads/{id}?_state=s{id}"))
    };
    match request.method.as_str() {
        "PATCH" => {
            let start: usize =
                request.header("content-range").unwrap().split_once('-').unwrap().0.parse().unwrap();
            if start != bytes.len() {
                return reached(Reply::error(416, "BLOB_UPLOAD_INVALID"), bytes.len());
            }
            bytes.extend_from_slice(&request.body);
            reached(Reply::new(202), bytes.len())
        }
        "GET" => reached(Reply::new(204), bytes.len()),
        "DELETE" => {
            state.uploads.remove(&id);
            Reply::new(204)
        }
        _ => {
            let mut bytes = state.uploads.remove(&id).unwrap();
            bytes.extend_from_slice(&request.body);
            store(state, name, &request.query("digest")[0], bytes)
        }
    }
}

fn store(state: &mut State, name: &str, digest: &str, bytes: Vec<u8>) -> Reply {
    if Digest::of(&bytes).as_str() != digest {
        return Reply::error(400, "DIGEST_INVALID");
    }
    state.blobs.insert((name.to_owned(), digest.to_owned()), bytes);
    Reply::new(201)
        .header("docker-content-digest", digest)
        .header("location", format!("/v2/{name}/blobs/{digest}"))
}
