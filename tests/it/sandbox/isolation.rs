//! What one call leaves behind for the next one: nothing.

use bakery_core::port::FailureKind::Internal;
use futures_util::future::join_all;

use bakery_tests::workshop::{EMPTY, resolver};

use super::house::{House, tight};

#[tokio::test]
async fn state_does_not_pass_from_one_call_to_the_next() {
    // The guest remembers that it was called, in a global, in memory and in a table, and traps at the second call.
    let rest = "(global $called (mut i32) (i32.const 0)) (table $t 1 funcref) (elem declare func $mark) (func $mark)";
    let body = format!(
        "(if (global.get $called) (then unreachable))
         (if (i32.load (i32.const 3000)) (then unreachable))
         (if (i32.eqz (ref.is_null (table.get $t (i32.const 0)))) (then unreachable))
         (if (i32.gt_u (memory.size) (i32.const 20)) (then unreachable))
         (global.set $called (i32.const 1))
         (i32.store (i32.const 3000) (i32.const 1))
         (table.set $t (i32.const 0) (ref.func $mark))
         (drop (memory.grow (i32.const 40)))
         {EMPTY}"
    );
    let house = House::new(tight(), &[("spy", resolver(&body, rest))]);
    for _ in 0..3 {
        house.ask("spy").await.unwrap();
    }
}

#[tokio::test]
async fn failing_calls_leave_those_beside_them_alone() {
    let house = House::new(
        tight(),
        &[
            ("trap", resolver("unreachable", "")),
            ("spin", resolver("(loop $l (br $l)) unreachable", "")),
            (
                "ladder",
                resolver(
                    "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable",
                    "",
                ),
            ),
        ],
    );
    let names = ["good", "trap", "good", "spin", "good", "ladder", "good", "trap", "good"];
    let answers = join_all(names.map(|name| house.ask(name))).await;
    for (name, answer) in names.into_iter().zip(answers) {
        assert_eq!(answer.is_ok(), name == "good", "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_failed_call_does_not_spoil_its_component() {
    // Traps unless the question has a pin.
    let body = format!("(if (i32.eqz (local.get $pinned)) (then unreachable)) {EMPTY}");
    let house = House::new(tight(), &[("moody", resolver(&body, ""))]);
    let cause = "it reached `unreachable`, as a panic or an abort without a message does";
    for _ in 0..2 {
        let words = format!("component `moody` trapped in `version-source.resolve`: {cause}");
        house.fails("moody", Internal, &words).await;
        let pinned = bakery_core::port::SourceQuery {
            pinned: Some("2026.05.0".to_owned()),
            ..super::house::question(super::house::builtin_ref("moody"))
        };
        let answer = bakery_core::port::Resolvers::resolve(
            &house.sandbox,
            &pinned,
            bakery_core::port::SourceCall::default(),
        );
        assert!(answer.await.is_ok());
    }
}
