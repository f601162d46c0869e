//! The one place where machine code that somebody else compiled becomes executable.
//! Whoever calls it answers for where the bytes come from.

use wasmtime::{Engine, component::Component};

/// Makes a component of code that this build, or this machine's keyed cache, holds.
///
/// `bytes` must be what the engine's `serialize` once returned, unchanged: embedded by this build, or read from
/// the cache and verified against its key. Other bytes are undefined behaviour.
///
/// # Errors
/// The code is for another engine, configuration or machine.
pub(crate) fn deserialize(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the callers are `builtin`, which passes what this build embedded, `cache`, which passes bytes whose
    // keyed digest it has verified, and `file`, which passes what our own compile process answered.
    // The engine itself checks that version, configuration and processor features are its own.
    #[expect(unsafe_code, reason = "loading code that was compiled ahead of time has no safe form")]
    unsafe {
        Component::deserialize(engine, bytes)
    }
}
