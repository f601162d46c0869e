//! Files that are named as arguments: patterns become names, names become bytes. Everything that is wrong is told at
//! once; nothing is skipped.

use std::{
    collections::HashSet,
    path::{Component, Path, PathBuf},
};

use bakery_backend::files;
use glob::MatchOptions;

use super::failed::Reason;

/// The most that one file may hold.
const MAX_BYTES: u64 = 32 << 20;

/// As the predecessor's: case matters, and hidden files are named or not meant.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A file that was read.
pub(super) struct Named {
    /// As given, or as a pattern found it.
    pub(super) name: String,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// Reads every file that the arguments name, in their order; a pattern's in the order of names, none twice. The second
/// list has every pattern that matches nothing, and every file that cannot be read.
pub(super) fn read_all(arguments: &[PathBuf]) -> (Vec<Named>, Vec<Reason>) {
    let mut wrong = Vec::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut seen = HashSet::new();
    for argument in arguments {
        match expand(argument) {
            Ok(found) => {
                paths.extend(found.into_iter().filter(|path| seen.insert(bare(path))));
            }
            Err(reason) => wrong.push(reason),
        }
    }
    let mut read = Vec::new();
    for path in paths {
        match files::read_bounded(&path, MAX_BYTES) {
            Ok(bytes) => read.push(Named { name: path.display().to_string(), bytes }),
            Err(error) => wrong.push(Reason::new(format!("cannot read `{}`: {error}", path.display()))),
        }
    }
    (read, wrong)
}

/// The files that one argument names: itself, or what matches it.
fn expand(argument: &Path) -> Result<Vec<PathBuf>, Reason> {
    let pattern = argument.to_str().filter(|text| text.contains(['*', '?', '[']));
    let Some(pattern) = pattern else { return Ok(vec![argument.to_owned()]) };
    // A file of this very name is meant, whatever its name looks like.
    if argument.is_file() {
        return Ok(vec![argument.to_owned()]);
    }
    let wrong = |what: String| Reason::new(format!("the pattern `{pattern}` {what}"));
    let found = glob::glob_with(pattern, MATCHING)
        .map_err(|error| wrong(format!("is not one: {}, at character {}", error.msg, error.pos + 1)))?;
    let found: Result<Vec<PathBuf>, _> = found.collect();
    let found = found.map_err(|error| wrong(format!("cannot be looked up: {error}")))?;
    if found.is_empty() {
        let hint =
            "patterns are relative to the working directory; check that the files were downloaded into it";
        return Err(wrong("matches no file".to_owned()).hint(hint));
    }
    Ok(found)
}

/// The path without `.`: `./x` and `x` are one file.
fn bare(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, arguments: &[&str]) -> Result<Vec<String>, String> {
        let arguments: Vec<PathBuf> = arguments.iter().map(|one| folder.join(one)).collect();
        let (files, wrong) = read_all(&arguments);
        if wrong.is_empty() {
            let name = |file: &Named| file.name.rsplit('/').next().unwrap_or_default().to_owned();
            return Ok(files.iter().map(name).collect());
        }
        Err(wrong.iter().map(|reason| reason.message.clone()).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_pattern_gives_names_in_order_and_no_file_twice() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b-metadata.json", "a-metadata.json", ".c-metadata.json", "other.json"] {
            std::fs::write(folder.path().join(name), "{}").unwrap();
        }
        let read = |arguments: &[&str]| read(folder.path(), arguments).unwrap();
        assert_eq!(read(&["*-metadata.json"]), ["a-metadata.json", "b-metadata.json"]);
        assert_eq!(read(&["b-metadata.json", "./*-metadata.json"]), ["b-metadata.json", "a-metadata.json"]);
        assert_eq!(
            read(&["[ab]-metadata.json", "?ther.json"]),
            ["a-metadata.json", "b-metadata.json", "other.json"]
        );
    }

    #[test]
    fn a_file_whose_name_looks_like_a_pattern_is_itself() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("[x].json"), "{}").unwrap();
        assert_eq!(read(folder.path(), &["[x].json"]).unwrap(), ["[x].json"]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d.json")).unwrap();
        let wrong = read(folder.path(), &["*.yaml", "missing.json", "d.json", "[x"]).unwrap_err();
        for part in [
            "*.yaml` matches no file",
            "missing.json`: No such file",
            "d.json`: not a regular file",
            "[x` is not one",
        ] {
            assert!(wrong.contains(part), "{part} is not in\n{wrong}");
        }
    }
}
