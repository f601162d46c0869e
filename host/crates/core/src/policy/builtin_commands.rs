//! What the built-in steps may ask of the programs that they run: the grammar of each, as little as its step needs.
//! Looks no program up and starts none.

use std::{ffi::OsString, path::PathBuf};

use super::{
    CommandGrant, RegistryGrants,
    command_grant::{EnvironmentSet, FlagRule, GrantError, Subcommand, ValueKind},
};
use crate::{model::Digest, port::command::Network};

/// The key of the grant for `oras`.
pub const ORAS: &str = "oras";
/// The key of the grant for `soci`.
pub const SOCI: &str = "soci";

/// Annotations of one index, and values of one repeatable option.
const MANY: usize = 200;

/// What `oras` is given: the way to registries, and the certificate authorities of this machine.
const ORAS_ENVIRONMENT: [&str; 8] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// What `soci` is given. It starts in the scratch space, and keeps what it writes on its way there. The time zone would
/// be in its tables of contents, so that the same image had another digest elsewhere.
const SOCI_ENVIRONMENT: [&str; 3] = ["TMPDIR=.", "HOME=.", "TZ=UTC"];

/// A program as the operator has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Absolute.
    pub path: PathBuf,
    /// What its file must be, where the operator says so.
    pub digest: Option<Digest>,
    /// The environment that bakery itself was given, as far as the program gets it; see [`oras_environment`].
    pub environment: Vec<(OsString, OsString)>,
}

