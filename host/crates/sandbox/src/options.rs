//! What the wiring hands to the sandbox. Making these values costs nothing and starts nothing.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

use bakery_core::port::EventSink;
use bakery_gate::Gate;

use crate::Limits;

/// A component that ships inside the program.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its name in the products table, for example `source-manifest`.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
    /// The same, compiled by this build's `bakery-precompile`; empty where the build had none.
    /// Bytes from anywhere else are undefined behaviour: embed them, never read them.
    pub native: &'static [u8],
}

/// Where compiled third-party components are kept between runs.
#[derive(Clone, Debug)]
pub struct CachePlace {
    /// Compiled code, each file with a keyed digest. Losing it costs time, changing it costs time.
    pub cache: PathBuf,
    /// The key of those digests. Must not lie inside `cache`: whoever restores a cache must not bring a key.
    pub state: PathBuf,
}

/// Everything the sandbox needs to know.
pub struct SandboxOptions {
    /// The way to the network.
    pub gate: Arc<Gate>,
    /// Who hears the guests' logs.
    pub events: Arc<dyn EventSink>,
    /// Bounds of each call.
    pub limits: Limits,
    /// The components inside the program.
    pub builtins: &'static [Builtin],
    /// The directory of `bakery.yaml`; third-party components are read below it.
    pub root: PathBuf,
    /// Where compiled third-party components are kept; `None` compiles them in every run.
    pub cache: Option<CachePlace>,
    /// The command that runs [`crate::compile_child_main`], for example the program itself and `__compile`.
    /// `None` refuses third-party components.
    pub compiler: Option<Vec<OsString>>,
}
