//! The rules that a guest can break, in words. Raised where a rule is enforced; put into a sentence by `fault`.

use std::time::Duration;

/// A rule, with the bound that was broken. Reads after "the component ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    /// See [`crate::Limits::guest_time`].
    #[error("ran longer than {} of guest time", seconds(*.0))]
    GuestTime(Duration),
    /// See [`crate::Limits::call_time`].
    #[error("took longer than {} with all its waiting", seconds(*.0))]
    CallTime(Duration),
    /// See [`crate::Limits::memory_bytes`].
    #[error("asked for more than {} of memory", bytes(*.0))]
    Memory(usize),
    /// See [`crate::Limits::table_elements`].
    #[error("asked for more than {0} table elements")]
    Table(usize),
    /// See [`crate::Limits::instances`].
    #[error("made more than {0} instances")]
    Instances(usize),
    /// See [`crate::Limits::memories`].
    #[error("has more than {0} memories")]
    Memories(usize),
    /// See [`crate::Limits::tables`].
    #[error("has more than {0} tables")]
    Tables(usize),
    /// See [`crate::Limits::handles`].
    #[error("held more than {0} resource handles")]
    Handles(usize),
    /// See [`crate::Limits::transfer_bytes`].
    #[error("handed over more than {} of strings and lists at once", bytes(*.0))]
    Transfer(usize),
    /// See [`crate::Limits::fetch_requests`].
    #[error("made more than {0} requests in one call of `http.fetch`")]
    FetchRequests(usize),
    /// See [`crate::Limits::references`].
    #[error("named more than {0} references in one call of `registry`")]
    References(usize),
    /// See [`crate::Limits::host_calls`].
    #[error("made more than {0} host calls")]
    HostCalls(u32),
    /// The engine's stack bound.
    #[error("recursed too deeply: it used more than {} of stack", bytes(*.0))]
    Stack(usize),
    /// A function of an interface that the sandbox does not have.
    #[error("called `{0}`, which is not provided,")]
    Absent(String),
    /// A string that is not UTF-8.
    #[error("handed over text that is not UTF-8")]
    Text,
}

impl Breach {
    /// Whether time ended it, rather than something it did.
    pub(crate) fn is_time(&self) -> bool {
        matches!(self, Self::GuestTime(_) | Self::CallTime(_))
    }
}

/// `2 s`, `50 ms`.
fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// `64 MiB`, `4 KiB`, `100 bytes`.
fn bytes(count: usize) -> String {
    const KIB: usize = 1024;
    match count {
        n if n >= KIB * KIB && n % (KIB * KIB) == 0 => format!("{} MiB", n / KIB / KIB),
        n if n >= KIB && n % KIB == 0 => format!("{} KiB", n / KIB),
        n => format!("{n} bytes"),
    }
}
