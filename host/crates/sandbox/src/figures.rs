//! Small measurements for `make bench`, with the engine that the sandbox runs on. Serves no other purpose:
//! nothing in the program calls it.

use std::time::{Duration, Instant};

use wasmtime::{
    Store,
    component::{Component, Linker},
};

use crate::{engine, load};

/// How long an engine takes to make.
///
/// # Errors
/// This machine cannot have one.
pub fn engine_start() -> Result<Duration, String> {
    let begun = Instant::now();
    engine::fresh()?;
    Ok(begun.elapsed())
}

/// How long each of `rounds` loads of a component's native code takes, from bytes to ready.
///
/// # Errors
/// It is not a component.
pub fn native_loads(wasm: &[u8], rounds: u32) -> Result<Vec<Duration>, String> {
    let text = |error: wasmtime::Error| format!("{error:#}");
    let engine = engine::shared()?;
    let native = engine.precompile_component(wasm).map_err(text)?;
    let load = |_| {
        let begun = Instant::now();
        let component = load::deserialize(engine, &native).map_err(text)?;
        let taken = begun.elapsed();
        drop(component);
        Ok(taken)
    };
    (0..rounds).map(load).collect()
}

/// How long each of `rounds` calls of a component's function `noop: func()` takes, in one store, as the sandbox
/// calls guests: asynchronously, with epoch interruption.
///
/// # Errors
/// The component has no such function.
pub async fn noop_calls(wasm: &[u8], rounds: u32) -> Result<Vec<Duration>, String> {
    let text = |error: wasmtime::Error| format!("{error:#}");
    let engine = engine::shared()?;
    let component = Component::from_binary(engine, wasm).map_err(text)?;
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::from(u32::MAX));
    let instance = Linker::new(engine).instantiate_async(&mut store, &component).await.map_err(text)?;
    let noop = instance.get_typed_func::<(), ()>(&mut store, "noop").map_err(text)?;
    let mut taken = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        noop.call_async(&mut store, ()).await.map_err(text)?;
        taken.push(begun.elapsed());
    }
    Ok(taken)
}
