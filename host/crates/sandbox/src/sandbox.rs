//! The sandbox as the rest of the program sees it: questions in, checked answers out.
//! Making one does no work; components are loaded when they are first asked, each once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bakery_core::{
    model::ComponentRef,
    policy::{Author, HttpGrants},
    port::{
        BoxFuture, DispatchSpec, Failure, FailureKind, ListQuery, OverrideCandidate, OverrideError,
        OverridePin, Resolution, Resolvers, SourceCall, SourceError, SourceQuery,
    },
};
use bakery_gate::{Probe, WaitEnd};
use tokio::{sync::OnceCell, time::Instant};
use wasmtime::component::{Component, InstancePre};

use crate::{
    answer,
    bindings::{DispatcherPre, ListerPre, ResolverPre, StepPre},
    engine, exports,
    guest::{Guest, Network},
    imports::{Outlet, World, link},
    load,
    options::SandboxOptions,
};

/// The component that reads dispatch payloads.
const DISPATCHER: &str = "override-dev-spec";

/// Everything that answers version questions, behind the guests' walls.
pub struct Sandbox {
    pub(crate) options: SandboxOptions,
    components: Mutex<HashMap<ComponentRef, Slot>>,
}

type Slot = Arc<OnceCell<Result<Arc<Loaded>, Failure>>>;

/// A compiled component and how it is linked, one link per world and outlet.
pub(crate) struct Loaded {
    pub(crate) name: Arc<str>,
    component: Component,
    builtin: bool,
    links: [OnceLock<Result<InstancePre<Guest>, Failure>>; 6],
}

impl Sandbox {
    /// A sandbox that has not begun.
    #[must_use]
    pub fn new(options: SandboxOptions) -> Self {
        Self { options, components: Mutex::default() }
    }

    /// Loads a component, once per run.
    ///
    /// # Errors
    /// It is not there, or no component.
    pub(crate) async fn load(&self, component: &ComponentRef) -> Result<Arc<Loaded>, Failure> {
        let slot = {
            let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(components.entry(component.clone()).or_default())
        };
        slot.get_or_init(|| self.load_now(component)).await.clone()
    }

    async fn load_now(&self, reference: &ComponentRef) -> Result<Arc<Loaded>, Failure> {
        let engine = engine::shared()
            .map_err(|message| Failure::new(FailureKind::Internal, reference.to_string(), message))?;
        let options = &self.options;
        let (component, builtin) = match reference {
            ComponentRef::Builtin(name) => {
                (load::load_builtin(engine, options.builtins, name, options.events.as_ref())?, true)
            }
            ComponentRef::File { path, digest } => {
                (load::load_file(engine, options, path, digest.as_ref()).await?, false)
            }
        };
        let name = Arc::from(reference.to_string());
        Ok(Arc::new(Loaded { name, component, builtin, links: Default::default() }))
    }

    fn network(&self, allow: &[String]) -> Result<Option<Network>, SourceError> {
        let grants = HttpGrants::parse(allow, Author::Operator)
            .map_err(|error| SourceError::InvalidConfig(error.to_string()))?;
        let gate = Arc::clone(&self.options.gate);
        Ok((!grants.is_empty()).then(|| Network { gate, grants, fresh_since: None }))
    }

    async fn resolve_once(
        &self,
        query: &SourceQuery,
        loaded: &Loaded,
        network: Option<Network>,
    ) -> Result<Resolution, SourceError> {
        let pre = loaded.link(World::Resolver, outlet(network.as_ref()))?;
        let pre = ResolverPre::new(pre).map_err(|error| loaded.mistyped(&error))?;
        let answer = exports::resolver::ask(&self.options, pre, &loaded.name, network, query).await?;
        match answer.value {
            Ok(resolution) => answer::read_resolution(resolution, query, &loaded.name, &answer.issued),
            Err(refusal) => Err(answer::read_refusal(refusal, &loaded.name, &answer.issued)),
        }
    }

    async fn resolve_or_wait(
        &self,
        query: &SourceQuery,
        call: SourceCall,
    ) -> Result<Resolution, SourceError> {
        let loaded = &self.load(&query.component).await?;
        let network = &self.network(&query.allow)?;
        let subject = format!("{} ({})", query.product, query.channel);
        let probe = |attempt: u32| async move {
            // The first question may be answered by what the run has read already; later ones want news.
            let fresh_since = (attempt > 1).then(Instant::now);
            let network = network.clone().map(|network| Network { fresh_since, ..network });
            match self.resolve_once(query, loaded, network).await {
                Err(error @ (SourceError::Mismatch { .. } | SourceError::Torn { .. })) => {
                    let message = error.to_string();
                    Probe::Pending(Err(error), message)
                }
                answer => Probe::Ready(answer),
            }
        };
        let waited = self.options.gate.await_condition(&subject, call.wait, probe).await;
        if waited.end == WaitEnd::Cancelled {
            let message = format!("the wait for {subject} was cancelled");
            return Err(Failure::new(FailureKind::Cancelled, subject, message).into());
        }
        // The time of an only look is not a wait.
        let time = if waited.looks > 1 { waited.waited } else { Duration::ZERO };
        note_the_wait(waited.answer, time, waited.looks)
    }

