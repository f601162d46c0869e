//! Image stores of this machine: their commands run supervised, through the gate. What is asked for is
//! `bakery_dev::store`'s to say; what is done with the answers is the command's.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bakery_core::{
    plan::{
        Target,
        build::{BuildSettings, BuildahBuild, buildah_build, docker_build},
    },
    port::{Failure, scratch::ScratchSpace},
};
use bakery_dev::store::{Buildah, Docker, Image, Listed, MAX_ANSWER, Store};

use super::{
    Edge,
    clusters::Clusters,
    tool::{Tool, Tools, failed},
};
use crate::{cli::BuilderKind, command::Failed, report::BuildProgress};

/// Time of one command: a build may take what a job of GitHub may.
const LIMIT: Duration = Duration::from_secs(6 * 60 * 60);
/// How long a cancelled builder may take to end.
#[cfg(target_os = "linux")]
const GRACE: Duration = Duration::from_secs(30);
/// Bytes that must be free for an archive. What an image has is not known before.
#[cfg(target_os = "linux")]
const SPACE: u64 = 64 << 20;

/// What a store works with.
pub(crate) struct Storing<'a> {
    /// The store that the user or the lock names; else docker where its daemon answers, else buildah.
    pub(crate) store: Option<BuilderKind>,
    /// The project's folder, absolute.
    pub(crate) project: &'a Path,
    /// The environment of its program.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Where programs are looked up.
    pub(crate) path: OsString,
    /// Who listens.
    pub(crate) progress: &'a BuildProgress,
}

/// A store that can be asked.
pub(crate) struct OpenStore<'a> {
    kind: BuilderKind,
    tool: Tool<'a>,
    tools: Tools<'a>,
    how: &'a Storing<'a>,
}

/// An image in archives, for whoever reads files. They are there until [`Archives::remove`].
pub(crate) struct Archives {
    /// The files, absolute.
    pub(crate) files: Vec<PathBuf>,
    space: Arc<dyn ScratchSpace>,
}

impl Archives {
    /// Removes them.
    pub(crate) async fn remove(self) {
        self.space.remove().await;
    }
}

/// The words of a store.
pub(crate) fn words_of(kind: BuilderKind) -> &'static dyn Store {
    match kind {
        BuilderKind::Docker => &Docker,
        BuilderKind::Buildah => &Buildah,
    }
}

