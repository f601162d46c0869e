//! Files that change while an image is built: whatever the build may have read otherwise than it was hashed, the image
//! has no tag. What no build reads may change.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bakery_tests::Finished;

use crate::{
    bench::{Bench, script},
    world::World,
};

const BUILD: [&str; 5] = ["dev", "build", "connect", "--store", "buildah"];

/// A `buildah` that does something before and after a build, in the project's folder.
fn around(bench: &Bench, world: &World, before: &str, after: &str) {
    let text = format!(
        "#!/bin/sh\ncd {root} || exit\n[ \"$1\" = build ] || exec {real} \"$@\"\n{before}\n{real} \"$@\" || exit\n{after}\n",
        root = world.root.display(),
        real = bench.buildah().display(),
    );
    script(&bench.programs(), "buildah", &text);
}

fn built(before: &str, after: &str) -> (Bench, World, Finished) {
    let (bench, world) = (Bench::with_store(), World::new());
    world.write(".dockerignore", "k8s\n**/*.log\n");
    around(&bench, &world, before, after);
    let done = bench.run(&world.root, &BUILD);
    bench.restore_buildah();
    (bench, world, done)
}

#[track_caller]
fn refused(before: &str, after: &str, message: &str) {
    let (bench, world, done) = built(before, after);
    assert_eq!(done.code, 1, "{before}: {}", done.stderr);
    assert!(done.stderr.contains(message), "{before}: {}", done.stderr);
    assert_eq!(bench.store().names(), BTreeMap::new(), "{before}");
    // It is as it was: the same command builds it.
    bench.ok(&world.root, &BUILD);
    assert_eq!(bench.store().names().len(), 1);
}

/// The build reads `2` where `1` was hashed, and is hashed again.
pub(crate) fn taken_back() {
    let touched = |path: &str| format!("`{path}` was touched while `connect` was built");
    refused(
        "cp -p app/data /tmp/bakery-old-$$; echo 2 >app/data",
        "cat /tmp/bakery-old-$$ >app/data; touch -r /tmp/bakery-old-$$ app/data; rm /tmp/bakery-old-$$",
        &touched("app/data"),
    );
    refused("mv app/data kept; echo 2 >app/data", "mv kept app/data", &touched("app"));
    refused("echo 2 >app/more", "rm app/more", &touched("app"));
    refused("chmod 600 app/data", "chmod 644 app/data", &touched("app/data"));
    let file = "connect/1.1.0/Containerfile.ubuntu2404.std";
    let (before, after) = (
        format!("cp {file} {file}.log; echo COPY bakery.yaml / >>{file}"),
        format!("cat {file}.log >{file}; rm {file}.log"),
    );
    refused(&before, &after, &touched(file));
}

/// What is not in the context comes, changes and goes.
pub(crate) fn what_is_ignored() {
    for (before, after) in [
        ("echo 2 >app/new.log", ""),
        ("echo 2 >k8s/app.yaml", ""),
        ("git commit -q --allow-empty -m two --author 'a <a@example.com>' || exit 9", ""),
        ("", "cat app/data >/dev/null; ls -laR . >/dev/null"),
    ] {
        let before = before.replace("git ", "git -c user.name=t -c user.email=t@example.com ");
        let (bench, _, done) = built(&before, after);
        assert_eq!(done.code, 0, "{before}: {}", done.stderr);
        assert_eq!(bench.store().names().len(), 1, "{before}");
    }
}

/// A file changes all the time from the build's end on, so also while it is hashed again.
pub(crate) fn during_the_second_hash() {
    let (bench, world) = (Bench::with_store(), World::new());
    // Large, so that hashing takes a while.
    let large = vec![b'1'; 48 << 20];
    world.write("app/data", &large);
    bench.ok(&world.root, &["dev", "tag", "--lock"]);
    let (marker, over) = (bench.path("built"), AtomicBool::new(false));
    around(&bench, &world, "", &format!("echo >{}", marker.display()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !marker.exists() && !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
            while !over.load(Ordering::Relaxed) {
                flip(&world.path("app/data"), large.len() - 1);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let done = bench.run(&world.root, &BUILD);
        over.store(true, Ordering::Relaxed);
        assert_eq!(done.code, 1, "{}", done.stderr);
        let told = done.stderr.contains("changed while it was") || done.stderr.contains("was touched while");
        assert!(told, "{}", done.stderr);
    });
    bench.restore_buildah();
    assert_eq!(bench.store().names(), BTreeMap::new());
}

/// Changes a byte and takes it back.
fn flip(path: &Path, at: usize) {
    use std::os::unix::fs::FileExt as _;
    let file = fs::File::options().write(true).open(path).unwrap();
    for byte in [b"2", b"1"] {
        file.write_all_at(byte, at as u64).unwrap();
    }
}
