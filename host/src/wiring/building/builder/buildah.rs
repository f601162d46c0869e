//! `buildah`: a build into its own store, and from there as an image layout into the registry, by digest. What buildx
//! would have said about it is written here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bakery_backend::files::read_bounded;
use bakery_core::{
    model::{Platform, Reference, Repository, Tag},
    plan::{
        Target,
        build::{BuildahBuild, BuildahImage, buildah_build, buildah_entry, buildah_layout},
    },
    policy::RegistryGrants,
    port::{BoxFuture, Failure, FailureKind, layout::Layouts, registry::Access},
};
use bakery_run::build::{Builder, Built};
use bakery_transfer::{Caller as Asker, Copied, Transfer};

use super::{Building, Caller, Parts, caller::Call, no_folder};
use crate::command::Failed;

/// Bytes of a file that holds one digest.
const MAX_DIGEST: u64 = 1 << 10;
/// For how long a registry may not show what was just pushed to it.
const WINDOW: Duration = Duration::from_secs(60);

/// `buildah`.
pub(in crate::wiring::building) struct Buildah<'a> {
    caller: Caller,
    how: &'a Building<'a>,
    /// Where it writes.
    folder: &'a Path,
    layouts: Arc<dyn Layouts>,
    transfer: Transfer,
}

impl<'a> Buildah<'a> {
    pub(super) fn new(parts: Parts<'a>) -> Result<Self, Failed> {
        let Parts { caller, how, space, transfer } = parts;
        let folder = space.folder().ok_or_else(no_folder)?;
        Ok(Self { caller, how, folder, layouts: space.layouts().ok_or_else(no_folder)?, transfer })
    }

    async fn make(&self, target: &Target, platform: Platform) -> Result<BuildahImage, Failure> {
        let destinations = self.destinations(target)?;
        let id_file = self.file(target, "id");
        let build = BuildahBuild { target, platform, project: self.how.project, id_file: &id_file };
        let words = buildah_build(&build, &self.how.settings);
        self.caller.run(words, Call::of(Some(&target.uid))).await?;
        let config = read(&id_file)?;
        let mut manifest = None;
        if !destinations.is_empty() {
            let layout = format!("{}.layout", target.uid);
            let words = buildah_layout(&config, &self.folder.join(&layout));
            self.caller.run(words, Call::of(Some(&target.uid))).await?;
            let pushed = self.push(target, Path::new(&layout), &destinations).await;
            // Layers are large, and other targets need the room.
            self.layouts.discard(Path::new(&layout)).await;
            let image = pushed?.descriptor;
            manifest = Some((image.digest, image.media_type, image.size));
        }
        let created = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Ok(BuildahImage { platform, config, manifest, created })
    }

    fn file(&self, target: &Target, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", target.uid))
    }

    /// Where the image goes, with the tags that it gets there: none in the temporary registry.
    fn destinations(&self, target: &Target) -> Result<BTreeMap<Repository, Vec<Tag>>, Failure> {
        let bake = &self.how.settings.bake;
        let mut all: BTreeMap<Repository, Vec<Tag>> = BTreeMap::new();
        let names = match bake.temp_registry {
            _ if !bake.push => return Ok(all),
            Some(registry) => vec![target.temp_repository(registry)],
            None => target.references.clone(),
        };
        for name in &names {
            let wrong = |error: &dyn std::error::Error| {
                Failure::new(FailureKind::InvalidInput, name, format!("`{name}`: {error}"))
            };
            let reference: Reference = name.parse().map_err(|error| wrong(&error))?;
            let tags = all.entry(reference.repository().clone()).or_default();
            tags.extend(reference.tag().filter(|_| bake.temp_registry.is_none()).cloned());
        }
        Ok(all)
    }

    /// Brings the layout's image into every repository, then moves its tags there.
    async fn push(
        &self,
        target: &Target,
        layout: &Path,
        destinations: &BTreeMap<Repository, Vec<Tag>>,
    ) -> Result<Copied, Failure> {
        let accesses: Vec<Access> = destinations.keys().cloned().map(Access::push).collect();
        let grant = |grants: RegistryGrants, (to, tags): (&Repository, &Vec<Tag>)| {
            grants.push(to.clone(), tags.iter().cloned())
        };
        let asker = Asker {
            component: "bakery build".to_owned(),
            grants: destinations.iter().fold(RegistryGrants::default(), grant),
            window: WINDOW,
            deadline: None,
        };
        let transfer = self.transfer.for_target(&accesses, self.caller.events(&target.uid));
        let mut pushed = None;
        for to in destinations.keys() {
            pushed = Some(transfer.import(&asker, self.layouts.as_ref(), layout, to).await?);
        }
        let pushed = pushed
            .ok_or_else(|| Failure::new(FailureKind::Internal, "buildah", "there is nowhere to push to"))?;
        for (to, tags) in destinations.iter().filter(|(_, tags)| !tags.is_empty()) {
            transfer.push(&asker, to, &pushed.descriptor.digest, tags).await?;
        }
        Ok(pushed)
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
