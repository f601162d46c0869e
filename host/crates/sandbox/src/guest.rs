//! What the host holds for one call of one guest: its books, its log, its way out. Dropped with the store;
//! nothing in here outlives a call or is shared with another one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bakery_core::{
    policy::{HttpGrants, RegistryGrants},
    port::{Event, EventSink, Failure, Severity},
};
use bakery_gate::Gate;
use bakery_transfer::{Caller, Transfer};
use tokio::time::Instant;

use crate::{Limits, bench::Bench, breach::Breach, imports::wasi::Wasi, ledger::Ledger, meter::Meter};

/// How many failures of host calls are remembered.
const REMEMBERED: usize = 1024;

/// How much of a panic's message is repeated.
const PANIC_BYTES: usize = 1024;

/// The data of a store.
pub(crate) struct Guest {
    pub(crate) component: Arc<str>,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) limits: Limits,
    pub(crate) ledger: Ledger,
    pub(crate) meter: Meter,
    /// When everything must be over.
    pub(crate) deadline: Instant,
    pub(crate) log: SharedLog,
    /// `None` while the guest has no network: then there is no gate to reach either.
    pub(crate) network: Option<Network>,
    /// `None` for everything but a step: then there is no registry to reach either.
    pub(crate) registries: Option<Registries>,
    /// `None` for everything but a step: then there is no program to run either.
    pub(crate) bench: Option<Bench>,
    /// What host calls failed with, so that a guest that passes a failure on does not change it.
    pub(crate) issued: Vec<Failure>,
    /// Whether the instance is made and its export runs.
    pub(crate) started: bool,
    /// Made when a third party's component first asks for it.
    pub(crate) wasi: Option<Box<Wasi>>,
    host_calls: u32,
}

/// The way out of a guest that was granted some.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) gate: Arc<Gate>,
    pub(crate) grants: HttpGrants,
    /// Answers that were asked for earlier do not count.
    pub(crate) fresh_since: Option<Instant>,
}

/// The way to registries of a step.
#[derive(Clone)]
pub(crate) struct Registries {
    pub(crate) transfer: Transfer,
    pub(crate) grants: RegistryGrants,
    /// For how long what was just written may lag.
    pub(crate) window: Duration,
    /// When host calls must be over.
    pub(crate) deadline: Instant,
}

impl Registries {
    /// The way, and who goes it.
    pub(crate) fn caller(&self, component: &str) -> (Transfer, Caller) {
        let caller = Caller {
            component: component.to_owned(),
            grants: self.grants.clone(),
            window: self.window,
            deadline: Some(self.deadline),
        };
        (self.transfer.clone(), caller)
    }
}

impl Guest {
    /// A guest that has not begun, and has no way out.
    pub(crate) fn new(component: Arc<str>, limits: Limits, events: Arc<dyn EventSink>) -> Self {
        Self {
            ledger: Ledger::new(&limits),
            meter: Meter::new(),
            deadline: Instant::now() + limits.call_time,
            log: SharedLog::new(Arc::clone(&component), Arc::clone(&events), &limits),
            network: None,
            registries: None,
            bench: None,
            issued: Vec::new(),
            started: false,
            wasi: None,
            host_calls: 0,
            component,
            events,
            limits,
        }
    }

    /// Counts one host call.
    ///
    /// # Errors
    /// It was one too many, or the call's time is over.
    pub(crate) fn enter_host(&mut self) -> Result<(), Breach> {
        if self.host_calls >= self.limits.host_calls {
            return Err(Breach::HostCalls(self.limits.host_calls));
        }
        self.host_calls += 1;
        self.check_time()
    }

    /// Whether there is time left.
    ///
    /// # Errors
    /// Which time is over.
    pub(crate) fn check_time(&self) -> Result<(), Breach> {
        if self.meter.spent() >= self.limits.guest_time {
            return Err(Breach::GuestTime(self.limits.guest_time));
        }
        if Instant::now() >= self.deadline {
            return Err(Breach::CallTime(self.limits.call_time));
        }
        Ok(())
    }

    /// Remembers what a host call failed with; of very many, the latest.
    pub(crate) fn issue(&mut self, failure: &Failure) {
        if self.issued.len() >= REMEMBERED {
            self.issued.remove(0);
        }
        self.issued.push(failure.clone());
    }
}

/// The log of one call; its streams hold it as well.
#[derive(Clone)]
pub(crate) struct SharedLog(Arc<Mutex<Log>>);

struct Log {
    component: Arc<str>,
    events: Arc<dyn EventSink>,
    lines: u32,
    bytes: usize,
    line_bytes: usize,
    bounds: String,
    told: bool,
    panic: Option<String>,
}

impl SharedLog {
    fn new(component: Arc<str>, events: Arc<dyn EventSink>, limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(Log {
            component,
            events,
            lines: limits.log_lines,
            bytes: limits.log_bytes,
            line_bytes: limits.log_line_bytes,
            bounds: format!("{} lines and {} bytes", limits.log_lines, limits.log_bytes),
            told: false,
            panic: None,
        })))
    }

    /// Writes text, line by line, within the bounds. A panic's message is kept back: the failure repeats it.
    pub(crate) fn write(&self, severity: Severity, text: &str) {
        let mut log = self.lock();
        if is_panic(text) {
            let (message, _) = cut(text, PANIC_BYTES);
            log.panic = Some(message.replace(['\n', '\r'], " "));
            return;
        }
        log.write(severity, text);
    }

    /// The message of a panic, where the guest left one.
    pub(crate) fn panic(&self) -> Option<String> {
        self.lock().panic.clone()
    }

    /// Says what was kept back, when nothing went wrong after all.
    pub(crate) fn finish(&self) {
        let mut log = self.lock();
        if let Some(message) = log.panic.take() {
            log.write(Severity::Warning, &message);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn write(&mut self, severity: Severity, text: &str) {
        for line in text.lines() {
            let (kept, dropped) = cut(line, self.line_bytes);
            if self.lines == 0 || self.bytes < kept.len() {
                self.lines = 0;
                self.say_that_it_ends();
                return;
            }
            self.lines -= 1;
            self.bytes -= kept.len();
            let message =
                if dropped == 0 { kept.to_owned() } else { format!("{kept} … ({dropped} bytes were cut)") };
            self.emit(severity, message);
        }
    }

    fn say_that_it_ends(&mut self) {
        if !self.told {
            self.told = true;
            let message =
                format!("later lines of this call are dropped: its log is bounded to {}", self.bounds);
            self.emit(Severity::Warning, message);
        }
    }

    fn emit(&self, severity: Severity, message: String) {
        self.events.emit(Event::GuestLog { component: self.component.to_string(), severity, message });
    }
}

/// The longest beginning of at most `bytes` bytes, and how many bytes it leaves out.
pub(crate) fn cut(text: &str, bytes: usize) -> (&str, usize) {
    let end = text.floor_char_boundary(bytes.min(text.len()));
    (&text[..end], text.len() - end)
}

/// The guest library reports panics as `panicked at ...`; guests built for WASI write Rust's own words to stderr.
fn is_panic(text: &str) -> bool {
    text.starts_with("panicked") || (text.starts_with("thread '") && text.contains(" panicked at "))
}
