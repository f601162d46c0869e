//! Components inside the program: embedded code is used where it fits, and they ask for nothing but our interfaces.

use std::path::{Path, PathBuf};

use bakery_core::port::{Event, Resolvers, SourceCall};
use bakery_gate::{Gate, GateOptions};
use bakery_sandbox::{Builtin, Limits, Sandbox, SandboxOptions, inspect};

use bakery_tests::workshop::{EMPTY, resolver};

use super::house::{Events, House, Network, builtin_ref, question, tight};

fn sandbox_of(native: Vec<u8>, wasm: Vec<u8>) -> (Sandbox, std::sync::Arc<Events>) {
    let events = std::sync::Arc::<Events>::default();
    let gate = Gate::new(GateOptions::new(std::sync::Arc::<Network>::default(), events.clone()));
    let builtin = Builtin { name: "source", wasm: Vec::leak(wasm), native: Vec::leak(native) };
    let sandbox = Sandbox::new(SandboxOptions {
        gate: std::sync::Arc::new(gate),
        events: events.clone(),
        limits: Limits::default(),
        builtins: Vec::leak(vec![builtin]),
        root: PathBuf::from("."),
        cache: None,
        compiler: None,
    });
    (sandbox, events)
}

#[tokio::test]
async fn embedded_code_is_run_without_compiling_the_component() {
    // The component beside the code is no component: it is not even looked at.
    let native = bakery_sandbox::precompile(&resolver(EMPTY, "")).unwrap();
    let (sandbox, events) = sandbox_of(native, b"not looked at".to_vec());
    sandbox.resolve(&question(builtin_ref("source")), SourceCall::default()).await.unwrap();
    assert_eq!(events.all(), []);
}

#[tokio::test]
async fn code_of_another_build_is_left_and_the_component_is_compiled() {
    // The engine writes its version into the code; another one is what an old build would have.
    let mut native = bakery_sandbox::precompile(&resolver(EMPTY, "")).unwrap();
    let at = native
        .windows(4)
        .position(|bytes| bytes == b"\x00\x0248")
        .expect("the code names the engine's version");
    native[at + 3] = b'7';
    let (sandbox, events) = sandbox_of(native, resolver(EMPTY, ""));
    sandbox.resolve(&question(builtin_ref("source")), SourceCall::default()).await.unwrap();
    let events = events.all();
    let [Event::Note { message, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert!(message.starts_with("built-in component `source` is compiled again: "), "{message}");
}

#[tokio::test]
async fn equal_components_are_loaded_once_however_many_ask() {
    let house = House::new(tight(), &[]);
    house.write("mine.wasm", &resolver(EMPTY, ""));
    let answers = futures_util::future::join_all((0..8).map(|_| house.ask_file("mine.wasm"))).await;
    assert!(answers.iter().all(Result::is_ok));
    // The file is gone, and nobody needs it any more.
    std::fs::remove_file(house.dir.path().join("mine.wasm")).unwrap();
    house.ask_file("mine.wasm").await.unwrap();
}

#[test]
fn built_in_steps_import_registries_and_nothing_else_that_does_something() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    for name in ["step-wait-sources", "step-index-create", "step-index-copy", "step-verify"] {
        let wasm = std::fs::read(dir.join(format!("{name}.wasm"))).expect("`make components` builds it");
        let inspection = inspect(&wasm).unwrap();
        let imports: Vec<&str> =
            inspection.imports.iter().filter_map(|import| import.split('@').next()).collect();
        assert_eq!(
            imports,
            ["bakery:plugin/types", "bakery:plugin/registry", "bakery:plugin/progress"],
            "{name}"
        );
        assert_eq!(inspection.exports, ["bakery:plugin/publish-step@0.1.0"]);
        assert!(wasm.len() <= 120_000, "{name} has {} bytes", wasm.len());
    }
}

#[test]
fn built_in_components_import_only_our_interfaces_and_are_small() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let names = ["source-template", "source-manifest", "source-dependency", "override-dev-spec"];
    for name in names {
        let path = dir.join(format!("{name}.wasm"));
        let wasm = std::fs::read(&path).expect("`make components` builds it");
        let inspection = inspect(&wasm).unwrap();
        let foreign: Vec<_> =
            inspection.imports.iter().filter(|name| !name.starts_with("bakery:plugin/")).collect();
        assert_eq!(foreign, Vec::<&String>::new(), "{name}");
        assert!(
            !inspection.imports.iter().any(|name| name.contains("registry") || name.contains("runner")),
            "{name}"
        );
        assert!(wasm.len() <= 150_000, "{name} has {} bytes", wasm.len());
        let network = inspection.imports.iter().any(|import| import.starts_with("bakery:plugin/http@"));
        assert_eq!(network, name != "override-dev-spec", "{name}");
    }
}
