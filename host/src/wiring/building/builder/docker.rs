//! `docker buildx`: a plan on standard input, or one target. What it writes about what it built is read back.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use bakery_backend::files::read_bounded;
use bakery_core::{
    plan::{
        Target,
        build::{docker_bake, docker_build, read_bake, read_one},
    },
    port::{BoxFuture, Failure, FailureKind},
};
use bakery_run::build::{BuildReport, BuildStatus, Builder, Built};

use super::{Building, Caller, Parts, caller::Call, no_folder};
use crate::command::Failed;

/// Bytes of what it writes about a build. A real one has a few kilobytes for each target.
const MAX_METADATA: u64 = 64 << 20;

/// `docker buildx`.
pub(in crate::wiring::building) struct Docker<'a> {
    caller: Caller,
    how: &'a Building<'a>,
    /// Where it writes.
    folder: &'a Path,
}

impl<'a> Docker<'a> {
    pub(super) fn new(parts: Parts<'a>) -> Result<Self, Failed> {
        let Parts { caller, how, space, .. } = parts;
        Ok(Self { caller, how, folder: space.folder().ok_or_else(no_folder)? })
    }

    fn metadata(&self, name: &str) -> Option<PathBuf> {
        self.how.metadata.then(|| self.folder.join(format!("{name}.json")))
    }

    /// Bytes of what was loaded, in one question. An image for several platforms has no such size.
    pub(super) async fn local_sizes(
        &self,
        targets: &Arc<[Target]>,
        report: &BuildReport,
    ) -> HashMap<String, u64> {
        let settings = &self.how.settings;
        // In the temporary registry all targets of an image have one name.
        if !settings.load || settings.bake.temp_registry.is_some() {
            return HashMap::new();
        }
        let built = targets.iter().zip(&report.targets);
        let built = built.filter(|(_, one)| matches!(one.status, BuildStatus::Built(_)));
        let named: Vec<(&str, &String)> =
            built.filter_map(|(target, _)| Some((target.uid.as_str(), target.references.first()?))).collect();
        if named.is_empty() {
            return HashMap::new();
        }
        let mut words: Vec<_> = ["image", "inspect", "--format", "{{.Size}}"].map(Into::into).to_vec();
        words.extend(named.iter().map(|(_, name)| name.as_str().into()));
        let Ok(output) = self.caller.run(words, Call::quietly()).await else { return HashMap::new() };
        let text = String::from_utf8_lossy(&output.stdout.bytes);
        let sizes: Vec<u64> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
        if sizes.len() != named.len() {
            return HashMap::new();
        }
        named.into_iter().map(|(uid, _)| uid.to_owned()).zip(sizes).collect()
    }
}

impl Builder for Docker<'_> {
    fn bake<'b>(&'b self, targets: &'b Arc<[Target]>) -> BoxFuture<'b, Result<Built, Failure>> {
        Box::pin(async move {
            let metadata = self.metadata("bake");
            let plan = self.how.plan.to_string().into_bytes();
            let words = docker_bake(&self.how.settings, self.how.platforms.as_deref(), metadata.as_deref());
            self.caller.run(words, Call::of(None).reading(plan)).await.map_err(explain)?;
            let Some(metadata) = metadata else { return Ok(Built::default()) };
            let (entries, beside) =
                read_bake(&read(&metadata)?, targets).map_err(|error| unreadable(&error))?;
            Ok(Built { entries, beside })
        })
    }

    fn build<'b>(&'b self, target: &'b Target) -> BoxFuture<'b, Result<Built, Failure>> {
        Box::pin(async move {
            let metadata = self.metadata(&target.uid);
            let words = docker_build(target, &self.how.settings, self.how.project, metadata.as_deref());
            self.caller.run(words, Call::of(Some(&target.uid))).await.map_err(explain)?;
            let Some(metadata) = metadata else { return Ok(Built::default()) };
            let entry = read_one(&read(&metadata)?).map_err(|error| unreadable(&error))?;
            Ok(Built { entries: vec![(target.uid.clone(), entry)], ..Built::default() })
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    read_bounded(file, MAX_METADATA).map_err(|error| unreadable(&error))
}

fn unreadable(error: &dyn std::error::Error) -> Failure {
    Failure::new(
        FailureKind::Internal,
        "docker",
        format!("docker ended well and did not say what it built: {error}"),
    )
}

/// Says what to do where docker lacks its plugin.
fn explain(failure: Failure) -> Failure {
    let without_plugin = ["unknown command: docker buildx", "'buildx' is not a docker command"];
    if without_plugin.iter().any(|words| failure.message.contains(words)) {
        return failure.with_hint("install docker's plugin buildx, or build with --builder buildah");
    }
    failure
}
