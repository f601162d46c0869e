//! The deeds. Those that call the host tell every answer in the outcome: `ok DIGEST`, or `failed CLASS: SENTENCE`.
#![expect(clippy::panic, clippy::unwrap_used, reason = "this guest exists to misbehave")]

use std::hint::black_box;

use bakery_sdk::{
    Failure, FailureKind, Registry,
    failure::failure,
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
