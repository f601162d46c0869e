//! Layouts of the shared vectors through the step that converts: seeded into a registry, exported, converted, imported.
//! What comes out has the digest that the real `soci` gave it, or is refused as it refused.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use bakery_backend::{
    command::{ProcessOptions, Processes},
    registry::{Credentials, RegistryClient, RegistryOptions},
    scratch_space::ScratchFolders,
};
use bakery_core::{
    model::{ComponentRef, Digest, Reference, Repository},
    policy::{
        CommandGrants, RegistryGrants,
        builtin_commands::{Program, soci_convert, soci_environment},
    },
    port::{Event, EventSink, Failure, StepCall, StepOutcome, StepSource, StepTask, Steps, registry::Access},
};
use bakery_fault_registry::{Child, Content, FaultRegistry, Image, Script, sha256};
use bakery_gate::{Gate, GateOptions};
use bakery_sandbox::{Builtin, Limits, Sandbox, SandboxOptions, StepTools};
use bakery_tests::{artefact_folder, built_tool, shared_inputs, workspace_root};
use bakery_transfer::{Transfer, TransferOptions};
use libtest_mimic::Failed;
use serde_json::{Map, Value, json};

use crate::Case;

pub(crate) const CASES: [Case; 1] = [("the_step_gives_the_digests_that_soci_gave", digests)];

/// Cases whose answer needs a `soci` that is newer than the library that the test program is made with, or more than
/// one run in one state folder: by layout and its place among the layout's cases.
const BEYOND: [(&str, usize); 7] = [
    // The answer of a second conversion that remembers the first one.
    ("two-platforms-attestation", 14),
    // A checkpoint between gzip members: since 0.14.0.
    ("single-manifest", 0),
    // Files for prefetch that are named twice.
    ("prefetch", 2),
    // A platform that only the configuration has.
    ("no-platform-child", 0),
    // Platforms that differ in the version of Windows.
    ("windows", 0),
    // A layer with addresses of its own, which a registry need not hold, so that no layout has it.
    ("variants", 0),
    // 386 as a platform that its description has under another name.
    ("variants", 3),
];

/// Layouts that are no single image or index, or lack a manifest: nothing that a registry could hold.
const NO_IMAGE: [&str; 2] = ["flat", "missing-platform"];

fn digests() -> Result<(), Failed> {
    let inputs = shared_inputs().ok_or("they were there a moment ago")?.join("soci-vectors");
    let made = tempfile::tempdir()?;
    let output = Command::new("python3").arg(inputs.join("make_layers.py")).arg(made.path()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stdout).into_owned().into());
    }
    let expected: Value = serde_json::from_slice(&std::fs::read(inputs.join("expected.json"))?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (mut right, mut wrong) = (0, Vec::new());
    for (name, layout) in expected["layouts"].as_object().into_iter().flatten() {
        if NO_IMAGE.contains(&name.as_str()) {
            continue;
        }
        let folder = made.path().join("layouts").join(name);
        for (at, case) in layout["cases"].as_array().into_iter().flatten().enumerate() {
            let Some(options) = options(&case["options"]) else { continue };
            if BEYOND.contains(&(name, at)) {
                continue;
            }
            let answer = runtime.block_on(converted(&folder, &options));
            match (answer, case["refused"]["message"].as_str()) {
                (Ok(outcome), None) => {
                    let digest = outcome.digest.map(|digest| digest.to_string());
                    if digest.as_deref() == case["index"]["digest"].as_str() {
                        right += 1;
                    } else {
                        wrong
                            .push(format!("{name} {at}: got {digest:?}, wanted {}", case["index"]["digest"]));
                    }
                }
                (Err(failure), Some(message)) if said(&failure).contains(message) => right += 1,
                (answer, message) => wrong.push(format!("{name} {at}: got {answer:?}, wanted {message:?}")),
            }
        }
    }
    if right < 30 || !wrong.is_empty() {
        return Err(format!("{right} right, {} wrong: {wrong:#?}", wrong.len()).into());
    }
    Ok(())
}

/// Everything that a failure tells.
fn said(failure: &Failure) -> String {
    let lines = failure.program.as_ref().map(|program| program.last_lines.join("\n"));
    format!("{} {}", failure.message, lines.unwrap_or_default())
}

/// The step's options for a case; none where it has platforms that bakery does not build for.
fn options(case: &Value) -> Option<Value> {
    let mut options = Map::new();
    match &case["platforms"] {
        Value::String(all) if all == "all" => {}
        Value::Array(platforms) => {
            let known = ["linux/amd64", "linux/arm64"];
            let known = |platform: &Value| platform.as_str().is_some_and(|name| known.contains(&name));
            if !platforms.iter().all(known) {
                return None;
            }
            options.insert("platforms".to_owned(), json!(platforms));
        }
        _ => return None,
    }
    for (key, name) in [("span_size", "span-size"), ("min_layer_size", "min-layer-size")] {
        options.insert(name.to_owned(), json!(case[key].as_u64()?.to_string()));
    }
    for (key, name) in [("prefetch_files", "prefetch-files"), ("optimizations", "optimizations")] {
        options.insert(name.to_owned(), case[key].clone());
    }
    Some(Value::Object(options))
}

