//! Programs that cannot start, or are not the ones that were granted.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use bakery_backend::command::{ProcessOptions, Processes, fingerprint};
use bakery_core::{
    policy::CommandGrant,
    port::{
        Failure, FailureKind,
        command::{CommandOutput, Commands as _, Ended},
    },
};
use libtest_mimic::Trial;

use crate::world::{copy_program, limits, permit, program, run, stdout, trial, write_program};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_program_that_cannot_start_says_why", refusals),
        trial("what_is_no_program_is_not_handed_to_a_shell", no_shell),
        trial("a_file_that_is_being_written_may_be_startable_later", busy),
        trial("arguments_that_are_too_long_for_the_system_say_so", too_long),
        trial("only_the_granted_file_starts", pinned),
        trial("a_granted_script_starts_too", script),
        trial("a_scratch_space_that_is_gone_says_so", no_folder),
        trial("without_a_supervisor_nothing_starts", no_supervisor),
    ]
}

async fn failure(path: &Path) -> Failure {
    run(&program(path, &[])).await.unwrap_err()
}

async fn refusals() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("plain"), "x").unwrap();
    write_program(&at("orphan"), "#!/nowhere/interpreter\n");
    for (path, words) in [
        (at("absent"), "does not exist"),
        (at("plain/below"), "does not exist"),
        (at("plain"), "may not be executed"),
        (folder.path().to_owned(), "may not be executed"),
        (at("orphan"), "the interpreter that it names does not exist"),
    ] {
        let failure = failure(&path).await;
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{failure}");
        assert!(failure.message.contains(words), "{failure}");
        assert_eq!(failure.subject, "program");
    }
}

async fn no_shell() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("ran");
    let script = folder.path().join("script");
    write_program(&script, &format!("touch {}\n", mark.display()));
    let failure = failure(&script).await;
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("is not a program for this machine"), "{failure}");
    assert!(!mark.exists());
}

async fn busy() {
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_program("/bin/true", &folder.path().join("copy"));
    let writer = File::options().append(true).open(&copy).unwrap();
    let failure = failure(&copy).await;
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.message.contains("open for writing"), "{failure}");
    drop(writer);
}

async fn too_long() {
    let long = "x".repeat(200 << 10);
    let failure = run(&program(Path::new("/bin/echo"), &[&long])).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("too long"), "{failure}");
}

async fn run_pinned(path: &Path, pin: &Path) -> Result<CommandOutput, Failure> {
    let grant = CommandGrant::new("pinned", path).unwrap().limits(limits()).pinned(fingerprint(pin).unwrap());
    run(&grant.own(vec!["hello".into()], None)).await
}

async fn pinned() {
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_program("/bin/echo", &folder.path().join("copy"));
    let original = Path::new("/bin/echo");
    let output = run_pinned(&copy, original).await.unwrap();
    assert_eq!((output.ended, stdout(&output)), (Ended::Code(0), "hello\n".to_owned()));
    copy_program("/bin/false", &copy);
    let failure = run_pinned(&copy, original).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.message.contains("is not the program that was granted"), "{failure}");
    assert!(failure.message.contains(fingerprint(&copy).unwrap().as_str()), "{failure}");
    fs::remove_file(&copy).unwrap();
    let failure = run_pinned(&copy, original).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    let mode = fs::Permissions::from_mode(0o644);
    copy_program("/bin/echo", &copy);
    fs::set_permissions(&copy, mode).unwrap();
    let failure = run_pinned(&copy, original).await.unwrap_err();
    assert!(failure.message.contains("may not be executed"), "{failure}");
}

async fn script() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    write_program(&script, "#!/bin/sh\necho \"$0 $1\"\n");
    let output = run_pinned(&script, &script).await.unwrap();
    assert_eq!(stdout(&output), format!("{} hello\n", script.display()));
}

async fn no_folder() {
    let grant = CommandGrant::new("true", "/bin/true").unwrap().scratch("/nowhere/at/all").unwrap();
    let failure = run(&grant.own(Vec::new(), None)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Internal);
    assert!(failure.message.contains("cannot be started in `/nowhere/at/all`"), "{failure}");
}

async fn no_supervisor() {
    let invocation = program(Path::new("/bin/true"), &[]);
    for (words, expected) in [
        (vec![], "the supervisor of `program` cannot be started"),
        (vec!["/nowhere/supervisor".into()], "the supervisor of `program` cannot be started"),
        (vec!["/bin/true".into()], "`program` lost its supervisor"),
    ] {
        let processes = Processes::new(ProcessOptions::new(words));
        let failure = processes.run(permit().await, &invocation, None).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Internal);
        assert!(failure.message.starts_with(expected), "{failure}");
    }
}
