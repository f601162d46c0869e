//! What a fault does to the request it hits.
//! It performs nothing: `serve` reads these values at the stages of a request.

use serde::{Deserialize, Serialize};

use super::Answer;

/// What happens to a request that a rule hits. Several rules may hit one request: pauses, delays, changes and
/// alterations of the answer add up; of those that replace the answer the first one holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Answer this instead of what the registry would say.
    Answer {
        /// Before the effect (which then never happens) or after it (so that the client does not learn of it).
        point: Point,
        /// The answer.
        answer: Answer,
    },
    /// Reset the TCP connection instead of answering.
    Reset {
        /// Before the effect, or after it: the lost acknowledgement.
        point: Point,
    },
    /// Close the TCP connection in an orderly way instead of answering.
    Close {
        /// Before the effect or after it.
        point: Point,
    },
    /// Never answer; the connection stays open until the client gives up.
    Stall {
        /// Before the effect or after it.
        point: Point,
    },
    /// Hold the request until a test releases or discards it.
    Pause {
        /// The name under which the test finds it.
        name: String,
        /// Before the effect, or after it and before the answer.
        point: Point,
    },
    /// Wait this long before anything happens.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Reset the connection after so many bytes of the request's body.
    CutRequest {
        /// Bytes read from the body.
        at: u64,
        /// Whether an upload keeps the bytes that were read, so that it can be resumed.
        keep: bool,
    },
    /// Send only the first bytes of the answer's body, under the full `Content-Length`.
    CutBody {
        /// Bytes sent.
        at: u64,
        /// What happens then.
        ending: Ending,
    },
    /// Send the answer's body at this pace.
    SlowBody {
        /// Bytes per second, at least 1.
        bytes_per_second: u64,
    },
    /// Send the answer's body again and again, without a length, until the client hangs up.
    EndlessBody,
    /// Change one bit in the middle of the answer's body: right length, wrong bytes.
    CorruptBody,
    /// Lengthen (with zeros) or shorten the answer's body, and the `Content-Length` of a `HEAD` with it.
    ResizeBody {
        /// Bytes to add; negative to take away.
        by: i64,
    },
    /// Set a header of the answer, for instance a wrong `Content-Type`.
    SetHeader {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Leave a header out of the answer, for instance `Docker-Content-Digest`.
    DropHeader {
        /// Its name.
        name: String,
    },
    /// Answer with a `Docker-Content-Digest` that is well formed and wrong.
    WrongDigestHeader,
    /// Answer with a redirect; the effect never happens.
    Redirect {
        /// Where to.
        to: Redirection,
        /// 301, 302, 303, 307 or 308.
        status: u16,
    },
    /// Answer the `PUT` of a manifest as if its children or blobs were unknown, naming each of them.
    UnknownChildren {
        /// 400 as most registries say it, or 404.
        status: u16,
    },
    /// End the connection after this answer.
    Disconnect {
        /// Whether the client is told (`Connection: close`, or GOAWAY in HTTP/2) or finds out on its next request.
        announced: bool,
    },
    /// Something happens to the registry's content just before the request takes effect.
    Change(Change),
}

impl Action {
    /// Answers with this status and the usual error body; nothing takes effect.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::answer(Answer::status(status))
    }

    /// Answers this; nothing takes effect.
    #[must_use]
    pub fn answer(answer: Answer) -> Self {
        Self::Answer { point: Point::Before, answer }
    }

    /// Answers this although the request took effect.
    #[must_use]
    pub fn answer_after(answer: Answer) -> Self {
        Self::Answer { point: Point::After, answer }
    }

    /// Resets the connection; nothing takes effect.
    #[must_use]
    pub fn reset() -> Self {
        Self::Reset { point: Point::Before }
    }

    /// Resets the connection after the request took effect: a lost acknowledgement.
    #[must_use]
    pub fn reset_after() -> Self {
        Self::Reset { point: Point::After }
    }

    /// Holds the request before it takes effect.
    #[must_use]
    pub fn pause(name: &str) -> Self {
        Self::Pause { name: name.to_owned(), point: Point::Before }
    }

    /// Holds the request after it took effect and before it is answered.
    #[must_use]
    pub fn pause_after(name: &str) -> Self {
        Self::Pause { name: name.to_owned(), point: Point::After }
    }

    /// Sends so many bytes of the body, then resets the connection.
    #[must_use]
    pub fn cut_body(at: u64) -> Self {
        Self::CutBody { at, ending: Ending::Reset }
    }

    /// Sends so many bytes of the body, then closes the connection in an orderly way.
    #[must_use]
    pub fn truncate_body(at: u64) -> Self {
        Self::CutBody { at, ending: Ending::Close }
    }
}

/// On which side of the request's effect something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// Nothing has happened yet, and for an answer or a broken connection nothing will.
    Before,
    /// The registry's content has changed; the client does not know.
    After,
}

/// How a cut body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With a TCP reset.
    Reset,
    /// With an orderly end of the connection.
    Close,
    /// Not at all: the connection stays open and silent.
    Stall,
}

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redirection {
    /// To the same content on the other host: a signed address for a blob, the same path for the rest.
    Elsewhere,
    /// To itself, for ever.
    Loop,
    /// To this URL.
    Url(String),
}

/// A change that no request of the client under test asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A blob or a manifest disappears, as after a garbage collection.
    Evict {
        /// The repository.
        repository: String,
        /// The digest.
        digest: String,
    },
    /// Somebody else moves a tag.
    MoveTag {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// The digest it points to from now on.
        digest: String,
    },
    /// Every token handed out so far stops being valid.
    RevokeTokens,
    /// Every open upload is forgotten.
    ForgetUploads,
    /// Everything that lags becomes visible.
    Reveal,
}
