//! Guests that call too much and talk too much.

use bakery_core::port::FailureKind::Internal;
use bakery_sandbox::Limits;
use bakery_tests::workshop::{EMPTY, resolver};

use super::{
    house::{House, tight},
    layout::Layout,
};

/// Logs `text` this often.
fn talker(text: &[u8], times: u32) -> Vec<u8> {
    let mut layout = Layout::default();
    let [at, len] = layout.text(text);
    let body = format!(
        "(local $i i32)
         (loop $more
           (call $log (i32.const 1) (i32.const {at}) (i32.const {len}))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $more (i32.lt_u (local.get $i) (i32.const {times}))))
         {EMPTY}"
    );
    resolver(&body, &layout.data())
}

#[tokio::test]
async fn host_calls_are_counted() {
    let limits = Limits { host_calls: 50, ..tight() };
    let house = House::new(limits, &[("flood", talker(b"", 51)), ("calm", talker(b"", 50))]);
    house.ask("calm").await.unwrap();
    house
        .fails(
            "flood",
            Internal,
            "component `flood` made more than 50 host calls in `version-source.resolve`",
        )
        .await;
}

#[tokio::test]
async fn requests_of_one_call_are_counted() {
    let body = "(call $fetch (i32.const 120000) (i32.const 65) (i32.const 2048)) (i32.const 1024)";
    let house = House::new(tight(), &[("many", resolver(body, ""))]);
    let words =
        "component `many` made more than 64 requests in one call of `http.fetch` in `version-source.resolve`";
    house.fails("many", Internal, words).await;
    assert!(house.network.requests().is_empty());
}

#[tokio::test]
async fn lines_of_the_log_are_counted_and_one_line_says_so() {
    let limits = Limits { log_lines: 3, ..tight() };
    let house = House::new(limits, &[("flood", talker(b"again", 100))]);
    house.ask("flood").await.unwrap();
    assert_eq!(
        house.events.log(),
        [
            "again",
            "again",
            "again",
            "later lines of this call are dropped: its log is bounded to 3 lines and 65536 bytes"
        ]
    );
}

#[tokio::test]
async fn one_message_of_many_lines_is_many_lines() {
    let limits = Limits { log_lines: 2, ..tight() };
    let house = House::new(limits, &[("flood", talker("a\nb\r\nc\n".repeat(1000).as_bytes(), 1))]);
    house.ask("flood").await.unwrap();
    let log = house.events.log();
    assert_eq!(log[..2], ["a", "b"]);
    assert_eq!(log.len(), 3);
}

#[tokio::test]
async fn bytes_of_the_log_are_counted() {
    let limits = Limits { log_bytes: 10, ..tight() };
    let house = House::new(limits, &[("flood", talker(b"123456", 3))]);
    house.ask("flood").await.unwrap();
    let log = house.events.log();
    assert_eq!(
        log,
        ["123456", "later lines of this call are dropped: its log is bounded to 200 lines and 10 bytes"]
    );
}

#[tokio::test]
async fn a_long_line_is_cut_between_two_characters() {
    let limits = Limits { log_line_bytes: 5, ..tight() };
    let house = House::new(limits, &[("long", talker("äöü".as_bytes(), 1))]);
    house.ask("long").await.unwrap();
    assert_eq!(house.events.log(), ["äö … (2 bytes were cut)"]);
}

#[tokio::test]
async fn the_log_of_each_call_has_its_own_bounds() {
    let limits = Limits { log_lines: 1, ..tight() };
    let house = House::new(limits, &[("calm", talker(b"once", 1))]);
    for _ in 0..3 {
        house.ask("calm").await.unwrap();
    }
    assert_eq!(house.events.log(), ["once", "once", "once"]);
}
