//! The deeds. Those that call the host tell every answer in the outcome: `ok DIGEST`, or `failed CLASS: SENTENCE`.
#![expect(clippy::panic, clippy::unwrap_used, reason = "this guest exists to misbehave")]

use std::hint::black_box;

use bakery_sdk::{
    Failure, FailureKind, Registry,
    failure::failure,
    host::{
        command_runner::{self, Argument, Command, Output},
        image_layout,
        progress::{Level, log},
    },
    registry::Descriptor,
    step::{Outcome, Task},
};
use serde_json::Value;

/// Does what the options say: `deed`, and what it needs.
///
/// # Errors
/// Where the deed is to fail.
///
/// # Panics
/// Some deeds do; so does a deed that is not known.
pub fn carry_out(registry: &impl Registry, task: &Task) -> Result<Outcome, Failure> {
    let options: Value = serde_json::from_str(&task.options).unwrap();
    let text = |key: &str| options[key].as_str().unwrap_or_default().to_owned();
    let number = || options["number"].as_u64().unwrap_or_default() as usize;
    let list = |key: &str| -> Vec<String> {
        let entries = options[key].as_array().into_iter().flatten();
        entries.map(|entry| entry.as_str().unwrap_or_default().to_owned()).collect()
    };
    let references = list("references");
    match text("deed").as_str() {
        "resolve" => tell(registry.resolve(&references)),
        "await-readable" => tell(bare(registry.await_readable(&references))),
        "await-digest" => tell(registry.await_digest(&references, &text("digest"))),
        "get-manifest" => tell(bare(registry.get_manifest(&references))),
        "copy" => tell(
            registry
                .copy(&references, &text("repository"))
                .into_iter()
                .map(|answer| answer.map(|copied| copied.descriptor)),
        ),
        "push" => tell([registry.push(&text("repository"), &text("digest"), &list("tags"))]),
        "run" => tell_run(command_runner::run(&command(&options["command"]))),
        "run-each" => {
            let commands = options["commands"].as_array().into_iter().flatten();
            let mut attributes = Vec::new();
            for described in commands {
                attributes.extend(tell_run(command_runner::run(&command(described)))?.attributes);
            }
            Ok(Outcome { digest: None, attributes })
        }
        "run-and-pass-on" => match command_runner::run(&command(&options["command"])) {
            Ok(output) => tell_run(Ok(output)),
            Err(failure) => Err(failure),
        },
        "export" => tell([image_layout::export_image(&references[0], &text("path"))]),
        "import" => {
            let copied = image_layout::import_image(&text("path"), &text("repository"));
            tell([copied.map(|copied| copied.descriptor)])
        }
        "round-trip" => {
            let steps = [
                image_layout::export_image(&references[0], "src"),
                command_runner::run(&command(&options["command"]))
                    .map(|_| Descriptor { digest: "the program".to_owned(), ..nothing() }),
                image_layout::import_image("out", &text("repository")).map(|copied| Descriptor {
                    digest: format!(
                        "{} mounted {} sent {}",
                        copied.descriptor.digest, copied.blobs_mounted, copied.blobs_uploaded
                    ),
                    ..nothing()
                }),
            ];
            tell(steps)
        }
        "hold" => tell([registry.hold(&text("media-type"), &vec![b' '; number()])]),
        "flood" => tell(registry.resolve(&vec![references[0].clone(); number()])),
        "repeat" => tell((0..number()).flat_map(|_| registry.resolve(&references)).collect::<Vec<_>>()),
        "pass-on" => Err(first_failure(registry, &references)),
        "lie" => Err(Failure {
            kind: FailureKind::Unavailable,
            message: "it will be better next time".to_owned(),
            attempts: 0,
            ..first_failure(registry, &references)
        }),
        "claim" => Err(failure(FailureKind::RateLimited, &references[0], "try again")),
        "cancel" => Err(failure(FailureKind::Cancelled, "the run", "stop everything")),
        "outcome" => Ok(Outcome {
            digest: options["digest"].as_str().map(str::to_owned),
            attributes: vec![(text("key"), text("value")); number()],
        }),
        "ignore" => {
            registry.await_readable(&references);
            spin()
        }
        "log" => {
            log(Level::Info, &text("value"));
            tell([])
        }
        "spin" => spin(),
        "panic" => panic!("no such deed"),
        "recurse" => tell([Err(failure(FailureKind::Internal, &recurse(0).to_string(), ""))]),
        other => panic!("the deed `{other}` is not known"),
    }
}

fn bare(
    answers: Vec<Result<bakery_sdk::registry::Manifest, Failure>>,
) -> impl Iterator<Item = Result<Descriptor, Failure>> {
    answers.into_iter().map(|answer| answer.map(|manifest| manifest.descriptor))
}

fn tell(answers: impl IntoIterator<Item = Result<Descriptor, Failure>>) -> Result<Outcome, Failure> {
    let attribute = |answer| match answer {
        Ok(Descriptor { digest, .. }) => ("ok".to_owned(), digest),
        Err(Failure { kind, message, .. }) => ("failed".to_owned(), format!("{kind:?}: {message}")),
    };
    Ok(Outcome { digest: None, attributes: answers.into_iter().map(attribute).collect() })
}

/// `{"program": …, "arguments": [{"flag": …}, {"value": …}, {"scratch": …}], "stdin": …}`.
fn command(described: &Value) -> Command {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let argument = |argument: &Value| match argument.as_object().and_then(|one| one.iter().next()) {
        Some((kind, value)) if kind == "flag" => Argument::Flag(text(value)),
        Some((kind, value)) if kind == "scratch" => Argument::Scratch(text(value)),
        Some((_, value)) => Argument::Value(text(value)),
        None => Argument::Value(text(argument)),
    };
    Command {
        program: text(&described["program"]),
        arguments: described["arguments"].as_array().into_iter().flatten().map(argument).collect(),
        stdin: described["stdin"].as_str().map(|text| text.as_bytes().to_vec()),
    }
}

/// `exit`, `cut`, and each line of both streams.
fn tell_run(ran: Result<Output, Failure>) -> Result<Outcome, Failure> {
    let output = match ran {
        Ok(output) => output,
        Err(failure) => return tell([Err(failure)]),
    };
    let mut attributes = vec![
        ("exit".to_owned(), output.exit_code.to_string()),
        ("cut".to_owned(), output.truncated.to_string()),
        ("bytes".to_owned(), output.stdout.len().to_string()),
    ];
    for (key, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        attributes
            .extend(text.lines().take(40).map(|line| (key.to_owned(), line.chars().take(200).collect())));
    }
    Ok(Outcome { digest: None, attributes })
}

fn nothing() -> Descriptor {
    Descriptor {
        media_type: String::new(),
        digest: String::new(),
        size: 0,
        platform: None,
        artifact_type: None,
        annotations: Vec::new(),
    }
}

fn first_failure(registry: &impl Registry, references: &[String]) -> Failure {
    registry.resolve(references).into_iter().find_map(Result::err).unwrap()
}

fn spin() -> ! {
    loop {
        black_box(());
    }
}

fn recurse(depth: u32) -> u32 {
    let frame = black_box([depth; 64]);
    if depth == u32::MAX { 0 } else { recurse(black_box(depth + 1)) + frame[black_box(3)] }
}
