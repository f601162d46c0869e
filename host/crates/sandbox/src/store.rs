//! Runs one call in a store of its own, within every bound, and turns whatever goes wrong into a failure.
//! Knows no interface; keeps nothing afterwards.

use std::{panic::AssertUnwindSafe, sync::Arc};

use bakery_core::port::{BoxFuture, EventSink, Failure, FailureKind};
use futures_util::FutureExt;
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::{
    Limits,
    bench::Bench,
    breach::Breach,
    fault,
    guest::{Guest, Network, Registries},
    ticker::Ticking,
};

/// Which call.
pub(crate) struct Call {
    /// Who is called.
    pub(crate) component: Arc<str>,
    /// `interface.function`.
    pub(crate) export: &'static str,
    /// Its way out, where it has one.
    pub(crate) network: Option<Network>,
    /// Its way to registries, where it has one.
    pub(crate) registries: Option<Registries>,
    /// What it works with beside them, where it has any.
    pub(crate) bench: Option<Bench>,
}

/// What a call answered.
pub(crate) struct Answer<R> {
    /// The value, lifted but not yet checked.
    pub(crate) value: R,
    /// What its host calls failed with.
    pub(crate) issued: Vec<Failure>,
}

/// Instantiates and calls: `work` does both, on the store it is given.
///
/// # Errors
/// Whatever the guest did, as a failure that names the component, the export and the cause.
pub(crate) async fn run<R: Send>(
    engine: &Engine,
    limits: &Limits,
    events: &Arc<dyn EventSink>,
    call: Call,
    work: impl for<'s> FnOnce(&'s mut Store<Guest>) -> BoxFuture<'s, wasmtime::Result<R>> + Send,
) -> Result<Answer<R>, Failure> {
    let _ticking = Ticking::start(engine).map_err(|error| {
        Failure::new(
            FailureKind::Internal,
            call.component.as_ref(),
            format!("the thread that bounds guest time cannot start: {error}"),
        )
    })?;
    let export = call.export;
    let mut store = open(engine, limits, events, call);
    let meter = store.data().meter.clone();
    // The last resort: guests that wait inside WASI are not seen by the epoch. Everything else ends before.
    let end = store.data().deadline + limits.guest_time;
    let outcome = {
        let running = AssertUnwindSafe(work(&mut store)).catch_unwind();
        tokio::time::timeout_at(end, meter.measure(running)).await
    };
    let guest = store.data_mut();
    match outcome {
        Ok(Ok(Ok(value))) => {
            guest.log.finish();
            Ok(Answer { value, issued: std::mem::take(&mut guest.issued) })
        }
        Ok(Ok(Err(error))) => Err(fault::describe(&error, guest, export)),
        Ok(Err(_panic)) => Err(fault::host_panicked(guest, export)),
        Err(_elapsed) => {
            let breach = wasmtime::Error::new(Breach::CallTime(limits.call_time));
            Err(fault::describe(&breach, guest, export))
        }
    }
}

fn open(engine: &Engine, limits: &Limits, events: &Arc<dyn EventSink>, call: Call) -> Store<Guest> {
    let mut guest = Guest::new(call.component, *limits, Arc::clone(events));
    guest.network = call.network;
    guest.registries = call.registries;
    guest.bench = call.bench;
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.ledger);
    store.set_hostcall_fuel(limits.transfer_bytes);
    store.set_max_component_handles(limits.handles);
    store.set_epoch_deadline(1);
    // Every tick, the guest lets others on its thread run, and is asked for its time.
    store.epoch_deadline_callback(|context| {
        context.data().check_time()?;
        Ok(UpdateDeadline::Yield(1))
    });
    store
}