struct Deaf;

impl EventSink for Deaf {
    fn emit(&self, _: Event) {}
}

/// Seeds a layout's image into a registry of its own and has the step convert it.
async fn converted(layout: &Path, options: &Value) -> Result<StepOutcome, Failure> {
    let registry = FaultRegistry::spawn(Script::new()).expect("a port is free");
    let (image, root) = read(layout);
    registry.seed(&image).expect("the registry holds it");
    let repository: Repository = format!("{}/{}", registry.host(), image.repository).parse().expect("a name");
    let scratch = tempfile::tempdir().expect("a folder of our own");
    let events: Arc<dyn EventSink> = Arc::new(Deaf);
    let gate = Gate::new(GateOptions::new(Arc::new(bakery_backend::HttpClient::new()), Arc::clone(&events)));
    let sandbox = Arc::new(Sandbox::new(SandboxOptions {
        gate: Arc::new(gate.clone()),
        events: Arc::clone(&events),
        limits: Limits::default(),
        builtins: Vec::leak(vec![component()]),
        root: scratch.path().to_owned(),
        cache: None,
        compiler: None,
    }));
    let credentials = Arc::new(Credentials::anonymous());
    let client = RegistryClient::new(RegistryOptions::new(Arc::clone(&credentials)));
    let transfer = Transfer::new(gate, Arc::new(client), TransferOptions::default());
    let supervisor = vec![artefact_folder().join("bakery").into_os_string(), "__supervise".into()];
    let tools = StepTools {
        commands: Arc::new(Processes::new(ProcessOptions::new(supervisor))),
        spaces: Arc::new(ScratchFolders::new(scratch.path().to_owned(), credentials)),
    };
    let steps = sandbox.steps(transfer, Some(tools));
    let runner = steps.open("x", &[Access::push(repository.clone())], events);
    runner.run(&call(&repository, &root, options)).await
}

fn component() -> Builtin {
    let folder = workspace_root().join("target/components");
    let read = |ending: &str| {
        let path = folder.join(format!("step-soci-convert.{ending}"));
        Vec::leak(std::fs::read(path).expect("`make test` builds the components"))
    };
    Builtin { name: "step-soci-convert", wasm: read("wasm"), native: read("cwasm") }
}

fn call(repository: &Repository, root: &Digest, options: &Value) -> StepCall {
    let staging = Reference::by_tag(repository.clone(), "x-soci".parse().expect("a tag"));
    let program = Program {
        digest: None,
        path: built_tool("soci").expect("the case is ignored without it"),
        environment: soci_environment().expect("the names are fixed"),
    };
    let made = StepOutcome { digest: Some(root.clone()), attributes: Vec::new() };
    StepCall {
        component: ComponentRef::Builtin("step-soci-convert".to_owned()),
        step: "soci-convert",
        grants: RegistryGrants::default().push(repository.clone(), staging.tag().cloned()),
        commands: CommandGrants::new([soci_convert(&program).expect("the path is absolute")])
            .expect("one grant"),
        scratch: Some(256 << 20),
        task: StepTask {
            uid: "x".to_owned(),
            sources: Vec::<StepSource>::new(),
            staging: Some(staging),
            options: options.to_string(),
            ..StepTask::default()
        },
        previous: vec![("index-create".to_owned(), made)],
        window: Duration::from_secs(5),
        limit: Duration::from_secs(120),
    }
}

/// The one image of a layout, and the digest of its root.
fn read(layout: &Path) -> (Image, Digest) {
    let blob = |digest: &str| -> Option<PathBuf> {
        let path = layout.join("blobs").join(digest.replace(':', "/"));
        path.is_file().then_some(path)
    };
    let content = |descriptor: &Value| -> Option<Content> {
        let bytes = std::fs::read(blob(descriptor["digest"].as_str()?)?).ok()?;
        Some(Content {
            media_type: descriptor["mediaType"].as_str().unwrap_or_default().to_owned(),
            digest: sha256(&bytes),
            bytes: bytes.into(),
        })
    };
    let child = |descriptor: &Value| -> Option<Child> {
        let manifest = content(descriptor)?;
        let document: Value = serde_json::from_slice(&manifest.bytes).ok()?;
        let layers = document["layers"].as_array().into_iter().flatten();
        let blobs = std::iter::once(&document["config"]).chain(layers).filter_map(content).collect();
        Some(Child { platform: String::new(), manifest, blobs })
    };
    let top: Value = serde_json::from_slice(&std::fs::read(layout.join("index.json")).expect("it was made"))
        .expect("it is JSON");
    let root = &top["manifests"][0];
    let whole = content(root).expect("its blob is there");
    let document: Value = serde_json::from_slice(&whole.bytes).expect("it is JSON");
    let digest = whole.digest.parse().expect("a digest");
    let image = match document["manifests"].as_array() {
        Some(children) => Image {
            repository: "team/tmp".to_owned(),
            tags: Vec::new(),
            index: Some(whole),
            children: children.iter().filter_map(child).collect(),
        },
        None => Image {
            repository: "team/tmp".to_owned(),
            tags: Vec::new(),
            index: None,
            children: child(root).into_iter().collect(),
        },
    };
    (image, digest)
}
