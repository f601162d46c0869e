//! Scratch spaces and credentials of calls: there while the call is, bounded, and gone afterwards however it ends.

use std::time::Duration;

use bakery_core::port::{Event, FailureKind};
use serde_json::json;

use super::{
    house::{PASSWORD, words},
    scene::Scene,
    workshop::{ask, call, grant, run, spaces},
};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn a_scratch_space_is_the_call_s_own_and_gone_after_it() {
    let scene = Scene::new();
    let script = r#"stat -c %a . ..; ls -A | wc -l; mkdir -p a/b; echo x > "$2"; chmod 0 a/b; cat "$2""#;
    let options = ask(json!([{"flag": "--file"}, {"scratch": "a/new"}]));
    for _ in 0..2 {
        let told = words(&run(&scene, &options, grant(&scene, script), Some(MIB)).await.unwrap());
        assert_eq!(told[3..], ["stdout 700", "stdout 700", "stdout 0", "stdout x"]);
        assert_eq!(spaces(&scene), [""; 0]);
    }
    let failed = run(&scene, &options, grant(&scene, "exit 3"), Some(MIB)).await.unwrap();
    assert!(words(&failed)[0].starts_with("failed"), "{failed:?}");
    assert_eq!(spaces(&scene), [""; 0]);
}

#[tokio::test]
async fn a_program_that_writes_more_than_it_was_given_is_ended_and_named() {
    let scene = Scene::new();
    let script = "echo begins >&2; trap '' TERM; while :; do head -c 1048576 /dev/zero >> file; done";
    let mut options = ask(json!([]));
    options["deed"] = "run-and-pass-on".into();
    let failure = run(&scene, &options, grant(&scene, script), Some(8 * MIB)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.starts_with("`tool` was ended: the scratch space holds "), "{failure}");
    assert!(failure.message.ends_with(" bytes, more than the 8388608 that it was given"), "{failure}");
    assert_eq!(failure.program.unwrap().last_lines, ["begins"]);
    assert_eq!(spaces(&scene), [""; 0]);
    scene.still_publishes().await;
}

#[tokio::test]
async fn a_disk_without_the_room_is_told_before_anything_runs() {
    let scene = Scene::new();
    let failure = run(&scene, &ask(json!([])), grant(&scene, "true"), Some(u64::MAX)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("bytes left, and a scratch space of"), "{failure}");
    assert!(failure.hint.unwrap().contains("BAKERY_SCRATCH_DIR"));
    assert_eq!(spaces(&scene), [""; 0]);
}

#[tokio::test]
async fn a_cancelled_call_leaves_no_program_and_no_space() {
    let scene = Scene::new();
    let script = "trap '' TERM; echo $$; setsid sleep 100 & sleep 100";
    let call = call(&scene.target, &ask(json!([])), vec![grant(&scene, script)], Some(MIB));
    let running = scene.target.runner.run(&call);
    let cancel = async {
        let said = || scene.house.events.all().iter().any(|event| matches!(event, Event::Line { .. }));
        while !said() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(spaces(&scene).len(), 1);
        scene.house.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(running, cancel);
    assert_eq!(outcome.unwrap_err().kind, FailureKind::Cancelled);
    scene.house.processes.settled().await;
    let gone = async {
        while !spaces(&scene).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone)
        .await
        .expect("the space goes when the program is gone");
}

#[tokio::test]
async fn a_program_sees_the_credentials_of_its_registries_and_of_no_others() {
    let scene = Scene::new();
    let host = scene.registry.host();
    let script = r#"stat -c %a "$DOCKER_CONFIG" "$DOCKER_CONFIG"/config.json; cat "$DOCKER_CONFIG"/config.json
case "$DOCKER_CONFIG" in "$PWD"/*) echo inside;; esac"#;
    let granted = grant(&scene, script)
        .environment(vec![("DOCKER_CONFIG".into(), "/elsewhere".into())])
        .credentials(["other.example".parse().unwrap(), host.parse().unwrap()]);
    for scratch in [None, Some(MIB)] {
        let told = words(&run(&scene, &ask(json!([])), granted.clone(), scratch).await.unwrap());
        assert_eq!(told[3..5], ["stdout 700", "stdout 600"]);
        // base64 of the name and the password that the tests use.
        let config = format!(r#"stdout {{"auths":{{"{host}":{{"auth":"YmFrZXI6bm90LWEtc2VjcmV0"}}}}}}"#);
        assert_eq!(told[5..], [config]);
        assert_eq!(spaces(&scene), [""; 0]);
    }
    let none = words(&run(&scene, &ask(json!([])), grant(&scene, "env"), Some(MIB)).await.unwrap());
    assert!(!none.iter().any(|line| line.contains("DOCKER_CONFIG")), "{none:?}");
    let told = format!("{:?}", scene.house.events.all());
    assert!(!told.contains(PASSWORD));
}