    async fn list_once(&self, query: &ListQuery) -> Result<Vec<String>, SourceError> {
        let loaded = self.load(&query.component).await?;
        let network = self.network(&query.allow)?;
        let pre = loaded.link(World::Lister, outlet(network.as_ref()))?;
        let pre = ListerPre::new(pre).map_err(|error| loaded.mistyped(&error))?;
        let answer = exports::lister::ask(&self.options, pre, &loaded.name, network, query).await?;
        match answer.value {
            Ok(versions) => answer::read_list(versions, &loaded.name),
            Err(refusal) => Err(answer::read_refusal(refusal, &loaded.name, &answer.issued)),
        }
    }

    async fn dispatcher(&self) -> Result<(Arc<Loaded>, DispatcherPre<Guest>), Failure> {
        let loaded = self.load(&ComponentRef::Builtin(DISPATCHER.to_owned())).await?;
        let pre = loaded.link(World::Dispatcher, Outlet::Offline)?;
        let pre = DispatcherPre::new(pre).map_err(|error| loaded.mistyped(&error))?;
        Ok((loaded, pre))
    }
}

impl Resolvers for Sandbox {
    fn resolve<'a>(
        &'a self,
        query: &'a SourceQuery,
        call: SourceCall,
    ) -> BoxFuture<'a, Result<Resolution, SourceError>> {
        Box::pin(self.resolve_or_wait(query, call))
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> BoxFuture<'a, Result<Vec<String>, SourceError>> {
        Box::pin(self.list_once(query))
    }

    fn check_spec<'a>(&'a self, spec: &'a str) -> BoxFuture<'a, Result<DispatchSpec, OverrideError>> {
        Box::pin(async move {
            let (loaded, pre) = self.dispatcher().await?;
            match exports::dispatcher::check(&self.options, pre, &loaded.name, spec).await?.value {
                Ok(checked) => answer::read_checked(checked, &loaded.name),
                Err(error) => Err(answer::refuse_payload(error, &[], &loaded.name)),
            }
        })
    }

    fn plan_spec<'a>(
        &'a self,
        spec: &'a str,
        candidates: &'a [OverrideCandidate],
    ) -> BoxFuture<'a, Result<Vec<OverridePin>, OverrideError>> {
        Box::pin(async move {
            let (loaded, pre) = self.dispatcher().await?;
            match exports::dispatcher::plan(&self.options, pre, &loaded.name, spec, candidates).await?.value {
                Ok(pins) => answer::read_pins(pins, candidates, &loaded.name),
                Err(error) => Err(answer::refuse_payload(error, candidates, &loaded.name)),
            }
        })
    }
}

impl Loaded {
    /// The component as a publishing step.
    ///
    /// # Errors
    /// It is none, or wants more than a step is granted.
    pub(crate) fn step(&self) -> Result<StepPre<Guest>, Failure> {
        let pre = self.link(World::Step, Outlet::Offline)?;
        StepPre::new(pre).map_err(|error| self.mistyped(&error))
    }

    fn link(&self, world: World, outlet: Outlet) -> Result<InstancePre<Guest>, Failure> {
        let place = match (world, outlet) {
            (World::Resolver, Outlet::Offline) => 0,
            (World::Resolver, Outlet::Online) => 1,
            (World::Lister, Outlet::Offline) => 2,
            (World::Lister, Outlet::Online) => 3,
            (World::Dispatcher, _) => 4,
            (World::Step, _) => 5,
        };
        let engine = self.component.engine();
        let make = || link(engine, &self.name, &self.component, world, outlet, self.builtin);
        self.links[place].get_or_init(make).clone()
    }

    fn mistyped(&self, error: &wasmtime::Error) -> Failure {
        let message = format!("component `{}` has an export of another type: {error:#}", self.name);
        Failure::new(FailureKind::InvalidInput, self.name.as_ref(), message)
            .with_hint("build it against the `wit/` of this bakery")
    }
}

fn outlet(network: Option<&Network>) -> Outlet {
    if network.is_some() { Outlet::Online } else { Outlet::Offline }
}

fn note_the_wait(
    answer: Result<Resolution, SourceError>,
    waited: Duration,
    attempts: u32,
) -> Result<Resolution, SourceError> {
    match answer {
        Ok(resolution) => Ok(Resolution { waited, attempts, ..resolution }),
        Err(SourceError::Mismatch { pinned, found, origin, published, .. }) => {
            Err(SourceError::Mismatch { pinned, found, origin, published, waited })
        }
        Err(SourceError::Torn { versions, origin, .. }) => {
            Err(SourceError::Torn { versions, origin, waited })
        }
        Err(error) => Err(error),
    }
}
