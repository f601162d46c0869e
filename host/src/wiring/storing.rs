//! Image stores of this machine: their commands run supervised, through the gate. What is asked for is
//! `bakery_dev::store`'s to say; what is done with the answers is the command's.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::Arc,
    time::Duration,
};

use bakery_core::{
    plan::{
        Target,
        build::{BuildSettings, BuildahBuild, buildah_build, docker_build},
    },
    policy::CommandGrant,
    port::{
        Failure, FailureKind,
        command::{CommandLimits, Commands, Word},
    },
};
use bakery_dev::store::{Buildah, Docker, Image, Listed, MAX_ANSWER, Store};
use bakery_gate::Gate;

use super::Edge;
use crate::{
    cli::BuilderKind,
    command::Failed,
    report::{BuildProgress, Exit},
};

/// Time of one command: a build may take what a job of GitHub may.
const LIMIT: Duration = Duration::from_secs(6 * 60 * 60);
/// How long a cancelled builder may take to end.
#[cfg(target_os = "linux")]
const GRACE: Duration = Duration::from_secs(30);

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
    gate: Gate,
    commands: Arc<dyn Commands>,
    grant: CommandGrant,
    how: &'a Storing<'a>,
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
    #[cfg(target_os = "linux")]
    pub(crate) fn with_store<T>(
        &self,
        how: &Storing<'_>,
        work: impl AsyncFnOnce(&OpenStore<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let live = self.live()?;
        let commands = live.workshop.processes();
        let done = live.finish_within(GRACE, async {
            let store = choose(how, &live.gate, commands).await?;
            work(&store).await
        });
        match done {
            (_, Some(exit)) => Err(Failed::Signal(exit)),
            (Some(done), None) => done,
            (None, None) => Err(Failed::because("the run ended without an answer")),
        }
    }

    /// Other systems have no commands.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn with_store<T>(
        &self,
        _: &Storing<'_>,
        _: impl AsyncFnOnce(&OpenStore<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        Err(Failed::because("image stores are asked on Linux alone"))
    }
}

#[cfg(target_os = "linux")]
async fn choose<'a>(
    how: &'a Storing<'a>,
    gate: &Gate,
    commands: Arc<dyn Commands>,
) -> Result<OpenStore<'a>, Failed> {
    let open = |kind: BuilderKind| -> Result<OpenStore<'a>, String> {
        let name = words_of(kind).program();
        let program = bakery_backend::command::find_program(name, OsStr::new(&how.path))
            .map_err(|error| error.to_string())?;
        let grant = CommandGrant::new(name, program).and_then(|grant| grant.scratch(how.project));
        let limits = CommandLimits { time: LIMIT, stdout_bytes: MAX_ANSWER, ..CommandLimits::default() };
        let grant = grant.map_err(|error| error.to_string())?.limits(limits);
        let grant = grant.environment(how.environment.clone());
        Ok(OpenStore { kind, gate: gate.clone(), commands: Arc::clone(&commands), grant, how })
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
        self.gate.cancelled().await;
    }

    async fn run(&self, words: Vec<OsString>, target: Option<&str>) -> Result<Vec<u8>, Failure> {
        let invocation = self.grant.own(words.into_iter().map(Word::Plain).collect(), None);
        let lines = target.and_then(|target| self.how.progress.lines(Some(target)));
        let gate = self.gate.with_events(self.how.progress.events(target.or(Some(self.name()))));
        let ran = gate.command(self.commands.as_ref(), &invocation, lines, LIMIT).await?;
        if ran.output.stdout.dropped > 0 && target.is_none() {
            let message = format!("{} said more than {MAX_ANSWER} bytes", self.name());
            return Err(Failure::new(FailureKind::Internal, self.name(), message));
        }
        Ok(ran.output.stdout.bytes)
    }

    async fn ask(&self, words: Vec<String>) -> Result<Vec<u8>, Failure> {
        self.run(words.into_iter().map(OsString::from).collect(), None).await
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
        self.run(words, Some(&target.uid)).await.map(|_| ()).map_err(|failure| failed(&failure))
    }
}

/// Everything that a program said when it failed.
fn said(failure: &Failure) -> String {
    let lines = failure.program.as_ref().map(|program| program.last_lines.join("\n")).unwrap_or_default();
    format!("{}\n{lines}", failure.message)
}

fn failed(failure: &Failure) -> Failed {
    let exit = match failure.kind {
        FailureKind::Unavailable | FailureKind::TimedOut => Exit::Unavailable,
        _ => Exit::Failed,
    };
    Failed::Other { exit, message: failure.message.clone(), hint: failure.hint.clone() }
}
