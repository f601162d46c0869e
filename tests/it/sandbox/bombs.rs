//! Components that are small and take long to compile.

use bakery_core::port::FailureKind::InvalidInput;

use bakery_tests::workshop::{EMPTY, resolver, with_inner};

use super::house::{House, tight};

/// A version source with a module inside that is never started.
fn with_module(module: &str) -> Vec<u8> {
    with_inner(resolver(EMPTY, ""), &format!("(component (core module {module}))"))
}

fn function(locals: usize, body: &str) -> String {
    format!("(func (local {}) {body})", "i32 ".repeat(locals))
}

async fn refused(bomb: &[u8], what: &str) {
    let house = House::new(tight(), &[]);
    house.write("bomb.wasm", bomb);
    let words = format!("component `bomb.wasm` would take too long to compile: {what}");
    house.file_fails("bomb.wasm", InvalidInput, &words).await;
}

async fn accepted(component: &[u8]) {
    let house = House::new(tight(), &[]);
    house.write("fine.wasm", component);
    house.ask_file("fine.wasm").await.unwrap();
}

#[tokio::test]
async fn locals_times_branch_targets_are_bounded() {
    let what =
        "a function has 4000 locals and more than 250 branch targets; their product may be at most 1000000";
    let loops = "(loop) ".repeat(6000);
    refused(&with_module(&function(4000, &loops)), what).await;
    // Blocks count where something jumps to their end, in whatever way.
    for jump in ["(br 0)", "(br_if 0 (i32.const 0))", "(br_table 0 0 (i32.const 0))"] {
        let blocks = format!("(block {jump}) ").repeat(6000);
        refused(&with_module(&function(4000, &blocks)), what).await;
    }
    accepted(&with_module(&function(4000, &"(block) ".repeat(6000)))).await;
}

#[tokio::test]
async fn blocks_inside_each_other_are_bounded() {
    let nest = |depth: usize| {
        let open = "(block ".repeat(depth);
        with_module(&function(0, &format!("{open} (br_if 0 (i32.const 0)) {}", ")".repeat(depth))))
    };
    refused(&nest(1_000), "a function has more than 1000 blocks inside each other").await;
    accepted(&nest(300)).await;
}

#[tokio::test]
async fn functions_are_bounded_over_all_modules() {
    let functions = "(func) ".repeat(30_000);
    let inner = format!("(component (core module {functions}) (core module {functions}))");
    refused(&with_inner(resolver(EMPTY, ""), &inner), "it has more than 50000 functions").await;
}

#[tokio::test]
async fn branch_tables_are_bounded_over_all_functions() {
    let table = function(0, &format!("(br_table {} (i32.const 0))", "0 ".repeat(60_000)));
    refused(&with_module(&table.repeat(20)), "its branch tables have more than 1000000 entries").await;
}

#[tokio::test]
async fn a_bomb_that_the_scan_lets_through_ends_with_the_compile_process() {
    // Each function is just allowed; together they take a minute. One second of processor time is given.
    let functions = function(1_000, &"(loop) ".repeat(999)).repeat(60);
    let child = env!("CARGO_BIN_EXE_compile-child");
    let compiler = ["/bin/sh", "-c", "ulimit -t 1; exec \"$0\"", child].map(Into::into).to_vec();
    let house = House::build(tight(), &[], Some(compiler), |_| None);
    house.write("bomb.wasm", &with_module(&functions));
    let words = "component `bomb.wasm` cannot be compiled within bounds: \
                 it used more than 120 s of processor time, or was killed";
    house.file_fails("bomb.wasm", InvalidInput, words).await;
}

#[tokio::test]
async fn features_that_are_off_are_refused_where_they_are_used() {
    for (module, feature) in [
        ("(memory 1 1 shared)", "threads"),
        ("(memory i64 1)", "memory64"),
        ("(memory 1) (memory 1)", "multiple memories"),
        ("(tag)", "exceptions"),
        ("(func $f (return_call $f))", "tail calls"),
        ("(type (struct))", "gc"),
    ] {
        let house = House::new(tight(), &[]);
        house.write("new.wasm", &with_module(module));
        let error = house.ask_file("new.wasm").await.unwrap_err().to_string();
        assert!(error.starts_with("component `new.wasm` is not valid: "), "{feature}: {error}");
        // The engine itself has it switched off as well, whoever asks.
        assert!(bakery_sandbox::precompile(&with_module(module)).is_err(), "{feature}");
        house.still_answers().await;
    }
}
