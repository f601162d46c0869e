//! A sandbox whose steps reach registries on loopback with the real client, the real gate and the real transfer.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use bakery_backend::{
    command::Processes,
    registry::{Credentials, RegistryClient, RegistryOptions, Secret},
};
use bakery_core::{
    model::ComponentRef,
    policy::{CommandGrants, Jitter, PollPolicy, RetryPolicy},
    port::{
        Admission, BoxFuture, Event, EventSink, Failure, Http, HttpRequest, HttpResponse, StepCall,
        StepOutcome, StepRunner, StepTask, Steps, registry::Traffic,
    },
};
use bakery_fault_registry::FaultRegistry;
use bakery_gate::{CancellationToken, Gate, GateOptions};
use bakery_sandbox::{Builtin, Limits, Sandbox, SandboxOptions};
use bakery_transfer::{Transfer, TransferOptions};

use super::{plan::Plan, workshop};

pub(super) const USER: &str = "baker";
pub(super) const PASSWORD: &str = "not-a-secret";

/// The components that `make components` and `make test` build.
const BUILT: [&str; 5] =
    ["step-wait-sources", "step-index-create", "step-index-copy", "step-verify", "misbehaving-step"];

/// One run: a client and a gate that have seen nothing yet.
pub(super) struct House {
    pub(super) steps: Box<dyn Steps>,
    pub(super) events: Arc<Events>,
    pub(super) cancel: CancellationToken,
    pub(super) dir: tempfile::TempDir,
    /// What steps run programs with; its folders lie below `dir`.
    pub(super) processes: Arc<Processes>,
}

/// Steps that take part in nothing but one target.
pub(super) struct Target {
    pub(super) runner: Arc<dyn StepRunner>,
    pub(super) plan: Plan,
}

/// The outcomes of steps, by name.
pub(super) type Outcomes = Vec<(String, StepOutcome)>;

impl House {
    pub(super) fn new(registries: &[&FaultRegistry]) -> Self {
        Self::with(registries, Limits::default(), &[])
    }

    /// The same with other limits and more built-in components.
    pub(super) fn with(
        registries: &[&FaultRegistry],
        limits: Limits,
        guests: &[(&'static str, Vec<u8>)],
    ) -> Self {
        let events = Arc::<Events>::default();
        let cancel = CancellationToken::new();
        let dir = tempfile::tempdir().unwrap();
        let gate = gate(&events, &cancel);
        let mut builtins = built().to_vec();
        let guest = |(name, wasm): &(&'static str, Vec<u8>)| Builtin {
            name,
            wasm: Vec::leak(wasm.clone()),
            native: &[],
        };
        builtins.extend(guests.iter().map(guest));
        let sandbox = Arc::new(Sandbox::new(SandboxOptions {
            gate: Arc::new(gate.clone()),
            events: events.clone(),
            limits,
            builtins: Vec::leak(builtins),
            root: dir.path().to_owned(),
            cache: None,
            compiler: Some(vec![env!("CARGO_BIN_EXE_compile-child").into()]),
        }));
        let options = TransferOptions {
            attempt: Duration::from_secs(20),
            blob_attempt: Duration::from_secs(20),
            operation: Duration::from_secs(60),
            ..TransferOptions::default()
        };
        let transfer = Transfer::new(gate, Arc::new(RegistryClient::new(knowing(registries))), options);
        let (tools, processes) = workshop::tools(dir.path(), registries);
        Self { steps: Box::new(sandbox.steps(transfer, Some(tools))), events, cancel, dir, processes }
    }

    /// Opens a target.
    pub(super) fn open(&self, plan: Plan) -> Target {
        let runner = self.steps.open("connect-2026-05-0", &plan.accesses(), self.events.clone());
        Target { runner, plan }
    }

    /// Runs the five steps of a target in their order.
    ///
    /// # Errors
    /// The first step that failed, and why.
    pub(super) async fn publish(&self, plan: &Plan) -> Result<(Outcomes, Traffic), (&'static str, Failure)> {
        let target = self.open(plan.clone());
        let mut previous = Outcomes::new();
        for step in ["wait-sources", "index-create", "index-place", "index-tag", "verify"] {
            let outcome = target.step(step, &previous).await.map_err(|failure| (step, failure))?;
            previous.push((step.to_owned(), outcome));
        }
        Ok((previous, target.runner.traffic()))
    }
}

impl Target {
    /// Runs one of the five steps.
    pub(super) async fn step(
        &self,
        step: &'static str,
        previous: &[(String, StepOutcome)],
    ) -> Result<StepOutcome, Failure> {
        let component = match step {
            "index-place" | "index-tag" => "step-index-copy".to_owned(),
            other => format!("step-{other}"),
        };
        let mut task = self.plan.task();
        match step {
            "index-place" => {
                task.destinations.iter_mut().for_each(|destination| destination.tags.clear());
                task.options = format!(r#"{{"root":{}}}"#, self.plan.root);
            }
            "index-tag" | "verify" => {}
            _ => task.destinations.clear(),
        }
        self.runner.run(&self.call(&component, step, task, previous)).await
    }

    /// Has the misbehaving step do something, with the grants of a step that tags.
    pub(super) async fn misbehave(&self, options: &serde_json::Value) -> Result<StepOutcome, Failure> {
        self.ask("misbehaving-step", options).await
    }

    /// The same with any built-in component.
    pub(super) async fn ask(
        &self,
        component: &str,
        options: &serde_json::Value,
    ) -> Result<StepOutcome, Failure> {
        let task = StepTask { options: options.to_string(), ..self.plan.task() };
        self.runner.run(&self.call(component, "index-tag", task, &[])).await
    }

    pub(super) fn call(
        &self,
        component: &str,
        step: &'static str,
        task: StepTask,
        previous: &[(String, StepOutcome)],
    ) -> StepCall {
        StepCall {
            component: ComponentRef::Builtin(component.to_owned()),
            step,
            task,
            previous: previous.to_vec(),
            grants: self.plan.grants(),
            commands: CommandGrants::default(),
            scratch: None,
            window: self.plan.window,
            limit: self.plan.limit,
        }
    }
}

/// What a step said, one line per attribute.
pub(super) fn words(outcome: &StepOutcome) -> Vec<String> {
    outcome.attributes.iter().map(|(key, value)| format!("{key} {value}")).collect()
}

/// The outcome of a step.
pub(super) fn outcome<'a>(outcomes: &'a Outcomes, step: &str) -> &'a StepOutcome {
    &outcomes.iter().find(|(name, _)| name == step).unwrap().1
}

/// The components that were built, compiled once for all tests.
fn built() -> &'static [Builtin] {
    static BUILTINS: OnceLock<Vec<Builtin>> = OnceLock::new();
    BUILTINS.get_or_init(|| BUILT.iter().map(|name| compiled(name)).collect())
}

