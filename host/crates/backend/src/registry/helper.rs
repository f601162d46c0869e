//! Asks a docker credential helper. Runs a program that the caller resolved, bounded in time and output, with an
//! environment made from nothing; never looks a program up.

use std::{ffi::OsString, path::PathBuf, process::Stdio, time::Duration};

use bakery_core::port::BoxFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
};

use super::secret::{Credential, Secret};

/// Whoever knows credentials of servers.
pub trait CredentialHelper: Send + Sync {
    /// Asks the helper `X` of `docker-credential-X` for a server; `None` where it knows none.
    fn get<'a>(
        &'a self,
        helper: &'a str,
        server: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, HelperError>>;
}

/// From the name of a helper to its program.
pub type Locate = Box<dyn Fn(&str) -> Option<PathBuf> + Send + Sync>;

/// Helpers as programs.
pub struct HelperProcesses {
    /// From `X` to the absolute path of `docker-credential-X`, looked up on a path that can be trusted.
    pub locate: Locate,
    /// The whole environment of a helper, for example `HOME`, `PATH` and `DOCKER_CONFIG`.
    pub environment: Vec<(OsString, OsString)>,
    /// Time for one question.
    pub timeout: Duration,
    /// Bytes of one answer.
    pub max_output: u64,
}

impl HelperProcesses {
    /// Helpers with 30 seconds and 64 KiB for an answer.
    pub fn new(
        locate: impl Fn(&str) -> Option<PathBuf> + Send + Sync + 'static,
        environment: Vec<(OsString, OsString)>,
    ) -> Self {
        Self { locate: Box::new(locate), environment, timeout: Duration::from_secs(30), max_output: 64 << 10 }
    }

    async fn ask(&self, helper: &str, server: &str) -> Result<Option<Credential>, HelperError> {
        if !is_name(helper) {
            return Err(HelperError::BadName(
                helper.chars().take(80).collect::<String>().escape_debug().to_string(),
            ));
        }
        let wrong =
            |reason: &str| HelperError::Failed { helper: helper.to_owned(), reason: reason.to_owned() };
        let program = (self.locate)(helper).ok_or_else(|| HelperError::Missing(helper.to_owned()))?;
        if !program.is_absolute() {
            return Err(wrong("its path is not absolute"));
        }
        let child = Command::new(&program)
            .arg("get")
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| wrong(&format!("it cannot be started: {}", error.kind())))?;
        let mut group = Group(child);
        let answer = tokio::time::timeout(self.timeout, self.converse(&mut group.0, server)).await;
        match answer {
            Err(_) => Err(wrong(&format!("it did not answer within {} seconds", self.timeout.as_secs()))),
            Ok(Err(error)) => Err(wrong(&format!("it cannot be talked to: {}", error.kind()))),
            Ok(Ok((output, _))) if output.len() as u64 > self.max_output => {
                Err(wrong("its answer is longer than an answer can be"))
            }
            Ok(Ok((output, true))) => understand(&output).ok_or_else(|| wrong("its answer is not one")),
            Ok(Ok((output, false))) if knows_nothing(&output) => Ok(None),
            // What it printed may hold anything, secrets included.
            Ok(Ok((_, false))) => Err(wrong("it ended with an error")),
        }
    }

    async fn converse(&self, child: &mut Child, server: &str) -> std::io::Result<(Vec<u8>, bool)> {
        if let Some(mut stdin) = child.stdin.take() {
            // A helper that knows the answer without the question may have gone already.
            let _ = stdin.write_all(format!("{server}\n").as_bytes()).await;
        }
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(self.max_output + 1).read_to_end(&mut output).await?;
        }
        if output.len() as u64 > self.max_output {
            return Ok((output, false));
        }
        Ok((output, child.wait().await?.success()))
    }
}

impl CredentialHelper for HelperProcesses {
    fn get<'a>(
        &'a self,
        helper: &'a str,
        server: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, HelperError>> {
        Box::pin(self.ask(helper, server))
    }
}

/// Why a helper did not answer. Holds nothing that it printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelperError {
    /// The name could be a path, or an option.
    #[error("`{0}` is not the name of a credential helper")]
    BadName(String),
    /// Not installed.
    #[error("the credential helper `docker-credential-{0}` is not installed")]
    Missing(String),
    /// Anything else.
    #[error("the credential helper `docker-credential-{helper}` failed: {reason}")]
    Failed {
        /// Which.
        helper: String,
        /// One clause.
        reason: String,
    },
}

