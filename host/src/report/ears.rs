//! What backends say beside their answers: warnings of registries, for people. Hears nothing below a warning.

use std::{fmt, sync::Arc};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

use super::Talker;

/// Hands warnings of this program's rooms to whoever talks.
pub(crate) struct Ears {
    talker: Arc<Talker>,
}

impl Ears {
    /// Listens from now on, for the rest of the program. A second call changes nothing.
    pub(crate) fn open(talker: &Arc<Talker>) {
        // Only a program that listens already refuses, and that one hears all there is.
        let _ = tracing::subscriber::set_global_default(Self { talker: Arc::clone(talker) });
    }
}

impl Subscriber for Ears {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN && metadata.target().starts_with("bakery")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        self.talker.warning(&format!("{}{}", heard.message, heard.fields));
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
    use crate::report::stderr::testing::listening;

    #[test]
    fn warnings_of_our_rooms_are_told_and_all_else_is_not() {
        let (talker, text) = listening(crate::report::stderr::Host::Plain);
        tracing::subscriber::with_default(Ears { talker: Arc::new(talker) }, || {
            tracing::warn!(target: "bakery_backend::registry", registry = %"r.example", "the registry warns");
            tracing::info!(target: "bakery_backend::registry", "not heard");
            tracing::warn!(target: "hyper", "not heard");
        });
        assert_eq!(text.get(), "warning: the registry warns registry=r.example\n");
    }
}