/// What of bakery's own environment `oras` gets.
///
/// # Errors
/// Never; the names are fixed.
pub fn oras_environment(
    own: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<(OsString, OsString)>, GrantError> {
    Ok(EnvironmentSet::parse(ORAS_ENVIRONMENT)?.resolve(own))
}

/// What of bakery's own environment `soci` gets: nothing.
///
/// # Errors
/// Never; the names are fixed.
pub fn soci_environment() -> Result<Vec<(OsString, OsString)>, GrantError> {
    Ok(EnvironmentSet::parse(SOCI_ENVIRONMENT)?.resolve(|_| None))
}

/// `oras manifest index create INDEX SOURCE… --annotation KEY=VALUE…`, and `oras cp` for sources that lie elsewhere.
///
/// None is repeatable: `oras` tries again by itself.
///
/// # Errors
/// A path that is not absolute.
pub fn oras_create(program: &Program, registries: RegistryGrants) -> Result<CommandGrant, GrantError> {
    let create = Subcommand::new("manifest index create")?
        .flag("--plain-http", FlagRule::alone())?
        .flag("--annotation", FlagRule::with(ValueKind::Pair).times(MANY))?
        .positional(ValueKind::Push)
        .rest(ValueKind::Pull);
    Ok(oras(program, registries)?.subcommand(create).subcommand(copy()?))
}

/// `oras cp SOURCE TARGET`.
///
/// # Errors
/// A path that is not absolute.
pub fn oras_copy(program: &Program, registries: RegistryGrants) -> Result<CommandGrant, GrantError> {
    Ok(oras(program, registries)?.subcommand(copy()?))
}

/// `oras manifest fetch --descriptor REFERENCE`.
///
/// # Errors
/// A path that is not absolute.
pub fn oras_fetch(program: &Program, registries: RegistryGrants) -> Result<CommandGrant, GrantError> {
    let fetch = Subcommand::new("manifest fetch")?
        .flag("--plain-http", FlagRule::alone())?
        .flag("--descriptor", FlagRule::alone())?
        .positional(ValueKind::Pull);
    Ok(oras(program, registries)?.subcommand(fetch))
}

/// `soci convert --standalone --format oci-dir … SOURCE TARGET`, both in the scratch space, without a network.
///
/// # Errors
/// A path that is not absolute.
pub fn soci_convert(program: &Program) -> Result<CommandGrant, GrantError> {
    let convert = Subcommand::new("convert")?
        .flag("--standalone", FlagRule::alone())?
        .flag("--format", FlagRule::with(ValueKind::one_of(["oci-dir"])))?
        .flag("--all-platforms", FlagRule::alone())?
        .flag("--platform", FlagRule::with(ValueKind::Platform).times(MANY))?
        .flag("--span-size", FlagRule::with(ValueKind::Integer))?
        .flag("--min-layer-size", FlagRule::with(ValueKind::Integer))?
        .flag("--prefetch-file", FlagRule::with(ValueKind::Text).times(MANY))?
        .flag("--optimizations", FlagRule::with(ValueKind::one_of(["xattr"])).times(MANY))?
        .positional(ValueKind::Scratch)
        .positional(ValueKind::Scratch);
    Ok(granted(SOCI, program)?.network(Network::Closed).subcommand(convert))
}

fn oras(program: &Program, registries: RegistryGrants) -> Result<CommandGrant, GrantError> {
    let hosts: Vec<_> = registries.readable().map(|repository| repository.registry().clone()).collect();
    Ok(granted(ORAS, program)?.registries(registries).credentials(hosts))
}

fn granted(name: &str, program: &Program) -> Result<CommandGrant, GrantError> {
    let grant = CommandGrant::new(name, &program.path)?.environment(program.environment.clone());
    Ok(match &program.digest {
        Some(digest) => grant.pinned(digest.clone()),
        None => grant,
    })
}

fn copy() -> Result<Subcommand, GrantError> {
    Ok(Subcommand::new("cp")?
        .flag("--from-plain-http", FlagRule::alone())?
        .flag("--to-plain-http", FlagRule::alone())?
        .positional(ValueKind::Pull)
        .positional(ValueKind::Push))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::command::{Argument, Command, Word};

    const DIGEST: &str = "sha256:1fe8f6ee4e8122ddfc6b2b7089903bddcdd3f0057abb92ac5e7447d67f1ea6b8";
    const BUILT: &str = "ghcr.io/posit-dev/temp/connect/tmp";
    const TO: &str = "docker.io/posit/connect";

    fn program() -> Program {
        Program { path: "/usr/bin/tool".into(), digest: None, environment: soci_environment().unwrap() }
    }

    /// May read what was built, and write two tags.
    fn registries() -> RegistryGrants {
        let tags = ["1.0".parse().unwrap(), "latest".parse().unwrap()];
        RegistryGrants::default().pull(BUILT.parse().unwrap()).push(TO.parse().unwrap(), tags)
    }

    /// Words as they are typed; `~` begins a scratch path.
    fn asked(grant: &CommandGrant, line: &str) -> Result<String, String> {
        let argument = |word: &str| match word.strip_prefix('~') {
            Some(path) => Argument::Scratch(path.to_owned()),
            None if word.starts_with('-') => Argument::Flag(word.to_owned()),
            None => Argument::Value(word.to_owned()),
        };
        let command = Command {
            program: grant.name().to_owned(),
            arguments: line.split(' ').map(argument).collect(),
            stdin: None,
        };
        let text = |word: &Word| match word {
            Word::Plain(text) => text.to_str().unwrap().to_owned(),
            Word::Scratch { path, .. } => format!("~{}", path.display()),
        };
        match grant.check(&command) {
            Ok(invocation) => {
                assert!(!invocation.is_repeatable());
                Ok(invocation.words().iter().map(text).collect::<Vec<_>>().join(" "))
            }
            Err(denial) => Err(denial.subject),
        }
    }

    #[test]
    fn oras_gets_the_predecessor_s_words() {
        let create = oras_create(&program(), registries()).unwrap();
        let copy = oras_copy(&program(), registries()).unwrap();
        let fetch = oras_fetch(&program(), registries()).unwrap();
        for (grant, line) in [
            (
                &create,
                format!(
                    "manifest index create {TO}:1.0 {BUILT}@{DIGEST} {BUILT}@{DIGEST} --annotation a=b=c"
                ),
            ),
            (&create, format!("manifest index create --plain-http {TO}:1.0 {BUILT}@{DIGEST}")),
            (&create, format!("cp {BUILT}@{DIGEST} {TO}@{DIGEST}")),
            (&copy, format!("cp --from-plain-http --to-plain-http {BUILT}@{DIGEST} {TO}:1.0,latest")),
            (&copy, format!("cp {TO}@{DIGEST} {TO}@{DIGEST}")),
            (&fetch, format!("manifest fetch --descriptor {TO}:1.0")),
            (&fetch, format!("manifest fetch --plain-http --descriptor {TO}@{DIGEST}")),
        ] {
            assert_eq!(asked(grant, &line).as_deref(), Ok(line.as_str()));
        }
    }

    #[test]
    fn a_step_gets_no_more_of_oras_than_it_needs() {
        let create = oras_create(&program(), registries()).unwrap();
        let copy = oras_copy(&program(), registries()).unwrap();
        let fetch = oras_fetch(&program(), registries()).unwrap();
        for (grant, line) in [
            (&create, format!("manifest index create {TO}:2.0 {BUILT}@{DIGEST}")),
            (&create, format!("manifest index create {BUILT}:1.0 {BUILT}@{DIGEST}")),
            (&create, format!("manifest index create {TO}:1.0 ghcr.io/other/app@{DIGEST}")),
            (&create, format!("manifest index create {TO}:1.0 --annotation-file ~a {BUILT}@{DIGEST}")),
            (&create, format!("manifest fetch {TO}:1.0")),
            (&copy, format!("cp {BUILT}@{DIGEST} {TO}:2.0")),
            (&copy, format!("cp {BUILT}@{DIGEST} {TO}:1.0,2.0")),
            (&copy, format!("cp ghcr.io/other/app@{DIGEST} {TO}:1.0")),
            (&copy, format!("cp -r {BUILT}@{DIGEST} {TO}:1.0")),
            (&copy, format!("cp --from-oci-layout ~a {TO}:1.0")),
            (&copy, "login ghcr.io".to_owned()),
            (&copy, format!("manifest delete {TO}:1.0")),
            (&fetch, format!("manifest fetch --output ~a {TO}:1.0")),
            (&fetch, format!("manifest fetch {TO}:1.0 {TO}:latest")),
            (&fetch, format!("cp {BUILT}@{DIGEST} {TO}:1.0")),
        ] {
            assert!(asked(grant, &line).is_err(), "{line}");
        }
    }

    #[test]
    fn soci_works_in_the_scratch_space_and_nowhere_else() {
        let grant = soci_convert(&program()).unwrap().scratch("/scratch").unwrap();
        for line in [
            "convert --standalone --format oci-dir --all-platforms ~src ~out",
            "convert --standalone --format oci-dir --platform linux/amd64 --platform linux/arm64 --span-size 4194304 \
             --min-layer-size 10485760 --prefetch-file /a --prefetch-file /b --optimizations xattr ~src ~out",
        ] {
            assert_eq!(asked(&grant, line).as_deref(), Ok(line));
        }
        for line in [
            "convert --standalone --format oci-archive --all-platforms ~src ~out",
            "convert --standalone --format oci-dir --all-platforms /etc ~out",
            "convert --standalone --format oci-dir --all-platforms ~../src ~out",
            "convert --standalone --format oci-dir --platform linux/s390x ~src ~out",
            "convert --standalone --format oci-dir --span-size 4M ~src ~out",
            "convert --standalone --format oci-dir --optimizations all ~src ~out",
            "convert --address /run/containerd.sock ~src ~out",
            "push ~src",
        ] {
            assert!(asked(&grant, line).is_err(), "{line}");
        }
        let command = Command {
            program: SOCI.to_owned(),
            arguments: ["convert"].map(|word| Argument::Value(word.to_owned())).to_vec(),
            stdin: None,
        };
        assert_eq!(grant.check(&command).unwrap().network(), Network::Closed);
    }

    #[test]
    fn the_environment_is_what_is_listed() {
        let own = |name: &str| {
            ["HTTPS_PROXY", "GITHUB_TOKEN", "HOME"]
                .contains(&name)
                .then(|| OsString::from(format!("own {name}")))
        };
        let environment = oras_environment(own).unwrap();
        assert_eq!(environment, [("HTTPS_PROXY".into(), "own HTTPS_PROXY".into())]);
        let names: Vec<_> = soci_environment().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["TMPDIR", "HOME", "TZ"]);
    }
}
