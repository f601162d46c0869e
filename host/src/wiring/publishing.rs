//! Joins the pipeline with the sandbox that runs its steps, the transfer that they call, and registries.

use std::{ffi::OsString, sync::Arc, time::Duration};

use bakery_core::{
    model::RegistryHost,
    plan::publish::PublishPlan,
    policy::builtin_commands::{self, Program},
    port::EventSink,
};
use bakery_run::publish::{OrasProgram, PublishOptions, Published, StepComponents, StepPrograms};
use bakery_transfer::{Transfer, TransferOptions};

use super::{
    Edge,
    programs::{self, Programs},
    registries,
};
use crate::{
    cli::{Registries, Tool, UsageError, env},
    command::Failed,
    report::{Exit, Progress},
};

/// How a plan is carried out.
pub(crate) struct Publishing<'a> {
    /// How registries are reached.
    pub(crate) registries: &'a Registries,
    /// Who makes indexes, copies and reads back.
    pub(crate) imagetools: Tool,
    /// Write nothing.
    pub(crate) dry_run: bool,
    /// For how long what was just pushed may be unreadable.
    pub(crate) window: Duration,
}

impl Edge {
    /// Publishes. After a signal the run says what became of it, where it can be put down in time.
    ///
    /// # Errors
    /// Nothing has been asked: docker's configuration or a certificate authority cannot be read, or a program that is
    /// needed is not there.
    pub(crate) fn publish(
        &self,
        plan: &PublishPlan,
        how: &Publishing<'_>,
        progress: &Arc<Progress>,
    ) -> Result<(Option<Published>, Option<Exit>), Failed> {
        let programs = self.step_programs(plan, how)?;
        let credentials = registries::credentials()?;
        let registry = registries::open(how.registries, how.dry_run, Arc::clone(&credentials))?;
        let live = self.live()?;
        let transfer = Transfer::new(live.gate.clone(), registry, TransferOptions::default());
        let steps = live.sandbox.steps(transfer, live.tools(credentials));
        let cancel = live.cancel.clone();
        let listener = Arc::clone(progress);
        let options = PublishOptions {
            jobs: self.jobs,
            window: how.window,
            components: match how.imagetools {
                Tool::Native => StepComponents::default(),
                Tool::Oras => StepComponents::oras(),
            },
            programs,
            cancelled: Arc::new(move || cancel.is_cancelled()),
            ended: Arc::new(move |report| listener.ended(report)),
            ..PublishOptions::default()
        };
        let events = Arc::clone(progress) as Arc<dyn EventSink>;
        Ok(live.finish(bakery_run::publish::publish(&steps, plan, &options, events)))
    }

    /// The programs that this plan needs, looked for once and before anything is asked.
    fn step_programs(&self, plan: &PublishPlan, how: &Publishing<'_>) -> Result<StepPrograms, Failed> {
        let programs = Programs::new(&self.folder);
        let mut found = StepPrograms::default();
        if how.imagetools == Tool::Oras {
            let path = programs.find(builtin_commands::ORAS, &env::ORAS_PATH)?;
            let digest = programs::pinned(&env::ORAS_DIGEST)?;
            let mut environment = builtin_commands::oras_environment(env::for_program)
                .map_err(|error| Failed::because(error.to_string()))?;
            environment.extend(authority(how.registries)?);
            let plain_http = plain_http(plan, how.registries);
            found.oras = Some(OrasProgram { program: Program { path, digest, environment }, plain_http });
        }
        if plan.targets.iter().any(|target| target.soci.is_some()) {
            let path = programs.find(builtin_commands::SOCI, &env::SOCI_PATH)?;
            let digest = programs::pinned(&env::SOCI_DIGEST)?;
            let environment =
                builtin_commands::soci_environment().map_err(|error| Failed::because(error.to_string()))?;
            found.soci = Some(Program { path, digest, environment });
        }
        Ok(found)
    }
}

/// Oras takes one file of certificate authorities, beside those of the machine.
fn authority(registries: &Registries) -> Result<Option<(OsString, OsString)>, Failed> {
    match registries.registry_ca.as_slice() {
        [] => Ok(None),
        [file] => {
            let path = std::path::absolute(file).map_err(|error| Failed::because(error.to_string()))?;
            Ok(Some(("SSL_CERT_FILE".into(), path.into_os_string())))
        }
        _ => Err(UsageError::new("--registry-ca: `oras` takes one file of certificate authorities")
            .hint("put them into one file, one after the other")
            .into()),
    }
}

/// Every registry of the plan that is spoken to without TLS.
fn plain_http(plan: &PublishPlan, settings: &Registries) -> Vec<RegistryHost> {
    let mut hosts: Vec<RegistryHost> = plan
        .targets
        .iter()
        .flat_map(|target| target.accesses())
        .map(|access| access.repository.registry().clone())
        .filter(|host| registries::speaks_http(settings, host))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}
