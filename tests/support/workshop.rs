//! Makes components from text, so that tests need no wasm target: a core module in the text format,
//! the worlds of `wit/`, and the encoder that toolchains use. Panics where a text is wrong; knows no sandbox.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What every guest has: a memory, an allocator that grows it, and a zeroed answer at 1024.
const BASE: &str = r#"
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $want i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $want)))
    (loop $more
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
          (br $more))))
    (local.get $at))
"#;

/// The answer `ok` with nothing in it: what a version source answers to a question without targets.
pub const EMPTY: &str = "(i32.const 1024)";

/// A version source whose `resolve` runs `body`; `rest` is what else the module has. The body leaves the address of
/// the answer; `$pinned` tells it whether the question has a pin.
pub fn resolver(body: &str, rest: &str) -> Vec<u8> {
    component("resolver", &resolver_module(body, rest))
}

/// The module of [`resolver`].
pub fn resolver_module(body: &str, rest: &str) -> String {
    format!(
        r#"(module
  (import "bakery:plugin/http@0.1.0" "fetch" (func $fetch (param i32 i32 i32)))
  (import "bakery:plugin/progress@0.1.0" "log" (func $log (param i32 i32 i32)))
  {BASE} {rest}
  (func (export "bakery:plugin/version-source@0.1.0#resolve")
    (param i32 i32 i32 i32) (param $pinned i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (result i32) {body}))"#
    )
}

/// A dependency list whose `select` runs `body`.
pub fn lister(body: &str) -> Vec<u8> {
    let parameters = "i32 ".repeat(16);
    let module = format!(
        r#"(module {BASE}
  (func (export "bakery:plugin/version-list@0.1.0#select") (param {parameters}) (result i32) {body}))"#
    );
    component("lister", &module)
}

/// A reader of dispatch payloads whose functions run these bodies.
pub fn dispatcher(check: &str, plan: &str) -> Vec<u8> {
    let module = format!(
        r#"(module {BASE}
  (func (export "bakery:plugin/version-override@0.1.0#check") (param i32 i32) (result i32) {check})
  (func (export "bakery:plugin/version-override@0.1.0#plan") (param i32 i32 i32 i32) (result i32) {plan}))"#
    );
    component("dispatcher", &module)
}

/// A publishing step whose `run` runs `body`; `rest` is what else the module has. [`EMPTY`] is an outcome with nothing
/// in it.
pub fn step(body: &str, rest: &str) -> Vec<u8> {
    component("step", &step_module(body, rest))
}

/// The module of [`step`].
pub fn step_module(body: &str, rest: &str) -> String {
    format!(
        r#"(module {BASE} {rest}
  (func (export "bakery:plugin/publish-step@0.1.0#run") (param i32) (result i32) {body}))"#
    )
}

/// A component of a world in `wit/`.
pub fn component(world: &str, module: &str) -> Vec<u8> {
    component_of("", &format!("bakery:plugin/{world}@0.1.0"), module)
}

/// A component of `world`, which `wit` declares on top of what `wit/` has.
///
/// # Panics
/// The texts are wrong, or the module is not one of that world.
pub fn component_of(wit: &str, world: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (mut package, _) = resolve.push_dir(contract).expect("`wit/` is a package");
    if !wit.is_empty() {
        package = resolve.push_source("test.wit", wit).expect("the WIT of a test is right");
    }
    let world = resolve.select_world(&[package], Some(world)).expect("the world of a test exists");
    let mut core = binary(module);
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)
        .expect("a world can be embedded");
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder.validate(true).module(&core).and_then(ComponentEncoder::encode);
    encoded.expect("the module is one of its world")
}

/// WebAssembly text as bytes.
///
/// # Panics
/// The text is wrong.
pub fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text of a test is right")
}

/// The component with another one inside, written in the text format, that is instantiated when the outer one is.
pub fn with_inner(mut component: Vec<u8>, inner: &str) -> Vec<u8> {
    let index = components_inside(&component);
    section(&mut component, 4, &binary(inner));
    let mut instance = vec![1, 0];
    leb(&mut instance, index);
    instance.push(0);
    section(&mut component, 5, &instance);
    component
}

fn components_inside(component: &[u8]) -> usize {
    let mut depth = 0usize;
    let mut count = 0;
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.expect("the encoder writes components") {
            wasmparser::Payload::ComponentSection { .. } => {
                count += usize::from(depth == 0);
                depth += 1;
            }
            wasmparser::Payload::ModuleSection { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    count
}

fn section(component: &mut Vec<u8>, id: u8, content: &[u8]) {
    component.push(id);
    leb(component, content.len());
    component.extend_from_slice(content);
}

/// Unsigned LEB128.
fn leb(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
