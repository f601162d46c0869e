//! Layouts: what is exported comes back to the byte and is mounted; what cannot be exported leaves nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bakery_backend::{registry::Credentials, scratch_space::ScratchFolders};
use bakery_core::{
    model::{Digest, Reference, media_type},
    port::{
        FailureKind,
        layout::Layouts,
        scratch::{ScratchSpace, ScratchSpaces as _, SpaceOrder},
    },
};
use bakery_fault_registry::{Action, Answer, FaultRegistry, Image, Operation, Script, When};

use crate::{
    copies::{check_there, count},
    house::{Run, Setting, Target, digest_of, repository, seed, sources, spawn, two_platforms},
};

/// A scratch space with an exported image in it.
pub(crate) struct Scene {
    pub(crate) registry: FaultRegistry,
    pub(crate) image: Image,
    pub(crate) target: Target,
    pub(crate) space: Arc<dyn ScratchSpace>,
    pub(crate) layouts: Arc<dyn Layouts>,
    _base: tempfile::TempDir,
}

const BYTES: u64 = 64 << 20;

impl Scene {
    pub(crate) async fn new(script: Script) -> Self {
        Self::with(script, Setting::default(), BYTES).await
    }

    async fn with(script: Script, setting: Setting, bytes: u64) -> Self {
        let registry = spawn(script);
        let image = seed(&registry, &two_platforms().layers(3));
        let run = Run::with(&[&registry], setting);
        let target = run.target(&repository(&registry, "team/tmp"), &repository(&registry, "team/app"), &[]);
        let base = tempfile::tempdir().unwrap();
        let folders = ScratchFolders::new(base.path().to_owned(), Arc::new(Credentials::anonymous()));
        let order = SpaceOrder { bytes: Some(bytes), ..SpaceOrder::default() };
        let space = folders.open(&run.permit().await, &order).await.unwrap();
        let layouts = space.layouts().unwrap();
        Self { registry, image, target, space, layouts, _base: base }
    }

