//! What shall happen to one request, sorted by the stage at which it happens.
//! It decides nothing any more and performs nothing itself.

use std::time::Duration;

use crate::script::{Action, Answer, Change, Ending, Point, Redirection};

/// The actions of all rules that hit one request, in the order of the rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    actions: Vec<(String, Action)>,
}

/// What stands in for the registry's answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict<'a> {
    Answer(&'a Answer),
    Reset,
    Close,
    Stall,
    Redirect(&'a Redirection, u16),
    UnknownChildren(u16),
}

/// A change of the finished answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Alteration<'a> {
    Corrupt,
    Resize(i64),
    Set(&'a str, &'a str),
    Drop(&'a str),
    WrongDigest,
}

/// How the answer's body is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) bytes_per_second: Option<u64>,
    pub(crate) cut: Option<(u64, Ending)>,
    pub(crate) endless: bool,
    /// Close the connection afterwards, announced or not.
    pub(crate) disconnect: Option<bool>,
}

impl Orders {
    /// One more action of the rule with this name.
    pub(crate) fn push(&mut self, rule: String, action: Action) {
        self.actions.push((rule, action));
    }

    /// The names of the rules that hit.
    pub(crate) fn names(&self) -> Vec<String> {
        self.actions.iter().map(|(name, _)| name.clone()).collect()
    }

    /// How long to wait first.
    pub(crate) fn delay(&self) -> Duration {
        let ms = self.each().map(|action| if let Action::Delay { ms } = action { *ms } else { 0 }).sum();
        Duration::from_millis(ms)
    }

    /// The names under which the request is held at this point.
    pub(crate) fn pauses(&self, at: Point) -> impl Iterator<Item = &str> {
        self.each().filter_map(move |action| match action {
            Action::Pause { name, point } if *point == at => Some(name.as_str()),
            _ => None,
        })
    }

    /// Where the request's body is cut, and whether an upload keeps the beginning.
    pub(crate) fn request_cut(&self) -> Option<(u64, bool)> {
        self.each().find_map(|action| match action {
            Action::CutRequest { at, keep } => Some((*at, *keep)),
            _ => None,
        })
    }

    /// What stands in for the answer at this point.
    pub(crate) fn verdict(&self, at: Point) -> Option<Verdict<'_>> {
        self.each().find_map(|action| match action {
            Action::Answer { point, answer } if *point == at => Some(Verdict::Answer(answer)),
            Action::Reset { point } if *point == at => Some(Verdict::Reset),
            Action::Close { point } if *point == at => Some(Verdict::Close),
            Action::Stall { point } if *point == at => Some(Verdict::Stall),
            Action::Redirect { to, status } if at == Point::Before => Some(Verdict::Redirect(to, *status)),
            Action::UnknownChildren { status } if at == Point::Before => {
                Some(Verdict::UnknownChildren(*status))
            }
            _ => None,
        })
    }

    /// What happens to the content before the request takes effect.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.each().filter_map(|action| if let Action::Change(change) = action { Some(change) } else { None })
    }

    /// What is changed of the finished answer, in order.
    pub(crate) fn alterations(&self) -> impl Iterator<Item = Alteration<'_>> {
        self.each().filter_map(|action| match action {
            Action::CorruptBody => Some(Alteration::Corrupt),
            Action::ResizeBody { by } => Some(Alteration::Resize(*by)),
            Action::SetHeader { name, value } => Some(Alteration::Set(name, value)),
            Action::DropHeader { name } => Some(Alteration::Drop(name)),
            Action::WrongDigestHeader => Some(Alteration::WrongDigest),
            _ => None,
        })
    }

    /// How the answer's body is sent.
    pub(crate) fn pace(&self) -> Pace {
        let mut pace = Pace::default();
        for action in self.each() {
            match action {
                Action::SlowBody { bytes_per_second } => {
                    pace.bytes_per_second = Some((*bytes_per_second).max(1))
                }
                Action::CutBody { at, ending } => pace.cut = Some((*at, *ending)),
                Action::EndlessBody => pace.endless = true,
                Action::Disconnect { announced } => pace.disconnect = Some(*announced),
                _ => {}
            }
        }
        pace
    }

    fn each(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().map(|(_, action)| action)
    }
}
