//! Files that are not components, are damaged, or lie elsewhere.

use std::{io::Write, os::unix::fs::symlink};

use bakery_core::{
    model::ComponentRef,
    port::{
        FailureKind::{self, Denied, InvalidInput},
        Resolvers, SourceCall, SourceError,
    },
};
use sha2::{Digest, Sha256};

use bakery_tests::workshop::{EMPTY, binary, resolver, resolver_module};

use super::house::{House, assert_failure, question, tight};

#[tokio::test]
async fn a_third_party_s_component_is_compiled_and_answers() {
    let house = House::new(tight(), &[]);
    house.write("mine.wasm", &resolver(EMPTY, ""));
    house.ask_file("mine.wasm").await.unwrap();
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused_with_what_it_is() {
    let core = binary(&resolver_module(EMPTY, ""));
    let native = bakery_sandbox::precompile(&resolver(EMPTY, "")).unwrap();
    let table: [(&[u8], &str, &str); 8] = [
        (&core, "is a core module", "make a component of it with `wasm-tools component new`"),
        (
            &native,
            "is compiled native code, which is never loaded from a file",
            "name the `.wasm` file that it was compiled from",
        ),
        (b"(component)", "is WebAssembly text", "translate it with `wasm-tools parse`"),
        (b"\x1f\x8b\x08\x00", "is a compressed file", "unpack it and name the `.wasm` file inside"),
        (b"PK\x03\x04", "is a compressed file", "unpack it and name the `.wasm` file inside"),
        (b"", "is an empty file", "build it again"),
        (
            b"#!/bin/sh\necho hi\n",
            "is not a WebAssembly component",
            "name a `.wasm` file that holds a component",
        ),
        (
            b"\0asm\x0e\0\x01\0",
            "is of a WebAssembly version that this bakery does not read",
            "build it with a toolchain for components of the 2024 preview or later",
        ),
    ];
    let house = House::new(tight(), &[]);
    for (at, (bytes, words, hint)) in table.into_iter().enumerate() {
        let path = format!("{at}.wasm");
        house.write(&path, bytes);
        house.file_fails(&path, InvalidInput, &format!("component `{path}` {words}")).await;
        let Err(SourceError::Failed(failure)) = house.ask_file(&path).await else { panic!() };
        assert_eq!(failure.hint.as_deref(), Some(hint));
    }
}

/// The failure of a damaged component: one sentence that names the file.
async fn refused(house: &House, path: &str, bytes: &[u8]) {
    house.write(path, bytes);
    match house.ask_file(path).await {
        Err(SourceError::Failed(failure)) => {
            assert_eq!(failure.kind, InvalidInput, "{failure}");
            assert!(failure.message.starts_with(&format!("component `{path}` ")), "{failure}");
            assert!(failure.message.len() < 400 && !failure.message.contains('\n'), "{failure}");
        }
        other => panic!("{path}: {other:?}"),
    }
}

#[tokio::test]
async fn a_component_that_ends_early_is_refused_wherever_it_ends() {
    let whole = resolver(EMPTY, "");
    let house = House::new(tight(), &[]);
    for at in (8..whole.len()).step_by(whole.len() / 60) {
        refused(&house, &format!("{at}.wasm"), &whole[..at]).await;
    }
    house.still_answers().await;
}

#[tokio::test]
async fn a_component_with_a_flipped_bit_is_refused_or_answers_and_never_more() {
    let whole = resolver(EMPTY, "");
    let house = House::new(tight(), &[]);
    let mut refusals = 0;
    for round in 0..120usize {
        // A fixed walk over the file: every run flips the same bits.
        let at = round * 7919 % whole.len();
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (round % 8);
        let path = format!("{round}.wasm");
        house.write(&path, &bytes);
        if let Err(error) = house.ask_file(&path).await {
            refusals += 1;
            assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
            assert!(error.to_string().len() < 700, "{error}");
        }
    }
    assert!(refusals > 50, "only {refusals} of 120 flips were noticed");
    house.still_answers().await;
}

#[tokio::test]
async fn a_path_leads_to_a_file_below_the_directory_or_nowhere() {
    let house = House::new(tight(), &[]);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("evil.wasm"), resolver(EMPTY, "")).unwrap();
    house.write("mine.wasm", &resolver(EMPTY, ""));
    let root = house.dir.path();
    std::fs::create_dir(root.join("dir.wasm")).unwrap();
    symlink(outside.path(), root.join("link")).unwrap();
    symlink(outside.path().join("evil.wasm"), root.join("link.wasm")).unwrap();
    symlink("mine.wasm", root.join("inside.wasm")).unwrap();
    let above = format!("../{}/evil.wasm", outside.path().file_name().unwrap().to_str().unwrap());
    let absolute = outside.path().join("evil.wasm").to_str().unwrap().to_owned();
    for path in [above.as_str(), absolute.as_str(), "link/evil.wasm", "link.wasm", "/etc/passwd", "dir.wasm"]
    {
        let Err(SourceError::Failed(failure)) = house.ask_file(path).await else { panic!("{path}") };
        assert_eq!(failure.kind, InvalidInput, "{path}: {failure}");
        assert!(failure.message.starts_with(&format!("component `{path}` ")), "{failure}");
    }
    house.ask_file("inside.wasm").await.unwrap();
    house.ask_file("./mine.wasm").await.unwrap();
}

