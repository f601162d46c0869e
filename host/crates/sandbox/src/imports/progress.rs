//! `progress`: a guest's words. Bounded by the log of the call; escaped by the report, not here.

use bakery_core::port::Severity;

use crate::{
    bindings::progress::{Host, Level},
    guest::Guest,
};

impl Host for Guest {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.enter_host()?;
        let severity = match level {
            Level::Debug => Severity::Debug,
            Level::Info => Severity::Info,
            Level::Warn => Severity::Warning,
        };
        self.log.write(severity, &message);
        Ok(())
    }
}
