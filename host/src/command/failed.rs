//! Why a command failed, and how that is told: which words, which hint, which exit code.

use bakery_core::{
    config::Diagnostics,
    plan::{PlanError, publish::PublishErrors},
    port::{Failure, FailureKind, OverrideError},
};
use bakery_render::Faults;
use bakery_run::Dispatched;

use crate::{
    cli::UsageError,
    report::{Exit, Talker},
};

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The command line.
    Usage(UsageError),
    /// `bakery.yaml`.
    Config(Diagnostics),
    /// The plan.
    Plan(PlanError),
    /// Templates.
    Templates(Faults),
    /// Everything that is wrong with what was given.
    Many(Vec<Reason>),
    /// A signal ended it.
    Signal(Exit),
    /// Anything else, with its cause and what to do.
    Other {
        /// The exit code.
        exit: Exit,
        /// What happened.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// It was told already, where it happened.
    Told(Exit),
}

/// One thing that is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl Reason {
    /// Without anything known to help.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same with something the user can do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Everything that is wrong with metadata files.
    pub(crate) fn of(errors: &PublishErrors) -> impl Iterator<Item = Self> {
        errors.0.iter().map(|error| Self { message: error.to_string(), hint: error.hint() })
    }
}

impl Failed {
    /// A failure with exit code 1.
    pub(crate) fn because(message: impl Into<String>) -> Self {
        Self::Other { exit: Exit::Failed, message: message.into(), hint: None }
    }

    /// The same with something the user can do.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Other { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// A failure of the override component, with the payload's place for messages.
    pub(crate) fn payload(from: &str, error: &OverrideError) -> Self {
        match error {
            OverrideError::InvalidSpec(sentence) => {
                Self::Usage(UsageError::new(format!("{from}: {sentence}")))
            }
            other => Self::because(format!("{from}: {other}")),
        }
    }

    /// A payload that cannot be applied.
    pub(crate) fn dispatched(from: &str, error: Dispatched) -> Self {
        let Dispatched::Override { source, candidates } = error else {
            let Dispatched::Plan(error) = error else {
                return Self::because(format!("{from} cannot be applied"));
            };
            return Self::Plan(*error);
        };
        let list = |wanted: &dyn Fn(u32) -> bool| -> String {
            let lines = candidates.iter().filter(|c| wanted(c.id)).map(|c| {
                let channel =
                    c.channel.as_deref().map(|channel| format!(", channel {channel}")).unwrap_or_default();
                format!("  - image `{}`, product `{}`{channel}", c.image, c.product)
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        match &source {
            OverrideError::Ambiguous { candidates: matching, field } => Self::because(format!(
                "{from} matches several development versions:\n{}",
                list(&|id| matching.contains(&id))
            ))
            .hint(field.as_ref().map_or_else(
                || "nothing in a payload can tell these apart: use --image-name".to_owned(),
                |field| format!("add `{field}` to the payload, or select with --image-name"),
            )),
            OverrideError::NothingMatches(sentence) if candidates.is_empty() => Self::because(format!(
                "{from} matches nothing: {sentence}"
            ))
            .hint("the filters select no development version at all: check --image-name and `devVersions`"),
            OverrideError::NothingMatches(sentence) => {
                Self::because(format!("{from} matches nothing: {sentence}; there are\n{}", list(&|_| true)))
            }
            other => Self::payload(from, other),
        }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Config(_) | Self::Templates(_) | Self::Plan(_) | Self::Many(_) => Exit::Failed,
            Self::Signal(exit) | Self::Told(exit) | Self::Other { exit, .. } => *exit,
        }
    }

    /// What is wrong, in plain words without colour.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::Usage(error) => vec![Reason { message: error.message.clone(), hint: error.hint.clone() }],
            Self::Config(diagnostics) => {
                let findings = diagnostics.list().iter();
                findings.map(|one| Reason { message: one.message.clone(), hint: one.hint.clone() }).collect()
            }
            Self::Templates(faults) => {
                let findings = faults.list.iter();
                findings.map(|one| Reason { message: one.message.clone(), hint: one.note.clone() }).collect()
            }
            Self::Plan(error) => vec![Reason { message: error.to_string(), hint: error.hint() }],
            Self::Many(reasons) => reasons.clone(),
            Self::Signal(_) => vec![Reason::new("stopped by a signal; nothing was written")],
            Self::Other { message, hint, .. } => {
                vec![Reason { message: message.clone(), hint: hint.clone() }]
            }
            Self::Told(_) => Vec::new(),
        }
    }

    /// Says it, and gives the exit code.
    pub(crate) fn tell(self, talker: &Talker) -> Exit {
        match self {
            Self::Config(diagnostics) => {
                for finding in diagnostics.list() {
                    talker.finding(finding);
                }
                if diagnostics.omitted() > 0 {
                    talker.note(&format!("{} more findings are not shown", diagnostics.omitted()));
                }
                Exit::Failed
            }
            Self::Templates(faults) => {
                for finding in &faults.list {
                    talker.finding(finding);
                }
                if faults.omitted > 0 {
                    talker.note(&format!("{} more findings are not shown", faults.omitted));
                }
                Exit::Failed
            }
            other => {
                for reason in other.reasons() {
                    talker.error(&reason.message, reason.hint.as_deref());
                }
                other.exit()
            }
        }
    }
}

/// The exit code of a failure at the edge.
pub(crate) fn exit_of(failure: &Failure) -> Exit {
    match failure.kind {
        FailureKind::Unavailable | FailureKind::TimedOut | FailureKind::RateLimited => Exit::Unavailable,
        FailureKind::Denied => Exit::Denied,
        _ => Exit::Failed,
    }
}

impl From<UsageError> for Failed {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<PlanError> for Failed {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<Vec<Reason>> for Failed {
    fn from(reasons: Vec<Reason>) -> Self {
        Self::Many(reasons)
    }
}

impl From<PublishErrors> for Failed {
    fn from(errors: PublishErrors) -> Self {
        Self::Many(Reason::of(&errors).collect())
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::because(format!("cannot write to standard output: {error}"))
    }
}
