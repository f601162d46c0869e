//! A guest in Rust, built with the guest library: its panics, its allocator and its stack are real ones.

use std::path::Path;

use bakery_core::port::{
    FailureKind::{self, Internal, TimedOut},
    Resolvers, SourceCall, SourceQuery,
};

use super::house::{House, assert_failure, builtin_ref, question, tight};

fn misbehaving() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/misbehaving.wasm");
    std::fs::read(path).expect("`make test` builds the misbehaving guest")
}

async fn ask(house: &House, deed: &str) -> Result<(), bakery_core::port::SourceError> {
    let query = SourceQuery { config: deed.to_owned(), ..question(builtin_ref("misbehaving")) };
    house.sandbox.resolve(&query, SourceCall::default()).await.map(drop)
}

#[tokio::test]
async fn deeds_of_a_real_guest_are_told_in_words() {
    let wasm = misbehaving();
    let house = House::new(tight(), &[("misbehaving", wasm)]);
    let here = "in `version-source.resolve`";
    let table: [(&str, FailureKind, String); 7] = [
        (
            "panic",
            Internal,
            format!("panicked {here}: at tests/components/misbehaving/src/deeds.rs:LINE: no such deed"),
        ),
        (
            "index",
            Internal,
            format!(
                "panicked {here}: at tests/components/misbehaving/src/deeds.rs:LINE: \
            index out of bounds: the len is 3 but the index is 7"
            ),
        ),
        (
            "unwrap",
            Internal,
            format!(
                "panicked {here}: at tests/components/misbehaving/src/deeds.rs:LINE: \
            called `Result::unwrap()` on an `Err` value: Utf8Error {{ valid_up_to: 0, error_len: Some(1) }}"
            ),
        ),
        ("allocate", Internal, format!("asked for more than 8 MiB of memory {here}")),
        (
            "recurse",
            Internal,
            format!("trapped {here}: out of bounds memory access, as too deep a recursion causes as well"),
        ),
        ("spin", TimedOut, format!("ran longer than 100 ms of guest time {here}")),
        (
            "abort",
            Internal,
            format!(
                "trapped {here}: it reached `unreachable`, \
            as a panic or an abort without a message does"
            ),
        ),
    ];
    for (deed, kind, words) in table {
        let answer = ask(&house, deed).await.map_err(without_line);
        assert_failure(answer, kind, &format!("component `misbehaving` {words}"));
        house.still_answers().await;
        ask(&house, "nothing").await.unwrap();
    }
}

#[tokio::test]
async fn a_long_panic_is_bounded() {
    let wasm = misbehaving();
    let house = House::new(tight(), &[("misbehaving", wasm)]);
    let error = ask(&house, "long-panic").await.unwrap_err().to_string();
    assert!(error.contains("panicked in `version-source.resolve`"), "{error}");
    assert!(error.len() < 1300, "{}", error.len());
}

#[tokio::test]
async fn a_static_of_a_guest_does_not_outlive_its_call() {
    let wasm = misbehaving();
    let house = House::new(tight(), &[("misbehaving", wasm)]);
    for _ in 0..3 {
        ask(&house, "remember").await.unwrap();
    }
}

/// The line of a panic moves whenever the guest is edited.
fn without_line(error: bakery_core::port::SourceError) -> bakery_core::port::SourceError {
    let bakery_core::port::SourceError::Failed(mut failure) = error else { return error };
    if let Some((before, rest)) = failure.message.split_once("deeds.rs:") {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        failure.message = format!("{before}deeds.rs:LINE{rest}");
    }
    bakery_core::port::SourceError::Failed(failure)
}
