//! Reads folders of templates and macros: every file below a folder, bounded, without a way out of it. Knows no
//! template language and writes nothing.

use std::{
    io::{self, Read as _},
    path::Path,
};

use cap_std::fs::PermissionsExt as _;
use cap_std::{ambient_authority, fs::Dir};

/// The most files of one folder.
const FILES: usize = 10_000;
/// The most bytes of one folder.
const BYTES: u64 = 256 << 20;
/// The most folders inside each other.
const DEPTH: usize = 64;

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Below the folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its permissions, as in `chmod`.
    pub mode: u32,
}

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder is not there.
    #[error("there is no folder `{0}`")]
    Missing(String),
    /// The system refuses something.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// What.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Something that cannot be copied into an image's folder.
    #[error("`{path}` {problem}")]
    Unfit {
        /// What.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More than is read.
    #[error("the folder `{folder}` has more than {limit}")]
    TooLarge {
        /// The folder.
        folder: String,
        /// How much is read.
        limit: String,
    },
}

/// Every file below `folder`, which lies below `project`, sorted by path. Hidden files are files like others.
///
/// A link to a file of the same folder has no name of its own: the file that it leads to is there anyway. Any other
/// link is refused, and so is whatever is neither file nor folder.
///
/// # Errors
/// The folder is missing or too large, or something in it cannot be read.
pub fn read_folder(project: &Path, folder: &str) -> Result<Vec<FolderFile>, FolderError> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FolderError::Missing(folder.to_owned()),
        _ => FolderError::Io { path: folder.to_owned(), source },
    };
    let root = Dir::open_ambient_dir(project, ambient_authority())
        .and_then(|project| project.open_dir(folder))
        .map_err(refused)?;
    let mut reading = Reading { root: &root, folder, files: Vec::new(), bytes: 0 };
    reading.walk(&root, "", 0)?;
    let mut files = reading.files;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

struct Reading<'r> {
    root: &'r Dir,
    folder: &'r str,
    files: Vec<FolderFile>,
    bytes: u64,
}

