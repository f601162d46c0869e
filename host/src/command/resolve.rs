//! From a configuration and flags to facts: payload, pins, questions, answers.
//! Where nothing is asked, no engine, no runtime and no connection is made.

use std::sync::Arc;

use bakery_core::{
    config::{Config, products},
    model::SourceKey,
    plan::{self, Catalogue, Detail, Facts, Inclusion, ListSource, Pin, Questions, Selection},
    port::{DispatchSpec, SourceCall},
};
use bakery_run as run;

use super::{Failed, dispatched, project::Project};
use crate::{
    cli::{DispatchOptions, Inputs, Load, Network},
    report::Talker,
    wiring::Edge,
};

/// What is known before any file is read.
pub(crate) struct Prepared {
    /// How to ask.
    edge: Edge,
    /// The flags.
    options: DispatchOptions,
    /// What the payload says, where there is one.
    spec: Option<DispatchSpec>,
}

/// What is known when everything was asked.
pub(crate) struct Resolved {
    /// What was asked, and for what.
    pub(crate) questions: Questions,
    /// What was answered.
    pub(crate) facts: Facts,
    /// What the payload pins.
    pub(crate) pins: Vec<Pin>,
}

impl Prepared {
    /// Reads the payload, then the project's file. A wrong payload ends the run before any file is read.
    pub(crate) fn open(inputs: &Inputs, talker: &Arc<Talker>) -> Result<(Self, Project), Failed> {
        let load = Load::new(&inputs.project)?;
        let options = DispatchOptions::new(&inputs.dispatch, &inputs.kinds)?;
        for warning in &options.warnings {
            talker.warning(warning);
        }
        let edge = Edge::new(&Network::new(&inputs.upstreams), &load.context, talker)?;
        let spec = match &options.payload {
            None => None,
            Some(payload) => Some(dispatched::check(&edge, payload, options.payload_from, talker)?),
        };
        Ok((Self { edge, options, spec }, Project::load(&load, talker)?))
    }

    /// The way to everything outside.
    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The flags.
    pub(crate) fn options(&self) -> &DispatchOptions {
        &self.options
    }

    /// Completes the filters with what flags and payload imply.
    pub(crate) fn select(&self, selection: Selection) -> Result<Selection, Failed> {
        let payload = self.spec.as_ref().and_then(|spec| spec.channel.as_deref());
        let channel = plan::effective_channel(self.options.dev_channel, payload).map_err(|error| {
            Failed::Usage(crate::cli::UsageError::new(error.to_string()).hint("leave one of the two out"))
        })?;
        Ok(Selection {
            dev_versions: self.options.dev_versions,
            matrix_versions: self.options.matrix_versions,
            dev_channel: channel,
            ..selection
        })
    }

    /// Asks everything that the filters need.
    pub(crate) fn resolve(
        &self,
        project: &Project,
        selection: &Selection,
        detail: Detail,
        talker: &Arc<Talker>,
    ) -> Result<Resolved, Failed> {
        let config = &project.config;
        for warning in selection.warnings(config) {
            talker.warning(&warning);
        }
        let pins = match &self.options.payload {
            None => Vec::new(),
            Some(payload) => {
                let offered = Selection { dev_channel: self.options.dev_channel, ..selection.clone() };
                dispatched::pin(&self.edge, payload, self.options.payload_from, (config, &offered), talker)?
            }
        };
        let questions = ask(config, selection, &pins, detail)?;
        for warning in &questions.warnings {
            talker.warning(warning);
        }
        let call = SourceCall {
            wait: if self.options.payload.is_some() { self.options.wait } else { Default::default() },
        };
        let facts = answers(&self.edge, &questions, call)?;
        Ok(Resolved { questions, facts, pins })
    }
}

/// What upstreams answer. Where nothing is asked, nothing is made.
pub(super) fn answers(edge: &Edge, questions: &Questions, call: SourceCall) -> Result<Facts, Failed> {
    if questions.sources.is_empty() && questions.lists.is_empty() {
        return Ok(Facts::default());
    }
    let jobs = edge.jobs();
    edge.run(async |resolvers| run::answer(resolvers, questions, call, jobs).await)
}

/// What has to be asked for a selection.
pub(super) fn ask(
    config: &Config,
    selection: &Selection,
    pins: &[Pin],
    detail: Detail,
) -> Result<Questions, Failed> {
    let source = |key: &SourceKey| products::entry(config, key);
    let list = |name| {
        let entry = products::dependency_list(name);
        ListSource {
            component: entry.component.clone(),
            config: entry.config.to_string(),
            allow: entry.allow.clone(),
        }
    };
    if selection.dev_versions == Inclusion::Exclude && selection.matrix_versions == Inclusion::Exclude {
        return Ok(Questions::default());
    }
    Ok(plan::questions(config, selection, pins, detail, Catalogue { source: &source, list: &list })?)
}
