//! The cases themselves. Each has a registry of its own.

use std::path::Path;

use bakery_tests::{
    DockerRegistry, Finished, Program,
    proxy::{Account, Proxy},
    publish::{Built, Job, LOGIN, Scenario, Shelf as _, state},
};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::skopeo::Skopeo;

/// Two versions of two platforms, for two repositories.
fn built() -> Built {
    Scenario::new().versions(2).namespaces(&["images", "mirror"]).layers(2).base_layers(2).build()
}

fn registry(built: &Built) -> Result<DockerRegistry, Failed> {
    let registry = DockerRegistry::start()?;
    for target in &built.targets {
        registry.push(&target.image)?;
    }
    Ok(registry)
}

fn account() -> Account {
    let both = ["pull", "push"];
    Account::new(LOGIN.0, LOGIN.1).grant("images/", &both).grant("mirror/", &both).grant("tmp/", &["pull"])
}

/// A proxy before the registry, with a folder that holds its authority as `skopeo` and the program want it.
fn proxy(registry: &DockerRegistry, account: Account) -> Result<(Proxy, tempfile::TempDir), Failed> {
    let proxy = Proxy::start(registry.port(), account)?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("ca.crt"), proxy.authority_pem())?;
    Ok((proxy, folder))
}

/// The job at the proxy, with this password.
fn guarded(built: &Built, proxy: &Proxy, authority: &Path, password: &str) -> (Job, Program) {
    let job = Job::new(built, proxy.host());
    job.login(LOGIN.0, password);
    let command =
        job.command().arg("--registry-ca", authority.join("ca.crt")).arg("--secure-registry", proxy.host());
    (job, command)
}

fn done(finished: &Finished) -> Result<(), Failed> {
    if finished.code == 0 {
        Ok(())
    } else {
        Err(format!("exit {}: {}", finished.code, finished.stderr).into())
    }
}

fn none(problems: &[String]) -> Result<(), Failed> {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// Every tag is an index over the platforms that were built, and every platform of it can be pulled.
fn look(built: &Built, host: &str, skopeo: &Skopeo) -> Result<(), Failed> {
    for (name, target) in built.tags() {
        let reference = format!("{host}/{}:{}", name.repository, name.tag);
        let index: Value = serde_json::from_slice(&skopeo.raw(&reference)?)?;
        assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json", "{reference}");
        let children = index["manifests"].as_array().map_or(0, Vec::len);
        assert_eq!(children, target.sources().len(), "{reference}: {index}");
        // One tag of each target is pulled whole; the others are equal to it by digest.
        if built.immutable(target).first() != Some(&name.tag) {
            continue;
        }
        for (platform, digest) in target.sources() {
            let folder = tempfile::tempdir()?;
            let architecture = platform.rsplit('/').next().unwrap_or_default();
            assert_eq!(
                skopeo.pull(&reference, architecture, folder.path())?,
                digest,
                "{reference} for {platform}"
            );
        }
    }
    Ok(())
}

pub(crate) fn open_registry() -> Result<(), Failed> {
    let built = built();
    let registry = registry(&built)?;
    let job = Job::new(&built, &registry.host());
    done(&job.command().run())?;
    none(&state(&registry, &built.destinations())?.problems(&built))?;
    look(&built, &registry.host(), &Skopeo::default())
}

pub(crate) fn guarded_registry() -> Result<(), Failed> {
    let built = built();
    let registry = registry(&built)?;
    let (proxy, authority) = proxy(&registry, account())?;
    let (_job, command) = guarded(&built, &proxy, authority.path(), LOGIN.1);
    done(&command.run())?;
    none(&state(&registry, &built.destinations())?.problems(&built))?;
    let login = Some(format!("{}:{}", LOGIN.0, LOGIN.1));
    look(&built, proxy.host(), &Skopeo { authority: Some(authority.path().to_owned()), login })
}

pub(crate) fn second_run() -> Result<(), Failed> {
    let built = built();
    let registry = registry(&built)?;
    let job = Job::new(&built, &registry.host());
    done(&job.command().run())?;
    let (before, tags) = (registry.requests().len(), registry.tags("images/app"));
    done(&job.command().run())?;
    let second = registry.requests().split_off(before);
    assert!(!second.is_empty(), "the access log has the second run");
    let writes: Vec<_> =
        second.iter().filter(|line| !line.starts_with("GET ") && !line.starts_with("HEAD ")).collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!(registry.tags("images/app"), tags);
    // The same over TLS with tokens, where the proxy sees every request.
    let (proxy, authority) = proxy(&registry, account())?;
    let (_job, command) = guarded(&built, &proxy, authority.path(), LOGIN.1);
    done(&command.run())?;
    let writes: Vec<_> = proxy.seen().into_iter().filter(bakery_tests::proxy::Seen::writes).collect();
    assert!(writes.is_empty() && proxy.requests() > 0, "{writes:?}");
    Ok(())
}

pub(crate) fn no_permission() -> Result<(), Failed> {
    let built = built();
    let registry = registry(&built)?;
    let reader = Account::new(LOGIN.0, LOGIN.1).grant("", &["pull"]);
    let (first, authority) = proxy(&registry, reader)?;
    let (_job, command) = guarded(&built, &first, authority.path(), LOGIN.1);
    let finished = command.run();
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("images/app"), "{}", finished.stderr);
    for repository in built.destinations() {
        assert!(registry.tags(&repository).is_empty(), "{repository}");
    }
    // A wrong password is the same, without a single write that was tried.
    let (second, authority) = proxy(&registry, account())?;
    let (_job, command) = guarded(&built, &second, authority.path(), "another-word");
    let finished = command.run();
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert!(!finished.stderr.contains("another-word"), "{}", finished.stderr);
    assert!(!second.seen().iter().any(|seen| seen.writes() && seen.status < 400), "{:?}", second.seen());
    Ok(())
}

pub(crate) fn proxy_has_teeth() -> Result<(), Failed> {
    let built = Scenario::new().layers(2).build();
    let registry = registry(&built)?;
    let (proxy, authority) = proxy(&registry, Account::new(LOGIN.0, LOGIN.1).grant("tmp/", &["pull"]))?;
    let target = &built.targets[0];
    let source = |repository: &str| format!("{}/{repository}@{}", proxy.host(), target.source("linux/arm64"));
    let skopeo = |login: Option<&str>| Skopeo {
        authority: Some(authority.path().to_owned()),
        login: login.map(|word| format!("{}:{word}", LOGIN.0)),
    };
    let folder = tempfile::tempdir()?;
    let pulled = skopeo(Some(LOGIN.1)).pull(&source(&built.staging()), "arm64", folder.path())?;
    assert_eq!(pulled, target.source("linux/arm64"));
    assert!(proxy.seen().iter().any(|seen| seen.target == "/token" && seen.status == 200));
    for (login, repository) in
        [(None, built.staging()), (Some("wrong"), built.staging()), (Some(LOGIN.1), "images/app".to_owned())]
    {
        let folder = tempfile::tempdir()?;
        let refused = skopeo(login).pull(&source(&repository), "arm64", folder.path());
        assert!(refused.is_err(), "{login:?} {repository}");
    }
    let passed = registry.requests();
    assert!(passed.iter().any(|line| line.contains("/v2/tmp/app/tmp/")), "{passed:?}");
    assert!(!passed.iter().any(|line| line.contains("/v2/images/app/")), "{passed:?}");
    Ok(())
}
