//! The one owner of standard output: data, and nothing else.

use std::io::{self, Write as _};

/// Standard output. A reader that went away ends the command quietly.
#[derive(Debug, Default)]
pub(crate) struct Stdout;

impl Stdout {
    /// Writes one JSON document on one line.
    pub(crate) fn json_line(&self, value: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string(value).map_err(io::Error::other)?;
        text.push('\n');
        self.text(&text)
    }

    /// Writes one JSON document for people, indented.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        text.push('\n');
        self.text(&text)
    }

    /// Writes text as it is.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}
