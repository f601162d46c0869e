//! Guests that hand over more than anyone can use, or something else than they say.

use bakery_core::port::FailureKind::Internal;
use bakery_sandbox::Limits;
use bakery_tests::workshop::resolver;

use super::{
    house::{House, tight},
    layout::Layout,
};

const TOO_MUCH: &str = "handed over more than 1 MiB of strings and lists at once in `version-source.resolve`";

/// A guest that answers these words of memory.
fn answers(words: &[u32], rest: &str) -> Vec<u8> {
    let mut layout = Layout::default();
    let at = layout.words(words);
    resolver(&format!("(i32.const {at})"), &format!("{} {rest}", layout.data()))
}

/// `ok(resolution)` with this list of artifacts, head and attributes.
fn resolution(artifacts: [u32; 2], head: [u32; 3], attributes: [u32; 2]) -> Vec<u32> {
    [&[0][..], &artifacts, &head, &[0; 6], &attributes].concat()
}

async fn fails(wasm: Vec<u8>, words: &str) {
    let house = House::new(tight(), &[("huge", wasm)]);
    house.fails("huge", Internal, &format!("component `huge` {words}")).await;
}

/// Makes 7 MiB of memory that a lie can point to.
const ROOM: &str = "(func $room (drop (memory.grow (i32.const 112)))) (start $room)";

#[tokio::test]
async fn a_huge_string_in_an_answer_is_refused() {
    fails(answers(&resolution([0, 0], [1, 65536, 6 << 20], [0, 0]), ROOM), TOO_MUCH).await;
}

#[tokio::test]
async fn a_list_whose_elements_are_all_the_same_memory_is_refused() {
    // 4096 attributes, each of which says that its key and its value are the same 64 KiB: 512 MiB for the host.
    let mut layout = Layout::default();
    let one = [65536, 65536, 65536, 65536];
    let list = layout.words(&one.repeat(2048));
    let at = layout.words(&resolution([0, 0], [0, 0, 0], [list, 2048]));
    fails(resolver(&format!("(i32.const {at})"), &format!("{} {ROOM}", layout.data())), TOO_MUCH).await;
}

#[tokio::test]
async fn a_list_of_many_small_things_is_refused() {
    // Zeroed memory: 400 000 attributes of nothing.
    fails(answers(&resolution([0, 0], [0, 0, 0], [131_072, 400_000]), ROOM), TOO_MUCH).await;
}

#[tokio::test]
async fn a_list_that_is_longer_than_the_memory_is_refused() {
    let words = "failed in `version-source.resolve`: list pointer/length out of bounds of memory";
    fails(answers(&resolution([4096, u32::MAX / 4], [0, 0, 0], [0, 0]), ""), words).await;
}

#[tokio::test]
async fn a_string_outside_the_memory_is_refused() {
    let words = "failed in `version-source.resolve`: string pointer/length out of bounds of memory";
    fails(answers(&resolution([0, 0], [1, u32::MAX - 8, 64], [0, 0]), ""), words).await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused() {
    let mut layout = Layout::default();
    // A surrogate half, an overlong slash and a lone continuation byte.
    for bytes in [&b"2026.05.0\xed\xa0\x80"[..], b"\xc0\xaf", b"\x80"] {
        let [text, len] = layout.text(bytes);
        let at = layout.words(&resolution([0, 0], [1, text, len], [0, 0]));
        let guest = resolver(&format!("(i32.const {at})"), &layout.data());
        fails(guest, "handed over text that is not UTF-8 in `version-source.resolve`").await;
    }
}

#[tokio::test]
async fn a_variant_that_does_not_exist_is_refused() {
    let words = "failed in `version-source.resolve`: invalid expected discriminant";
    fails(answers(&[7], ""), words).await;
}

#[tokio::test]
async fn an_answer_at_an_odd_address_is_refused() {
    fails(resolver("(i32.const 1025)", ""), "failed in `version-source.resolve`: return pointer not aligned")
        .await;
}

#[tokio::test]
async fn huge_arguments_of_host_calls_are_refused() {
    let log = "(call $log (i32.const 0) (i32.const 65536) (i32.const 6291456)) (i32.const 1024)";
    fails(resolver(log, ROOM), TOO_MUCH).await;
    let mut layout = Layout::default();
    let request = layout.words(&[0, 65536, 6 << 20, 0, 0, 0, 0, 0, 0, 0]);
    let fetch =
        format!("(call $fetch (i32.const {request}) (i32.const 1) (i32.const 2048)) (i32.const 1024)");
    fails(resolver(&fetch, &format!("{} {ROOM}", layout.data())), TOO_MUCH).await;
}

#[tokio::test]
async fn what_is_allowed_is_handed_over() {
    // The same guest as above, with a string that is only long.
    let text = "x".repeat(1000);
    let mut layout = Layout::default();
    let [at, len] = layout.text(text.as_bytes());
    let body = format!("(call $log (i32.const 1) (i32.const {at}) (i32.const {len})) (i32.const 1024)");
    let house =
        House::new(Limits { transfer_bytes: 1001, ..tight() }, &[("long", resolver(&body, &layout.data()))]);
    house.ask("long").await.unwrap();
    assert_eq!(house.events.log(), [text]);
}
