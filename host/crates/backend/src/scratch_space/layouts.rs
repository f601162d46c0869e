//! Image layouts as files of a scratch space, reached so that no path and no link leads out of it. Knows no manifest.

use std::{
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bakery_core::{
    model::Digest,
    port::{
        BoxFuture, Failure, FailureKind,
        layout::{Layout, LayoutFile, Layouts},
        registry::{BlobChunks, BlobSink, BlobSource},
    },
};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, OpenOptions, OpenOptionsExt as _},
};
use rustix::fs::OFlags;

use super::usage::{Usage, measure};
use crate::files::read_stream;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// A scratch space.
pub(super) struct Folder {
    path: PathBuf,
    bytes: u64,
}

impl Folder {
    pub(super) fn new(path: &Path, bytes: u64) -> Self {
        Self { path: path.to_owned(), bytes }
    }

    fn dir(&self) -> io::Result<Dir> {
        Dir::open_ambient_dir(&self.path, ambient_authority())
    }
}

impl Layouts for Folder {
    fn room(&self) -> BoxFuture<'_, Result<u64, Failure>> {
        let (path, bytes) = (self.path.clone(), self.bytes);
        blocking("the scratch space".to_owned(), move || match measure(&path)? {
            Usage::Bytes(used) => Ok(bytes.saturating_sub(used)),
            Usage::TooMany | Usage::TooDeep => Ok(0),
        })
    }

    fn create<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Arc<dyn Layout>, Failure>> {
        let (dir, place) = (self.dir(), path.to_owned());
        blocking(shown(path), move || {
            let dir = dir?;
            if let Some(parent) = place.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                dir.create_dir_all(parent)?;
            }
            dir.create_dir(if place.as_os_str().is_empty() { Path::new(".") } else { &place })?;
            let own = dir.open_dir(&place)?;
            own.create_dir_all("blobs/sha256")?;
            Ok(Arc::new(Place { dir: Arc::new(own), path: place }) as Arc<dyn Layout>)
        })
    }

    fn open<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Arc<dyn Layout>, Failure>> {
        let (dir, place) = (self.dir(), path.to_owned());
        blocking(shown(path), move || {
            let inside = if place.as_os_str().is_empty() { Path::new(".") } else { &place };
            let own = dir?.open_dir(inside)?;
            Ok(Arc::new(Place { dir: Arc::new(own), path: place }) as Arc<dyn Layout>)
        })
    }

    fn discard<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, ()> {
        let (dir, place) = (self.dir(), path.to_owned());
        let discarding = blocking(shown(path), move || dir?.remove_dir_all(&place));
        // What is left goes with the space.
        Box::pin(async move { drop(discarding.await) })
    }
}

/// One layout.
struct Place {
    dir: Arc<Dir>,
    /// Below the scratch space, for messages.
    path: PathBuf,
}

impl Place {
    fn subject(&self, file: &LayoutFile) -> String {
        shown(&self.path.join(name(file)))
    }
}

impl Layout for Place {
    fn read<'a>(&'a self, file: &'a LayoutFile, max: u64) -> BoxFuture<'a, Result<Vec<u8>, Failure>> {
        let (dir, name) = (Arc::clone(&self.dir), name(file));
        blocking(self.subject(file), move || read_stream(open(&dir, &name)?, max))
    }

    fn size<'a>(&'a self, file: &'a LayoutFile) -> BoxFuture<'a, Result<u64, Failure>> {
        let (dir, name) = (Arc::clone(&self.dir), name(file));
        blocking(self.subject(file), move || Ok(open(&dir, &name)?.metadata()?.len()))
    }

    fn write<'a>(&'a self, file: &'a LayoutFile, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), Failure>> {
        let (dir, name, bytes) = (Arc::clone(&self.dir), name(file), bytes.to_vec());
        blocking(self.subject(file), move || create(&dir, &name)?.write_all(&bytes))
    }

    fn sink<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Box<dyn BlobSink>, Failure>> {
        let file = LayoutFile::Blob(digest.clone());
        let (dir, name, subject) = (Arc::clone(&self.dir), name(&file), self.subject(&file));
        let own = subject.clone();
        blocking(subject, move || {
            let file = Arc::new(create(&dir, &name)?);
            Ok(Box::new(Sink { file, subject: own }) as Box<dyn BlobSink>)
        })
    }

    fn source(&self, digest: &Digest, size: u64) -> Arc<dyn BlobSource> {
        let file = LayoutFile::Blob(digest.clone());
        Arc::new(Source {
            dir: Arc::clone(&self.dir),
            subject: self.subject(&file),
            name: name(&file),
            digest: digest.clone(),
            size,
        })
    }
}