/// A child with everything it started: gone when this is.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // Once waited for, the number may belong to somebody else; `id` is then `None`.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = id {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn is_name(helper: &str) -> bool {
    (1..=64).contains(&helper.len())
        && helper.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && helper.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn knows_nothing(output: &[u8]) -> bool {
    String::from_utf8_lossy(output).to_ascii_lowercase().contains("credentials not found")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// `Some(None)` for an answer that holds nothing.
fn understand(output: &[u8]) -> Option<Option<Credential>> {
    let Answer { username, secret } = serde_json::from_slice(output).ok()?;
    let secret = Secret::new(secret);
    Some(match username.as_str() {
        "" if secret.expose().is_empty() => None,
        "<token>" => Some(Credential::IdentityToken { username: String::new(), secret }),
        _ => Some(Credential::Password { username, secret }),
    })
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, path::Path, time::Instant};

    use super::*;

    fn helpers(directory: &Path, script: &str) -> HelperProcesses {
        let path = directory.join("docker-credential-test");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
        let mut helpers = HelperProcesses::new(move |_| Some(path.clone()), environment);
        helpers.timeout = Duration::from_secs(5);
        helpers
    }

    async fn answer(script: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        match helpers(directory.path(), script).ask("test", "ghcr.io").await {
            Ok(Some(Credential::Password { username, secret })) => format!("{username}:{}", secret.expose()),
            Ok(Some(Credential::IdentityToken { secret, .. })) => format!("token {}", secret.expose()),
            Ok(_) => "-".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn a_helper_is_asked_the_way_docker_asks() {
        let echo = r#"read server; printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}' "$server" "$1""#;
        assert_eq!(answer(echo).await, "ghcr.io:get");
        assert_eq!(answer(r#"printf '{"Username":"<token>","Secret":"T"}'"#).await, "token T");
        assert_eq!(answer("echo 'credentials not found in native keychain'; exit 1").await, "-");
        assert_eq!(answer(r#"printf '{"Username":"","Secret":""}'"#).await, "-");
    }

    #[tokio::test]
    async fn a_helper_gets_only_the_environment_it_was_given() {
        let script = r#"printf '{"Username":"%s","Secret":"x"}' "$(env | cut -d= -f1 | sort | tr '\n' ' ')""#;
        let seen = answer(script).await;
        assert!(!seen.contains("HOME") && !seen.contains("CARGO") && seen.contains("PATH"), "{seen}");
    }

    #[tokio::test]
    async fn nothing_that_a_helper_prints_reaches_an_error() {
        for script in
            ["echo hunter2; echo hunter2 >&2; exit 1", "echo hunter2", r#"echo '{"Secret":"hunter2"}'"#]
        {
            let error = answer(script).await;
            assert!(error.starts_with("the credential helper `docker-credential-test` failed"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_helper_that_hangs_or_floods_is_stopped_with_its_children() {
        let directory = tempfile::tempdir().unwrap();
        let marker = directory.path().join("alive");
        let script = format!("(sleep 2; echo x > {}) & sleep 600", marker.display());
        let mut hanging = helpers(directory.path(), &script);
        hanging.timeout = Duration::from_millis(300);
        let error = hanging.ask("test", "ghcr.io").await.err().unwrap().to_string();
        assert!(error.contains("did not answer"), "{error}");
        assert!(answer("cat /dev/zero").await.contains("longer than an answer can be"));
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            assert!(!marker.exists(), "a child of the helper outlived it");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    #[tokio::test]
    async fn a_name_that_could_be_a_path_is_never_looked_up() {
        let helpers = HelperProcesses::new(|name| panic!("looked up {name}"), Vec::new());
        for name in ["../evil", "/bin/sh", "", "-x", ".hidden", "a b", "a/b", "a\\b", "é", &"x".repeat(65)] {
            assert!(matches!(helpers.ask(name, "ghcr.io").await, Err(HelperError::BadName(_))), "{name}");
        }
        let relative = HelperProcesses::new(|_| Some("docker-credential-x".into()), Vec::new());
        let error = relative.ask("x", "ghcr.io").await.err().unwrap().to_string();
        assert!(error.contains("not absolute"), "{error}");
    }
}
