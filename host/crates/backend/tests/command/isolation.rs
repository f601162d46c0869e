//! What a program finds: nothing that it was not given.

use std::{fs::File, os::unix::fs::symlink, path::Path};

use bakery_core::{
    policy::{
        CommandGrant,
        command_grant::{FlagRule, Subcommand, ValueKind},
    },
    port::{
        FailureKind,
        command::{Argument, Command, Network},
    },
};
use libtest_mimic::Trial;

use crate::{
    host,
    world::{child, child_with, environment, limits, mark, program, run, stdout, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_environment_is_what_was_granted", variables),
        trial("no_descriptor_is_inherited", descriptors),
        trial("a_program_leads_a_session_and_a_group_and_starts_in_its_scratch_space", session),
        trial("no_signal_is_blocked_or_ignored", signals),
        trial("a_scratch_path_that_leads_out_is_refused_when_it_is_used", links),
        trial("a_scratch_path_reaches_the_program_as_an_absolute_path", scratch),
        trial("words_stay_words", words),
        network_trial(),
    ]
}

async fn variables() {
    let mark = mark();
    assert_eq!(stdout(&run(&child(&mark, &["environment"])).await.unwrap()), "");
    let given = environment(&[("HOME", "/scratch"), ("ODD", "a b\n=c")]);
    let output = run(&child_with(&mark, &["environment"], |grant| grant.environment(given))).await.unwrap();
    assert_eq!(stdout(&output), "\"HOME\"=\"/scratch\"\n\"ODD\"=\"a b\\n=c\"\n");
}

async fn descriptors() {
    // As if whoever started bakery had left it open for everybody.
    let leaky = File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaky, rustix::io::FdFlags::empty()).unwrap();
    let mark = mark();
    let output = run(&child(&mark, &["descriptors"])).await.unwrap();
    assert_eq!(stdout(&output), "[0, 1, 2]\n");
    drop(leaky);
}

async fn session() {
    let mark = mark();
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(&child_with(&mark, &["who"], |grant| grant.scratch(folder.path()).unwrap())).await.unwrap();
    let expected = format!(
        "leads its group: true\nleads its session: true\nfolder: {}\norphan: false\nname: {}\nwords: []\n",
        folder.path().canonicalize().unwrap().display(),
        std::env::current_exe().unwrap().display()
    );
    assert_eq!(stdout(&output), expected);
    let output = run(&child(&mark, &["who"])).await.unwrap();
    assert!(stdout(&output).contains("folder: /\n"));
}

async fn signals() {
    // The C library keeps these two to itself: nobody can change them, and nobody sends them.
    const RESERVED: u64 = 1 << 31 | 1 << 32;
    let mark = mark();
    for report in [host::run_to_end("signals", &mark).await, host::run_deaf_to_end("signals", &mark).await] {
        for line in report.lines() {
            let mask = u64::from_str_radix(line.split_once(':').unwrap().1.trim(), 16).unwrap();
            assert_eq!(mask & !RESERVED, 0, "{report}");
        }
        assert_eq!(report.lines().count(), 2);
    }
}

/// Looks below a folder with a grant of `ls` and one positional path.
async fn list(folder: &Path, path: &str) -> Result<String, FailureKind> {
    let grant =
        CommandGrant::new("ls", "/bin/ls").unwrap().limits(limits()).scratch(folder).unwrap().subcommand(
            Subcommand::new("")
                .unwrap()
                .flag("-d", FlagRule::alone())
                .unwrap()
                .positional(ValueKind::Scratch)
                .terminator(),
        );
    let command = Command {
        program: "ls".into(),
        arguments: vec![Argument::Flag("-d".into()), Argument::Scratch(path.into())],
        stdin: None,
    };
    let outcome = run(&grant.check(&command).unwrap()).await;
    outcome.map(|output| stdout(&output)).map_err(|failure| failure.kind)
}

async fn links() {
    let top = tempfile::tempdir().unwrap();
    let scratch = top.path().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    symlink("/etc", scratch.join("etc")).unwrap();
    symlink("..", scratch.join("up")).unwrap();
    for path in ["etc", "etc/passwd", "up", "up/new"] {
        assert_eq!(list(&scratch, path).await, Err(FailureKind::Denied), "{path}");
    }
}

async fn scratch() {
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().canonicalize().unwrap();
    std::fs::create_dir(folder.join("-rf")).unwrap();
    for (path, expected) in [("-rf", folder.join("-rf")), (".", folder.clone())] {
        assert_eq!(list(&folder, path).await.unwrap(), format!("{}\n", expected.display()));
    }
}

async fn words() {
    let odd = ["", " ", "$(id)", "`id`", "a;b|c", "'\"", "*", "~", "\\", "é\u{1f980}", "--", "-x"];
    let mark = mark();
    let output = run(&child(&mark, &[&["who"], &odd[..]].concat())).await.unwrap();
    assert!(stdout(&output).contains(&format!("words: {odd:?}")), "{}", stdout(&output));
    let nul = run(&program(Path::new("/bin/echo"), &["a\0b"])).await.unwrap_err();
    assert_eq!((nul.kind, nul.message.contains("NUL")), (FailureKind::InvalidInput, true), "{nul}");
}

/// Where the system allows no namespace, there is nothing to see.
fn network_trial() -> Trial {
    let allowed = std::process::Command::new("unshare").args(["--net", "true"]).status();
    trial("without_the_network_there_is_no_way_out_of_the_machine", || async {
        let mark = mark();
        let closed = child_with(&mark, &["network"], |grant| grant.network(Network::Closed));
        let output = run(&closed).await.unwrap();
        assert!(output.network_closed);
        assert_eq!(stdout(&output), "[\"lo\"]\n");
        let output = run(&child(&mark, &["network"])).await.unwrap();
        assert!(!output.network_closed);
    })
    .with_ignored_flag(!allowed.is_ok_and(|status| status.success()))
}
