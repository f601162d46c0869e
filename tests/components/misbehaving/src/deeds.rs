//! The deeds, each as a compiler and an allocator really do them.
#![expect(clippy::panic, clippy::unwrap_used, reason = "this guest exists to misbehave")]

use std::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

static CALLS: AtomicU32 = AtomicU32::new(0);

/// Does what `deed` says.
///
/// # Panics
/// Most deeds do; so does a deed that is not known.
pub fn carry_out(deed: &str) {
    match deed {
        "nothing" => {}
        "panic" => panic!("no such deed"),
        "long-panic" => panic!("{}", "a".repeat(900_000)),
        "index" => {
            black_box([1, 2, 3].as_slice()[black_box(7)]);
        }
        "unwrap" => {
            black_box(std::str::from_utf8(black_box(&[0xff])).unwrap());
        }
        "allocate" => allocate(),
        "recurse" => {
            black_box(recurse(0));
        }
        "spin" => spin(),
        "abort" => std::process::abort(),
        "remember" => assert_eq!(CALLS.fetch_add(1, Relaxed), 0, "this instance was called before"),
        other => panic!("the deed `{other}` is not known"),
    }
}

fn allocate() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1u8; 64 * 1024]);
        black_box(&kept);
    }
}

fn recurse(depth: u32) -> u32 {
    let frame = black_box([depth; 64]);
    if depth == u32::MAX { 0 } else { recurse(black_box(depth + 1)) + frame[black_box(3)] }
}

fn spin() {
    while black_box(true) {
        black_box(());
    }
}
