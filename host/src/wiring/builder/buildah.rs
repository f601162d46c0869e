//! `buildah`: a build into its own store, a push from there, and what buildx would have said about it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bakery_backend::files::read_bounded;
use bakery_core::{
    model::{Digest, Platform, Reference},
    plan::{
        Target,
        build::{BuildahBuild, BuildahImage, buildah_build, buildah_entry, buildah_push},
    },
    policy::RegistryGrants,
    port::{BoxFuture, Failure, FailureKind, registry::Access},
};
use bakery_run::build::{Builder, Built};
use bakery_transfer::{Caller as Asker, Transfer};

use super::{Building, Caller, caller::Call};

/// Bytes of a file that holds one digest.
const MAX_DIGEST: u64 = 1 << 10;
/// For how long a registry may not show what was just pushed to it.
const WINDOW: Duration = Duration::from_secs(60);

/// `buildah`.
pub(in crate::wiring) struct Buildah<'a> {
    pub(super) caller: Caller,
    pub(super) how: &'a Building<'a>,
    /// Where it writes.
    pub(super) folder: &'a Path,
    pub(super) transfer: Transfer,
}

impl Buildah<'_> {
    async fn make(&self, target: &Target, platform: Platform) -> Result<BuildahImage, Failure> {
        let (id_file, digest_file) = (self.file(target, "id"), self.file(target, "digest"));
        let build = BuildahBuild { target, platform, project: self.how.project, id_file: &id_file };
        let words = buildah_build(&build, &self.how.settings);
        self.caller.run(words, Call::of(Some(&target.uid))).await?;
        let config = read(&id_file)?;
        let mut manifest = None;
        for (at, name) in self.destinations(target, platform).into_iter().enumerate() {
            let insecure = name
                .parse::<Reference>()
                .is_ok_and(|name| self.how.registries.is_insecure(name.repository().registry()));
            let words = buildah_push(&config, &name, insecure, &digest_file);
            self.caller.run(words, Call::of(Some(&target.uid))).await?;
            if at == 0 {
                manifest = Some(self.look(target, &name, &read(&digest_file)?).await?);
            }
        }
        let created = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Ok(BuildahImage { platform, config, manifest, created })
    }

    fn file(&self, target: &Target, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", target.uid))
    }

    /// Where the image is pushed. `buildah` cannot push without a tag, so that one in the temporary registry has a tag
    /// that nothing reads.
    fn destinations(&self, target: &Target, platform: Platform) -> Vec<String> {
        let bake = &self.how.settings.bake;
        match bake.temp_registry {
            _ if !bake.push => Vec::new(),
            Some(registry) => {
                vec![format!("{}:{}", target.temp_repository(registry), target.temp_tag(platform))]
            }
            None => target.references.clone(),
        }
    }

    /// What the registry holds under the digest that was pushed.
    async fn look(
        &self,
        target: &Target,
        name: &str,
        digest: &str,
    ) -> Result<(Digest, String, u64), Failure> {
        let wrong = |error: &dyn std::error::Error| {
            Failure::new(FailureKind::Internal, "buildah", format!("`{name}`: {error}"))
        };
        let digest: Digest = digest.parse().map_err(|error| wrong(&error))?;
        let pushed: Reference = name.parse().map_err(|error| wrong(&error))?;
        let repository = pushed.repository().clone();
        let reference = Reference::by_digest(repository.clone(), digest.clone());
        let asker = Asker {
            component: "bakery build".to_owned(),
            grants: RegistryGrants::default().pull(repository.clone()),
            window: WINDOW,
            deadline: None,
        };
        let transfer = self.transfer.for_target(&[Access::pull(repository)], self.caller.events(&target.uid));
        let found = transfer.await_digest(&asker, &[reference], &digest).await.pop();
        let found = found.unwrap_or_else(|| Err(wrong(&std::fmt::Error)))?;
        Ok((found.digest, found.media_type, found.size))
    }
}

impl Builder for Buildah<'_> {
    fn bake<'b>(&'b self, targets: &'b Arc<[Target]>) -> BoxFuture<'b, Result<Built, Failure>> {
        // It has no plans; whoever chose it builds each target by itself.
        Box::pin(async move {
            let mut all = Built::default();
            for target in targets.iter() {
                all.entries.extend(self.build(target).await?.entries);
            }
            Ok(all)
        })
    }

    fn build<'b>(&'b self, target: &'b Target) -> BoxFuture<'b, Result<Built, Failure>> {
        Box::pin(async move {
            let [platform] = target.platforms[..] else {
                return Err(Failure::new(
                    FailureKind::InvalidInput,
                    "buildah",
                    format!("buildah builds one platform at a time, and {target} has several"),
                )
                .with_hint("choose one with --image-platform, or build with --builder docker"));
            };
            let image = self.make(target, platform).await?;
            let entry = buildah_entry(target, &image, &self.how.settings.bake);
            Ok(Built { entries: vec![(target.uid.clone(), entry)], ..Built::default() })
        })
    }
}

/// A digest that `buildah` wrote.
fn read(file: &Path) -> Result<String, Failure> {
    let bytes = read_bounded(file, MAX_DIGEST).map_err(|error| {
        Failure::new(
            FailureKind::Internal,
            "buildah",
            format!("buildah ended well and did not say what it made: {error}"),
        )
    })?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}