#[tokio::test]
async fn a_pipe_in_place_of_a_file_does_not_hang() {
    let house = House::new(tight(), &[]);
    let pipe = house.dir.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    house.file_fails("pipe.wasm", InvalidInput, "component `pipe.wasm` is not an ordinary file").await;
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_unread() {
    let house = House::new(tight(), &[]);
    let mut file = std::fs::File::create(house.dir.path().join("large.wasm")).unwrap();
    file.write_all(&resolver(EMPTY, "")).unwrap();
    // Sparse: it takes no space.
    file.set_len(300 << 30).unwrap();
    house.file_fails("large.wasm", InvalidInput, "component `large.wasm` is larger than 64 MiB").await;
}

#[tokio::test]
async fn a_pinned_component_is_that_one() {
    let wasm = resolver(EMPTY, "");
    let hex: String = Sha256::digest(&wasm).iter().map(|byte| format!("{byte:02x}")).collect();
    let other = "0".repeat(64);
    let house = House::new(tight(), &[]);
    house.write("mine.wasm", &wasm);
    let ask = async |hex: &str| {
        let digest = Some(format!("sha256:{hex}").parse().unwrap());
        let query = question(ComponentRef::File { path: "mine.wasm".to_owned(), digest });
        house.sandbox.resolve(&query, SourceCall::default()).await
    };
    ask(&hex).await.unwrap();
    let words = format!(
        "component `mine.wasm` is not the pinned one: it is `sha256:{hex}`, pinned is `sha256:{other}`"
    );
    assert_failure(ask(&other).await, Denied, &words);
}

#[tokio::test]
async fn without_a_process_to_compile_in_only_built_in_components_answer() {
    let house = House::build(tight(), &[], None, |_| None);
    house.write("mine.wasm", &resolver(EMPTY, ""));
    let words = "component `mine.wasm` cannot be used: there is no process to compile it in";
    house.file_fails("mine.wasm", Denied, words).await;
}

#[tokio::test]
async fn a_compile_process_that_dies_is_a_failure_of_that_component() {
    for (script, kind, words) in [
        (
            "kill -KILL $$",
            FailureKind::InvalidInput,
            "component `mine.wasm` cannot be compiled within bounds: \
             it used more than 120 s of processor time, or was killed",
        ),
        (
            "kill -ABRT $$",
            FailureKind::InvalidInput,
            "component `mine.wasm` cannot be compiled within bounds: it used more than 6 GiB of memory, or crashed",
        ),
        (
            "kill -SEGV $$",
            FailureKind::InvalidInput,
            "component `mine.wasm` cannot be compiled within bounds: its compiler crashed with signal 11",
        ),
        (
            "echo no room >&2; exit 9",
            FailureKind::Internal,
            "the process that compiles component `mine.wasm` failed: it ended with status 9: no room",
        ),
        (
            "echo not code",
            FailureKind::Internal,
            "what was compiled of component `mine.wasm` cannot be loaded",
        ),
    ] {
        let compiler = ["/bin/sh", "-c", script].map(Into::into).to_vec();
        let house = House::build(tight(), &[], Some(compiler), |_| None);
        house.write("mine.wasm", &resolver(EMPTY, ""));
        let Err(SourceError::Failed(failure)) = house.ask_file("mine.wasm").await else { panic!("{script}") };
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.starts_with(words), "{failure}");
        house.still_answers().await;
    }
}
