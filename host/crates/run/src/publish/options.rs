//! How a run publishes: how much at the same time, for how long, and with which components. Reads no environment.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use bakery_core::{
    model::{ComponentRef, RegistryHost},
    policy::builtin_commands::Program,
};

use super::report::TargetReport;

/// How a run publishes.
#[derive(Clone)]
pub struct PublishOptions {
    /// Steps that are under way at the same time. Those that only wait for something to become readable, sources or
    /// tags just written, do not count.
    pub jobs: NonZeroUsize,
    /// For how long sources, and tags just written, may lag.
    pub window: Duration,
    /// Time of one call of a step, the window not included.
    pub limit: Duration,
    /// Which component does which step.
    pub components: StepComponents,
    /// The programs that steps run.
    pub programs: StepPrograms,
    /// Whether the run is cancelled. Asked before a step begins; steps under way end by themselves.
    pub cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Told of each target as soon as it has ended, well or badly; of those that never did, when the run ends.
    pub ended: Arc<dyn Fn(&TargetReport) + Send + Sync>,
}

impl Default for PublishOptions {
    fn default() -> Self {
        Self {
            jobs: NonZeroUsize::MIN.saturating_add(15),
            window: Duration::from_secs(10 * 60),
            limit: Duration::from_secs(2 * 60 * 60),
            components: StepComponents::default(),
            programs: StepPrograms::default(),
            cancelled: Arc::new(|| false),
            ended: Arc::new(|_| {}),
        }
    }
}

/// Which component does which step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepComponents {
    /// Does `wait-sources`.
    pub wait_sources: ComponentRef,
    /// Does `index-create`.
    pub index_create: ComponentRef,
    /// Does `soci-convert`.
    pub soci_convert: ComponentRef,
    /// Does `index-place` and `index-tag`.
    pub index_copy: ComponentRef,
    /// Does `verify`.
    pub verify: ComponentRef,
}

impl Default for StepComponents {
    fn default() -> Self {
        let builtin = |name: &str| ComponentRef::Builtin(name.to_owned());
        Self {
            wait_sources: builtin("step-wait-sources"),
            index_create: builtin("step-index-create"),
            soci_convert: builtin("step-soci-convert"),
            index_copy: builtin("step-index-copy"),
            verify: builtin("step-verify"),
        }
    }
}

impl StepComponents {
    /// Those that have `oras` make indexes, copy and read back.
    #[must_use]
    pub fn oras() -> Self {
        let builtin = |name: &str| ComponentRef::Builtin(name.to_owned());
        Self {
            index_create: builtin("step-oras-create"),
            index_copy: builtin("step-oras-copy"),
            verify: builtin("step-oras-verify"),
            ..Self::default()
        }
    }
}

/// The programs that steps run, as far as a run needs them.
#[derive(Clone, Debug, Default)]
pub struct StepPrograms {
    /// For [`StepComponents::oras`]; without it steps that need it are denied.
    pub oras: Option<OrasProgram>,
    /// For `soci-convert`.
    pub soci: Option<Program>,
}

/// How `oras` is run.
#[derive(Clone, Debug)]
pub struct OrasProgram {
    /// The program.
    pub program: Program,
    /// Registries that speak http, which oras has to be told.
    pub plain_http: Vec<RegistryHost>,
}
