//! A run for the tests of the reports: one target that went well, one that was right before, one that failed, one that
//! was stopped; with texts from outside that would like to be more than text.

use std::time::Duration;

use bakery_core::{
    model::{Channel, Digest, Platform, Tag},
    plan::{
        Identity,
        publish::{PublishPlan, PublishTarget, TargetDestination},
    },
    port::{Failure, FailureKind, Measured, StepSource, registry::Traffic},
};
use bakery_run::publish::{DestinationReport, Effect, Published, Status, TargetReport, Wait};

/// A message that tries everything.
pub(super) const HOSTILE: &str = "`denied`\n::error::owned\n| <b>x</b> | @team \u{1b}[2J";

/// The plan and what became of it.
pub(super) fn run() -> (PublishPlan, Published) {
    let statuses = [
        Status::Published,
        Status::Unchanged,
        Status::Failed {
            step: "index-place",
            failure: Failure::new(FailureKind::Denied, "r.example/app", HOSTILE).with_hint("ask for `write`"),
        },
        Status::Cancelled { step: "index-tag" },
    ];
    let plan = PublishPlan { targets: (0..statuses.len()).map(target).collect(), ..PublishPlan::default() };
    let targets = plan.targets.iter().zip(statuses).map(|(target, status)| report(target, status));
    let published = Published { targets: targets.collect() };
    (plan, published)
}

fn target(number: usize) -> PublishTarget {
    let identity = Identity {
        image: "app".to_owned(),
        version: format!("1.{number}.0"),
        variant: Some("Standard".to_owned()),
        os: Some("Ubuntu 24.04".to_owned()),
        channel: (number == 3).then_some(Channel::Daily),
    };
    let uid = identity.uid();
    let source = |platform: &str| StepSource {
        reference: format!("r.example/tmp/app/tmp@{}", digest(platform)).parse().unwrap(),
        platform: platform.parse::<Platform>().unwrap(),
    };
    PublishTarget {
        sources: vec![source("linux/arm64"), source("linux/amd64")],
        files: vec!["arm64.json".to_owned(), "amd64.json".to_owned()],
        temp_index: format!("r.example/tmp/app/tmp:{uid}0123456789").parse().unwrap(),
        staged: false,
        soci: None,
        destinations: vec![TargetDestination {
            repository: "r.example/app".parse().unwrap(),
            immutable: vec![tag(&format!("1.{number}.0"))],
            floating: vec![tag("latest")],
        }],
        annotations: Vec::new(),
        uid,
        identity,
    }
}

fn report(target: &PublishTarget, status: Status) -> TargetReport {
    let tags: Vec<Tag> = target.destinations[0].tags().cloned().collect();
    let (written, kept, missing) = match status {
        Status::Published => (tags.clone(), Vec::new(), Vec::new()),
        Status::Unchanged => (Vec::new(), tags.clone(), Vec::new()),
        Status::Failed { .. } => (Vec::new(), Vec::new(), tags.clone()),
        Status::Cancelled { .. } => (tags[..1].to_vec(), Vec::new(), tags[1..].to_vec()),
    };
    let good = matches!(status, Status::Published | Status::Unchanged);
    let effect = |verb, subject: &str, detail: &str| Effect {
        verb,
        subject: format!("r.example/app{subject}"),
        detail: detail.to_owned(),
    };
    let from = "from `r.example/tmp/app/tmp`";
    let waited = matches!(status, Status::Published);
    TargetReport {
        uid: target.uid.clone(),
        index: (!matches!(status, Status::Failed { .. })).then(|| digest(&target.uid)),
        destinations: vec![DestinationReport {
            repository: target.destinations[0].repository.clone(),
            verified: if good { tags } else { Vec::new() },
            written,
            kept,
            missing,
        }],
        further: Vec::new(),
        waits: waited
            .then(|| Wait {
                subject: target.sources[0].reference.to_string(),
                waited: Duration::from_millis(4200),
                arrived: true,
            })
            .into_iter()
            .collect(),
        retries: u32::from(waited),
        effects: if waited {
            vec![
                effect("mount", "@sha256:11", from),
                effect("mount", "@sha256:22", from),
                effect("upload", "@sha256:33", "64 bytes"),
                effect("tag", ":1.0.0", "at the index"),
            ]
        } else {
            Vec::new()
        },
        traffic: Traffic { requests: 37, sent: 3149, received: 812 },
        measured: good.then_some(Measured { layers: 11, bytes: 1500 }),
        elapsed: Duration::from_millis(500),
        status,
    }
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}
