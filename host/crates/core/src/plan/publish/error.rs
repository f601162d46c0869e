//! Why nothing is published, in sentences with what to do. All that is wrong is told at once; nothing is printed here.

use std::fmt;

/// One thing that keeps the targets from being published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No file was given.
    #[error("there is no metadata file to publish from")]
    NoFiles,
}

impl PublishError {
    /// A stable code for reports and documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFiles => "bakery::publish::no_files",
        }
    }

    /// What to do, where one thing is known to help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFiles => Some("name the files that `bakery build --metadata-file` wrote".to_owned()),
        }
    }
}

/// Everything that was found, at least one; in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishErrors(pub Vec<PublishError>);

impl PublishErrors {
    /// Takes over what was found elsewhere.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

impl fmt::Display for PublishErrors {
    /// One line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for PublishErrors {}
