//! The one table of environment variables. No other file reads the environment.

use std::ffi::OsString;

use bakery_core::policy::{RetryTexts, command_grant::Variable as Granted};

/// A variable that bakery reads.
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
}

/// The payload of a dispatch.
pub(crate) const DEV_SPEC: Variable =
    Variable { name: "BAKERY_DEV_SPEC", about: "default of --dev-spec; unset or empty means none" };
/// How long to wait for an upstream.
pub(crate) const DEV_SPEC_WAIT: Variable =
    Variable { name: "BAKERY_DEV_SPEC_WAIT", about: "default of --dev-spec-wait" };
/// Base of the change-aware matrix.
pub(crate) const BASE_REF: Variable = Variable { name: "BAKERY_BASE_REF", about: "default of --base-ref" };
/// URL prefixes to map.
pub(crate) const MIRRORS: Variable =
    Variable { name: "BAKERY_MIRRORS", about: "FROM=TO pairs for --mirror, separated by spaces" };
/// Parallel questions.
pub(crate) const MAX_CONCURRENCY: Variable = Variable {
    name: "BAKERY_MAX_CONCURRENCY",
    about: "default of --jobs (without it 16 for publishing, 4 elsewhere); not a number means 4, less than 1 means 1",
};
/// No colour.
pub(crate) const NO_COLOR: Variable = Variable { name: "NO_COLOR", about: "when not empty, no colour" };
/// On GitHub.
pub(crate) const GITHUB_ACTIONS: Variable =
    Variable { name: "GITHUB_ACTIONS", about: "`true` turns failures and warnings into annotations" };
/// Where compiled third-party components are kept.
pub(crate) const CACHE_HOME: Variable =
    Variable { name: "XDG_CACHE_HOME", about: "parent of the folder of compiled third-party components" };
/// Where the key that signs them is kept.
pub(crate) const STATE_HOME: Variable =
    Variable { name: "XDG_STATE_HOME", about: "parent of the folder with the key that signs them" };
/// Attempts of one request to a registry.
pub(crate) const RETRY_ATTEMPTS: Variable = Variable {
    name: RetryTexts::ATTEMPTS,
    about: "default of --retry-attempts for registries: attempts in all, at least 1",
};
/// The first pause.
pub(crate) const RETRY_INITIAL_BACKOFF: Variable = Variable {
    name: RetryTexts::INITIAL_BACKOFF,
    about: "seconds before the second attempt; the longest, as the pause is spread at random",
};
/// The longest pause.
pub(crate) const RETRY_MAX_BACKOFF: Variable =
    Variable { name: RetryTexts::MAX_BACKOFF, about: "seconds that the pause between two attempts grows to" };
/// How the pause grows.
pub(crate) const RETRY_MULTIPLIER: Variable =
    Variable { name: RetryTexts::MULTIPLIER, about: "growth of the pause per attempt, at least 1" };
/// How long what was pushed may be unreadable.
pub(crate) const WAIT_TIMEOUT: Variable =
    Variable { name: "BAKERY_WAIT_TIMEOUT", about: "default of --wait-timeout" };
/// docker's folder.
pub(crate) const DOCKER_CONFIG: Variable = Variable {
    name: "DOCKER_CONFIG",
    about: "folder of docker's config.json, with credentials of registries",
};
/// Where programs are.
pub(crate) const PATH: Variable = Variable {
    name: "PATH",
    about: "where programs are looked up, such as the credential helpers that docker's config.json names",
};
/// Where `oras` is.
pub(crate) const ORAS_PATH: Variable = Variable {
    name: "ORAS_PATH",
    about: "the program `oras`; default: on the PATH, then `tools/oras` beside bakery.yaml",
};
/// What the file of `oras` must be.
pub(crate) const ORAS_DIGEST: Variable = Variable {
    name: "ORAS_DIGEST",
    about: "`sha256:…` of the program `oras`; another file does not start",
};
/// Where `soci` is.
pub(crate) const SOCI_PATH: Variable = Variable {
    name: "SOCI_PATH",
    about: "the program `soci`; default: on the PATH, then `tools/soci` beside bakery.yaml",
};
/// What the file of `soci` must be.
pub(crate) const SOCI_DIGEST: Variable = Variable {
    name: "SOCI_DIGEST",
    about: "`sha256:…` of the program `soci`; another file does not start",
};
/// Where scratch spaces are made.
pub(crate) const SCRATCH_DIR: Variable = Variable {
    name: "BAKERY_SCRATCH_DIR",
    about: "folder for the scratch spaces of steps that run programs; default: TMPDIR, or /tmp",
};
/// The job's summary.
pub(crate) const GITHUB_STEP_SUMMARY: Variable =
    Variable { name: "GITHUB_STEP_SUMMARY", about: "file that the summary of a publish is appended to" };
/// Which development images are built anew.
pub(crate) const FORCE_REBUILD: Variable = Variable {
    name: "BAKERY_FORCE_REBUILD_DEV_IMAGES",
    about: "default of --force of `dev build`: `true`, `all`, or names with commas between them",
};
/// Whether registries are asked about development images.
pub(crate) const OFFLINE: Variable =
    Variable { name: "BAKERY_OFFLINE", about: "default of --offline of `bakery dev`: `true` or `false`" };
/// Home folder.
pub(crate) const HOME: Variable =
    Variable { name: "HOME", about: "where the three folders above lie by default" };

