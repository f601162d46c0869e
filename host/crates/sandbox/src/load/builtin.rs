//! Components inside the program: embedded code where this machine can run it, else the embedded component.
//! Start-up compiles nothing unless the two disagree, and then says so.

use bakery_core::port::{Event, EventSink, Failure, FailureKind, Severity};
use wasmtime::{Engine, component::Component};

use super::native;
use crate::Builtin;

/// Loads the built-in component `name`.
///
/// # Errors
/// There is none of that name.
pub(crate) fn load(
    engine: &Engine,
    builtins: &[Builtin],
    name: &str,
    events: &dyn EventSink,
) -> Result<Component, Failure> {
    let Some(builtin) = builtins.iter().find(|builtin| builtin.name == name) else {
        let names: Vec<String> = builtins.iter().map(|builtin| format!("`{}`", builtin.name)).collect();
        let message = format!("there is no built-in component `{name}`; there are {}", names.join(", "));
        return Err(Failure::new(FailureKind::NotFound, name, message)
            .with_hint("a component of your own is named by the path of its `.wasm` file"));
    };
    if !builtin.native.is_empty() {
        match native::deserialize(engine, builtin.native) {
            Ok(component) => return Ok(component),
            Err(error) => {
                let message = format!("built-in component `{name}` is compiled again: {error:#}");
                events.emit(Event::Note { severity: Severity::Debug, message });
            }
        }
    }
    Component::from_binary(engine, builtin.wasm).map_err(|error| {
        let message = format!("built-in component `{name}` cannot be compiled: {error:#}");
        Failure::new(FailureKind::Internal, name, message)
            .with_hint("this is a defect of bakery: please report it")
    })
}
