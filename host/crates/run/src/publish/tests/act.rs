//! What one call of a scripted step does.

use std::time::Duration;

use bakery_core::{
    model::Digest,
    port::{Event, EventSink, Failure, FailureKind, StepCall, StepOutcome},
};
use tokio::time::sleep;

/// What one call does.
#[derive(Default)]
pub(super) struct Act {
    /// Emitted at once.
    events: Vec<Event>,
    /// Until the end.
    after: Duration,
    end: End,
}

#[derive(Default)]
enum End {
    /// As a good component does, which writes every tag.
    #[default]
    Well,
    Answer(Result<StepOutcome, Failure>),
    Panic,
    /// Only a signal ends it.
    Never,
}

impl Act {
    pub(super) fn well() -> Self {
        Self::default()
    }

    pub(super) fn never() -> Self {
        Self { end: End::Never, ..Self::default() }
    }

    pub(super) fn panics() -> Self {
        Self { end: End::Panic, ..Self::default() }
    }

    pub(super) fn fails(kind: FailureKind, message: &str) -> Self {
        let failure = Failure::new(kind, "r.example", message);
        Self { end: End::Answer(Err(failure)), ..Self::default() }
    }

    pub(super) fn answers(digest: Option<Digest>, attributes: &[(&str, &str)]) -> Self {
        let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let outcome = StepOutcome { digest, attributes: attributes.collect() };
        Self { end: End::Answer(Ok(outcome)), ..Self::default() }
    }

    pub(super) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    pub(super) fn says(self, events: Vec<Event>) -> Self {
        Self { events, ..self }
    }

    /// Does it.
    pub(super) async fn end(self, call: &StepCall, events: &dyn EventSink) -> Result<StepOutcome, Failure> {
        self.events.into_iter().for_each(|event| events.emit(event));
        sleep(self.after).await;
        match self.end {
            End::Well => Ok(good(call, events)),
            End::Answer(answer) => answer,
            End::Panic => panic!("a bug in `{} {}`", call.task.uid, call.step),
            End::Never => std::future::pending().await,
        }
    }
}

/// What a good component answers, and what its host says of it.
fn good(call: &StepCall, events: &dyn EventSink) -> StepOutcome {
    let destinations = call.task.destinations.iter();
    let names = destinations.flat_map(|one| one.tags.iter().map(|tag| format!("{}:{tag}", one.repository)));
    let all = |key: &str| -> Vec<(String, String)> { names.map(|name| (key.to_owned(), name)).collect() };
    match call.step {
        "index-create" => {
            let digest = Digest::of(call.task.uid.as_bytes());
            StepOutcome { digest: Some(digest), attributes: Vec::new() }
        }
        "soci-convert" => {
            let digest = Digest::of(format!("{} converted", call.task.uid).as_bytes());
            StepOutcome { digest: Some(digest), attributes: Vec::new() }
        }
        "index-place" => {
            let copied = call.task.destinations.iter().map(|one| one.repository.to_string());
            let attributes = copied.map(|name| ("copied".to_owned(), name)).collect();
            StepOutcome { digest: None, attributes }
        }
        "index-tag" => {
            let attributes = all("written");
            for (_, name) in &attributes {
                events.emit(effect("tag", name));
            }
            StepOutcome { digest: None, attributes }
        }
        "verify" => StepOutcome { digest: None, attributes: all("verified") },
        _ => StepOutcome::default(),
    }
}

pub(super) fn effect(verb: &'static str, subject: &str) -> Event {
    Event::Effect { verb, subject: subject.to_owned(), detail: String::new() }
}
