//! Runs the client against Debian's `docker-registry` on a free loopback port. Where the program is not installed
//! the cases are counted as ignored, so that nobody takes silence for success.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on ends, and what is skipped is said aloud"
)]

#[path = "registry/gate.rs"]
mod gate;

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, ExitCode, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use bakery_backend::registry::RegistryClient;
use bakery_core::{
    model::{Digest, Manifest, Reference, Repository, Tag},
    port::{
        FailureKind,
        registry::{BlobCursor, BlobSource, BytesBlob, Mounted, Registry as _, Uploaded},
    },
};
use gate::{client, permit};
use libtest_mimic::{Arguments, Failed, Trial};

/// A running `docker-registry`; it ends with the value.
struct DockerRegistry {
    child: Child,
    port: u16,
    _storage: tempfile::TempDir,
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl DockerRegistry {
    fn start() -> Self {
        let storage = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let config = storage.path().join("config.yml");
        let root = storage.path().join("data");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            root.display()
        );
        std::fs::write(&config, text).unwrap();
        let child = Command::new(PROGRAM)
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { child, port, _storage: storage };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "`{PROGRAM}` does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    fn repository(&self, name: &str) -> Repository {
        format!("127.0.0.1:{}/{name}", self.port).parse().unwrap()
    }

    fn reference(&self, text: &str) -> Reference {
        format!("127.0.0.1:{}/{text}", self.port).parse().unwrap()
    }
}

const PROGRAM: &str = "docker-registry";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let installed =
        Command::new(PROGRAM).arg("--version").output().is_ok_and(|output| output.status.success());
    if !installed {
        eprintln!("skipped: `{PROGRAM}` is not installed, so nothing is tried against a real registry");
    }
    let case =
        |name: &str, case: fn() -> Result<(), Failed>| Trial::test(name, case).with_ignored_flag(!installed);
    let cases = vec![
        case("an_image_is_pushed_mounted_tagged_and_read_back", || run(publish)),
        case("a_blob_goes_up_in_pieces_and_comes_down_from_the_middle", || run(pieces)),
        case("what_is_absent_or_wrong_is_said_so", || run(refusals)),
    ];
    libtest_mimic::run(&arguments, cases).exit_code()
}

fn run<F: Future<Output = ()>>(case: impl FnOnce(DockerRegistry, RegistryClient) -> F) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(case(DockerRegistry::start(), client()));
    Ok(())
}

/// An image over two blobs.
fn image(config: &[u8], layer: &[u8]) -> Manifest {
    let entry = |kind: &str, blob: &[u8]| {
        serde_json::json!({
            "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": Digest::of(blob).as_str(),
            "size": blob.len(),
        })
    };
    let document = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": entry("config.v1+json", config), "layers": [entry("layer.v1.tar+gzip", layer)],
    });
    Manifest::parse(document.to_string().into_bytes(), None).unwrap()
}

async fn publish(registry: DockerRegistry, client: RegistryClient) {
    let permit = permit().await;
    let (staging, product) = (registry.repository("staging/image"), registry.repository("product/image"));
    let (config, layer) = (b"{}".to_vec(), vec![7; 200_000]);
    let image = image(&config, &layer);
    for blob in [config, layer] {
        let length = blob.len() as u64;
        let uploaded = client.push_blob(&permit, &staging, Arc::new(BytesBlob::new(blob))).await.unwrap();
        assert_eq!(uploaded, Uploaded::Sent(length));
    }
    client.push_manifest(&permit, &staging, &image, &[]).await.unwrap();
    for blob in image.blobs() {
        let mounted = client.mount_blob(&permit, &staging, &product, &blob.digest).await.unwrap();
        assert!(matches!(mounted, Mounted::Done), "{mounted:?}");
    }
    client.push_manifest(&permit, &product, &image, &[]).await.unwrap();
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [image.descriptor()],
    });
    let index = Manifest::parse(index.to_string().into_bytes(), None).unwrap();
    let mut left: Vec<Tag> = ["1", "1.2", "latest"].map(|tag| tag.parse().unwrap()).to_vec();
    let mut pushes = 0;
    while !left.is_empty() {
        let pushed = client.push_manifest(&permit, &product, &index, &left).await.unwrap();
        left.retain(|tag| !pushed.tags.contains(tag));
        pushes += 1;
        assert!(pushes <= 4, "one push finds out, then one per tag");
    }
    for tag in ["1", "1.2", "latest"] {
        let reference = registry.reference(&format!("product/image:{tag}"));
        assert_eq!(client.resolve(&permit, &reference).await.unwrap(), index.descriptor());
        assert_eq!(client.manifest(&permit, &reference).await.unwrap(), index);
    }
    assert_eq!(client.referrers(&permit, &product, index.digest()).await.unwrap(), []);
}

