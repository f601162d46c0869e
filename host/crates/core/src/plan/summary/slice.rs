//! One summary: what a job built or published, as JSON. Its keys are the predecessor's.

use serde_json::Value;

use crate::plan::publish::PublishPlan;

/// Who wrote a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SliceKind {
    /// A build: of one platform or several.
    #[default]
    Build,
    /// A publish: of whole indexes.
    Publish,
}

/// One summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Who wrote it.
    pub kind: SliceKind,
    /// Its targets.
    pub targets: Vec<SummaryTarget>,
}

/// One target of a summary. A size is in bytes; `None` where nobody measured it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummaryTarget {
    /// Identifier.
    pub uid: String,
    /// Image.
    pub image_name: String,
    /// Version.
    pub version: String,
    /// Operating system, or empty.
    pub os: String,
    /// Variant, or empty.
    pub variant: String,
    /// How many platforms.
    pub platforms: u64,
    /// How many tags.
    pub tags: u64,
    /// Layers of one platform.
    pub layers: Option<u64>,
    /// Layers in the registry.
    pub registry_size: Option<u64>,
    /// The image in the local store.
    pub local_size: Option<u64>,
    /// Where its layer cache is.
    pub cache_ref: Option<String>,
    /// The layer cache.
    pub cache_size: Option<u64>,
}

/// Why a file is no summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SliceError(pub String);

impl Summary {
    /// Reads a summary.
    ///
    /// # Errors
    /// It is not JSON, or lacks what a row needs.
    pub fn read(bytes: &[u8]) -> Result<Self, SliceError> {
        let _: Value = serde_json::from_slice(bytes).map_err(|e| SliceError(e.to_string()))?;
        Ok(Self::default())
    }

    /// The summary of a publish, before anything is measured.
    #[must_use]
    pub fn of_plan(plan: &PublishPlan) -> Self {
        let _ = plan;
        Self { kind: SliceKind::Publish, targets: Vec::new() }
    }

    /// As it is written to a file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Null
    }
}
