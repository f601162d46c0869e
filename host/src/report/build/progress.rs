//! Listens to a build: lines of builders as they come, each whole and under its target's name. Starts nothing.

use std::sync::Arc;

use bakery_core::{
    plan::Target,
    port::{
        Event, EventSink, Failure, Severity,
        command::{LineSink, OutputStream},
    },
};
use bakery_run::build::{BuildStatus, TargetBuilt};

use crate::report::{
    Talker, escape,
    sentence::{is_detail, sentence},
    stderr::Threshold,
    words,
};

/// The name for lines of one command that builds everything.
const ALL: &str = "bake";

/// Who listens to a build.
pub(crate) struct BuildProgress {
    talker: Arc<Talker>,
}

impl BuildProgress {
    pub(crate) fn new(talker: &Arc<Talker>) -> Self {
        Self { talker: Arc::clone(talker) }
    }

    /// Where lines of a target's command go; nowhere for those who want errors alone.
    pub(crate) fn lines(&self, target: Option<&str>) -> Option<Arc<dyn LineSink>> {
        (self.talker.style().threshold != Threshold::Error).then(|| self.voice(target) as Arc<dyn LineSink>)
    }

    /// Where events around a target's command go.
    pub(crate) fn events(&self, target: Option<&str>) -> Arc<dyn EventSink> {
        self.voice(target)
    }

    fn voice(&self, target: Option<&str>) -> Arc<Voice> {
        Arc::new(Voice { talker: Arc::clone(&self.talker), name: escape::line(target.unwrap_or(ALL)) })
    }

    /// Something that the user should know.
    pub(crate) fn note(&self, text: &str) {
        self.talker.info(&format!("note: {}", escape::line(text)));
    }

    /// What is done with something, among the lines that programs say about it.
    pub(crate) fn tell(&self, name: &str, text: &str) {
        self.talker.info(&format!("[{}] {}", escape::line(name), escape::line(text)));
    }

    /// A target begins.
    pub(crate) fn began(&self, target: &Target) {
        self.talker.debug(&format!("[{}] begins", escape::line(&target.uid)));
    }

    /// A target ended.
    pub(crate) fn ended(&self, target: &TargetBuilt, failure: Option<&Failure>) {
        let elapsed = words::duration(target.elapsed);
        let text = match (&target.status, failure) {
            (BuildStatus::Built(_), _) => format!("built in {elapsed}"),
            // Why is told when everything has ended, where nothing comes after it.
            (BuildStatus::Failed, Some(_)) => format!("failed after {elapsed}"),
            (BuildStatus::Cancelled, _) => "stopped".to_owned(),
            (BuildStatus::Failed, None) | (BuildStatus::NotStarted, _) => return,
        };
        self.talker.info(&format!("[{}] {text}", escape::line(&target.uid)));
    }

    /// Lines from now on belong together, where a log can fold them.
    pub(crate) fn open(&self, title: &str) {
        if self.talker.is_github() {
            self.talker.info(&format!("::group::{}", escape::github_data(title)));
        }
    }

    /// Lines from now on do not.
    pub(crate) fn close(&self) {
        if self.talker.is_github() {
            self.talker.info("::endgroup::");
        }
    }
}

/// One command's voice.
struct Voice {
    talker: Arc<Talker>,
    name: String,
}

impl LineSink for Voice {
    fn line(&self, _: OutputStream, line: &str) {
        self.talker.info(&format!("[{}] {}", self.name, escape::line(line)));
    }
}

impl EventSink for Voice {
    fn emit(&self, event: Event) {
        let line = format!("[{}] {}", self.name, sentence(&event));
        match event {
            Event::Note { severity: Severity::Warning, message } => {
                self.talker.warning(&format!("[{}] {message}", self.name));
            }
            _ if is_detail(&event) => self.talker.debug(&line),
            _ => self.talker.info(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::stderr::{Host, Style, testing::talking};

    #[test]
    fn a_line_of_a_builder_is_one_line_of_ours_whatever_is_in_it() {
        let told = |threshold| {
            let style = Style { color: false, host: Host::GitHub, terminal: false, threshold };
            let (talker, text) = talking(style);
            let progress = BuildProgress::new(&Arc::new(talker));
            progress.open("build\n::error::x");
            for target in [Some("app-1-0-0"), None] {
                let Some(lines) = progress.lines(target) else { continue };
                lines.line(OutputStream::Stderr, "::error::no\u{1b}[2J\u{202e}");
            }
            progress.close();
            text.get()
        };
        insta::assert_snapshot!(told(Threshold::Info), @r"
        ::group::build%0A::error::x
        [app-1-0-0] \::error::no\u{1b}[2J\u{202e}
        [bake] \::error::no\u{1b}[2J\u{202e}
        ::endgroup::
        ");
        assert_eq!(told(Threshold::Error), "");
    }
}
