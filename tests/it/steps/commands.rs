//! Steps that run programs: what they may ask for, what a program gets, and what is told of it.

use std::time::Duration;

use bakery_core::port::{Event, FailureKind, command::CommandLimits};
use serde_json::{Value, json};

use super::{
    house::words,
    scene::Scene,
    workshop::{ask, call, grant, run, spaces},
};

/// What the step was told when it asked this of the script.
async fn told(scene: &Scene, options: &Value, script: &str, scratch: Option<u64>) -> Vec<String> {
    words(&run(scene, options, grant(scene, script), scratch).await.unwrap())
}

const TOUCH: &str = "touch /proc/self/cwd/ran 2>/dev/null; echo ran";

#[tokio::test]
async fn without_a_grant_a_call_is_denied_with_the_line_to_add() {
    let scene = Scene::new();
    for (program, hint) in [
        ("tool", "add `tool:` under `commands:`"),
        ("/bin/sh", "a program is asked for by the name of its grant, not by a path"),
        ("../tool", "a program is asked for by the name of its grant, not by a path"),
        ("", "a program is asked for by the name of its grant, not by a path"),
    ] {
        let options = json!({"deed": "run", "command": {"program": program, "arguments": []}});
        let told = scene.told(options.clone()).await;
        assert_eq!(
            told,
            [format!("failed FailureKind::Denied: `misbehaving-step` may not run `{program}`: {hint}")]
        );
        let outcome = words(&run(&scene, &options, grant(&scene, TOUCH), None).await.unwrap());
        assert_eq!(outcome[0].starts_with("exit 0"), program == "tool", "{program}: {outcome:?}");
    }
    assert_eq!(scene.house.events.denied().len(), 4 + 3);
    assert_eq!(spaces(&scene), [""; 0], "nothing was made that was not needed");
}

#[tokio::test]
async fn arguments_beyond_the_grammar_start_nothing() {
    let scene = Scene::new();
    let outside = scene.house.dir.path().join("secret");
    std::fs::write(&outside, "secret").unwrap();
    for arguments in [
        json!([{"flag": "--other"}]),
        json!([{"flag": "--flag=x"}]),
        json!([{"flag": "-"}]),
        json!([{"flag": "--flag"}, {"value": "--other"}]),
        json!([{"flag": "--flag"}, {"value": "@/etc/passwd"}]),
        json!([{"flag": "--flag"}, {"value": "a\nb"}]),
        json!([{"flag": "--flag"}, {"flag": "--flag"}]),
        json!([{"flag": "--flag"}, {"value": "a"}, {"flag": "--flag"}, {"value": "b"}]),
        json!([{"flag": "--flag"}]),
        json!([{"flag": "--file"}, {"value": "/etc/passwd"}]),
        json!([{"flag": "--file"}, {"scratch": "/etc/passwd"}]),
        json!([{"flag": "--file"}, {"scratch": "../secret"}]),
        json!([{"flag": "--file"}, {"scratch": "a/../../x"}]),
        json!([{"flag": "--file"}, {"scratch": ""}]),
        json!([{"value": "-x"}]),
        json!([{"scratch": "x"}]),
        json!(vec![json!({"value": "x"}); 513]),
    ] {
        let told = told(&scene, &ask(arguments.clone()), TOUCH, Some(1 << 20)).await;
        assert_eq!(told.len(), 1, "{arguments}: {told:?}");
        assert!(told[0].starts_with("failed FailureKind::Denied: "), "{arguments}: {told:?}");
    }
    let lines = scene.house.events.all().into_iter().filter(|event| matches!(event, Event::Line { .. }));
    assert_eq!(lines.count(), 0);
    scene.still_publishes().await;
}