async fn pieces(registry: DockerRegistry, client: RegistryClient) {
    let permit = permit().await;
    let repository = registry.repository("pieces");
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| (at % 253) as u8).collect();
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(bytes.clone()));
    let mut session = client.begin_upload(&permit, &repository).await.unwrap();
    client.upload_chunk(&permit, &mut session, blob.clone(), 100_000).await.unwrap();
    session.offset = 0;
    client.upload_status(&permit, &mut session).await.unwrap();
    assert_eq!(session.offset, 100_000);
    client.upload_chunk(&permit, &mut session, blob.clone(), 100_000).await.unwrap();
    assert_eq!(client.finish_upload(&permit, &session, blob.clone()).await.unwrap(), Uploaded::Sent(100_000));
    // From the middle on, as after a break.
    let mut cursor = BlobCursor::new(blob.digest().clone(), blob.size());
    let mut sink = bytes[..123_456].to_vec();
    cursor.advance(&sink);
    let before = client.traffic().received;
    client.read_blob(&permit, &repository, &mut cursor, &mut sink).await.unwrap();
    assert_eq!(sink, bytes);
    assert_eq!(client.traffic().received - before, 300_000 - 123_456);
    let session = client.begin_upload(&permit, &repository).await.unwrap();
    client.cancel_upload(&permit, &session).await.unwrap();
    client.cancel_upload(&permit, &session).await.unwrap();
}

async fn refusals(registry: DockerRegistry, client: RegistryClient) {
    let permit = permit().await;
    let repository = registry.repository("refusals");
    let absent = client.resolve(&permit, &registry.reference("refusals:1")).await.unwrap_err();
    assert_eq!(absent.kind, FailureKind::NotFound);
    let absent = client.manifest(&permit, &registry.reference("refusals:1")).await.unwrap_err();
    assert!(absent.registry.as_ref().unwrap().is("MANIFEST_UNKNOWN"), "{absent:?}");
    assert!(!client.has_blob(&permit, &repository, &Digest::of(b"absent")).await.unwrap());
    let lacking =
        client.push_manifest(&permit, &repository, &image(b"{}", b"absent"), &[]).await.unwrap_err();
    let fault = lacking.registry.as_ref().unwrap();
    assert_eq!(
        (lacking.kind, fault.is("MANIFEST_BLOB_UNKNOWN")),
        (FailureKind::Conflict, true),
        "{lacking:?}"
    );
    assert!(fault.digests.contains(&Digest::of(b"absent")), "{lacking:?}");
    let blob: Arc<dyn BlobSource> = Arc::new(BytesBlob::new(b"blob".to_vec()));
    let mut session = client.begin_upload(&permit, &repository).await.unwrap();
    client.cancel_upload(&permit, &session).await.unwrap();
    let gone = client.upload_chunk(&permit, &mut session, blob.clone(), 2).await.unwrap_err();
    assert!(gone.registry.as_ref().unwrap().is("BLOB_UPLOAD_UNKNOWN"), "{gone:?}");
    let gone = client.finish_upload(&permit, &session, blob.clone()).await.unwrap_err();
    assert_eq!(gone.kind, FailureKind::Conflict);
    // The answer to the first finish was lost; the blob is there.
    client.push_blob(&permit, &repository, blob.clone()).await.unwrap();
    assert_eq!(client.finish_upload(&permit, &session, blob).await.unwrap(), Uploaded::Present);
}
