//! The one line in which a program says why it failed. Progress, build output and advice are not it.

use std::sync::LazyLock;

use regex::Regex;

/// Beginnings under which programs say that they failed: `Error:`, `ERROR:`, `docker: Error response from daemon:`,
/// `FATA[0001]`, `time="…" level=fatal`.
static BEGINNING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:[\w.-]+: )?(?:(?:error|fatal|panic)(?: response from [\w ]+)?(?:\[\d+\])?:|fata\[\d+\]|time=\S+ level=(?:fatal|error|panic)\b|unknown (?:shorthand )?flag\b)",
    )
    .expect("the pattern is a constant")
});

/// Advice that some programs print after the error.
static ADVICE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:see '|run '|usage\b|for more\b|please\b|hint\b|try '|---)")
        .expect("the pattern is a constant")
});

/// The last line that begins as an error, or else the last that is no advice; nothing where there is no line.
/// Invalid UTF-8 is replaced.
#[must_use]
pub fn error_line(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines = || text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).rev();
    let line = lines()
        .find(|line| BEGINNING.is_match(line))
        .or_else(|| lines().find(|line| !ADVICE.is_match(line)))
        .or_else(|| lines().next())?;
    Some(line.to_owned())
}
