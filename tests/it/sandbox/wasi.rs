//! Third-party components may import WASI 0.2, and find it empty.

use std::time::Duration;

use bakery_core::port::FailureKind::{Internal, TimedOut};
use bakery_sandbox::Limits;
use bakery_tests::workshop::{EMPTY, component_of, resolver_module};

use super::house::{House, tight};

const WIT: &str = "
package wasi:io@0.2.0 { interface poll { resource pollable { block: func(); } } }
package wasi:clocks@0.2.0 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.0.{pollable};
    now: func() -> u64;
    subscribe-duration: func(when: u64) -> pollable;
  }
  interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
}
package wasi:cli@0.2.0 {
  interface environment {
    get-environment: func() -> list<tuple<string, string>>;
    get-arguments: func() -> list<string>;
  }
  interface exit { exit: func(status: result); }
}
package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }
package wasi:http@0.2.0 {
  interface types { resource fields { constructor(); } }
  interface outgoing-handler {
    use types.{fields};
    use wasi:io/poll@0.2.0.{pollable};
    handle: func(fields: fields) -> pollable;
  }
}
";

/// A version source that imports these WASI interfaces and runs `body`.
fn guest(interfaces: &[&str], imports: &str, body: &str) -> Vec<u8> {
    let wanted: String = interfaces.iter().map(|name| format!("import wasi:{name}@0.2.0; ")).collect();
    let wit =
        format!("package test:guests; {WIT} world wasi {{ include bakery:plugin/resolver@0.1.0; {wanted} }}");
    let module = resolver_module(body, "").replacen("(module", &format!("(module {imports}"), 1);
    component_of(&wit, "test:guests/wasi", &module)
}

#[tokio::test]
async fn environment_and_arguments_are_empty() {
    let imports = r#"
      (import "wasi:cli/environment@0.2.0" "get-environment" (func $env (param i32)))
      (import "wasi:cli/environment@0.2.0" "get-arguments" (func $args (param i32)))"#;
    let body = format!(
        "(call $env (i32.const 2048)) (call $args (i32.const 2056))
         (if (i32.or (i32.load (i32.const 2052)) (i32.load (i32.const 2060))) (then unreachable))
         {EMPTY}"
    );
    let house = House::new(tight(), &[]);
    house.write("probe.wasm", &guest(&["cli/environment"], imports, &body));
    house.ask_file("probe.wasm").await.unwrap();
}

#[tokio::test]
async fn clocks_stand_still_and_randomness_is_the_same_in_every_call() {
    // Traps unless both clocks say what they said before and after some work, and the first number is the known one.
    let imports = r#"
      (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
      (import "wasi:clocks/wall-clock@0.2.0" "now" (func $date (param i32)))
      (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
      (import "bakery:plugin/progress@0.1.0" "log" (func $say (param i32 i32 i32)))"#;
    let body = format!(
        "(local $i i32)
         (loop $work (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $work (i32.lt_u (local.get $i) (i32.const 1000000))))
         (if (i64.ne (call $now) (i64.const 0)) (then unreachable))
         (call $date (i32.const 2048))
         (if (i64.ne (i64.load (i32.const 2048)) (i64.const 1767225600)) (then unreachable))
         (i64.store (i32.const 2064) (i64.or (call $random) (i64.const 0x2020202020202020)))
         (i64.store (i32.const 2064) (i64.and (i64.load (i32.const 2064)) (i64.const 0x3f3f3f3f3f3f3f3f)))
         (call $say (i32.const 1) (i32.const 2064) (i32.const 8))
         {EMPTY}"
    );
    let house = House::new(tight(), &[]);
    let wasm = guest(&["clocks/monotonic-clock", "clocks/wall-clock", "random/random"], imports, &body);
    house.write("probe.wasm", &wasm);
    house.ask_file("probe.wasm").await.unwrap();
    house.ask_file("probe.wasm").await.unwrap();
    let log = house.events.log();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0], log[1]);
}

#[tokio::test]
async fn a_guest_that_sleeps_is_stopped_by_the_call_s_time() {
    let imports = r#"
      (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $sleep (param i64) (result i32)))
      (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))"#;
    let body = format!("(call $block (call $sleep (i64.const 3600000000000))) {EMPTY}");
    let limits = Limits { call_time: Duration::from_millis(200), ..tight() };
    let house = House::new(limits, &[]);
    house.write("sleeper.wasm", &guest(&["io/poll", "clocks/monotonic-clock"], imports, &body));
    let words =
        "component `sleeper.wasm` took longer than 200 ms with all its waiting in `version-source.resolve`";
    house.file_fails("sleeper.wasm", TimedOut, words).await;
}

#[tokio::test]
async fn a_guest_that_exits_has_failed() {
    let imports = r#"(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))"#;
    let house = House::new(tight(), &[]);
    for (status, number) in [(0, 0), (1, 1)] {
        let body = format!("(call $exit (i32.const {status})) unreachable");
        let path = format!("{status}.wasm");
        house.write(&path, &guest(&["cli/exit"], imports, &body));
        let words = format!(
            "component `{path}` failed in `version-source.resolve`: it ended itself with exit status {number}"
        );
        house.file_fails(&path, Internal, &words).await;
    }
}

#[tokio::test]
async fn an_interface_of_wasi_that_is_not_provided_fails_when_it_is_called_and_not_before() {
    let interfaces = ["http/types", "http/outgoing-handler"];
    let imports = r#"
      (import "wasi:http/types@0.2.0" "[constructor]fields" (func $fields (result i32)))
      (import "wasi:http/outgoing-handler@0.2.0" "handle" (func $handle (param i32) (result i32)))"#;
    let house = House::new(tight(), &[]);
    house.write("quiet.wasm", &guest(&interfaces, imports, EMPTY));
    house.ask_file("quiet.wasm").await.unwrap();
    house.write("caller.wasm", &guest(&interfaces, imports, "(call $handle (call $fields))"));
    let words = "component `caller.wasm` called `wasi:http/types@0.2.0#[constructor]fields`, which is not provided, \
                 in `version-source.resolve`";
    house.file_fails("caller.wasm", Internal, words).await;
}
