//! The versions that a dependency list selects.

use bakery_core::port::SourceError;

use super::text::{excerpt, is_word};

/// Versions in one answer.
const VERSIONS: usize = 10_000;

/// Reads a list.
///
/// # Errors
/// It is too long, or a version is not a word of printable ASCII of at most 128 bytes.
pub(crate) fn read(versions: Vec<String>, component: &str) -> Result<Vec<String>, SourceError> {
    let refuse =
        |what: String| Err(SourceError::InvalidAnswer(format!("component `{component}` answered {what}")));
    if versions.len() > VERSIONS {
        return refuse(format!("{} versions; at most {VERSIONS} are read", versions.len()));
    }
    match versions.iter().find(|version| !is_word(version, 128)) {
        Some(bad) => refuse(format!("`{}`, which is not a version", excerpt(bad))),
        None => Ok(versions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_dependencies_are_words_as_the_upstream_writes_them() {
        let good = vec!["4.4.2".to_owned(), "3.13.0rc1".to_owned(), "2026.05.0+1".to_owned()];
        assert_eq!(read(good.clone(), "a").unwrap(), good);
        for bad in ["", "4.4 2", "4.4\n::set-output", "４.4", "\u{1b}[31m4", &"9".repeat(129)] {
            let error = read(vec!["4.4.2".to_owned(), bad.to_owned()], "a").unwrap_err();
            assert!(error.to_string().contains("which is not a version"), "{error}");
        }
        assert!(read(vec!["1".to_owned(); VERSIONS + 1], "a").is_err());
    }
}