impl Reading<'_> {
    fn walk(&mut self, dir: &Dir, below: &str, depth: usize) -> Result<(), FolderError> {
        if depth > DEPTH {
            return Err(self.too_large(format!("{DEPTH} folders inside each other")));
        }
        for entry in dir.entries().map_err(|source| self.io(below, source))? {
            let entry = entry.map_err(|source| self.io(below, source))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let name = format!("{below}{}", name.to_string_lossy());
                return Err(self.unfit(&name, "has a name that is not UTF-8"));
            };
            let path = format!("{below}{name}");
            let kind = entry.file_type().map_err(|source| self.io(&path, source))?;
            if kind.is_dir() {
                let inner = entry.open_dir().map_err(|source| self.io(&path, source))?;
                self.walk(&inner, &format!("{path}/"), depth + 1)?;
            } else if kind.is_symlink() {
                self.link(&path)?;
            } else if kind.is_file() {
                self.file(&entry.open().map_err(|source| self.io(&path, source))?, path)?;
            } else {
                return Err(self.unfit(&path, "is neither a file nor a folder"));
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &cap_std::fs::File, path: String) -> Result<(), FolderError> {
        if self.files.len() >= FILES {
            return Err(self.too_large(format!("{FILES} files")));
        }
        let metadata = file.metadata().map_err(|source| self.io(&path, source))?;
        let mut bytes = Vec::new();
        let left = BYTES - self.bytes;
        file.take(left + 1).read_to_end(&mut bytes).map_err(|source| self.io(&path, source))?;
        self.bytes += bytes.len() as u64;
        if self.bytes > BYTES {
            return Err(self.too_large(format!("{BYTES} bytes")));
        }
        self.files.push(FolderFile { path, bytes, mode: metadata.permissions().mode() & 0o777 });
        Ok(())
    }

    /// Whether a link may be left out.
    fn link(&self, path: &str) -> Result<(), FolderError> {
        match self.root.metadata(path) {
            Ok(target) if target.is_file() => Ok(()),
            Ok(_) => Err(self.unfit(path, "is a link to something that is no file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self.unfit(path, "is a link to nothing"))
            }
            Err(_) => Err(self.unfit(path, "is a link that leads out of its folder")),
        }
    }

    fn named(&self, path: &str) -> String {
        let path = path.trim_end_matches('/');
        if path.is_empty() { self.folder.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    fn io(&self, path: &str, source: io::Error) -> FolderError {
        FolderError::Io { path: self.named(path), source }
    }

    fn unfit(&self, path: &str, problem: &'static str) -> FolderError {
        FolderError::Unfit { path: self.named(path), problem }
    }

    fn too_large(&self, limit: String) -> FolderError {
        FolderError::TooLarge { folder: self.folder.to_owned(), limit }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    fn project() -> tempfile::TempDir {
        let project = tempfile::tempdir().unwrap();
        let template = project.path().join("app/template");
        std::fs::create_dir_all(template.join("conf/.hidden")).unwrap();
        std::fs::write(template.join("Containerfile.jinja2"), "FROM x\n").unwrap();
        std::fs::write(template.join("conf/.hidden/run.sh"), "#!\n").unwrap();
        std::fs::set_permissions(template.join("conf/.hidden/run.sh"), Permissions::from_mode(0o755))
            .unwrap();
        project
    }

    fn read(project: &tempfile::TempDir) -> Result<Vec<String>, String> {
        read_folder(project.path(), "app/template")
            .map(|files| files.iter().map(|file| format!("{} {:o}", file.path, file.mode)).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_file_is_read_with_its_mode() {
        let project = project();
        std::fs::set_permissions(
            project.path().join("app/template/Containerfile.jinja2"),
            Permissions::from_mode(0o640),
        )
        .unwrap();
        assert_eq!(read(&project).unwrap(), ["Containerfile.jinja2 640", "conf/.hidden/run.sh 755"]);
    }

    #[test]
    fn a_link_inside_is_left_out_and_no_link_leads_out() {
        let project = project();
        let template = project.path().join("app/template");
        std::fs::write(project.path().join("secret"), "x").unwrap();
        symlink("../Containerfile.jinja2", template.join("conf/same")).unwrap();
        assert_eq!(read(&project).unwrap().len(), 2);
        for (target, problem) in [
            ("../../secret", "is a link that leads out of its folder"),
            ("/etc/hostname", "is a link that leads out of its folder"),
            ("nowhere", "is a link to nothing"),
            ("conf", "is a link to something that is no file"),
        ] {
            symlink(target, template.join("link")).unwrap();
            assert_eq!(read(&project).unwrap_err(), format!("`app/template/link` {problem}"), "{target}");
            std::fs::remove_file(template.join("link")).unwrap();
        }
    }

    #[test]
    fn the_folder_itself_lies_inside_the_project() {
        let project = project();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), project.path().join("away")).unwrap();
        assert!(matches!(read_folder(project.path(), "away"), Err(FolderError::Io { .. })));
        assert!(matches!(read_folder(project.path(), "../"), Err(FolderError::Io { .. })));
        assert!(matches!(read_folder(project.path(), "app/none"), Err(FolderError::Missing(_))));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let project = project();
        let socket = project.path().join("app/template/socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(read(&project).unwrap_err(), "`app/template/socket` is neither a file nor a folder");
    }

    #[test]
    fn too_much_is_refused() {
        let project = project();
        let template = project.path().join("app/template");
        let large = std::fs::File::create(template.join("large")).unwrap();
        large.set_len(BYTES + 1).unwrap();
        assert_eq!(read(&project).unwrap_err(), "the folder `app/template` has more than 268435456 bytes");
        std::fs::remove_file(template.join("large")).unwrap();
        let deep = template.join("d/".repeat(DEPTH + 2));
        std::fs::create_dir_all(deep).unwrap();
        assert!(read(&project).unwrap_err().contains("64 folders inside each other"));
    }
}
