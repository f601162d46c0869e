//! First the index against the sources; then every tag, as oras finds it. What oras cannot see yet is waited for by the
//! host, and then looked at once more.

use bakery_sdk::{
    Failure, FailureKind, Programs, Registry, converted,
    failure::{all, failure, invalid},
    oras::{self, Oras},
    published,
    reference::by_digest,
    step::{Outcome, Task},
    task,
};

/// The component's name in messages.
const NAME: &str = "step-oras-verify";

/// Verifies. The outcome says `verified` of each tag, or of the digest in a repository that gets no tags.
///
/// # Errors
/// `conflict` with what was wanted and what is there; the host's failure for a tag that cannot be read, or one failure
/// that names all of them.
pub fn run(
    programs: &impl Programs,
    registry: &impl Registry,
    asked: &Task,
    previous: &[(String, Outcome)],
) -> Result<Outcome, Failure> {
    let options = task::options(NAME, asked, &[Oras::PLAIN, "converted"])?;
    let converted = task::flag(NAME, &options, "converted")?;
    let oras = Oras::of(NAME, &options)?;
    let digest = task::index(asked, previous)?;
    let wanted = published::wanted(asked)?;
    let Some(first) = asked.destinations.first() else {
        return Err(invalid(&asked.uid, format!("target `{}` has no destinations", asked.uid)));
    };
    for answer in registry.get_manifest(&[by_digest(&first.repository, digest)]) {
        let bytes = answer?.bytes;
        if converted {
            converted::compare(registry, asked, &first.repository, digest, &bytes)?;
        } else {
            published::compare_configured(digest, &bytes, &wanted)?;
        }
    }
    let places = published::places(asked, digest);
    let answers = places.iter().map(|place| look(programs, registry, &oras, place, digest));
    all(answers, |failed, total| format!("{failed} of {total} tags do not point at `{digest}`"))?;
    let verified = |place| ("verified".to_owned(), place);
    Ok(Outcome { digest: None, attributes: places.into_iter().map(verified).collect() })
}

fn look(
    programs: &impl Programs,
    registry: &impl Registry,
    oras: &Oras,
    place: &str,
    digest: &str,
) -> Result<(), Failure> {
    let fetch = || oras::fetched(&oras.fetch(place).run(programs)?);
    match fetch() {
        Ok(found) if found == digest => return Ok(()),
        Ok(_) => {}
        Err(failure) if failure.kind == FailureKind::NotFound => {}
        Err(failure) => return Err(failure),
    }
    all(registry.await_digest(&[place.to_owned()], digest), |_, _| String::new())?;
    let found = fetch()?;
    if found == digest {
        return Ok(());
    }
    let message = format!("`{place}` points at `{found}`, wanted `{digest}`");
    Err(failure(FailureKind::Conflict, place, message))
}

#[cfg(test)]
mod tests {
    use bakery_sdk::{
        step::Destination,
        testing::{FakePrograms, FakeRegistry, digest, task},
    };

    use super::*;

    const TO: &str = "ghcr.io/posit-dev/connect";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";

    fn published() -> Task {
        let tags = ["1.0", "latest"].map(str::to_owned).to_vec();
        Task { destinations: vec![Destination { repository: TO.to_owned(), tags }], ..task() }
    }

    fn made() -> [(String, Outcome); 1] {
        [("index-create".to_owned(), Outcome { digest: Some(digest(9)), attributes: Vec::new() })]
    }

    fn registry() -> FakeRegistry {
        let child = |architecture: &str, own: u8| {
            format!(
                r#"{{"digest":"{}","platform":{{"architecture":"{architecture}","os":"linux"}}}}"#,
                digest(own)
            )
        };
        let index = format!(r#"{{"manifests":[{},{}]}}"#, child("amd64", 1), child("arm64", 2));
        FakeRegistry::new().with(&by_digest(TO, &digest(9)), INDEX, index)
    }

    fn descriptor(own: u8) -> String {
        format!(r#"{{"mediaType":"{INDEX}","digest":"{}","size":7}}"#, digest(own))
    }

    #[test]
    fn every_tag_is_read_by_oras() {
        let programs = FakePrograms::new().answering("oras manifest fetch", 0, &descriptor(9));
        let outcome = run(&programs, &registry(), &published(), &made()).unwrap();
        let places = ["1.0", "latest"].map(|tag| format!("{TO}:{tag}"));
        assert_eq!(outcome.attributes, places.clone().map(|place| ("verified".to_owned(), place)));
        assert_eq!(programs.ran(), places.map(|place| format!("oras manifest fetch --descriptor {place}")));
    }

    #[test]
    fn a_tag_that_oras_does_not_see_yet_is_waited_for_and_read_again() {
        let latest = format!("{TO}:latest");
        let command = format!("oras manifest fetch --descriptor {latest}");
        let programs = FakePrograms::new().failing(&command, FailureKind::NotFound).answering(
            "oras manifest fetch",
            0,
            &descriptor(9),
        );
        let registry = registry().pointing(&latest, &digest(9));
        let error = run(&programs, &registry, &published(), &made()).unwrap_err();
        assert_eq!(error.kind, FailureKind::NotFound, "what oras says counts");
        assert_eq!(programs.ran().iter().filter(|line| **line == command).count(), 2);
        assert!(registry.asked().contains(&format!("await-digest {} {latest}", digest(9))));
    }

    #[test]
    fn a_tag_that_points_elsewhere_for_good_is_a_conflict() {
        let latest = format!("{TO}:latest");
        let programs = FakePrograms::new()
            .answering(&format!("oras manifest fetch --descriptor {latest}"), 0, &descriptor(8))
            .answering("oras manifest fetch", 0, &descriptor(9));
        // The host sees it right: oras is asked, and still sees the other one.
        let registry = registry().pointing(&latest, &digest(9));
        let error = run(&programs, &registry, &published(), &made()).unwrap_err();
        let want = format!("`{latest}` points at `{}`, wanted `{}`", digest(8), digest(9));
        assert_eq!((error.kind, error.message), (FailureKind::Conflict, want));
    }

    #[test]
    fn a_failure_of_oras_is_not_waited_away() {
        let programs = FakePrograms::new().failing("oras manifest fetch", FailureKind::Unauthorized);
        let registry = registry();
        let error = run(&programs, &registry, &published(), &made()).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unauthorized);
        assert!(!registry.asked().iter().any(|line| line.starts_with("await-digest")));
    }

    #[test]
    fn an_index_of_other_images_is_a_conflict_before_oras_runs() {
        let mut task = published();
        task.sources[0].reference = by_digest("ghcr.io/posit-dev/test/tmp", &digest(3));
        let programs = FakePrograms::new();
        let error = run(&programs, &registry(), &task, &made()).unwrap_err();
        assert_eq!((error.kind, programs.ran().len()), (FailureKind::Conflict, 0));
    }
}
