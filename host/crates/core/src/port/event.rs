//! What happened, for whoever listens. Emitting never fails and never waits.

use std::{sync::Arc, time::Duration};

use super::FailureKind;

/// How much an event matters to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Only with `-v`.
    Debug,
    /// Normal.
    Info,
    /// Worth reading.
    Warning,
}

/// One thing that happened. Strings may come from guests and upstreams: reports escape them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request was answered, or failed for good.
    Request {
        /// `GET`.
        method: &'static str,
        /// Where.
        url: String,
        /// Status, where there was an answer.
        status: Option<u16>,
        /// How often it was tried.
        attempts: u32,
        /// Bytes of body.
        bytes: u64,
        /// From permit to last byte.
        elapsed: Duration,
    },
    /// An attempt failed and another one follows.
    Retrying {
        /// What is done again.
        subject: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        kind: FailureKind,
        /// One sentence.
        message: String,
        /// Until the next attempt.
        delay: Duration,
    },
    /// The host waits for an upstream to catch up.
    Waiting {
        /// For whom.
        subject: String,
        /// What is there now, and what is wanted.
        message: String,
        /// So far.
        elapsed: Duration,
        /// Until the next look.
        delay: Duration,
        /// Until it gives up.
        remaining: Duration,
    },
    /// A wait ended well.
    Arrived {
        /// What was waited for.
        subject: String,
        /// How long.
        waited: Duration,
    },
    /// A grant refused something.
    Denied {
        /// Who asked.
        component: String,
        /// For what.
        subject: String,
        /// The line to add.
        hint: String,
    },
    /// A guest wrote to its log.
    GuestLog {
        /// Who.
        component: String,
        /// How loud.
        severity: Severity,
        /// What.
        message: String,
    },
    /// A program said something while it runs.
    Line {
        /// The name of its grant.
        program: String,
        /// One line without its ending, bounded.
        line: String,
    },
    /// A dispatch pinned a development version.
    Pinned {
        /// Image.
        image: String,
        /// Product or dependency.
        product: String,
        /// Channel word.
        channel: Option<String>,
        /// Version.
        version: Option<String>,
        /// Release branch.
        branch: Option<String>,
        /// The payload, as given.
        payload: String,
    },
    /// A source answered.
    Resolved {
        /// Image.
        image: String,
        /// Product or dependency.
        product: String,
        /// Channel word.
        channel: Option<String>,
        /// What it answered.
        version: String,
        /// Whether a dispatch asked for exactly this.
        pinned: bool,
        /// The URL that was read.
        origin: Option<String>,
    },
    /// A target of a run began to do something, or to wait for its turn.
    Step {
        /// The step's name; words for people: `wait-sources`, `index-create`.
        step: &'static str,
    },
    /// Something was written, or would be in a dry run.
    Effect {
        /// What was done: `mount`, `upload`, `push`, `tag`.
        verb: &'static str,
        /// To what: a reference.
        subject: String,
        /// How, for people: where it came from, how many bytes.
        detail: String,
    },
    /// Something that happened to one target of a run.
    Of {
        /// The target's identifier.
        target: Arc<str>,
        /// What happened.
        event: Box<Event>,
    },
    /// Something the user should know, with what to do.
    Note {
        /// How loud.
        severity: Severity,
        /// What.
        message: String,
    },
}

/// Whoever listens.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}