    /// An index of both platforms, in the repository that may be read.
    async fn index(&self) -> Reference {
        let (from, maker) = (repository(&self.registry, "team/tmp"), Run::new(&[&self.registry]));
        let maker = maker.target(&from, &from, &[]);
        let mut entries = Vec::new();
        for child in &self.image.children {
            let (kind, digest) = (&child.manifest.media_type, &child.manifest.digest);
            let size = child.manifest.bytes.len();
            entries.push(format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":{size}}}"#));
        }
        let kind = media_type::OCI_INDEX;
        let text =
            format!(r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":[{}]}}"#, entries.join(","));
        let held = maker.transfer.hold(kind, text.into_bytes()).unwrap();
        maker.transfer.push(&maker.caller, &from, &held.digest, &[]).await.unwrap();
        Reference::by_digest(from, held.digest)
    }

    pub(crate) async fn export(&self, reference: &Reference) -> Result<Digest, bakery_core::port::Failure> {
        let Target { transfer, caller, .. } = &self.target;
        let done = transfer.export(caller, reference, self.layouts.as_ref(), Path::new("out")).await;
        done.map(|descriptor| descriptor.digest)
    }

    pub(crate) async fn import(&self) -> Result<bakery_transfer::Copied, bakery_core::port::Failure> {
        let Target { transfer, caller, .. } = &self.target;
        let to = repository(&self.registry, "team/app");
        transfer.import(caller, self.layouts.as_ref(), Path::new("out"), &to).await
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.space.folder().unwrap().join("out").join(name)
    }

    pub(crate) fn blob(&self, digest: &str) -> PathBuf {
        self.file("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
    }

    /// Manifests and blobs written since the beginning by this target.
    pub(crate) fn writes(&self) -> usize {
        self.registry.log().only(|entry| entry.operation.writes()).len()
    }
}

#[tokio::test]
async fn what_was_exported_comes_back_to_the_byte_and_is_mounted() {
    let scene = Scene::new(Script::new()).await;
    let index = scene.index().await;
    assert_eq!(scene.export(&index).await.unwrap(), *index.digest().unwrap());
    for child in &scene.image.children {
        assert_eq!(fs::read(scene.blob(&child.manifest.digest)).unwrap(), &child.manifest.bytes[..]);
        for blob in &child.blobs {
            assert_eq!(fs::read(scene.blob(&blob.digest)).unwrap(), &blob.bytes[..]);
        }
    }
    let text = fs::read_to_string(scene.file("index.json")).unwrap();
    assert!(
        text.contains(index.digest().unwrap().as_str()) && text.contains(r#""schemaVersion":2"#),
        "{text}"
    );
    assert_eq!(fs::read_to_string(scene.file("oci-layout")).unwrap(), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let copied = scene.import().await.unwrap();
    assert_eq!(copied.descriptor.digest, *index.digest().unwrap());
    assert_eq!((copied.manifests_pushed, copied.blobs_uploaded, copied.bytes_uploaded), (3, 0, 0));
    assert_eq!(copied.blobs_mounted as usize, scene.image.blob_count());
    check_there(&scene.registry, &scene.image);
    assert_eq!(scene.target.events.effects("mount").len(), scene.image.blob_count());
    assert_eq!(scene.target.events.effects("push").len(), 3);
    let again = scene.import().await.unwrap();
    assert_eq!((again.manifests_pushed, again.blobs_mounted, again.blobs_uploaded), (0, 0, 0));
}

#[tokio::test]
async fn what_the_registry_does_not_hold_is_sent_and_what_may_not_be_read_is_not_mounted() {
    let scene = Scene::new(Script::new()).await;
    let index = scene.index().await;
    scene.export(&index).await.unwrap();
    // Another run knows of no place: it sends the bytes.
    let (from, to) = (repository(&scene.registry, "team/other"), repository(&scene.registry, "team/app"));
    let target = Run::new(&[&scene.registry]).target(&from, &to, &[]);
    let mounts = count(&scene.registry, Operation::Mount);
    let done = target.transfer.import(&target.caller, scene.layouts.as_ref(), Path::new("out"), &to).await;
    let done = done.unwrap();
    assert_eq!((done.manifests_pushed, done.blobs_mounted), (3, 0));
    assert_eq!(done.blobs_uploaded as usize, scene.image.blob_count());
    assert_eq!(count(&scene.registry, Operation::Mount), mounts);
    check_there(&scene.registry, &scene.image);
}

#[tokio::test]
async fn a_read_that_breaks_off_goes_on_where_it_was() {
    let cut = When::on(Operation::GetBlob).first(2).then(Action::cut_body(10)).named("cut");
    let scene = Scene::new(Script::new().rule(cut)).await;
    let source = sources(&scene.registry, &scene.image).remove(0);
    scene.export(&source).await.unwrap();
    for blob in &scene.image.children[0].blobs {
        assert_eq!(fs::read(scene.blob(&blob.digest)).unwrap(), &blob.bytes[..]);
    }
    assert_eq!(scene.registry.fired()["cut"], 2);
}

#[tokio::test]
async fn what_does_not_fit_or_has_no_place_leaves_nothing() {
    let scene = Scene::with(Script::new(), Setting::default(), 100).await;
    let source = sources(&scene.registry, &scene.image).remove(0);
    let failure = scene.export(&source).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("has room for"), "{failure}");
    assert_eq!(count(&scene.registry, Operation::GetBlob), 0);
    assert!(!scene.file("").exists());

    let scene = Scene::new(Script::new()).await;
    let source = sources(&scene.registry, &scene.image).remove(0);
    fs::create_dir(scene.file("")).unwrap();
    fs::write(scene.file("mine"), "x").unwrap();
    assert_eq!(scene.export(&source).await.unwrap_err().kind, FailureKind::Conflict);
    assert!(scene.file("mine").exists(), "what lay there stays");

    let broken = When::on(Operation::GetBlob).then(Action::status(404));
    let scene = Scene::new(Script::new().rule(broken)).await;
    let mut target = scene.target;
    target.caller.window = std::time::Duration::ZERO;
    let scene = Scene { target, ..scene };
    let source = sources(&scene.registry, &scene.image).remove(0);
    assert_eq!(scene.export(&source).await.unwrap_err().kind, FailureKind::NotFound);
    assert!(!scene.file("").exists(), "half a layout is none");
}

#[tokio::test]
async fn nothing_is_read_or_written_without_a_grant() {
    let scene = Scene::new(Script::new()).await;
    let secret = Reference::by_digest(
        repository(&scene.registry, "team/secret"),
        digest_of(&scene.image.children[0].manifest.digest),
    );
    assert_eq!(scene.export(&secret).await.unwrap_err().kind, FailureKind::Denied);
    let Target { transfer, caller, .. } = &scene.target;
    let to = repository(&scene.registry, "team/tmp");
    let denied = transfer.import(caller, scene.layouts.as_ref(), Path::new("out"), &to).await.unwrap_err();
    assert_eq!(denied.kind, FailureKind::Denied);
    assert_eq!(scene.registry.counters().requests, 0);
}

#[tokio::test]
async fn a_registry_that_lost_a_part_is_given_it_again_from_the_layout() {
    let lost = Answer::code(404, "BLOB_UNKNOWN", "blob unknown to registry");
    let once = When::on(Operation::PutManifest).first(1).then(Action::answer(lost)).named("lost");
    let scene = Scene::new(Script::new().rule(once)).await;
    let source = sources(&scene.registry, &scene.image).remove(0);
    scene.export(&source).await.unwrap();
    let (from, to) = (repository(&scene.registry, "team/other"), repository(&scene.registry, "team/app"));
    let target = Run::new(&[&scene.registry]).target(&from, &to, &[]);
    let done = target.transfer.import(&target.caller, scene.layouts.as_ref(), Path::new("out"), &to).await;
    assert_eq!(done.unwrap().manifests_pushed, 1);
    assert_eq!(scene.registry.fired()["lost"], 1);
}

#[tokio::test]
async fn a_dry_run_exports_and_pretends_to_import() {
    let scene = Scene::with(Script::new(), Setting { dry: true, ..Setting::default() }, BYTES).await;
    let index = scene.index().await;
    let before = scene.writes();
    scene.export(&index).await.unwrap();
    let copied = scene.import().await.unwrap();
    assert_eq!(copied.manifests_pushed, 3);
    assert_eq!(scene.writes(), before);
    let there =
        Reference::by_digest(repository(&scene.registry, "team/app"), index.digest().unwrap().clone());
    let seen = scene.target.transfer.resolve(&scene.target.caller, &[there]).await.remove(0);
    assert_eq!(seen.unwrap().digest, *index.digest().unwrap(), "later steps see it");
}

#[tokio::test]
async fn a_cancelled_run_leaves_no_half_layout() {
    let slow = When::on(Operation::GetBlob).then(Action::SlowBody { bytes_per_second: 10 });
    let registry = spawn(Script::new().rule(slow));
    let image = seed(&registry, &two_platforms().layers(3));
    let run = Run::new(&[&registry]);
    let target = run.target(&repository(&registry, "team/tmp"), &repository(&registry, "team/app"), &[]);
    let base = tempfile::tempdir().unwrap();
    let folders = ScratchFolders::new(base.path().to_owned(), Arc::new(Credentials::anonymous()));
    let order = SpaceOrder { bytes: Some(BYTES), ..SpaceOrder::default() };
    let space = folders.open(&run.permit().await, &order).await.unwrap();
    let layouts = space.layouts().unwrap();
    let source = sources(&registry, &image).remove(0);
    let exporting = target.transfer.export(&target.caller, &source, layouts.as_ref(), Path::new("out"));
    let cancel = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        run.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(exporting, cancel);
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled);
    assert!(!space.folder().unwrap().join("out").exists());
}
