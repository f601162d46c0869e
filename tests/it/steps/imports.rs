//! Steps that ask for what no step is granted, or are something else.

use bakery_core::{
    model::ComponentRef,
    port::{
        Failure,
        FailureKind::{Denied, Internal, InvalidInput},
        StepTask,
    },
};
use bakery_fault_registry::Script;
use bakery_sandbox::Limits;
use bakery_tests::workshop::{EMPTY, component_of, resolver, step, step_module};

use super::{
    house::House,
    plan::{Plan, registry},
};

/// A step that also imports `interface`, which `wit` declares.
fn with_import(wit: &str, interface: &str, import: &str, rest: &str, body: &str) -> Vec<u8> {
    let wit =
        format!("package test:guests; {wit} world wants {{ include bakery:plugin/step@0.1.0; {interface} }}");
    let module = step_module(body, rest).replacen("(module", &format!("(module {import}"), 1);
    component_of(&wit, "test:guests/wants", &module)
}

/// Runs a component inside the program, or a file.
async fn run(name: &'static str, wasm: Vec<u8>, as_file: bool) -> Result<(), Failure> {
    let (registry, image) = registry(Script::new());
    let house = House::with(&[&registry], Limits::default(), &[(name, wasm.clone())]);
    let target = house.open(Plan::of(&registry, &image, "team/app", &["1"]));
    let mut call = target.call(name, "index-tag", StepTask::default(), &[]);
    if as_file {
        std::fs::write(house.dir.path().join(name), wasm).unwrap();
        call.component = ComponentRef::File { path: name.to_owned(), digest: None };
    }
    let answer = target.runner.run(&call).await.map(drop);
    assert_eq!(registry.counters().requests, 0);
    house.publish(&target.plan).await.expect("a good target is published after a bad one");
    answer
}

const HTTP: &str = r#"(import "bakery:plugin/http@0.1.0" "fetch" (func (param i32 i32 i32)))"#;
/// An interface of WASI that no component is given; the others are there and empty.
const ABSENT: &str = "package wasi:keyvalue@0.2.0 { interface probe { knock: func() -> u32; } }";
const KNOCK: &str = r#"(import "wasi:keyvalue/probe@0.2.0" "knock" (func $knock (result i32)))"#;
const SOCKETS: &str = "package wasi:sockets@0.2.0 { interface probe { knock: func() -> u32; } }";
const DIAL: &str = r#"(import "wasi:sockets/probe@0.2.0" "knock" (func $knock (result i32)))"#;
/// Traps when it is made.
const TRAP: &str = "(func $start unreachable) (start $start)";

#[tokio::test]
async fn an_import_that_no_step_is_granted_is_refused_by_name_before_anything_runs() {
    for as_file in [false, true] {
        let wasm = with_import("", "import bakery:plugin/http@0.1.0;", HTTP, TRAP, EMPTY);
        let failure = run("step.wasm", wasm, as_file).await.unwrap_err();
        assert_eq!(failure.kind, Denied);
        assert_eq!(
            failure.message,
            "component `step.wasm` imports `bakery:plugin/http@0.1.0`, which a publishing step is not granted"
        );
        assert_eq!(
            failure.hint.as_deref(),
            Some(
                "build it without that import: it may use `bakery:plugin/registry`, `bakery:plugin/command-runner`, `bakery:plugin/image-layout`, `bakery:plugin/progress`"
            )
        );
    }
}

#[tokio::test]
async fn a_built_in_step_is_given_no_wasi_and_a_third_party_s_gets_it_empty() {
    let body = "(drop (call $knock)) (i32.const 1024)";
    let sockets = with_import(SOCKETS, "import wasi:sockets/probe@0.2.0;", DIAL, "", body);
    let failure = run("step.wasm", sockets, false).await.unwrap_err();
    assert_eq!(failure.kind, Denied);
    assert_eq!(
        failure.message,
        "component `step.wasm` imports `wasi:sockets/probe@0.2.0`, which a publishing step is not granted"
    );
    let absent = with_import(ABSENT, "import wasi:keyvalue/probe@0.2.0;", KNOCK, "", body);
    let failure = run("step.wasm", absent, true).await.unwrap_err();
    assert_eq!(failure.kind, Internal);
    assert_eq!(
        failure.message,
        "component `step.wasm` called `wasi:keyvalue/probe@0.2.0#knock`, which is not provided, in `publish-step.run`"
    );
}

#[tokio::test]
async fn a_later_registry_is_refused_with_both_versions() {
    let wit = "package bakery:plugin@0.2.0 { interface registry { ask: func() -> u32; } }";
    let import = r#"(import "bakery:plugin/registry@0.2.0" "ask" (func (result i32)))"#;
    let wasm = with_import(wit, "import bakery:plugin/registry@0.2.0;", import, "", EMPTY);
    let failure = run("later", wasm, false).await.unwrap_err();
    assert_eq!(failure.kind, Denied);
    assert_eq!(
        failure.message,
        "component `later` needs `bakery:plugin/registry` 0.2.0, and this bakery has 0.1.0"
    );
}

#[tokio::test]
async fn what_is_no_step_is_refused_with_what_it_is() {
    let failure = run("source", resolver(EMPTY, ""), false).await.unwrap_err();
    assert_eq!(failure.kind, InvalidInput);
    assert_eq!(
        failure.message,
        "component `source` is not a publishing step: it does not export `bakery:plugin/publish-step@0.1.0`; \
         it exports `bakery:plugin/version-source@0.1.0`"
    );
}

#[tokio::test]
async fn a_step_that_asks_for_nothing_runs_built_in_and_as_a_file() {
    for as_file in [false, true] {
        run("step.wasm", step(EMPTY, ""), as_file).await.unwrap();
    }
}
