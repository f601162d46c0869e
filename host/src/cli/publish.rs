//! `bakery ci publish` and its other names. They all do the same, in one pipeline.

use std::{path::PathBuf, time::Duration};

use bakery_core::model::{Channel, RegistryHost, parse_duration};
use clap::{Args, Subcommand, ValueEnum};
use regex::Regex;

use super::{
    UsageError,
    args::{Project, channel, regex},
    convert::Convert,
};

const AFTER_HELP: &str = "\
Examples:
  bakery ci publish --temp-registry ghcr.io/example ./*-metadata.json
                                                wait for every image, make indexes, move tags, read them back
  bakery ci publish --dry-run --temp-registry ghcr.io/example ./*-metadata.json
                                                every write that would happen, in order, with the real digests
  bakery ci publish --image-name '^connect$' --result result.json --temp-registry ghcr.io/example ./*-metadata.json
  bakery ci publish --registry-ca ca.pem --registry-realm registry.example=sso.example amd64.json arm64.json

`ci merge`, `imagetools publish` and `imagetools merge` are other names of this command.
A second run of the same command continues where the first one ended; what is done already is not done again.
No upstream is asked: what was built is in the metadata files.";

/// Publish what was built: one index per target, under all its tags.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Publish {
    /// Metadata files that `bakery build --metadata-file` wrote, one per platform; with `*`, `?` or `[` a pattern.
    #[arg(value_name = "METADATA_FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Registry that platforms were pushed to by digest.
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) temp_registry: Option<String>,
    /// Also keep each index in the temporary registry, under the name that it has always had there.
    #[arg(long)]
    pub(crate) temp_index: bool,
    /// Who makes indexes, copies and reads back: bakery itself, or the program `oras`.
    #[arg(long, value_name = "WHO", value_enum, default_value = "native")]
    pub(crate) imagetools: Tool,
    /// Print every write that would happen, with the real digests, and write nothing.
    #[arg(long, overrides_with = "no_dry_run")]
    pub(crate) dry_run: bool,
    /// Write [default].
    #[arg(long, overrides_with = "dry_run")]
    pub(crate) no_dry_run: bool,
    /// Targets worked on at the same time; one that waits does not count
    /// [env: BAKERY_MAX_CONCURRENCY] [default: 16].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) patience: Patience,
    #[command(flatten)]
    pub(crate) registries: Registries,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
    #[command(flatten)]
    pub(crate) project: Project,
}

/// Who makes indexes, copies and reads back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// Bakery itself.
    #[default]
    Native,
    /// The program `oras`.
    Oras,
}

/// Which targets of the metadata files.
#[derive(Clone, Debug, Args)]
pub(crate) struct Which {
    /// Only images whose name this regular expression finds.
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub(crate) image_name: Option<Regex>,
    /// Of development versions, only those of this channel: release, preview or daily.
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    pub(crate) dev_channel: Option<Channel>,
    /// Old name of --dev-channel.
    #[arg(long, value_name = "CHANNEL", value_parser = channel, hide = true)]
    pub(crate) dev_stream: Option<Channel>,
    /// Payload of the dispatch that was built: a check that the metadata files hold what it names, and nothing is asked
    /// of an upstream [env: BAKERY_DEV_SPEC].
    #[arg(long, value_name = "JSON")]
    pub(crate) dev_spec: Option<String>,
}

/// How long, and how often.
#[derive(Clone, Debug, Args)]
pub(crate) struct Patience {
    /// For how long what was just pushed may be unreadable [env: BAKERY_WAIT_TIMEOUT] [default: 10m].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) wait_timeout: Option<Duration>,
    /// Attempts of one request, where another one can help [env: BAKERY_REGISTRY_RETRY_ATTEMPTS] [default: 5].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) retry_attempts: Option<u32>,
}

/// How registries are reached.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Registries {
    /// Trust these certificate authorities, too: a PEM file; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_ca: Vec<PathBuf>,
    /// Send credentials of HOST to the token server on SERVER; repeatable.
    #[arg(long, value_name = "HOST=SERVER", value_parser = realm)]
    pub(crate) registry_realm: Vec<(RegistryHost, String)>,
    /// Speak http to this registry; registries on this machine need no flag; repeatable.
    #[arg(long, value_name = "HOST", value_parser = registry)]
    pub(crate) insecure_registry: Vec<RegistryHost>,
    /// Speak https to this registry on this machine; repeatable.
    #[arg(long, value_name = "HOST", value_parser = registry)]
    pub(crate) secure_registry: Vec<RegistryHost>,
}

/// What is told, and where.
#[derive(Clone, Debug, Args)]
pub(crate) struct Outputs {
    /// Also print a summary of the targets.
    #[arg(long)]
    pub(crate) summary: bool,
    /// A table on standard error, or JSON on standard output.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) summary_format: Option<SummaryFormat>,
    /// Write what became of every target to this file, as JSON; also when the run fails or is stopped.
    #[arg(long, value_name = "FILE")]
    pub(crate) result: Option<PathBuf>,
}

/// How a summary is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// A table on standard error.
    Table,
    /// JSON on standard output.
    Json,
}

/// Indexes of images, in registries.
#[derive(Debug, Subcommand)]
pub(crate) enum Imagetools {
    /// Publish what was built: one index per target, under all its tags.
    Publish(Box<Publish>),
    /// The same under its old name.
    Merge(Box<Publish>),
    /// Convert the images of targets with `tool: soci`, and keep them in the temporary registry.
    SociConvert(Box<Convert>),
}

/// The predecessor's group.
#[derive(Debug, Subcommand)]
pub(crate) enum Oras {
    /// The same as `ci publish`, under its old name.
    Merge(Box<Publish>),
}

impl Oras {
    /// What to publish.
    pub(crate) fn publish(&self) -> &Publish {
        let Self::Merge(publish) = self;
        publish
    }
}

impl Registries {
    /// The same, where no registry is asked to speak both http and https.
    pub(super) fn checked(&self) -> Result<Self, UsageError> {
        match self.insecure_registry.iter().find(|host| self.secure_registry.contains(host)) {
            None => Ok(self.clone()),
            Some(host) => Err(UsageError::new(format!(
                "`{host}` is given to both --insecure-registry and --secure-registry"
            ))
            .hint("a registry speaks either http or https: leave one of the two out")),
        }
    }
}

fn registry(text: &str) -> Result<RegistryHost, String> {
    text.parse().map_err(|error: bakery_core::model::ParseReferenceError| error.to_string())
}

/// A token server is vouched for by its host; the port is the registry's to say.
fn realm(text: &str) -> Result<(RegistryHost, String), String> {
    let (host, server) = text
        .split_once('=')
        .ok_or_else(|| "expected HOST=SERVER, for example registry.example=sso.example".to_owned())?;
    let server = registry(server.trim())?;
    if server.port().is_some() {
        return Err(format!("write the token server without its port: {}", server.host()));
    }
    Ok((registry(host.trim())?, server.host().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_server_is_a_pair_of_hosts() {
        let (host, server) = realm("Registry.example:5000=SSO.example").unwrap();
        assert_eq!((host.as_str(), server.as_str()), ("registry.example:5000", "sso.example"));
        for bad in [
            "",
            "a.example",
            "=b.example",
            "a.example=",
            "a.example=https://b.example/",
            "a.example=b.example:443",
            "a.example=b c",
        ] {
            assert!(realm(bad).is_err(), "{bad}");
        }
    }
}
