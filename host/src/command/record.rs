//! What a run learned, told and written: what was pinned, what every source answered, what was skipped.

use std::sync::Arc;

use bakery_backend::files;
use bakery_core::{
    plan::{Ask, Builds, Skipped, Unresolved},
    port::{Event, EventSink as _, SourceError},
};
use serde_json::{Value, json};

use super::{
    Failed,
    failed::exit_of,
    project::Project,
    resolve::{Prepared, Resolved},
};
use crate::report::{Exit, Talker};

/// Tells what was answered and what was skipped, writes the record, and says how the run ends.
/// Without `--keep-going` anything that was skipped ends it here.
pub(super) fn conclude(
    prepared: &Prepared,
    project: &Project,
    resolved: &Resolved,
    builds: &Builds<'_>,
    talker: &Arc<Talker>,
) -> Result<Exit, Failed> {
    let skipped = &builds.skipped;
    let answers = answers(project, resolved);
    for answer in &answers {
        talker.emit(answer.event());
    }
    for warning in &builds.warnings {
        talker.warning(warning);
    }
    for one in skipped {
        talker.error(&one.to_string(), one.reason.hint().as_deref());
    }
    if let Some(file) = &prepared.options().record {
        let mut text =
            serde_json::to_string_pretty(&document(prepared, project, resolved, &answers, skipped))
                .map_err(|error| Failed::because(format!("cannot write the record: {error}")))?;
        text.push('\n');
        files::write_atomic(file, text.as_bytes())
            .map_err(|error| Failed::because(format!("cannot write `{}`: {error}", file.display())))?;
    }
    let Some(exit) = skipped.iter().map(|one| exit_code(&one.reason)).reduce(Exit::worse) else {
        return Ok(Exit::Done);
    };
    if prepared.options().keep_going {
        return Ok(Exit::Incomplete);
    }
    talker.note("nothing is printed, because an answer that lacks versions is worse than none; --keep-going prints the rest");
    Err(Failed::Told(exit))
}

/// One answered development version.
struct Answer {
    image: String,
    product: String,
    channel: Option<String>,
    version: String,
    pinned: bool,
    origin: Option<String>,
    details: Value,
}

impl Answer {
    fn event(&self) -> Event {
        Event::Resolved {
            image: self.image.clone(),
            product: self.product.clone(),
            channel: self.channel.clone(),
            version: self.version.clone(),
            pinned: self.pinned,
            origin: self.origin.clone(),
        }
    }
}

fn answers(project: &Project, resolved: &Resolved) -> Vec<Answer> {
    let mut answers = Vec::new();
    for question in &resolved.questions.devs {
        let Some((image, dev)) = question.at.get(&project.config) else { continue };
        let pinned = question.pin.as_ref().and_then(|pin| pin.version.as_ref()).map(ToString::to_string);
        let (version, origin, details) = match &question.ask {
            Ask::Source(at) => {
                let query = &resolved.questions.sources[*at];
                let Some(Ok(answer)) = resolved.facts.source(query) else { continue };
                let Some(version) = answer.artifacts.iter().flatten().next().map(|a| a.version.clone())
                else {
                    continue;
                };
                let artifacts: Vec<Value> = query
                    .targets
                    .iter()
                    .zip(&answer.artifacts)
                    .map(|(target, answer)| {
                        let name = format!("{} {}", target.os.name, target.os.version).trim().to_owned();
                        match answer {
                            Ok(artifact) => json!({
                                "os": name,
                                "platform": target.platform.as_str(),
                                "url": artifact.url,
                                "digest": artifact.digest.as_ref().map(ToString::to_string),
                                "size": artifact.size,
                            }),
                            Err(error) => json!({ "os": name, "platform": target.platform.as_str(), "error": error.to_string() }),
                        }
                    })
                    .collect();
                let details = json!({
                    "component": query.component.to_string(),
                    "head": answer.head,
                    "published": answer.published,
                    "attempts": answer.attempts,
                    "waited_seconds": answer.waited.as_secs_f64(),
                    "artifacts": artifacts,
                });
                (version, answer.origin.clone(), details)
            }
            Ask::List(at) => {
                let Some(Ok(list)) = resolved.facts.list(&resolved.questions.lists[*at]) else { continue };
                let Some(version) = list.first() else { continue };
                (version.clone(), None, json!({}))
            }
            Ask::Pin => {
                let Some(version) = pinned.clone() else { continue };
                (version, None, json!({}))
            }
            Ask::Unserved(_) | Ask::NoOs => continue,
        };
        answers.push(Answer {
            image: image.name.clone(),
            product: dev.source.product().to_owned(),
            channel: dev.source.channel().map(|channel| channel.to_string()),
            version,
            pinned: pinned.is_some(),
            origin,
            details,
        });
    }
    answers
}

fn document(
    prepared: &Prepared,
    project: &Project,
    resolved: &Resolved,
    answers: &[Answer],
    skipped: &[Skipped],
) -> Value {
    let pins: Vec<Value> = resolved
        .pins
        .iter()
        .filter_map(|pin| {
            let (image, dev) = pin.at.get(&project.config)?;
            Some(json!({
                "image": image.name,
                "product": dev.source.product(),
                "channel": dev.source.channel().map(|channel| channel.as_str()),
                "version": pin.version.as_ref().map(ToString::to_string),
                "release_branch": pin.branch,
            }))
        })
        .collect();
    let resolutions: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let mut row = json!({
                "image": answer.image,
                "product": answer.product,
                "channel": answer.channel,
                "version": answer.version,
                "pinned": answer.pinned,
                "origin": answer.origin,
            });
            if let (Value::Object(row), Value::Object(details)) = (&mut row, &answer.details) {
                row.extend(details.clone());
            }
            row
        })
        .collect();
    let skipped: Vec<Value> = skipped
        .iter()
        .map(|one| json!({ "name": one.name, "code": one.reason.code(), "reason": one.reason.to_string() }))
        .collect();
    json!({
        "schema": 1,
        "bakery": env!("CARGO_PKG_VERSION"),
        "dispatch": prepared.options().payload.as_ref().map(|payload| json!({
            "payload": payload,
            "from": prepared.options().payload_from,
            "pins": pins,
        })),
        "resolutions": resolutions,
        "skipped": skipped,
    })
}

/// How a run ends where this is not known.
pub(super) fn exit_code(reason: &Unresolved) -> Exit {
    match reason {
        Unresolved::Source(SourceError::Mismatch { .. } | SourceError::Torn { .. }) => Exit::Mismatch,
        Unresolved::Source(SourceError::Failed(failure))
        | Unresolved::List { error: SourceError::Failed(failure), .. } => exit_of(failure),
        _ => Exit::Failed,
    }
}
