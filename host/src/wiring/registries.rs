//! Registries for a run: who we are there, whom we trust, and the programs that know credentials.
//! Reads files and names of programs; connects to nothing.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use bakery_backend::{
    files::read_bounded,
    registry::{Credentials, DockerConfig, DryRun, HelperProcesses, RegistryClient, RegistryOptions},
};
use bakery_core::{model::RegistryHost, port::registry::Registry};

use super::programs::is_program;
use crate::{
    cli::{Registries, env},
    command::Failed,
};

/// Bytes of a bundle of certificate authorities: whole systems have less than one.
const MAX_AUTHORITIES: u64 = 4 << 20;

/// A client that has not connected to anything yet. In a dry run it writes nothing.
pub(super) fn open(
    settings: &Registries,
    dry_run: bool,
    credentials: Arc<Credentials>,
) -> Result<Arc<dyn Registry>, Failed> {
    let mut options = RegistryOptions::new(credentials);
    options.insecure.clone_from(&settings.insecure_registry);
    options.secure.clone_from(&settings.secure_registry);
    options.realms.clone_from(&settings.registry_realm);
    options.authorities =
        settings.registry_ca.iter().map(|file| authorities(file)).collect::<Result<_, _>>()?;
    let client: Arc<dyn Registry> = Arc::new(RegistryClient::new(options));
    Ok(if dry_run { Arc::new(DryRun::new(client)) } else { client })
}

/// Whether a registry is spoken to without TLS.
pub(super) fn speaks_http(settings: &Registries, registry: &RegistryHost) -> bool {
    let mut options = RegistryOptions::new(Arc::new(Credentials::anonymous()));
    options.insecure.clone_from(&settings.insecure_registry);
    options.secure.clone_from(&settings.secure_registry);
    options.speaks_http(registry)
}

fn authorities(file: &Path) -> Result<Vec<u8>, Failed> {
    let bytes = read_bounded(file, MAX_AUTHORITIES).map_err(|error| {
        Failed::because(format!("--registry-ca: cannot read `{}`: {error}", file.display()))
    })?;
    let pem = bytes.windows(PEM.len()).any(|window| window == PEM);
    if !pem {
        return Err(Failed::because(format!("--registry-ca: `{}` holds no certificate", file.display()))
            .hint("give a PEM file, which has lines that say `-----BEGIN CERTIFICATE-----`"));
    }
    Ok(bytes)
}

const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What docker knows. A machine without a home has no such knowledge, and no run fails for that.
pub(super) fn credentials() -> Result<Arc<Credentials>, Failed> {
    let folder = env::DOCKER_CONFIG
        .read_os()
        .map(PathBuf::from)
        .or_else(|| env::HOME.read_os().map(|home| PathBuf::from(home).join(".docker")));
    let config = match folder {
        Some(folder) => DockerConfig::load(&folder).map_err(|error| {
            Failed::because(error.to_string())
                .hint("mend the file, or name another folder with the variable DOCKER_CONFIG")
        })?,
        None => DockerConfig::default(),
    };
    let folders = env::PATH.read_os().map(|path| trusted(&path)).unwrap_or_default();
    let helpers = HelperProcesses::new(move |name| program(&folders, name), env::for_credential_helpers());
    Ok(Arc::new(Credentials::docker(config, Some(Arc::new(helpers)))))
}

/// Where programs are looked up. Folders that are relative to the working directory are not: whoever wrote the project
/// would choose the program.
fn trusted(path: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect()
}

/// The first program of this name.
fn program(folders: &[PathBuf], helper: &str) -> Option<PathBuf> {
    let name = format!("docker-credential-{helper}");
    folders.iter().map(|folder| folder.join(&name)).find(|path| is_program(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_project_cannot_bring_its_own_helper() {
        let folders = trusted(OsStr::new("::.:bin:./tools:../x:/usr/bin:"));
        assert_eq!(folders, [PathBuf::from("/usr/bin")]);
    }

    #[test]
    fn a_helper_is_the_first_program_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let folders: Vec<PathBuf> = ["a", "b", "c"].iter().map(|name| folder.path().join(name)).collect();
        for (number, mode) in [(1, 0o644), (2, 0o755)] {
            std::fs::create_dir(&folders[number]).unwrap();
            let path = folders[number].join("docker-credential-x");
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(program(&folders, "x"), Some(folders[2].join("docker-credential-x")));
        assert_eq!(program(&folders, "y"), None);
    }

    #[test]
    fn what_is_no_certificate_is_refused_before_any_request() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "-----BEGIN PRIVATE KEY-----").unwrap();
        assert!(authorities(&file).is_err());
        std::fs::write(&file, "# mine\n-----BEGIN CERTIFICATE-----\n").unwrap();
        assert!(authorities(&file).is_ok());
        assert!(authorities(&folder.path().join("none")).is_err());
    }
}
