//! The lines of a running program: events for whoever listens, and the last ones for a failure that has none itself.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bakery_core::port::{
    Event, Failure,
    command::{LineSink, OutputStream, ProgramFault},
};
use bakery_gate::Gate;

/// Lines that are kept of each stream, as those of a program that ends by itself are.
const KEPT: usize = 50;

/// The lines of one command.
pub(super) struct Lines {
    program: String,
    gate: Gate,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    stdout: VecDeque<String>,
    stderr: VecDeque<String>,
}

impl Lines {
    pub(super) fn new(program: &str, gate: Gate) -> Self {
        Self { program: program.to_owned(), gate, last: Mutex::default() }
    }

    /// The failure with the last lines, where it brings none: it did not come from the program's own end.
    pub(super) fn beside(&self, failure: Failure) -> Failure {
        if failure.program.is_some() {
            return failure;
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = if last.stderr.is_empty() { &last.stdout } else { &last.stderr };
        let last_lines = lines.iter().cloned().collect();
        drop(last);
        failure.with_program(ProgramFault { ended: None, last_lines })
    }
}

impl LineSink for Lines {
    fn line(&self, stream: OutputStream, line: &str) {
        self.gate.emit(Event::Line { program: self.program.clone(), line: line.to_owned() });
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = match stream {
            OutputStream::Stdout => &mut last.stdout,
            OutputStream::Stderr => &mut last.stderr,
        };
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }
}
