//! Where the programs are that bakery runs for its steps and its builds: named by a variable, on the PATH, or brought
//! along by the project. Each is looked for once, when it is first needed. Starts none.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use bakery_core::model::Digest;

use crate::{cli::env, command::Failed};

/// Programs that were looked for, and where they are.
pub(crate) struct Programs {
    /// The folder of `bakery.yaml`.
    context: PathBuf,
    found: Mutex<HashMap<&'static str, PathBuf>>,
}

impl Programs {
    /// For a project. Looks for nothing yet.
    pub(crate) fn new(context: &Path) -> Self {
        Self { context: context.to_owned(), found: Mutex::default() }
    }

    /// The absolute path of a program: what the variable says, else the first on the PATH, else
    /// `<context>/tools/<name>`.
    ///
    /// # Errors
    /// The variable names something that is no program, or it is nowhere.
    pub(crate) fn find(&self, name: &'static str, variable: &env::Variable) -> Result<PathBuf, Failed> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = found.get(name) {
            return Ok(known.clone());
        }
        let path = look(name, variable.name, variable.read_os(), env::PATH.read_os(), &self.context)?;
        found.insert(name, path.clone());
        Ok(path)
    }
}

/// What a program's file must be, where a variable says so; compared before each start.
///
/// # Errors
/// The variable holds no digest.
pub(crate) fn pinned(variable: &env::Variable) -> Result<Option<Digest>, Failed> {
    let Some(text) = variable.read_os() else { return Ok(None) };
    text.to_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
        Failed::because(format!("{}: `{}` is no digest", variable.name, Path::new(&text).display()))
            .hint("write `sha256:` and 64 hexadecimal digits, as `sha256sum` prints them for the program")
    })
}

fn look(
    name: &str,
    variable: &str,
    configured: Option<OsString>,
    path: Option<OsString>,
    context: &Path,
) -> Result<PathBuf, Failed> {
    let path = path.unwrap_or_default();
    if let Some(configured) = configured {
        return named(variable, &configured, &path);
    }
    let beside = match on_path(name, &path) {
        Ok(found) => return Ok(found),
        Err(beside) => beside,
    };
    let brought = std::path::absolute(context.join("tools").join(name)).unwrap_or_default();
    if is_program(&brought) {
        return Ok(brought);
    }
    Err(Failed::because(format!("{beside}, and `{}` is no program either", brought.display()))
        .hint(format!("install `{name}`, or say where it is in the variable {variable}")))
}

/// What a variable says: a path, or the name of another program of the PATH.
fn named(variable: &str, configured: &OsStr, path: &OsStr) -> Result<PathBuf, Failed> {
    let shown = Path::new(configured).display();
    let wrong = |why: String| {
        Failed::because(format!("{variable}: {why}"))
            .hint(format!("give the path of a program in {variable}, or unset it"))
    };
    match configured.to_str() {
        Some(name) if !name.contains('/') => on_path(name, path).map_err(wrong),
        _ => match std::path::absolute(configured) {
            Ok(program) if is_program(&program) => Ok(program),
            _ => Err(wrong(format!("`{shown}` is no program"))),
        },
    }
}

#[cfg(target_os = "linux")]
fn on_path(name: &str, path: &OsStr) -> Result<PathBuf, String> {
    bakery_backend::command::find_program(name, path).map_err(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
fn on_path(name: &str, _path: &OsStr) -> Result<PathBuf, String> {
    Err(format!("`{name}` cannot be run on this system"))
}

/// Whether somebody may start it.
pub(super) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) -> PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn text(failed: &Failed) -> String {
        format!("{failed:?}")
    }

    #[test]
    fn the_variable_comes_first_then_the_path_then_the_project() {
        let top = tempfile::tempdir().unwrap();
        let (bin, context) = (top.path().join("bin"), top.path().join("project"));
        let path = || Some(bin.clone().into_os_string());
        let find = |configured: Option<&Path>| {
            look("oras", "ORAS_PATH", configured.map(|path| path.as_os_str().to_owned()), path(), &context)
        };
        let failed = text(&find(None).unwrap_err());
        assert!(failed.contains("ORAS_PATH") && failed.contains("tools/oras"), "{failed}");
        let brought = program(&context.join("tools"), "oras", 0o755);
        assert_eq!(find(None).unwrap(), brought);
        let installed = program(&bin, "oras", 0o755);
        assert_eq!(find(None).unwrap(), installed);
        let other = program(&top.path().join("opt"), "oras-1.3", 0o755);
        assert_eq!(find(Some(&other)).unwrap(), other);
        assert_eq!(find(Some(Path::new("oras"))).unwrap(), installed, "a name is looked up on the PATH");
    }

    #[test]
    fn a_variable_that_points_nowhere_is_an_error_that_says_so() {
        let top = tempfile::tempdir().unwrap();
        let (bin, context) = (top.path().join("bin"), top.path().to_owned());
        program(&bin, "soci", 0o755);
        let text_file = program(top.path(), "notes", 0o644);
        for configured in [top.path().join("absent"), text_file, bin.clone(), "nowhere".into()] {
            let path = Some(bin.clone().into_os_string());
            let failed = look("soci", "SOCI_PATH", Some(configured.clone().into_os_string()), path, &context);
            assert!(text(&failed.unwrap_err()).contains("SOCI_PATH"), "{}", configured.display());
        }
    }
}
