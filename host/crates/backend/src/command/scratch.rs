//! Where a path of a guest leads below the scratch space, links followed without leaving it. Creates nothing.

use std::{
    io,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};

/// The absolute path for `relative`, whose part that exists is free of links. `relative` holds ordinary names only.
///
/// # Errors
/// A path that leads out, and a scratch space that cannot be opened.
pub(super) fn resolve(scratch: &Path, relative: &Path) -> io::Result<PathBuf> {
    let space = Dir::open_ambient_dir(scratch, ambient_authority())?;
    for existing in relative.ancestors() {
        if existing.as_os_str().is_empty() {
            break;
        }
        match space.symlink_metadata(existing) {
            // It has a name here, so whatever that name leads to must be here as well.
            Ok(_) => {
                let rest = relative.strip_prefix(existing).unwrap_or(Path::new(""));
                return Ok(join(&scratch.join(space.canonicalize(existing)?), rest));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(join(scratch, relative))
}

/// As `Path::join`, but nothing joined to a path is that path, without a slash at its end.
fn join(path: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() { path.to_owned() } else { path.join(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_is_resolved_inside_and_nowhere_else() {
        let top = tempfile::tempdir().unwrap();
        let scratch = top.path().join("scratch");
        std::fs::create_dir_all(scratch.join("a/b")).unwrap();
        std::fs::write(scratch.join("a/file"), "x").unwrap();
        std::fs::write(top.path().join("secret"), "x").unwrap();
        symlink("a/b", scratch.join("inner")).unwrap();
        symlink("a/../../secret", scratch.join("climbs")).unwrap();
        symlink("/etc", scratch.join("absolute")).unwrap();
        symlink("nowhere", scratch.join("dangling")).unwrap();
        symlink("../new", scratch.join("future")).unwrap();
        symlink("loop", scratch.join("loop")).unwrap();
        let inside = |path: &str| resolve(&scratch, Path::new(path)).ok();
        for (path, expected) in [
            ("", ""),
            ("a/file", "a/file"),
            ("a/new", "a/new"),
            ("new/deeper/file", "new/deeper/file"),
            ("inner", "a/b"),
            ("inner/new", "a/b/new"),
            ("layout:tag", "layout:tag"),
        ] {
            assert_eq!(inside(path), Some(join(&scratch, Path::new(expected))), "{path}");
        }
        for path in
            ["climbs", "absolute", "absolute/passwd", "dangling", "dangling/x", "future", "loop", "a/file/x"]
        {
            assert_eq!(inside(path), None, "{path}");
        }
        assert!(resolve(&top.path().join("absent"), Path::new("a")).is_err());
    }
}
