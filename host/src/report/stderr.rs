//! The one owner of standard error: events, warnings and errors in words.
//! On GitHub warnings and errors are annotations too. Decides nothing and never fails.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bakery_core::{
    config::{self, Diagnostic},
    port::{Event, EventSink, Severity},
};

use indicatif::ProgressBar;

use super::{
    escape,
    sentence::{is_detail, sentence},
};
use crate::cli::env;

/// Where the words go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A terminal or a plain log.
    Plain,
    /// GitHub Actions.
    GitHub,
}

/// How the words look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Colour; it never carries meaning.
    pub(crate) color: bool,
    /// Where the words go.
    pub(crate) host: Host,
    /// Whether a live area can be drawn.
    pub(crate) terminal: bool,
    /// The least that is said.
    pub(crate) threshold: Threshold,
}

/// The least that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// Everything (`-v`).
    Debug,
    /// What a person wants to see.
    Info,
    /// Errors alone (`-q`).
    Error,
}

impl Style {
    /// From the flags and the environment.
    pub(crate) fn detect(verbose: bool, quiet: bool) -> Self {
        let host = match env::GITHUB_ACTIONS.read().as_deref() {
            Some("true") => Host::GitHub,
            _ => Host::Plain,
        };
        let terminal = host == Host::Plain && io::stderr().is_terminal();
        Self {
            color: terminal && env::NO_COLOR.read_os().is_none(),
            host,
            terminal,
            threshold: match (verbose, quiet) {
                (_, true) => Threshold::Error,
                (true, _) => Threshold::Debug,
                _ => Threshold::Info,
            },
        }
    }
}

/// The one writer of standard error.
pub(crate) struct Talker {
    style: Style,
    out: Mutex<Out>,
}

struct Out {
    stream: Box<dyn Write + Send>,
    /// What is drawn below the lines, and has to make room for them.
    below: Option<ProgressBar>,
}

impl Talker {
    /// A writer with this style.
    pub(crate) fn new(style: Style) -> Self {
        Self::onto(style, Box::new(io::stderr()))
    }

    /// The same onto another stream.
    pub(super) fn onto(style: Style, stream: Box<dyn Write + Send>) -> Self {
        Self { style, out: Mutex::new(Out { stream, below: None }) }
    }

    /// How the words look.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// Keeps what is drawn below the lines apart from them, or nothing any more.
    pub(super) fn draw_below(&self, bar: Option<ProgressBar>) {
        self.out().below = bar;
    }

    /// Something worth reading.
    pub(crate) fn warning(&self, text: &str) {
        if self.style.threshold == Threshold::Error {
            return;
        }
        self.write("warning", "33", &escape::block(text));
        self.annotate("warning", "title=bakery", text);
    }

    /// A failure, with what the user can do.
    pub(crate) fn error(&self, text: &str, hint: Option<&str>) {
        self.titled_error("bakery", text, hint);
    }

    /// A failure whose annotation has a title of its own.
    pub(super) fn titled_error(&self, title: &str, text: &str, hint: Option<&str>) {
        self.write("error", "31", &escape::block(text));
        if let Some(hint) = hint {
            self.write("  hint", "36", &escape::block(hint));
        }
        self.annotate(
            "error",
            &format!("title={}", escape::github_property(title)),
            &hint.map_or_else(|| text.to_owned(), |hint| format!("{text}\n{hint}")),
        );
    }

    /// A finding that the configuration room rendered and escaped, at its place in a file.
    pub(crate) fn finding(&self, finding: &Diagnostic) {
        let error = finding.severity == config::Severity::Error;
        if !error && self.style.threshold == Threshold::Error {
            return;
        }
        self.raw(&finding.render(self.style.color));
        let (line, column) = finding.position().unwrap_or((1, 1));
        let place =
            format!("file={},line={line},col={column}", escape::github_property(&finding.file_name()));
        let text =
            [Some(&finding.message), finding.label.as_ref(), finding.note.as_ref(), finding.hint.as_ref()];
        let text: Vec<&str> = text.into_iter().flatten().map(String::as_str).collect();
        self.annotate(if error { "error" } else { "warning" }, &place, &text.join("\n"));
    }

    /// A sentence that follows an error.
    pub(crate) fn note(&self, text: &str) {
        self.write("note", "36", &escape::block(text));
    }

    /// Something that only those want to read who want to know everything (`-v`).
    pub(crate) fn detail(&self, text: &str) {
        self.debug(&escape::block(text));
    }

    /// Whether GitHub reads along.
    pub(crate) fn is_github(&self) -> bool {
        self.style.host == Host::GitHub
    }

    /// A table that is escaped already. It was asked for, so that it is shown even to those who want errors alone.
    pub(crate) fn table(&self, text: &str) {
        self.raw(text);
    }

    /// Lines that belong together, under a title where the log can fold them. They are escaped already.
    pub(super) fn group(&self, title: &str, lines: &[String]) {
        if self.style.threshold == Threshold::Error {
            return;
        }
        let lines = lines.join("\n");
        match self.style.host {
            Host::GitHub if lines.is_empty() => self.raw(title),
            Host::GitHub => {
                self.raw(&format!("::group::{}\n{lines}\n::endgroup::", escape::github_data(title)))
            }
            Host::Plain => self.raw(&format!("{title}\n{lines}")),
        }
    }

    /// A line that is escaped already.
    pub(super) fn info(&self, text: &str) {
        if self.style.threshold != Threshold::Error {
            self.raw(text);
        }
    }

    /// A line that is escaped already, for those who want to know everything.
    pub(super) fn debug(&self, text: &str) {
        if self.style.threshold == Threshold::Debug {
            let text = if self.style.color { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() };
            self.raw(&text);
        }
    }

    fn write(&self, label: &str, color: &str, text: &str) {
        let label =
            if self.style.color { format!("\u{1b}[1;{color}m{label}\u{1b}[0m") } else { label.to_owned() };
        self.raw(&format!("{label}: {text}"));
    }

    /// `properties` are escaped already; at most 4,096 characters of a message are shown by GitHub.
    fn annotate(&self, level: &str, properties: &str, text: &str) {
        if self.style.host == Host::GitHub {
            let text: String = text.chars().take(4000).collect();
            self.raw(&format!("::{level} {properties}::{}", escape::github_data(&text)));
        }
    }

    fn raw(&self, text: &str) {
        let Out { stream, below } = &mut *self.out();
        let mut write = || {
            // A log that nobody reads any more must not end the run.
            let _ = stream.write_all(text.trim_end().as_bytes()).and_then(|()| stream.write_all(b"\n"));
        };
        match below {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Talker {
    fn emit(&self, event: Event) {
        match &event {
            Event::Denied { component, subject, hint } => {
                self.warning(&format!("`{component}` was refused `{subject}`"));
                self.info(&format!("  hint: {}", escape::line(hint)));
            }
            Event::Note { severity: Severity::Warning, message } => self.warning(message),
            Event::GuestLog { component, severity: Severity::Warning, message } => {
                self.warning(&format!("[{component}] {message}"));
            }
            Event::Of { event, .. } => self.emit((**event).clone()),
            _ if is_detail(&event) => self.debug(&sentence(&event)),
            _ => self.info(&sentence(&event)),
        }
    }
}

#[cfg(test)]
pub(super) mod testing;
