//! The whole way from metadata files to a plan. The steps are in files of their own.

use regex::Regex;

use super::{MetadataFile, PublishError, PublishErrors, PublishPlan};
use crate::{config::Config, model::Channel, plan::Pin};

/// What flags say about a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublishOptions<'a> {
    /// `--temp-registry`: required, because it is part of the temporary index's name.
    pub temp_registry: Option<&'a str>,
    /// `--image-name`: targets of other images are left alone.
    pub image_name: Option<&'a Regex>,
    /// The effective channel: development versions of other channels are left alone.
    pub dev_channel: Option<Channel>,
    /// What a dispatch pins: the metadata must be of exactly these versions.
    pub pins: &'a [Pin],
    /// The commit, where the metadata do not say it.
    pub revision: Option<&'a str>,
    /// Whether a step reads the index under its temporary name, so that it must be put there.
    pub staged: bool,
}

/// Plans a run: every target of the metadata that the filters select, in push order.
///
/// # Errors
/// Everything that is wrong, of all files and targets.
pub fn plan(
    config: &Config,
    files: &[MetadataFile],
    options: &PublishOptions<'_>,
) -> Result<PublishPlan, PublishErrors> {
    let _ = (config, files, options);
    Err(PublishErrors(vec![PublishError::NoFiles]))
}