impl Edge {
    /// Works with a store.
    ///
    /// # Errors
    /// There is none, the work's own, or a signal.
    pub(crate) fn with_store<T>(
        &self,
        how: &Storing<'_>,
        work: impl AsyncFnOnce(&OpenStore<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.with_tools(how, async |tools| {
            let store = choose(tools).await?;
            work(&store).await
        })
    }

    /// Works with clusters, whatever stores there are.
    ///
    /// # Errors
    /// The work's own, or a signal.
    pub(crate) fn with_clusters<T>(
        &self,
        how: &Storing<'_>,
        work: impl AsyncFnOnce(&Clusters<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        self.with_tools(how, async |tools| work(&Clusters::new(tools)).await)
    }

    #[cfg(target_os = "linux")]
    fn with_tools<T>(
        &self,
        how: &Storing<'_>,
        work: impl AsyncFnOnce(Tools<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let live = self.live()?;
        let gate = live.gate.clone();
        let anonymous = Arc::new(bakery_backend::registry::Credentials::anonymous());
        let spaces = live.workshop.tools(anonymous).spaces;
        let tools = Tools { gate, commands: live.workshop.processes(), spaces, how };
        live.complete_within(GRACE, work(tools))?
    }

    /// Other systems have no commands.
    #[cfg(not(target_os = "linux"))]
    fn with_tools<T>(
        &self,
        _: &Storing<'_>,
        _: impl AsyncFnOnce(Tools<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        Err(Failed::because("image stores and clusters are asked on Linux alone"))
    }
}

async fn choose(tools: Tools<'_>) -> Result<OpenStore<'_>, Failed> {
    let how = tools.how;
    let open = |kind: BuilderKind| {
        let tool = tools.find(words_of(kind).program(), LIMIT, MAX_ANSWER)?;
        Ok::<_, String>(OpenStore { kind, tool, tools: tools.clone(), how })
    };
    if let Some(kind) = how.store {
        return open(kind).map_err(|why| {
            Failed::because(why).hint("install it, or name another store with --store docker or buildah")
        });
    }
    let why = match open(BuilderKind::Docker) {
        Ok(store) => match store.probe().await {
            Ok(()) => return Ok(store),
            Err(failure) => format!("docker cannot be used: {}", failure.message),
        },
        Err(why) => why,
    };
    open(BuilderKind::Buildah).map_err(|beside| {
        Failed::because(format!("there is no image store: {why}; {beside}"))
            .hint("start docker's daemon, or install buildah")
    })
}

impl OpenStore<'_> {
    /// Which one it is.
    pub(crate) fn name(&self) -> &'static str {
        self.words().program()
    }

    fn words(&self) -> &'static dyn Store {
        words_of(self.kind)
    }

    /// Completes when a signal ends the run.
    pub(crate) async fn cancelled(&self) {
        self.tools.gate.cancelled().await;
    }

    async fn ask(&self, words: Vec<String>) -> Result<Vec<u8>, Failure> {
        self.tool.ask(words).await
    }

    /// Clusters of this machine.
    pub(crate) fn clusters(&self) -> Clusters<'_> {
        Clusters::new(self.tools.clone())
    }

    /// Writes an image with its names into archives.
    #[cfg(target_os = "linux")]
    pub(crate) async fn export(&self, names: &[String], title: &str) -> Result<Archives, Failed> {
        let space = super::commands::space(self.tools.spaces.as_ref(), &self.tools.gate, SPACE).await;
        let space = space.map_err(|failure| failed(&failure))?;
        let written = match space.folder().and_then(Path::to_str).filter(|folder| !folder.contains(':')) {
            Some(folder) => self.export_to(names, folder, title).await,
            None => Err(Failed::because("the folder for archives has a name that builders misread")
                .hint("name another one with BAKERY_SCRATCH_DIR or TMPDIR")),
        };
        match written {
            Ok(files) => Ok(Archives { files, space }),
            Err(failed) => {
                space.remove().await;
                Err(failed)
            }
        }
    }

    /// Other systems have no commands.
    #[cfg(not(target_os = "linux"))]
    pub(crate) async fn export(&self, _: &[String], _: &str) -> Result<Archives, Failed> {
        Err(Failed::because("images are exported on Linux alone"))
    }

    async fn export_to(&self, names: &[String], folder: &str, title: &str) -> Result<Vec<PathBuf>, Failed> {
        let mut files = Vec::new();
        for export in self.words().export(names, folder) {
            let words = export.words.into_iter().map(OsString::from).collect();
            self.tool.work(words, title).await.map_err(|failure| failed(&failure))?;
            files.push(PathBuf::from(export.file));
        }
        Ok(files)
    }

    async fn probe(&self) -> Result<(), Failure> {
        match self.words().probe() {
            Some(words) => self.ask(words).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Whether one name can hold images for several platforms.
    pub(crate) async fn holds_several(&self) -> Result<bool, Failed> {
        let Some(words) = self.words().several() else { return Ok(false) };
        let answer = self.ask(words).await.map_err(|failure| failed(&failure))?;
        Ok(self.words().read_several(&answer))
    }

    /// An image, by name or id; none where there is none.
    pub(crate) async fn look(&self, image: &str) -> Result<Option<Image>, Failed> {
        match self.ask(self.words().look(image)).await {
            Ok(answer) => {
                self.words().read_image(&answer).map(Some).map_err(|e| Failed::because(e.to_string()))
            }
            Err(failure) if self.words().says_absent(&said(&failure)) => Ok(None),
            Err(failure) => Err(failed(&failure)),
        }
    }

    /// All images with a label and value.
    pub(crate) async fn list(&self, label: &str, value: &str) -> Result<Vec<Listed>, Failed> {
        let answer = self.ask(self.words().list(label, value)).await.map_err(|failure| failed(&failure))?;
        self.words().read_list(&answer).map_err(|error| Failed::because(error.to_string()))
    }

    /// Gives an image a name.
    pub(crate) async fn tag(&self, image: &str, name: &str) -> Result<(), Failed> {
        self.ask(self.words().tag(image, name)).await.map(|_| ()).map_err(|failure| failed(&failure))
    }

    /// Takes a name away.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Failed> {
        self.ask(self.words().remove(name)).await.map(|_| ()).map_err(|failure| failed(&failure))
    }

    /// Builds a target under its names.
    pub(crate) async fn build(
        &self,
        target: &Target,
        settings: &BuildSettings<'_>,
        id_file: &Path,
    ) -> Result<(), Failed> {
        let project = self.how.project;
        let words = match (self.kind, &target.platforms[..]) {
            (BuilderKind::Docker, _) => docker_build(target, settings, project, None),
            (BuilderKind::Buildah, [platform]) => {
                let build = BuildahBuild { target, platform: *platform, project, id_file };
                buildah_build(&build, settings)
            }
            // `holds_several` says so before anything is built.
            (BuilderKind::Buildah, _) => {
                return Err(Failed::because("buildah builds one platform at a time"));
            }
        };
        self.tool.work(words, &target.uid).await.map_err(|failure| {
            if self.words().says_unpinnable(&said(&failure)) {
                let name = self.name();
                return Failed::because(format!("{name} is too old to be told which base images to take"))
                    .hint("take Docker 23 or buildah 1.24, or newer, or write the digests into the Containerfile");
            }
            failed(&failure)
        })
    }
}

/// Everything that a program said when it failed.
fn said(failure: &Failure) -> String {
    let lines = failure.program.as_ref().map(|program| program.last_lines.join("\n")).unwrap_or_default();
    format!("{}\n{lines}", failure.message)
}
