//! Programs made of constants, and layouts that are only names. Every command is written down as it would be typed.

use std::cell::RefCell;

use crate::{
    failure::failure,
    host::types::{Failure, FailureKind},
    layout::Layouts,
    program::{Command, Output, Programs, line},
    registry::{Copied, Descriptor},
};

/// Runs what it was told to know; everything else is `denied`.
#[derive(Default)]
pub struct FakePrograms {
    answers: Vec<(String, Result<Output, Failure>)>,
    converted: Option<String>,
    ran: RefCell<Vec<String>>,
}

impl FakePrograms {
    /// Programs that are not there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, where commands that begin so end with this code and print this. The first that fits counts.
    #[must_use]
    pub fn answering(mut self, begins: &str, exit_code: i32, stdout: &str) -> Self {
        let output = Output {
            exit_code,
            stdout: stdout.as_bytes().to_vec(),
            stderr: Vec::new(),
            truncated: false,
            attempts: 1,
        };
        self.answers.push((begins.to_owned(), Ok(output)));
        self
    }

    /// The same, where commands that begin so fail.
    #[must_use]
    pub fn failing(mut self, begins: &str, kind: FailureKind) -> Self {
        let message = format!("`{begins}` failed");
        self.answers
            .push((begins.to_owned(), Err(Failure { attempts: 1, ..failure(kind, begins, message) })));
        self
    }

    /// The same, where what is imported from a layout has this digest.
    #[must_use]
    pub fn importing(mut self, digest: &str) -> Self {
        self.converted = Some(digest.to_owned());
        self
    }

    /// What ran so far, in order, as it would be typed; exports and imports as well.
    #[must_use]
    pub fn ran(&self) -> Vec<String> {
        self.ran.borrow().clone()
    }

    fn descriptor(digest: &str) -> Descriptor {
        Descriptor {
            media_type: crate::index::MEDIA_TYPE.to_owned(),
            digest: digest.to_owned(),
            size: 7,
            platform: None,
            artifact_type: None,
            annotations: Vec::new(),
        }
    }

    fn note(&self, line: String) -> Result<Output, Failure> {
        let answer = self.answers.iter().find(|(begins, _)| line.starts_with(begins.as_str()));
        let answer = answer.map(|(_, answer)| answer.clone());
        self.ran.borrow_mut().push(line.clone());
        answer.unwrap_or_else(|| Err(failure(FailureKind::Denied, &line, format!("`{line}` is not granted"))))
    }
}

impl Programs for FakePrograms {
    fn run(&self, command: &Command) -> Result<Output, Failure> {
        self.note(line(command))
    }
}

impl Layouts for FakePrograms {
    fn export_image(&self, reference: &str, path: &str) -> Result<Descriptor, Failure> {
        self.note(format!("export {reference} ~/{path}"))?;
        Ok(Self::descriptor(reference.rsplit('@').next().unwrap_or_default()))
    }

    fn import_image(&self, path: &str, repository: &str) -> Result<Copied, Failure> {
        self.note(format!("import ~/{path} {repository}"))?;
        Ok(Copied {
            descriptor: Self::descriptor(self.converted.as_deref().unwrap_or_default()),
            manifests_pushed: 1,
            blobs_mounted: 0,
            blobs_uploaded: 1,
            bytes_uploaded: 7,
            attributes: Vec::new(),
        })
    }
}
