//! The one engine of the process and its configuration, which the precompiler and the compile child share.
//! Several engines in one process would mix their type indices (RUSTSEC-2026-0222), so nobody else makes one.

use std::sync::OnceLock;

use wasmtime::{Config, Engine, OptLevel, WasmFeatures};

/// Bytes of stack that a guest may use. The rest of a fiber's two mebibytes is for the host calls made on it.
pub(crate) const STACK_BYTES: usize = 512 * 1024;

const FIBER_BYTES: usize = 2 * 1024 * 1024;

/// What guests may use. Everything else that the engine knows is off: garbage collection, threads, exceptions,
/// several memories in a module, 64-bit memories, tail calls, stack switching and component-model async are each a class of bugs,
/// and no guest toolchain needs them.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL
}

/// The engine, made at the first call.
///
/// # Errors
/// The sentence why this machine cannot have one.
pub(crate) fn shared() -> Result<&'static Engine, String> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE.get_or_init(fresh).as_ref().map_err(Clone::clone)
}

/// A new engine with the configuration of the shared one, for processes that only compile.
pub(crate) fn fresh() -> Result<Engine, String> {
    Engine::new(&config()).map_err(|error| format!("the WebAssembly engine cannot start: {error:#}"))
}

/// Compiles a component to this machine's code, with the configuration that the sandbox runs it with.
///
/// # Errors
/// The sentence why it is not a component.
pub fn precompile(wasm: &[u8]) -> Result<Vec<u8>, String> {
    fresh()?.precompile_component(wasm).map_err(|error| format!("{error:#}"))
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_features(!features(), false)
        .wasm_features(features(), true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(FIBER_BYTES)
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(None);
    config
}
