//! Whether what a program left is a failure, and which. A success is one whatever words it printed.

use super::{
    error_line::error_line,
    kind::{is_token_refusal, kind_of, retry_after},
};
use crate::port::{
    Failure, FailureKind,
    command::{CommandOutput, Ended, ProgramFault},
    registry::{Party, RegistryFault, RegistryVerb},
};

/// Characters of an error line in a message.
const SHOWN: usize = 300;

/// The failure that the program reports, if it does.
///
/// # Errors
/// One failure for every end but exit code 0, with the program's last lines.
pub fn judge(name: &str, output: &CommandOutput) -> Result<(), Failure> {
    if output.ended.is_success() {
        return Ok(());
    }
    let fault = ProgramFault { ended: Some(output.ended), last_lines: output.last_lines().to_vec() };
    let words = output.stderr.last.join("\n");
    let line = error_line(words.as_bytes());
    let failure = match output.ended {
        Ended::Signal(signal) => {
            let failure =
                Failure::new(FailureKind::Internal, name, format!("`{name}` was ended by signal {signal}"));
            // SIGKILL, which bakery did not send.
            if signal == 9 { failure.with_hint("the machine may have run out of memory") } else { failure }
        }
        Ended::Code(code) => {
            let kind = kind_of(code, words.as_bytes());
            let said = line.as_deref().map_or("it said nothing".to_owned(), one_line);
            let failure = Failure::new(kind, name, format!("`{name}` failed with exit code {code}: {said}"));
            let failure = match line.as_deref().is_some_and(is_token_refusal) {
                true => failure.with_registry(RegistryFault {
                    status: Some(403),
                    // Which verb the program was at is not known; no rule about token servers asks.
                    ..RegistryFault::new(RegistryVerb::GetManifest, Party::TokenServer)
                }),
                false => failure,
            };
            match line.as_deref().and_then(retry_after) {
                Some(wait) if matches!(kind, FailureKind::RateLimited | FailureKind::Unavailable) => {
                    failure.with_retry_after(wait)
                }
                _ => failure,
            }
        }
    };
    Err(failure.with_program(fault))
}

/// On one line, shortened, without control characters.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    line
}
