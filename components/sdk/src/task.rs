//! What steps read from their task and from the steps before them. Asks nobody.

use crate::{
    SourceError,
    config::Object,
    failure::invalid,
    host::types::Failure,
    reference::Reference,
    step::{Outcome, Source, Task},
};

/// A step's options, which may have these keys.
///
/// # Errors
/// `invalid-input` when they are not an object, or have another key.
pub fn options(component: &'static str, task: &Task, keys: &[&str]) -> Result<Object, Failure> {
    Object::read_options(component, &task.options, keys).map_err(|error| refused(component, error))
}

/// `true` or `false` of a step's options; false when absent.
///
/// # Errors
/// `invalid-input` when it is neither.
pub fn flag(component: &'static str, options: &Object, key: &str) -> Result<bool, Failure> {
    options.flag(key).map_err(|error| refused(component, error))
}

/// A list of texts of a step's options; empty when absent.
///
/// # Errors
/// `invalid-input` when it is something else.
pub fn texts(component: &'static str, options: &Object, key: &str) -> Result<Vec<String>, Failure> {
    options.texts(key).map_err(|error| refused(component, error))
}

/// A text of a step's options, where it is there.
///
/// # Errors
/// `invalid-input` when it is something else.
pub fn text(component: &'static str, options: &Object, key: &str) -> Result<Option<String>, Failure> {
    options.optional_text(key).map_err(|error| refused(component, error))
}

/// The temporary reference of a target, which a step cannot do without.
///
/// # Errors
/// `invalid-input`: there is none, or it is not a repository and a tag.
pub fn staging(task: &Task) -> Result<(&str, Reference<'_>), Failure> {
    let Some(staging) = task.staging.as_deref() else {
        return Err(invalid(&task.uid, format!("target `{}` has no temporary repository", task.uid)));
    };
    match Reference::of(staging) {
        parts @ Reference { tag: Some(_), digest: None, .. } => Ok((staging, parts)),
        _ => Err(invalid(
            staging,
            format!("the staging reference `{staging}` is not `registry/repository:tag`"),
        )),
    }
}

fn refused(component: &str, error: SourceError) -> Failure {
    match error {
        SourceError::Failed(failure) => failure,
        SourceError::InvalidConfig(text)
        | SourceError::Unsupported(text)
        | SourceError::NotFound(text)
        | SourceError::InvalidAnswer(text) => invalid(component, text),
    }
}

/// The target's sources; a target without any is refused.
///
/// # Errors
/// `invalid-input`.
pub fn sources(task: &Task) -> Result<&[Source], Failure> {
    if task.sources.is_empty() {
        return Err(invalid(&task.uid, format!("target `{}` has no sources", task.uid)));
    }
    Ok(&task.sources)
}

/// References of the target's sources, in order.
#[must_use]
pub fn references(task: &Task) -> Vec<String> {
    task.sources.iter().map(|source| source.reference.clone()).collect()
}

/// The index that a step works on: the one that the last step made or changed.
///
/// # Errors
/// `invalid-input` when no earlier step did.
pub fn index<'a>(task: &Task, previous: &'a [(String, Outcome)]) -> Result<&'a str, Failure> {
    let last = previous.iter().rev().find_map(|(_, outcome)| outcome.digest.as_deref());
    last.ok_or_else(|| invalid(&task.uid, format!("no earlier step of target `{}` made an index", task.uid)))
}

/// Whether an earlier step said this.
#[must_use]
pub fn said(previous: &[(String, Outcome)], key: &str, value: &str) -> bool {
    let said = |(name, text): &(String, String)| name == key && text == value;
    previous.iter().any(|(_, outcome)| outcome.attributes.iter().any(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::task;

    fn outcome(name: &str, digest: Option<&str>, attributes: &[(&str, &str)]) -> (String, Outcome) {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let attributes = attributes.iter().map(own).collect();
        (name.to_owned(), Outcome { digest: digest.map(str::to_owned), attributes })
    }

    #[test]
    fn the_index_is_the_one_that_the_last_step_made() {
        let mut previous = vec![outcome("index-create", Some("sha256:1"), &[])];
        assert_eq!(index(&task(), &previous), Ok("sha256:1"));
        previous.push(outcome("convert", Some("sha256:2"), &[]));
        previous.push(outcome("index-place", None, &[("present", "ghcr.io/a/b")]));
        assert_eq!(index(&task(), &previous), Ok("sha256:2"));
        assert!(said(&previous, "present", "ghcr.io/a/b"));
        assert!(!said(&previous, "present", "ghcr.io/a"));
        let error = index(&task(), &[]).unwrap_err();
        assert_eq!(error.message, "no earlier step of target `connect-2026-05-0` made an index");
    }

    #[test]
    fn options_are_an_object_with_known_keys() {
        let read = |options: &str| {
            let task = Task { options: options.to_owned(), ..task() };
            super::options("step-x", &task, &["root"]).and_then(|read| flag("step-x", &read, "root"))
        };
        assert_eq!((read("{}"), read(r#"{"root":true}"#)), (Ok(false), Ok(true)));
        for (text, want) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("[]", "it is an array, expected an object"),
            (r#"{"rot":true}"#, "`rot` is not a key: did you mean `root`?"),
            (r#"{"root":1}"#, "`root` is the number `1`, expected `true` or `false`"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.message, format!("the `options` of `step-x` are wrong: {want}"));
        }
    }
}
