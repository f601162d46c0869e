//! From the arguments of a publish and the environment to options: defaults, old names and combinations that make no
//! sense. Opens no file.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use bakery_core::model::{Channel, parse_duration};
use regex::Regex;

use super::{
    UsageError, env,
    options::{MANY, channel_or_stream, jobs, payload},
    publish::{Publish, Registries, SummaryFormat, Tool},
};

/// What to publish, and how.
#[derive(Clone, Debug)]
pub(crate) struct PublishOptions {
    /// Metadata files and patterns, as given.
    pub(crate) files: Vec<PathBuf>,
    /// Where platforms were pushed to by digest.
    pub(crate) temp_registry: Option<String>,
    /// Also write the temporary index.
    pub(crate) temp_index: bool,
    /// Who makes indexes, copies and reads back.
    pub(crate) imagetools: Tool,
    /// Write nothing.
    pub(crate) dry_run: bool,
    /// Targets at the same time.
    pub(crate) jobs: NonZeroUsize,
    /// Only these images.
    pub(crate) image_name: Option<Regex>,
    /// Of development versions only this channel.
    pub(crate) dev_channel: Option<Channel>,
    /// A dispatch's payload, and where it came from.
    pub(crate) payload: Option<(String, &'static str)>,
    /// For how long what was just pushed may be unreadable, where flag or environment say.
    pub(crate) wait_timeout: Option<Duration>,
    /// Attempts of one request, where the flag says.
    pub(crate) retry_attempts: Option<u32>,
    /// How registries are reached.
    pub(crate) registries: Registries,
    /// Print a summary.
    pub(crate) summary: Option<SummaryFormat>,
    /// Write what became of every target here.
    pub(crate) result: Option<PathBuf>,
    /// Sentences for the user.
    pub(crate) warnings: Vec<String>,
}

impl PublishOptions {
    pub(crate) fn new(publish: &Publish) -> Result<Self, UsageError> {
        let mut warnings = Vec::new();
        let which = &publish.which;
        let dev_channel = channel_or_stream(which.dev_channel, which.dev_stream, &mut warnings)?;
        let outputs = &publish.outputs;
        if outputs.summary_format.is_some() && !outputs.summary {
            warnings.push("--summary-format has no effect without --summary".to_owned());
        }
        let registries = publish.registries.checked()?;
        Ok(Self {
            files: publish.files.clone(),
            temp_registry: publish.temp_registry.clone(),
            temp_index: publish.temp_index,
            imagetools: publish.imagetools,
            dry_run: publish.dry_run && !publish.no_dry_run,
            jobs: jobs(publish.jobs, MANY),
            image_name: which.image_name.clone(),
            dev_channel,
            payload: payload(which.dev_spec.as_ref()),
            wait_timeout: wait_timeout(publish.patience.wait_timeout)?,
            retry_attempts: publish.patience.retry_attempts,
            registries,
            summary: outputs.summary.then(|| outputs.summary_format.unwrap_or(SummaryFormat::Table)),
            result: outputs.result.clone(),
            warnings,
        })
    }
}

fn wait_timeout(flag: Option<Duration>) -> Result<Option<Duration>, UsageError> {
    if flag.is_some() {
        return Ok(flag);
    }
    let variable = &env::WAIT_TIMEOUT;
    variable
        .read()
        .map(|text| {
            parse_duration(&text).map_err(|error| UsageError::new(format!("{}: {error}", variable.name)))
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Ci, Cli, Command};

    fn options(arguments: &[&str]) -> Result<PublishOptions, UsageError> {
        let all = ["bakery", "ci", "publish", "m.json"].into_iter().chain(arguments.iter().copied());
        let Command::Ci(Ci::Publish(publish)) = Cli::try_parse_from(all).unwrap().command else {
            panic!("another command");
        };
        PublishOptions::new(&publish)
    }

    #[test]
    fn the_last_of_dry_run_and_no_dry_run_holds() {
        assert!(!options(&[]).unwrap().dry_run);
        assert!(options(&["--dry-run"]).unwrap().dry_run);
        assert!(options(&["--no-dry-run", "--dry-run"]).unwrap().dry_run);
        assert!(!options(&["--dry-run", "--no-dry-run"]).unwrap().dry_run);
    }

    #[test]
    fn a_registry_cannot_speak_both() {
        let error =
            options(&["--insecure-registry", "a.example", "--secure-registry", "A.example"]).unwrap_err();
        assert!(error.message.contains("`a.example`"), "{error}");
    }

    #[test]
    fn channel_and_stream_must_agree() {
        let both = options(&["--dev-channel", "daily", "--dev-stream", "daily"]).unwrap();
        assert_eq!((both.dev_channel, both.warnings.len()), (Some(Channel::Daily), 1));
        assert!(options(&["--dev-channel", "daily", "--dev-stream", "preview"]).is_err());
    }

    #[test]
    fn a_format_without_a_summary_is_told() {
        let options = options(&["--summary-format", "json"]).unwrap();
        assert_eq!((options.summary, options.warnings.len()), (None, 1));
    }

    #[test]
    fn every_name_of_the_command_takes_the_same_flags() {
        for name in [
            ["ci", "publish"],
            ["ci", "merge"],
            ["imagetools", "publish"],
            ["imagetools", "merge"],
            ["oras", "merge"],
        ] {
            let arguments = ["bakery"].into_iter().chain(name).chain([
                "--dry-run",
                "-j",
                "2",
                "--summary",
                "--temp-registry",
                "r.example",
                "m.json",
            ]);
            assert!(Cli::try_parse_from(arguments).is_ok(), "{name:?}");
        }
    }
}