/// A blob on its way into a layout.
struct Sink {
    file: Arc<File>,
    subject: String,
}

impl BlobSink for Sink {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), Failure>> {
        let (file, bytes) = (Arc::clone(&self.file), bytes.to_vec());
        blocking(self.subject.clone(), move || (&*file).write_all(&bytes))
    }

    fn restart(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        let file = Arc::clone(&self.file);
        blocking(self.subject.clone(), move || {
            file.set_len(0)?;
            (&*file).seek(SeekFrom::Start(0)).map(drop)
        })
    }
}

/// A blob of a layout.
#[derive(Clone)]
struct Source {
    dir: Arc<Dir>,
    name: String,
    subject: String,
    digest: Digest,
    size: u64,
}

impl BlobSource for Source {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self, offset: u64) -> Box<dyn BlobChunks> {
        let left = self.size.saturating_sub(offset);
        Box::new(Chunks { source: self.clone(), file: None, offset, left })
    }
}

/// Its bytes: as many as it is said to have, or a failure.
struct Chunks {
    source: Source,
    file: Option<Arc<File>>,
    offset: u64,
    left: u64,
}

impl BlobChunks for Chunks {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(async move {
            if self.left == 0 {
                return Ok(None);
            }
            let (source, offset, known) = (self.source.clone(), self.offset, self.file.clone());
            let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE);
            let (file, piece) = blocking(self.source.subject.clone(), move || {
                let file = match known {
                    Some(file) => file,
                    None => {
                        let mut file = open(&source.dir, &source.name)?;
                        file.seek(SeekFrom::Start(offset))?;
                        Arc::new(file)
                    }
                };
                let mut piece = Vec::with_capacity(wanted);
                (&*file).take(wanted as u64).read_to_end(&mut piece)?;
                if piece.len() < wanted {
                    Err(io::ErrorKind::UnexpectedEof.into())
                } else {
                    Ok((file, piece))
                }
            })
            .await?;
            self.file = Some(file);
            self.left -= piece.len() as u64;
            Ok(Some(piece))
        })
    }
}

fn name(file: &LayoutFile) -> String {
    match file {
        LayoutFile::Marker => "oci-layout".to_owned(),
        LayoutFile::Index => "index.json".to_owned(),
        LayoutFile::Blob(digest) => format!("blobs/sha256/{}", digest.hex()),
    }
}

/// A regular file: what waits for a writer, or is a device, is none.
fn open(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = dir.open_with(name, &options)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

fn create(dir: &Dir, name: &str) -> io::Result<File> {
    dir.open_with(name, OpenOptions::new().write(true).create_new(true))
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
}

/// Work with files, off the threads that must not wait.
fn blocking<T: Send + 'static>(
    subject: String,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> BoxFuture<'static, Result<T, Failure>> {
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.unwrap_or_else(|_| Err(io::Error::other("the run ended")));
        done.map_err(|error| {
            let message = format!("`{subject}` in the scratch space: {error}");
            Failure::new(kind(&error), subject, message)
        })
    })
}

