//! Guests that want all the memory there is.

use bakery_core::port::FailureKind::Internal;
use bakery_sandbox::Limits;
use bakery_tests::workshop::{EMPTY, resolver, with_inner};

use super::house::{House, tight};

const TOO_MUCH: &str = "asked for more than 8 MiB of memory";

/// Grows by one page until it is refused, and then gives up as an allocator does.
const LADDER: &str =
    "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable";

#[tokio::test]
async fn a_guest_that_cannot_live_with_a_refused_page_is_told_why() {
    let house = House::new(tight(), &[("ladder", resolver(LADDER, ""))]);
    house
        .fails("ladder", Internal, &format!("component `ladder` {TOO_MUCH} in `version-source.resolve`"))
        .await;
}

#[tokio::test]
async fn a_guest_that_can_live_with_a_refused_page_does() {
    let polite = LADDER.replace("unreachable", EMPTY);
    let house = House::new(tight(), &[("polite", resolver(&polite, ""))]);
    house.ask("polite").await.unwrap();
}

#[tokio::test]
async fn memory_that_is_wanted_at_once_is_refused_before_anything_runs() {
    for pages in [129, 65536] {
        let inner = format!("(component (core module $m (memory {pages})) (core instance (instantiate $m)))");
        let house = House::new(tight(), &[("eager", with_inner(resolver(EMPTY, ""), &inner))]);
        let words = format!("component `eager` {TOO_MUCH} while it was started for `version-source.resolve`");
        house.fails("eager", Internal, &words).await;
    }
}

#[tokio::test]
async fn memories_are_summed() {
    let with = |count: usize| {
        let one = "(core instance (instantiate $m)) ";
        let inner = format!("(component (core module $m (memory 20)) {})", one.repeat(count));
        House::new(tight(), &[("several", with_inner(resolver(EMPTY, ""), &inner))])
    };
    // 2 pages of the guest and 20 of each memory; 128 pages are allowed.
    with(6).ask("several").await.unwrap();
    let words = format!("component `several` {TOO_MUCH} while it was started for `version-source.resolve`");
    with(7).fails("several", Internal, &words).await;
}

#[tokio::test]
async fn tables_are_summed_as_declared() {
    let with = |tables: &str| {
        let inner = format!("(component (core module $m {tables}) (core instance (instantiate $m)))");
        House::new(tight(), &[("tables", with_inner(resolver(EMPTY, ""), &inner))])
    };
    with("(table 5000 funcref) (table 4000 funcref)").ask("tables").await.unwrap();
    let words = "component `tables` asked for more than 10000 table elements while it was started for `version-source.resolve`";
    with("(table 5000 funcref) (table 5001 funcref)").fails("tables", Internal, words).await;
    with(&"(table 10000000 funcref) ".repeat(50)).fails("tables", Internal, words).await;
}

#[tokio::test]
async fn a_table_that_grows_is_counted() {
    let rest = "(table $t 0 funcref)";
    let body =
        "(loop $more (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 100)) (i32.const -1))))
                unreachable";
    let house = House::new(tight(), &[("grower", resolver(body, rest))]);
    let words = "component `grower` asked for more than 10000 table elements in `version-source.resolve`";
    house.fails("grower", Internal, words).await;
}

#[tokio::test]
async fn instances_memories_and_tables_are_counted() {
    let bomb = |module: &str, count: usize| {
        let inner = format!(
            "(component (core module $m {module}) {})",
            "(core instance (instantiate $m)) ".repeat(count)
        );
        with_inner(resolver(EMPTY, ""), &inner)
    };
    let limits = Limits { memories: 5, tables: 5, ..tight() };
    let house = House::new(
        limits,
        &[
            ("instances", bomb("", 1000)),
            ("memories", bomb("(memory 0)", 10)),
            ("tables", bomb("(table 0 funcref)", 10)),
            ("few", bomb("(memory 0)", 4)),
        ],
    );
    house.ask("few").await.unwrap();
    for (name, did) in [
        ("instances", "made more than 40 instances"),
        ("memories", "has more than 5 memories"),
        ("tables", "has more than 5 tables"),
    ] {
        let words = format!("component `{name}` {did} while it was started for `version-source.resolve`");
        house.fails(name, Internal, &words).await;
    }
}

#[tokio::test]
async fn handles_that_are_never_dropped_are_counted() {
    let leak = |times: u32| {
        let inner = format!(
            r#"(component
              (type $r (resource (rep i32)))
              (core func $new (canon resource.new $r))
              (core module $m
                (import "" "new" (func $new (param i32) (result i32)))
                (func $leak (local $i i32)
                  (loop $more
                    (drop (call $new (i32.const 0)))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $i) (i32.const {times})))))
                (start $leak))
              (core instance (instantiate $m (with "" (instance (export "new" (func $new)))))))"#
        );
        with_inner(resolver(EMPTY, ""), &inner)
    };
    let house = House::new(tight(), &[("leak", leak(100_000)), ("few", leak(50))]);
    house.ask("few").await.unwrap();
    let words = "component `leak` held more than 100 resource handles while it was started for `version-source.resolve`";
    house.fails("leak", Internal, words).await;
}
