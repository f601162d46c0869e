//! Guests that ask for what they are not granted, or are something else than they are asked to be.

use bakery_core::port::{
    FailureKind::{Denied, InvalidInput},
    Resolvers, SourceError,
};

use bakery_tests::workshop::{
    EMPTY, binary, component, component_of, dispatcher, lister, resolver, resolver_module,
};

use super::house::{House, assert_failure, list_question, tight};

/// A version source that also imports `interface`, which `wit` declares.
fn with_import(wit: &str, interface: &str, import: &str, rest: &str) -> Vec<u8> {
    let wit = format!(
        "package test:guests; {wit} world wants {{ include bakery:plugin/resolver@0.1.0; import {interface}; }}"
    );
    let module = resolver_module(EMPTY, rest).replacen("(module", &format!("(module {import}"), 1);
    component_of(&wit, "test:guests/wants", &module)
}

fn hint_of(answer: Result<bakery_core::port::Resolution, SourceError>) -> String {
    let Err(SourceError::Failed(failure)) = answer else { panic!("{answer:?}") };
    failure.hint.unwrap()
}

#[tokio::test]
async fn an_import_that_is_not_granted_is_refused_by_name_before_anything_runs() {
    let registry = with_import(
        "",
        "bakery:plugin/registry@0.1.0",
        r#"(import "bakery:plugin/registry@0.1.0" "resolve" (func (param i32 i32 i32)))"#,
        "(func $start unreachable) (start $start)",
    );
    let runner = with_import(
        "",
        "bakery:plugin/command-runner@0.1.0",
        r#"(import "bakery:plugin/command-runner@0.1.0" "run" (func (param i32 i32 i32 i32 i32 i32 i32 i32)))"#,
        "",
    );
    let house = House::new(tight(), &[("registry", registry), ("runner", runner)]);
    for (name, import) in [("registry", "registry"), ("runner", "command-runner")] {
        let words = format!(
            "component `{name}` imports `bakery:plugin/{import}@0.1.0`, which a version source is not granted"
        );
        house.fails(name, Denied, &words).await;
        assert_eq!(
            hint_of(house.ask(name).await),
            "build it without that import: it may use `bakery:plugin/http`, `bakery:plugin/progress`"
        );
    }
}

const SOCKETS: &str = "package wasi:sockets@0.2.0 { interface probe { knock: func() -> u32; } }";
const KNOCK: &str = r#"(import "wasi:sockets/probe@0.2.0" "knock" (func $knock (result i32)))"#;

#[tokio::test]
async fn a_built_in_component_is_given_no_wasi() {
    let sockets = with_import(SOCKETS, "wasi:sockets/probe@0.2.0", KNOCK, "");
    let house = House::new(tight(), &[("sockets", sockets)]);
    let words =
        "component `sockets` imports `wasi:sockets/probe@0.2.0`, which a version source is not granted";
    house.fails("sockets", Denied, words).await;
}

#[tokio::test]
async fn a_dispatcher_has_no_network() {
    let wit = "package test:guests; world wants { include bakery:plugin/dispatcher@0.1.0; import bakery:plugin/http@0.1.0; }";
    let module = r#"(module
      (import "bakery:plugin/http@0.1.0" "fetch" (func (param i32 i32 i32)))
      (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "bakery:plugin/version-override@0.1.0#check") (param i32 i32) (result i32) unreachable)
      (func (export "bakery:plugin/version-override@0.1.0#plan") (param i32 i32 i32 i32) (result i32) unreachable))"#;
    let house = House::new(tight(), &[("override-dev-spec", component_of(wit, "test:guests/wants", module))]);
    assert_eq!(
        house.sandbox.check_spec("{}").await.unwrap_err().to_string(),
        "component `override-dev-spec` imports `bakery:plugin/http@0.1.0`, \
         which a reader of dispatch payloads is not granted"
    );
    house.still_answers().await;
}

#[tokio::test]
async fn an_interface_of_a_later_contract_is_refused_with_both_versions() {
    let wit = "package bakery:plugin@0.2.0 { interface http { ask: func() -> u32; } }";
    let import = r#"(import "bakery:plugin/http@0.2.0" "ask" (func (result i32)))"#;
    let house = House::new(tight(), &[("later", with_import(wit, "bakery:plugin/http@0.2.0", import, ""))]);
    house
        .fails(
            "later",
            Denied,
            "component `later` needs `bakery:plugin/http` 0.2.0, and this bakery has 0.1.0",
        )
        .await;
}

#[tokio::test]
async fn a_component_of_another_world_is_refused_with_what_it_exports() {
    let house = House::new(
        tight(),
        &[
            ("list", lister(EMPTY)),
            ("reader", dispatcher(EMPTY, EMPTY)),
            ("source", resolver(EMPTY, "")),
            ("nothing", binary("(component)")),
        ],
    );
    for (name, exports) in [
        ("list", "it exports `bakery:plugin/version-list@0.1.0`"),
        ("reader", "it exports `bakery:plugin/version-override@0.1.0`"),
        ("nothing", "it exports nothing"),
    ] {
        let words = format!(
            "component `{name}` is not a version source: it does not export `bakery:plugin/version-source@0.1.0`; \
             {exports}"
        );
        house.fails(name, InvalidInput, &words).await;
    }
    let words = "component `source` is not a dependency list: it does not export `bakery:plugin/version-list@0.1.0`; \
                 it exports `bakery:plugin/version-source@0.1.0`";
    assert_failure(house.sandbox.list(&list_question("source")).await, InvalidInput, words);
}

#[tokio::test]
async fn an_export_of_another_type_is_refused() {
    let wit = "package test:guests;
      package bakery:plugin@0.1.1 { interface version-source { resolve: func() -> u32; } }
      world other { export bakery:plugin/version-source@0.1.1; }";
    let module =
        r#"(module (func (export "bakery:plugin/version-source@0.1.1#resolve") (result i32) (i32.const 0)))"#;
    let house = House::new(tight(), &[("other", component_of(wit, "test:guests/other", module))]);
    let Err(SourceError::Failed(failure)) = house.ask("other").await else { panic!() };
    assert_eq!(failure.kind, InvalidInput);
    assert!(failure.message.starts_with("component `other` "), "{failure}");
    house.still_answers().await;
}

#[tokio::test]
async fn stray_exports_are_no_reason_to_refuse() {
    let wit = "package test:guests;
      world stray { include bakery:plugin/resolver@0.1.0; export init: func(); }";
    let module = resolver_module(EMPTY, r#"(func (export "init"))"#);
    let house = House::new(tight(), &[("stray", component_of(wit, "test:guests/stray", &module))]);
    house.ask("stray").await.unwrap();
}

#[tokio::test]
async fn an_import_that_is_declared_and_never_called_is_absent() {
    // What the world declares and the module does not import is not in the artifact: asked is used.
    let module = "(module (memory (export \"memory\") 1)
      (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export \"bakery:plugin/version-source@0.1.0#resolve\")
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable))";
    let inspection = bakery_sandbox::inspect(&component("resolver", module)).unwrap();
    assert!(!inspection.imports.iter().any(|name| name.contains("http")), "{inspection:?}");
    assert_eq!(inspection.exports, ["bakery:plugin/version-source@0.1.0"]);
}