/// A full disk, and what leads out of the space, are nothing that passes.
fn kind(error: &io::Error) -> FailureKind {
    match error.kind() {
        io::ErrorKind::NotFound => FailureKind::NotFound,
        io::ErrorKind::AlreadyExists => FailureKind::Conflict,
        io::ErrorKind::PermissionDenied => FailureKind::Denied,
        _ => FailureKind::InvalidInput,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn space() -> (tempfile::TempDir, Folder) {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir(top.path().join("space")).unwrap();
        std::fs::write(top.path().join("secret"), "secret").unwrap();
        let folder = Folder::new(&top.path().join("space"), 1 << 20);
        (top, folder)
    }

    async fn kind_of<T>(doing: BoxFuture<'_, Result<T, Failure>>) -> Option<FailureKind> {
        doing.await.err().map(|failure| failure.kind)
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_nothing_is_written_twice() {
        let (_top, folder) = space();
        let layout = folder.create(Path::new("a/out")).await.unwrap();
        let digest = Digest::of(b"12345");
        let mut sink = layout.sink(&digest).await.unwrap();
        sink.write(b"wrong").await.unwrap();
        sink.restart().await.unwrap();
        sink.write(b"123").await.unwrap();
        sink.write(b"45").await.unwrap();
        layout.write(&LayoutFile::Index, b"{}").await.unwrap();
        assert_eq!(kind_of(layout.write(&LayoutFile::Index, b"{}")).await, Some(FailureKind::Conflict));
        let layout = folder.open(Path::new("a/out")).await.unwrap();
        let blob = LayoutFile::Blob(digest.clone());
        assert_eq!(layout.read(&blob, 5).await.unwrap(), b"12345");
        assert_eq!(kind_of(layout.read(&blob, 4)).await, Some(FailureKind::InvalidInput));
        assert_eq!(layout.size(&blob).await.unwrap(), 5);
        let rest = layout.source(&digest, 5).open(2).next().await.unwrap();
        assert_eq!(rest.unwrap(), b"345");
        let mut longer = layout.source(&digest, 6).open(0);
        assert_eq!(kind_of(longer.next()).await, Some(FailureKind::InvalidInput));
        assert_eq!(kind_of(folder.create(Path::new("a/out"))).await, Some(FailureKind::Conflict));
        assert_eq!(kind_of(folder.create(Path::new(""))).await, Some(FailureKind::Conflict));
        folder.discard(Path::new("a/out")).await;
        assert_eq!(kind_of(folder.open(Path::new("a/out"))).await, Some(FailureKind::NotFound));
    }

    #[tokio::test]
    async fn no_link_leads_out_and_only_files_are_read() {
        let (top, folder) = space();
        let inside = top.path().join("space");
        std::fs::create_dir_all(inside.join("out/blobs/sha256")).unwrap();
        let digest = Digest::of(b"secret");
        let blob = inside.join(format!("out/blobs/sha256/{}", digest.hex()));
        symlink("../../../../secret", &blob).unwrap();
        symlink(top.path().join("secret"), inside.join("out/index.json")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            inside.join("out/oci-layout"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        symlink(top.path(), inside.join("up")).unwrap();
        symlink("..", inside.join("dots")).unwrap();
        let layout = folder.open(Path::new("out")).await.unwrap();
        for file in [LayoutFile::Blob(digest.clone()), LayoutFile::Index, LayoutFile::Marker] {
            assert!(layout.read(&file, 1000).await.is_err(), "{file:?}");
            assert!(layout.size(&file).await.is_err(), "{file:?}");
        }
        assert!(layout.source(&digest, 6).open(0).next().await.is_err());
        for path in ["up", "dots", "up/x", "dots/x", "../x"] {
            assert!(folder.open(Path::new(path)).await.is_err(), "{path}");
            assert!(folder.create(Path::new(path)).await.is_err(), "{path}");
        }
        // A layout that leads to another folder of the space by a link leads nowhere else.
        std::fs::remove_file(&blob).unwrap();
        std::fs::write(inside.join("elsewhere"), "secret").unwrap();
        symlink("../../../elsewhere", &blob).unwrap();
        assert!(
            layout.read(&LayoutFile::Blob(digest), 1000).await.is_err(),
            "out of the layout's own folder"
        );
        folder.discard(Path::new("up")).await;
        assert!(top.path().join("secret").exists());
        assert!(!top.path().join("x").exists());
    }

    #[tokio::test]
    async fn room_is_what_is_left_of_the_bound() {
        let (top, folder) = space();
        let before = folder.room().await.unwrap();
        assert!(before <= 1 << 20);
        std::fs::write(top.path().join("space/file"), vec![1; 2 << 20]).unwrap();
        assert_eq!(folder.room().await.unwrap(), 0);
    }
}
