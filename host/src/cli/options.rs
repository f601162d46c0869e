//! From arguments and environment to options: defaults, deprecated names and combinations that make no sense.
//! The only place that joins a flag with its environment variable.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use bakery_core::{
    model::{Channel, parse_duration},
    plan::{self, Inclusion},
};

use super::{args, env};

/// A combination of flags that makes no sense. Ends the run with exit code 2, before any file is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What to read.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Folder with `bakery.yaml`.
    pub(crate) context: PathBuf,
    /// Unknown keys are errors.
    pub(crate) strict: bool,
}

impl Load {
    pub(crate) fn new(project: &args::Project) -> Result<Self, UsageError> {
        if !project.context.is_dir() {
            return Err(UsageError::new(format!("`{}` is not a folder", project.context.display()))
                .hint("--context names the folder that holds bakery.yaml"));
        }
        Ok(Self { context: project.context.clone(), strict: project.strict })
    }
}

/// What a dispatch asks for, and which versions it implies.
#[derive(Clone, Debug)]
pub(crate) struct DispatchOptions {
    /// The payload, as given.
    pub(crate) payload: Option<String>,
    /// Where the payload came from, for messages.
    pub(crate) payload_from: &'static str,
    /// How long to wait for an upstream.
    pub(crate) wait: Duration,
    /// Go on when a source fails.
    pub(crate) keep_going: bool,
    /// Where to write what was answered.
    pub(crate) record: Option<PathBuf>,
    /// Development versions.
    pub(crate) dev_versions: Inclusion,
    /// Matrix images.
    pub(crate) matrix_versions: Inclusion,
    /// `--dev-channel`, or its old name.
    pub(crate) dev_channel: Option<Channel>,
    /// Sentences for the user.
    pub(crate) warnings: Vec<String>,
}

impl DispatchOptions {
    pub(crate) fn new(dispatch: &args::Dispatch, kinds: &args::Kinds) -> Result<Self, UsageError> {
        let mut warnings = Vec::new();
        let (payload, payload_from) = match payload(dispatch.dev_spec.as_ref()) {
            Some((payload, from)) => (Some(payload), from),
            None => (None, env::DEV_SPEC.name),
        };
        let wait = match (dispatch.dev_spec_wait, env::DEV_SPEC_WAIT.read()) {
            (Some(wait), _) => wait,
            (None, Some(text)) => parse_duration(&text)
                .map_err(|error| UsageError::new(format!("{}: {error}", env::DEV_SPEC_WAIT.name)))?,
            (None, None) => Duration::ZERO,
        };
        let dev_channel = channel_or_stream(kinds.dev_channel, kinds.dev_stream, &mut warnings)?;
        let dev_versions =
            plan::effective_inclusion(kinds.dev_versions, payload.is_some()).map_err(|error| UsageError {
                message: format!("{payload_from}: {error}"),
                hint: error.hint(),
            })?;
        if dispatch.dev_spec_wait.is_some_and(|wait| !wait.is_zero()) && payload.is_none() {
            warnings.push("--dev-spec-wait has no effect without a dispatched version".to_owned());
        }
        Ok(Self {
            payload,
            payload_from,
            wait,
            keep_going: dispatch.keep_going,
            record: dispatch.record.clone(),
            dev_versions,
            matrix_versions: kinds.matrix_versions,
            dev_channel,
            warnings,
        })
    }
}

/// A dispatch's payload, and where it came from, for messages.
pub(super) fn payload(flag: Option<&String>) -> Option<(String, &'static str)> {
    match flag {
        Some(flag) => Some((flag.clone(), "--dev-spec")),
        None => env::DEV_SPEC.read().map(|value| (value, env::DEV_SPEC.name)),
    }
}

/// The channel that one of the two flags says.
pub(super) fn channel_or_stream(
    channel: Option<Channel>,
    stream: Option<Channel>,
    warnings: &mut Vec<String>,
) -> Result<Option<Channel>, UsageError> {
    match (channel, stream) {
        (Some(channel), Some(stream)) if channel != stream => {
            Err(UsageError::new(format!("--dev-channel says `{channel}` and --dev-stream says `{stream}`"))
                .hint("give --dev-channel alone; --dev-stream is its old name"))
        }
        (channel, Some(stream)) => {
            warnings.push(format!("--dev-stream is the old name of a flag: write `--dev-channel {stream}`"));
            Ok(channel.or(Some(stream)))
        }
        (channel, None) => Ok(channel),
    }
}

/// How much is done at the same time where the work is this machine's, or an upstream's: the predecessor's default.
pub(super) const FEW: i64 = 4;

/// How many targets are worked on where the work is a registry's: the gate bounds the requests, so targets are cheap.
pub(super) const MANY: i64 = 16;

/// How much is done at the same time: the flag, else the environment, else `default`.
pub(super) fn jobs(flag: Option<u16>, default: i64) -> NonZeroUsize {
    let jobs = match (flag, env::MAX_CONCURRENCY.read()) {
        (Some(flag), _) => i64::from(flag),
        // What is no number means what it meant to the predecessor.
        (None, Some(text)) => text.trim().parse().unwrap_or(FEW),
        (None, None) => default,
    };
    usize::try_from(jobs.clamp(1, 256)).ok().and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MIN)
}

/// How upstreams are reached.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// `FROM=TO` texts; parsed by `policy`.
    pub(crate) mirrors: Vec<String>,
    /// Questions at the same time.
    pub(crate) jobs: NonZeroUsize,
    /// Attempts of one request.
    pub(crate) retry_attempts: Option<u32>,
}

impl Network {
    pub(crate) fn new(upstreams: &args::Upstreams) -> Self {
        let mut mirrors = upstreams.mirror.clone();
        if mirrors.is_empty() {
            mirrors
                .extend(env::MIRRORS.read().iter().flat_map(|all| all.split_whitespace()).map(str::to_owned));
        }
        let jobs = jobs(upstreams.jobs, FEW);
        Self { mirrors, jobs, retry_attempts: upstreams.retry_attempts }
    }
}

/// Where a change-aware matrix learns what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChangeSource {
    /// A list of paths in a file; `-` is standard input.
    List(PathBuf),
    /// A git revision to compare with.
    Base(String),
}

impl ChangeSource {
    /// What was asked for, and a sentence where one of the two is ignored.
    pub(crate) fn new(
        base_ref: Option<&str>,
        list: Option<&PathBuf>,
    ) -> Result<(Option<Self>, Option<&'static str>), UsageError> {
        let base = base_ref.map(str::to_owned).or_else(|| env::BASE_REF.read());
        match (list, base) {
            (Some(list), base) => {
                let ignored = base.map(|_| "--base-ref is ignored: --changed-files-from says what changed");
                Ok((Some(Self::List(list.clone())), ignored))
            }
            (None, Some(base)) if base.starts_with('-') => {
                Err(UsageError::new(format!("`{base}` is not a git revision"))
                    .hint("write --base-ref origin/main"))
            }
            (None, base) => Ok((base.map(Self::Base), None)),
        }
    }
}
