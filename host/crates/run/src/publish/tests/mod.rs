//! Whole runs over scripted steps, on a paused clock.

mod act;
mod calls;
mod cancel;
mod conversion;
mod failures;
mod fake;
mod order;
mod property;
mod reports;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use bakery_core::{
    model::{Digest, Repository, Tag},
    plan::{
        Identity,
        publish::{PublishPlan, PublishTarget, TargetDestination},
    },
    port::{FailureKind, StepSource},
};

use self::fake::Fake;
use super::{Counts, PublishOptions, Published, publish};

/// Where sources lie.
const BUILT: &str = "r.example/built/app";
/// Where targets go.
const ONE: &str = "r.example/one/app";
const TWO: &str = "r.example/two/app";

fn digest(number: u64) -> Digest {
    format!("sha256:{number:064x}").parse().unwrap()
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// A target with two sources. Destinations: repository, immutable tags, floating tags.
fn target(uid: &str, destinations: &[(&str, &[&str], &[&str])]) -> PublishTarget {
    let source = |platform: &str, number| StepSource {
        reference: format!("{BUILT}@{}", digest(number)).parse().unwrap(),
        platform: platform.parse().unwrap(),
    };
    let destinations = destinations.iter().map(|(name, immutable, floating)| TargetDestination {
        repository: repository(name),
        immutable: tags(immutable),
        floating: tags(floating),
    });
    PublishTarget {
        uid: uid.to_owned(),
        identity: Identity {
            image: "app".to_owned(),
            version: uid.to_owned(),
            variant: None,
            os: None,
            channel: None,
        },
        sources: vec![source("linux/arm64", 1), source("linux/amd64", 2)],
        files: vec!["arm64.json".to_owned(), "amd64.json".to_owned()],
        temp_index: format!("r.example/app/tmp:{uid}0123456789").parse().unwrap(),
        staged: false,
        soci: None,
        destinations: destinations.collect(),
        annotations: vec![("org.opencontainers.image.title".to_owned(), "app".to_owned())],
    }
}

fn plan(targets: Vec<PublishTarget>) -> PublishPlan {
    PublishPlan { targets, ..PublishPlan::default() }
}

/// One target per name, each to one repository under its own name.
fn simple(uids: &[&str]) -> PublishPlan {
    plan(uids.iter().map(|uid| target(uid, &[(ONE, &[uid], &[])])).collect())
}

fn options(jobs: usize) -> PublishOptions {
    PublishOptions { jobs: NonZeroUsize::new(jobs).unwrap(), ..PublishOptions::default() }
}

/// Runs a plan with what the fake says, under its signal.
async fn run(fake: &Fake, plan: &PublishPlan, jobs: usize) -> Published {
    let signal = fake.clone();
    let options = PublishOptions { cancelled: Arc::new(move || signal.is_cancelled()), ..options(jobs) };
    publish(fake, plan, &options, Arc::new(fake.clone())).await
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