#[tokio::test]
async fn a_path_that_a_link_leads_out_is_refused_when_it_is_used() {
    let scene = Scene::new();
    let script =
        r#"[ "$1" = make ] || exec cat "$2"; ln -s /etc out; ln -s .. up; ln -s here in; echo x > here"#;
    let command = |arguments: Value| json!({"program": "tool", "arguments": arguments});
    let read = |path: &str| command(json!([{"flag": "--file"}, {"scratch": path}]));
    let options = json!({"deed": "run-each", "commands": [
        command(json!([{"value": "make"}])), read("out/passwd"), read("up/bakery.lock"), read("in"),
    ]});
    let told = words(&run(&scene, &options, grant(&scene, script), Some(1 << 20)).await.unwrap());
    let failed: Vec<&String> = told.iter().filter(|line| line.starts_with("failed ")).collect();
    assert_eq!(failed.len(), 2, "{told:?}");
    assert!(
        failed.iter().all(|line| line.contains("FailureKind::Denied") && line.contains("no path inside")),
        "{told:?}"
    );
    assert_eq!(told.last().unwrap(), "stdout x", "a link that stays inside is followed");
}

#[tokio::test]
async fn a_program_gets_the_granted_environment_and_nothing_else() {
    let scene = Scene::new();
    let granted = vec![("GIVEN".into(), "value".into())];
    let grant = grant(&scene, "env | sort; pwd; cat").environment(granted);
    let mut options = ask(json!([]));
    options["command"]["stdin"] = "from the step".into();
    let told = words(&run(&scene, &options, grant, Some(1 << 20)).await.unwrap());
    let names: Vec<&str> = told
        .iter()
        .filter_map(|line| line.strip_prefix("stdout ")?.split_once('='))
        .map(|(name, _)| name)
        .collect();
    // The shell adds the last ones itself.
    assert!(names.iter().all(|name| ["GIVEN", "PWD", "OLDPWD", "SHLVL", "_"].contains(name)), "{names:?}");
    assert!(told.iter().any(|line| line == "stdout GIVEN=value"), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("stdout /") && line.ends_with("/space")), "{told:?}");
    assert!(told.iter().any(|line| line == "stdout from the step"), "{told:?}");
}

#[tokio::test]
async fn output_is_bounded_and_its_lines_are_told_while_it_runs() {
    let scene = Scene::new();
    let limits = CommandLimits { stdout_bytes: 100, ..CommandLimits::default() };
    let grant = grant(&scene, "seq 1 1000; echo last >&2").limits(limits);
    let told = words(&run(&scene, &ask(json!([])), grant, None).await.unwrap());
    assert_eq!(told[..3], ["exit 0", "cut true", "bytes 100"]);
    assert_eq!(told.last().unwrap(), "stderr last");
    let lines = scene.house.events.all().into_iter().filter(|event| matches!(event, Event::Line { .. }));
    assert_eq!(lines.count(), 1001);
}

#[tokio::test]
async fn a_failed_program_is_told_with_its_last_lines_and_cannot_be_talked_away() {
    let scene = Scene::new();
    let grant =
        grant(&scene, "echo progress; echo 'Error: unauthorized: authentication required' >&2; exit 1");
    let mut options = ask(json!([]));
    options["deed"] = "run-and-pass-on".into();
    let failure = run(&scene, &options, grant, None).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{failure}");
    let program = failure.program.expect("the last lines come with it");
    assert_eq!(program.last_lines, ["Error: unauthorized: authentication required"]);
}

#[tokio::test]
async fn a_program_that_takes_longer_than_the_step_has_is_ended_and_its_lines_are_kept() {
    let scene = Scene::new();
    let mut options = ask(json!([]));
    options["deed"] = "run-and-pass-on".into();
    let script = "echo 'now it hangs' >&2; trap '' TERM; sleep 100";
    let mut call = call(&scene.target, &options, vec![grant(&scene, script)], Some(1 << 20));
    call.limit = Duration::from_secs(4);
    let failure = scene.target.runner.run(&call).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure}");
    assert_eq!(failure.program.unwrap().last_lines, ["now it hangs"]);
    assert_eq!(spaces(&scene), [""; 0]);
}
