//! Compiled third-party components: kept by content, and only believed under this machine's key.

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt, path::Path, path::PathBuf};

use bakery_core::port::{FailureKind::Internal, SourceError};
use bakery_sandbox::CachePlace;

use bakery_tests::workshop::{EMPTY, resolver};

use super::house::{House, tight};

const NO_COMPILER: &str = "the process that compiles component `mine.wasm` failed: it ended with status 9: ";

/// A house in which compiling works, or always fails.
fn house(place: &Path, compiles: bool) -> House {
    let command: Vec<OsString> = if compiles {
        vec![env!("CARGO_BIN_EXE_compile-child").into()]
    } else {
        ["/bin/sh", "-c", "exit 9"].map(Into::into).to_vec()
    };
    let house = House::build(tight(), &[], Some(command), |_| {
        Some(CachePlace { cache: place.join("cache"), state: place.join("state") })
    });
    house.write("mine.wasm", &resolver(EMPTY, ""));
    house
}

fn only_file(dir: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// A place with one kept component, and the file that holds it.
async fn kept() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    house(place.path(), true).ask_file("mine.wasm").await.unwrap();
    let file = only_file(&place.path().join("cache"));
    (place, file)
}

/// The kept component is not believed: it would have to be compiled again.
async fn is_refused(place: &Path) {
    house(place, false).file_fails("mine.wasm", Internal, NO_COMPILER).await;
    house(place, true).ask_file("mine.wasm").await.unwrap();
}

#[tokio::test]
async fn a_component_is_compiled_once_per_machine() {
    let (place, _) = kept().await;
    house(place.path(), false).ask_file("mine.wasm").await.unwrap();
}

#[tokio::test]
async fn what_is_kept_is_readable_by_us_alone() {
    let (place, file) = kept().await;
    for (path, mode) in [
        (place.path().join("cache"), 0o700),
        (place.path().join("state"), 0o700),
        (place.path().join("state/component-cache.key"), 0o600),
        (file, 0o600),
    ] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
}

#[tokio::test]
async fn a_kept_component_that_was_changed_is_compiled_again() {
    let (place, file) = kept().await;
    let whole = fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let changes = [
        flipped(0),
        flipped(32),
        flipped(whole.len() / 2),
        flipped(whole.len() - 1),
        whole[..40].to_vec(),
        Vec::new(),
    ];
    for change in changes {
        fs::write(&file, change).unwrap();
        is_refused(place.path()).await;
    }
}

#[tokio::test]
async fn a_kept_component_from_another_machine_is_compiled_again() {
    let ((place, file), (_other, foreign)) = (kept().await, kept().await);
    fs::copy(foreign, file).unwrap();
    is_refused(place.path()).await;
}

#[tokio::test]
async fn a_kept_component_in_the_place_of_another_is_compiled_again() {
    let (place, file) = kept().await;
    let house_of_two = house(place.path(), true);
    house_of_two.write("other.wasm", &resolver("(nop) (i32.const 1024)", ""));
    house_of_two.ask_file("other.wasm").await.unwrap();
    let other = fs::read_dir(place.path().join("cache")).unwrap().map(|entry| entry.unwrap().path());
    let other = other.into_iter().find(|path| *path != file).unwrap();
    fs::copy(other, &file).unwrap();
    is_refused(place.path()).await;
}

#[tokio::test]
async fn without_its_key_nothing_that_is_kept_is_believed() {
    let (place, _) = kept().await;
    fs::remove_file(place.path().join("state/component-cache.key")).unwrap();
    is_refused(place.path()).await;
}

#[tokio::test]
async fn a_kept_component_or_key_that_others_can_change_is_not_believed() {
    let (place, file) = kept().await;
    for path in [file, place.path().join("state/component-cache.key")] {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        house(place.path(), false).file_fails("mine.wasm", Internal, NO_COMPILER).await;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test]
async fn a_link_in_place_of_a_kept_component_is_not_followed() {
    let (place, file) = kept().await;
    let elsewhere = place.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    is_refused(place.path()).await;
}

#[tokio::test]
async fn a_key_inside_the_cache_is_no_key() {
    let place = tempfile::tempdir().unwrap();
    let house = House::build(tight(), &[], Some(vec![env!("CARGO_BIN_EXE_compile-child").into()]), |_| {
        Some(CachePlace { cache: place.path().to_owned(), state: place.path().join("state") })
    });
    house.write("mine.wasm", &resolver(EMPTY, ""));
    house.ask_file("mine.wasm").await.unwrap();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_costs_the_time_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("cache"), "a file").unwrap();
    let house = house(place.path(), true);
    house.ask_file("mine.wasm").await.unwrap();
    let told = house.events.all().iter().any(|event| format!("{event:?}").contains("is not kept"));
    assert!(told, "{:?}", house.events.all());
}

#[tokio::test]
async fn a_failure_is_told_once_per_run_and_asked_again_in_the_next() {
    let place = tempfile::tempdir().unwrap();
    let first = house(place.path(), false);
    let Err(SourceError::Failed(one)) = first.ask_file("mine.wasm").await else { panic!() };
    let Err(SourceError::Failed(two)) = first.ask_file("mine.wasm").await else { panic!() };
    assert_eq!(one, two);
    house(place.path(), true).ask_file("mine.wasm").await.unwrap();
}