/// Every variable, for `--help` and the documentation.
pub(crate) const ALL: [&Variable; 25] = [
    &DEV_SPEC,
    &DEV_SPEC_WAIT,
    &BASE_REF,
    &MIRRORS,
    &MAX_CONCURRENCY,
    &RETRY_ATTEMPTS,
    &RETRY_INITIAL_BACKOFF,
    &RETRY_MAX_BACKOFF,
    &RETRY_MULTIPLIER,
    &WAIT_TIMEOUT,
    &NO_COLOR,
    &GITHUB_ACTIONS,
    &GITHUB_STEP_SUMMARY,
    &PATH,
    &ORAS_PATH,
    &ORAS_DIGEST,
    &SOCI_PATH,
    &SOCI_DIGEST,
    &SCRATCH_DIR,
    &FORCE_REBUILD,
    &OFFLINE,
    &CACHE_HOME,
    &STATE_HOME,
    &DOCKER_CONFIG,
    &HOME,
];

impl Variable {
    /// The value, where it is set, not empty and UTF-8.
    pub(crate) fn read(&self) -> Option<String> {
        self.read_os().and_then(|value| value.into_string().ok())
    }

    /// The value, where it is set and not empty.
    pub(crate) fn read_os(&self) -> Option<OsString> {
        std::env::var_os(self.name).filter(|value| !value.is_empty())
    }
}

/// Whether a variable that the project names (`buildSecrets[].envVar`) is set and not empty. Its value is not read.
pub(crate) fn project_variable_is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// What a built-in grant lets a program have of our own environment. Which names those are is the grant's to say.
pub(crate) fn for_program(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Names that credential helpers may see beside what a program needs to run: where they are configured, how they reach
/// their service, and who they are there.
const OF_HELPERS: [&str; 16] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "DOCKER_CONFIG",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "https_proxy",
    "no_proxy",
];
/// The same, by how they begin.
const FAMILIES_OF_HELPERS: [&str; 6] = ["AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "XDG_", "PASSWORD_STORE_"];

/// The environment of a credential helper: made from nothing, so that no secret of the job reaches it that is not its
/// own.
pub(crate) fn for_credential_helpers() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_for_helpers)).collect()
}

/// Names that builders may see beside what credential helpers do, as builders start these.
const OF_BUILDERS: [&str; 10] = [
    "ALL_PROXY",
    "FTP_PROXY",
    "REGISTRY_AUTH_FILE",
    "SOURCE_DATE_EPOCH",
    "SSH_AUTH_SOCK",
    "TZ",
    "all_proxy",
    "ftp_proxy",
    "http_proxy",
    "BUILDKIT_HOST",
];
/// The same, by how they begin.
const FAMILIES_OF_BUILDERS: [&str; 5] = ["DOCKER_", "BUILDX_", "BUILDAH_", "CONTAINERS_", "STORAGE_"];
/// What `buildx bake` would read instead of the plan that it is given, or to widen what the plan may read.
const OF_BAKE: &str = "BUILDX_BAKE_";

/// The environment of a builder: made from nothing, with the variables of the secrets that it is to pass on.
pub(crate) fn for_builders(secrets: &[&str]) -> Vec<(OsString, OsString)> {
    let wanted = |name: &str| is_for_builders(name) || secrets.contains(&name);
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(wanted)).collect()
}

/// Whether the project may have a variable of this name passed to a builder: not one that makes programs load or run
/// something else.
pub(crate) fn may_be_a_secret(name: &str) -> bool {
    Granted::parse(name).is_ok()
}

fn is_for_builders(name: &str) -> bool {
    let known = is_for_helpers(name)
        || OF_BUILDERS.contains(&name)
        || FAMILIES_OF_BUILDERS.iter().any(|family| name.starts_with(family));
    known && !name.starts_with(OF_BAKE) && Granted::parse(name).is_ok()
}

fn is_for_helpers(name: &str) -> bool {
    OF_HELPERS.contains(&name) || FAMILIES_OF_HELPERS.iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_sees_what_its_service_needs_and_no_secret_of_the_job() {
        for name in ["HOME", "AWS_ACCESS_KEY_ID", "AZURE_CLIENT_ID", "XDG_RUNTIME_DIR", "HTTPS_PROXY"] {
            assert!(is_for_helpers(name), "{name}");
        }
        for name in [
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "NPM_TOKEN",
            "BAKERY_DEV_SPEC",
            "LD_PRELOAD",
        ] {
            assert!(!is_for_helpers(name), "{name}");
        }
    }

    #[test]
    fn a_builder_sees_its_own_settings_and_nothing_that_makes_it_run_something_else() {
        for name in [
            "PATH",
            "DOCKER_HOST",
            "DOCKER_CONFIG",
            "BUILDX_BUILDER",
            "CONTAINERS_STORAGE_CONF",
            "BUILDAH_ISOLATION",
            "XDG_RUNTIME_DIR",
            "http_proxy",
        ] {
            assert!(is_for_builders(name), "{name}");
        }
        for name in [
            "GITHUB_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "LD_PRELOAD",
            "BUILDX_BAKE_FILE",
            "BUILDX_BAKE_ENTITLEMENTS_FS",
            "DOCKER_CLI_PLUGIN_EXTRA_DIRS",
            "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY",
            "GIT_SSH_COMMAND",
            "NODE_OPTIONS",
        ] {
            assert!(!is_for_builders(name), "{name}");
        }
        assert!(may_be_a_secret("GITHUB_TOKEN") && !may_be_a_secret("LD_PRELOAD"));
    }
}
