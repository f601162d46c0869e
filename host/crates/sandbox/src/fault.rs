//! From what the engine says to a sentence that names the component, the export and the cause.
//! Runs after a call has failed; changes nothing.

use bakery_core::port::{Failure, FailureKind};
use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

use crate::{
    breach::Breach,
    engine::STACK_BYTES,
    guest::{Guest, cut},
};

/// How much of an engine's message is repeated.
const MESSAGE_BYTES: usize = 500;

/// The failure of a call that ended in `error`.
pub(crate) fn describe(error: &wasmtime::Error, guest: &Guest, export: &str) -> Failure {
    let place =
        if guest.started { format!("in `{export}`") } else { format!("while it was started for `{export}`") };
    let component = &guest.component;
    match cause(error, guest) {
        Cause::Broke(breach) => {
            let kind = if breach.is_time() { FailureKind::TimedOut } else { FailureKind::Internal };
            Failure::new(kind, component.as_ref(), format!("component `{component}` {breach} {place}"))
        }
        Cause::Panicked(message) => {
            internal(guest, format!("component `{component}` panicked {place}: {message}"))
        }
        Cause::Trapped(message) => {
            internal(guest, format!("component `{component}` trapped {place}: {message}"))
        }
        Cause::Other(message) => {
            internal(guest, format!("component `{component}` failed {place}: {message}"))
        }
    }
}

/// The failure of a call during which the host itself panicked.
pub(crate) fn host_panicked(guest: &Guest, export: &str) -> Failure {
    let component = &guest.component;
    internal(guest, format!("bakery panicked while it served `{export}` of component `{component}`"))
        .with_hint("this is a defect of bakery: please report it with the lines above")
}

fn internal(guest: &Guest, message: String) -> Failure {
    Failure::new(FailureKind::Internal, guest.component.as_ref(), message)
}

enum Cause {
    Broke(Breach),
    Panicked(String),
    Trapped(String),
    Other(String),
}

fn cause(error: &wasmtime::Error, guest: &Guest) -> Cause {
    if let Some(breach) = error.downcast_ref::<Breach>() {
        return Cause::Broke(breach.clone());
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return match (trap, guest.log.panic(), guest.ledger.refused()) {
            (Trap::StackOverflow, ..) => Cause::Broke(Breach::Stack(STACK_BYTES)),
            (Trap::UnreachableCodeReached, Some(message), _) => Cause::Panicked(without_the_word(&message)),
            // An allocator that is refused memory ends in a trap of its own.
            (_, _, Some(breach)) => Cause::Broke(breach),
            (Trap::UnreachableCodeReached, ..) => Cause::Trapped(
                "it reached `unreachable`, as a panic or an abort without a message does".to_owned(),
            ),
            // Compilers put the stack of a guest's own data below everything else, so that it runs out at address 0.
            (Trap::MemoryOutOfBounds, ..) => Cause::Trapped(
                "out of bounds memory access, as too deep a recursion causes as well".to_owned(),
            ),
            (other, ..) => Cause::Trapped(other.to_string().trim_start_matches("wasm trap: ").to_owned()),
        };
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return Cause::Other(format!("it ended itself with exit status {}", exit.0));
    }
    let text = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    if let Some(breach) = known(&text, guest) {
        return Cause::Broke(breach);
    }
    if error.chain().any(|cause| cause.is::<std::str::Utf8Error>()) || text.contains("invalid utf-8") {
        return Cause::Broke(Breach::Text);
    }
    match guest.ledger.refused() {
        Some(breach) => Cause::Broke(breach),
        None => Cause::Other(one_line(&error.root_cause().to_string())),
    }
}

/// Bounds that the engine enforces itself have no type of their own, so their words decide;
/// a test with a guest for each shows when the engine changes them.
fn known(text: &str, guest: &Guest) -> Option<Breach> {
    let limits = &guest.limits;
    let table = [
        ("fuel allocated for hostcalls has been exhausted", Breach::Transfer(limits.transfer_bytes)),
        ("instance count too high", Breach::Instances(limits.instances)),
        ("memory count too high", Breach::Memories(limits.memories)),
        ("table count too high", Breach::Tables(limits.tables)),
        ("store handle limit exceeded", Breach::Handles(limits.handles)),
    ];
    table.into_iter().find(|(words, _)| text.contains(words)).map(|(_, breach)| breach)
}

/// `panicked at src/lib.rs:3: message` without its first word, which the sentence has already.
fn without_the_word(message: &str) -> String {
    message.strip_prefix("panicked").unwrap_or(message).trim_start_matches([' ', ':']).to_owned()
}

fn one_line(message: &str) -> String {
    cut(message.lines().next().unwrap_or("no message"), MESSAGE_BYTES).0.to_owned()
}
