//! What became of a run, as JSON for programs. `docs/reference/result-json.md` is its description. Writes no file.

use std::time::Duration;

use bakery_core::{model::Tag, plan::publish::PublishTarget, port::Failure};
use bakery_run::publish::{DestinationReport, Status, TargetReport};
use serde_json::{Value, json};

use super::Closing;
use crate::report::Exit;

/// The version of the document's shape. A key that is added does not change it.
const SCHEMA: u32 = 1;

/// The document of a run that began.
pub(super) fn document(closing: &Closing<'_>, exit: Exit) -> Value {
    let published = closing.published;
    let targets: Vec<Value> = closing
        .plan
        .targets
        .iter()
        .zip(&published.targets)
        .map(|(target, report)| one(target, report))
        .collect();
    let mut document = head(closing.dry_run, exit);
    document["elapsed_ms"] = millis(closing.elapsed);
    document["totals"] = totals(closing);
    document["targets"] = targets.into();
    document
}

/// The document of a run that ended before any target began.
pub(crate) fn refused(dry_run: bool, exit: Exit, reasons: &[(String, Option<String>)]) -> Value {
    let reasons: Vec<Value> =
        reasons.iter().map(|(message, hint)| json!({ "message": message, "hint": hint })).collect();
    let mut document = head(dry_run, exit);
    document["refused"] = reasons.into();
    document
}

fn head(dry_run: bool, exit: Exit) -> Value {
    json!({
        "schema": SCHEMA,
        "bakery": env!("CARGO_PKG_VERSION"),
        "dry_run": dry_run,
        "exit_code": exit.code(),
        "outcome": exit.name(),
        "refused": [],
        "elapsed_ms": 0,
        "totals": {},
        "targets": [],
    })
}

fn totals(closing: &Closing<'_>) -> Value {
    let published = closing.published;
    let (counts, traffic) = (published.counts(), published.traffic());
    let destinations = || published.targets.iter().flat_map(|target| &target.destinations);
    let tags = |of: fn(&DestinationReport) -> usize| destinations().map(of).sum::<usize>();
    json!({
        "targets": published.targets.len(),
        "published": counts.published,
        "unchanged": counts.unchanged,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "tags_written": tags(|one| one.written.len()),
        "tags_kept": tags(|one| one.kept.len()),
        "tags_missing": tags(|one| one.missing.len()),
        "tags_verified": tags(|one| one.verified.len()),
        "retries": published.targets.iter().map(|target| u64::from(target.retries)).sum::<u64>(),
        "requests": traffic.requests,
        "bytes_sent": traffic.sent,
        "bytes_received": traffic.received,
    })
}

fn one(target: &PublishTarget, report: &TargetReport) -> Value {
    let identity = &target.identity;
    let (status, step) = match &report.status {
        Status::Published => ("published", None),
        Status::Unchanged => ("unchanged", None),
        Status::Failed { step, .. } => ("failed", Some(*step)),
        Status::Cancelled { step } => ("cancelled", Some(*step)),
    };
    let platforms: Vec<Value> = target
        .sources
        .iter()
        .zip(&target.files)
        .map(|(source, file)| {
            json!({
                "platform": source.platform.as_str(),
                "digest": source.reference.digest().map(ToString::to_string),
                "source": source.reference.to_string(),
                "file": file,
            })
        })
        .collect();
    let waits: Vec<Value> = report
        .waits
        .iter()
        .map(|wait| {
            json!({ "subject": wait.subject, "waited_ms": millis(wait.waited), "arrived": wait.arrived })
        })
        .collect();
    let effects: Vec<Value> = report
        .effects
        .iter()
        .map(|effect| json!({ "verb": effect.verb, "subject": effect.subject, "detail": effect.detail }))
        .collect();
    let mut failures = report.failures().map(failure);
    json!({
        "uid": report.uid,
        "image": identity.image,
        "version": identity.version,
        "variant": identity.variant,
        "os": identity.os,
        "channel": identity.channel.map(|channel| channel.as_str()),
        "status": status,
        "step": step,
        "index": report.index.as_ref().map(ToString::to_string),
        "platforms": platforms,
        "layers": report.measured.map(|measured| measured.layers),
        "size_bytes": report.measured.map(|measured| measured.bytes),
        "temp_index": target.temp_index.to_string(),
        "temp_index_written": target.staged,
        "destinations": report.destinations.iter().map(destination).collect::<Vec<_>>(),
        "waits": waits,
        "effects": effects,
        "retries": report.retries,
        "requests": report.traffic.requests,
        "bytes_sent": report.traffic.sent,
        "bytes_received": report.traffic.received,
        "elapsed_ms": millis(report.elapsed),
        "failure": failures.next(),
        "further_failures": failures.collect::<Vec<_>>(),
    })
}

fn destination(one: &DestinationReport) -> Value {
    let tags = |tags: &[Tag]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "repository": one.repository.to_string(),
        "written": tags(&one.written),
        "kept": tags(&one.kept),
        "missing": tags(&one.missing),
        "verified": tags(&one.verified),
    })
}

fn failure(failure: &Failure) -> Value {
    json!({
        "kind": failure.kind.as_str(),
        "message": failure.message,
        "subject": failure.subject,
        "hint": failure.hint,
        "attempts": failure.attempts,
        "status": failure.registry.as_ref().and_then(|fault| fault.status),
        "code": failure.registry.as_ref().and_then(|fault| fault.code.clone()),
        "last_lines": failure.program.as_ref().map(|program| program.last_lines.clone()),
    })
}

fn millis(duration: Duration) -> Value {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::publish::sample;

    fn sample_document() -> Value {
        let (plan, published) = sample::run();
        let closing = Closing {
            plan: &plan,
            published: &published,
            dry_run: false,
            elapsed: Duration::from_millis(1500),
            command: "bakery",
            signal: None,
        };
        document(&closing, Exit::Denied)
    }

    /// What the documentation shows is what is written.
    #[test]
    fn a_program_reads_what_became_of_every_target() {
        let mut document = sample_document();
        let targets = document["targets"].as_array_mut().unwrap();
        let statuses: Vec<&str> = targets.iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["published", "unchanged", "failed", "cancelled"]);
        targets.truncate(1);
        let page = include_str!("../../../../docs/reference/result-json.md");
        let example = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let example: Value = serde_json::from_str(example).unwrap();
        assert_eq!(document, example, "{document:#}");
    }

    #[test]
    fn a_failure_keeps_its_own_words() {
        let failed = &sample_document()["targets"][2];
        assert_eq!(failed["failure"]["message"], sample::HOSTILE);
        assert_eq!((&failed["step"], &failed["failure"]["kind"]), (&json!("index-place"), &json!("denied")));
        assert_eq!(failed["destinations"][0]["missing"], json!(["1.2.0", "latest"]));
    }

    #[test]
    fn a_run_that_never_began_has_the_same_keys() {
        let refused = refused(true, Exit::Failed, &[("no file".to_owned(), Some("name one".to_owned()))]);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&refused), keys(&sample_document()));
        assert_eq!(refused["refused"], json!([{ "message": "no file", "hint": "name one" }]));
    }
}