fn compiled(name: &'static str) -> Builtin {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/components/{name}.wasm"));
    let wasm = std::fs::read(path).expect("`make test` builds the components and the misbehaving ones");
    let native = bakery_sandbox::precompile(&wasm).unwrap();
    Builtin { name, wasm: Vec::leak(wasm), native: Vec::leak(native) }
}

fn gate(events: &Arc<Events>, cancel: &CancellationToken) -> Gate {
    let poll =
        PollPolicy { initial: Duration::from_millis(5), multiplier: 1.5, max: Duration::from_millis(50) };
    let retry = RetryPolicy {
        attempts: 3,
        initial: Duration::from_millis(1),
        multiplier: 2.0,
        max: Duration::from_millis(10),
        jitter: Jitter::Full,
        poll,
        ..RetryPolicy::default()
    };
    let options = GateOptions::new(Arc::new(NoHttp), events.clone());
    Gate::new(GateOptions { retry, cancel: cancel.clone(), ..options })
}

fn knowing(registries: &[&FaultRegistry]) -> RegistryOptions {
    RegistryOptions::new(credentials(registries))
}

/// Who we are in these registries.
pub(super) fn credentials(registries: &[&FaultRegistry]) -> Credentials {
    registries.iter().fold(Credentials::anonymous(), |credentials, registry| {
        let secret = Secret::new(PASSWORD.to_owned());
        credentials.with_password(registry.host().parse().unwrap(), USER, secret)
    })
}

struct NoHttp;

impl Http for NoHttp {
    fn send<'a>(
        &'a self,
        _: &'a dyn Admission,
        request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        panic!("no step asks for {}", request.url);
    }
}

/// What was emitted.
#[derive(Default)]
pub(super) struct Events(Mutex<Vec<Event>>);

impl EventSink for Events {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Events {
    pub(super) fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// What was written, in order: `push REFERENCE`.
    pub(super) fn effects(&self) -> Vec<String> {
        let line = |event| match event {
            Event::Effect { verb, subject, .. } => Some(format!("{verb} {subject}")),
            _ => None,
        };
        self.all().into_iter().filter_map(line).collect()
    }

    /// What was refused for lack of a grant.
    pub(super) fn denied(&self) -> Vec<String> {
        let line = |event| match event {
            Event::Denied { component, subject, .. } => Some(format!("{component}: {subject}")),
            _ => None,
        };
        self.all().into_iter().filter_map(line).collect()
    }
}
