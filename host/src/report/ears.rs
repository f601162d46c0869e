//! What backends say beside their answers: warnings of registries, and with `-v` every request. Decides nothing.

use std::{fmt, sync::Arc};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

use super::{Talker, escape, stderr::Threshold};

/// Hands warnings of this program's rooms to whoever talks.
pub(crate) struct Ears {
    talker: Arc<Talker>,
    /// The least that is heard.
    level: Level,
}

impl Ears {
    /// Listens from now on, for the rest of the program. A second call changes nothing.
    pub(crate) fn open(talker: &Arc<Talker>) {
        // Only a program that listens already refuses, and that one hears all there is.
        let _ = tracing::subscriber::set_global_default(Self::of(Arc::clone(talker)));
    }

    fn of(talker: Arc<Talker>) -> Self {
        let level = if talker.style().threshold == Threshold::Debug { Level::DEBUG } else { Level::WARN };
        Self { talker, level }
    }
}

impl Subscriber for Ears {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level && metadata.target().starts_with("bakery")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.level))
    }

    fn event(&self, event: &Event<'_>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        let text = format!("{}{}", heard.message, heard.fields);
        if *event.metadata().level() <= Level::WARN {
            self.talker.warning(&text);
        } else {
            self.talker.debug(&escape::line(&text));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message first, then ` name=value` for each field.
#[derive(Default)]
struct Heard {
    message: String,
    fields: String,
}

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::stderr::{Host, Style, testing::talking};

    fn heard(threshold: Threshold) -> String {
        let style = Style { color: false, host: Host::Plain, terminal: false, threshold };
        let (talker, text) = talking(style);
        tracing::subscriber::with_default(Ears::of(Arc::new(talker)), || {
            tracing::warn!(target: "bakery_backend::registry", registry = %"r.example", "the registry warns");
            tracing::debug!(target: "bakery_backend::registry", millis = 3, "`GET {}` 200", "r\u{1b}");
            tracing::warn!(target: "hyper", "not heard");
        });
        text.get()
    }

    #[test]
    fn warnings_of_our_rooms_are_told_and_requests_to_those_who_want_everything() {
        let warning = "warning: the registry warns registry=r.example\n";
        assert_eq!(heard(Threshold::Info), warning);
        assert_eq!(heard(Threshold::Error), "");
        assert_eq!(heard(Threshold::Debug), format!("{warning}`GET r\\u{{1b}}` 200 millis=3\n"));
    }
}
