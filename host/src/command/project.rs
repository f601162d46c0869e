//! From a folder to a configuration: which file, what it says, what it warns about.

use std::{io, path::PathBuf, sync::Arc};

use bakery_backend::files;
use bakery_core::config::{self, Config};

use super::Failed;
use crate::{cli::Load, report::Talker};

/// The most that a `bakery.yaml` may hold; the parser's own bound is lower, and says so better.
const MAX_BYTES: u64 = 4 << 20;

/// A project's folder and what its file says.
pub(crate) struct Project {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// `bakery.yaml` or `bakery.yml`.
    pub(crate) file_name: &'static str,
    /// What it says.
    pub(crate) config: Config,
}

impl Project {
    /// Reads the file and tells its warnings.
    pub(crate) fn load(load: &Load, talker: &Arc<Talker>) -> Result<Self, Failed> {
        for file_name in ["bakery.yaml", "bakery.yml"] {
            let path = load.context.join(file_name);
            let bytes = match files::read_bounded(&path, MAX_BYTES) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    return Err(Failed::because(format!("cannot read `{}`: {error}", path.display())));
                }
            };
            let loaded = config::load(file_name, &bytes, load.strict).map_err(Failed::Config)?;
            for warning in loaded.warnings.list() {
                talker.finding(warning);
            }
            return Ok(Self { folder: load.context.clone(), file_name, config: loaded.config });
        }
        Err(Failed::because(format!("there is no bakery.yaml in `{}`", load.context.display()))
            .hint("run bakery in the folder that holds it, or name that folder with --context"))
    }
}
