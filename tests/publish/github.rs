//! On GitHub: groups, one annotation for each failure, the summary of the job, and no way for a registry to write
//! workflow commands or terminal sequences into any of them.

use bakery_fault_registry::{Action, Answer, Operation, Script, When};
use bakery_tests::{Finished, publish::Scenario};

use crate::world::World;

/// What a registry says that wants to be more than a registry.
const HOSTILE: &str = "no\n::error::pwned\r\n::add-mask::all\n##[error]pwned\n##vso[task.complete]\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{202e}|`</details><script>";

fn on_github(world: &World) -> (Finished, String) {
    let file = world.job.path().join("summary.md");
    std::fs::write(&file, "from an earlier step\n").unwrap();
    let done = world.job.command().env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &file).run();
    (done, std::fs::read_to_string(&file).unwrap())
}

/// Every line that GitHub takes as a command: its name.
fn commands(stderr: &str) -> Vec<String> {
    let lines = stderr.lines().map(str::trim_start).filter(|line| line.starts_with("::"));
    lines.map(|line| line[2..].split([' ', ':']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn each_target_is_a_group_and_the_summary_is_appended_to_the_job_s() {
    let world = World::new(Scenario::new().versions(2), Script::new());
    let (done, summary) = on_github(&world);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let groups = |word: &str| commands(&done.stderr).iter().filter(|name| *name == word).count();
    assert!(groups("group") >= 2, "{}", done.stderr);
    assert_eq!(groups("group"), groups("endgroup"), "{}", done.stderr);
    assert!(summary.starts_with("from an earlier step\n"), "{summary}");
    for target in &world.built.targets {
        assert!(done.stderr.lines().any(|line| line.starts_with("::group::") && line.contains(&target.uid)));
        assert!(summary.contains(&target.uid), "{summary}");
        let digest = world.state().index("images/app", &target.version).unwrap().to_owned();
        assert!(summary.contains(&digest), "{summary}");
    }
    assert!(!done.stderr.contains("::error"), "{}", done.stderr);
}

#[test]
fn each_failure_is_one_annotation() {
    let built = Scenario::new().versions(2).build();
    let world = World::of(&built, Script::new());
    let path = format!("/v2/images/app/manifests/{}", built.targets[0].source("linux/amd64"));
    world.registry.add_rule(When::on(Operation::PutManifest).path(&path).then(Action::answer(Answer::code(
        400,
        "MANIFEST_INVALID",
        "no",
    ))));
    let (done, summary) = on_github(&world);
    assert_ne!(done.code, 0);
    let errors: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(errors.len(), 1, "{}", done.stderr);
    assert!(
        errors[0].contains(&built.targets[0].uid) && errors[0].contains("MANIFEST_INVALID"),
        "{errors:?}"
    );
    assert!(summary.contains("MANIFEST_INVALID"), "{summary}");
}

#[test]
fn text_of_a_registry_is_neither_a_command_nor_a_terminal_sequence_nor_markup() {
    for operation in
        [Operation::GetManifest, Operation::PutManifest, Operation::Mount, Operation::HeadManifest]
    {
        let world = World::new(Scenario::new(), Script::new());
        let answer =
            Answer::code(400, "::error::CODE", HOSTILE).header("warning", "299 - \"::error::pwned\"");
        world.registry.add_rule(When::on(operation).then(Action::answer(answer)));
        let (done, summary) = on_github(&world);
        for text in [&done.stderr, &summary, &done.stdout] {
            let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            assert_eq!(bad, None, "{operation:?}: {text:?}");
            assert!(!text.contains("##["), "{operation:?}: {text}");
            assert!(!text.contains("##vso"), "{operation:?}: {text}");
        }
        for name in commands(&done.stderr) {
            assert!(
                ["group", "endgroup", "error", "warning"].contains(&name.as_str()),
                "{operation:?}: {}",
                done.stderr
            );
        }
        let invented = done.stderr.lines().filter(|line| line.starts_with("::error::")).count();
        assert_eq!(invented, 0, "{operation:?}: {}", done.stderr);
        // In Markdown it stands in code spans, where no markup is read.
        assert!(
            !summary.contains("</details><script>") || code_spans(&summary).contains("<script>"),
            "{summary}"
        );
    }
}

/// All text of a Markdown document that stands between backquotes.
fn code_spans(markdown: &str) -> String {
    let mut spans = String::new();
    for line in markdown.lines() {
        let fence = "`".repeat(longest_run(line));
        if !fence.is_empty() {
            spans.extend(line.split(&fence).skip(1).step_by(2));
        }
    }
    spans
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[test]
fn elsewhere_there_are_plain_lines_without_commands() {
    let world = World::new(Scenario::new(), Script::new());
    let done = world.published();
    assert_eq!(commands(&done.stderr), [""; 0], "{}", done.stderr);
    assert!(!done.stderr.contains('\u{1b}'), "no terminal, no colour: {}", done.stderr);
    assert_eq!(done.stdout, "", "standard output is for data that was asked for");
}

#[test]
fn quiet_is_quiet_and_failures_are_told_all_the_same() {
    let world = World::new(Scenario::new(), Script::new());
    let done = world.job.command().args(["-q"]).run();
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    world.registry.move_tag("images/app", "latest", Some(world.built.targets[0].source("linux/amd64")));
    world.registry.add_rule(When::on(Operation::PutManifest).then(Action::status(405)));
    let done = world.job.command().args(["-q"]).run();
    assert_ne!(done.code, 0);
    assert_eq!(world.each_failure_is_told_once(&done), 1);
}
