//! Debian's `docker-registry` as a child on a free loopback port, with its storage in a temporary folder.
//! What is put into it here bypasses the program under test.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bakery_fault_registry::{Content, Image, media};
use bytes::Bytes;

use crate::{publish::Shelf, wire};

const PROGRAM: &str = "docker-registry";
/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `docker-registry`; it ends with the value.
#[derive(Debug)]
pub struct DockerRegistry {
    child: Child,
    port: u16,
    storage: tempfile::TempDir,
}

impl DockerRegistry {
    /// Whether the program is installed.
    #[must_use]
    pub fn is_installed() -> bool {
        Command::new(PROGRAM).arg("--version").output().is_ok_and(|output| output.status.success())
    }

    /// Starts one, without authentication and on http.
    ///
    /// # Errors
    /// Where it cannot be started, or does not listen within half a minute.
    pub fn start() -> io::Result<Self> {
        let storage = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let config = storage.path().join("config.yml");
        let root = storage.path().join("data");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
             http:\n  addr: 127.0.0.1:{port}\n  relativeurls: false\n",
            root.display()
        );
        std::fs::write(&config, text)?;
        let child = Command::new(PROGRAM)
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(storage.path().join("requests"))?)
            .stderr(std::fs::File::create(storage.path().join("stderr"))?)
            .spawn()?;
        let mut registry = Self { child, port, storage };
        registry.until_it_listens()?;
        Ok(registry)
    }

    fn until_it_listens(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.child.try_wait()?.is_some();
            if ended || begun.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(self.storage.path().join("stderr")).unwrap_or_default();
                return Err(io::Error::other(format!("`{PROGRAM}` does not listen: {said}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Its port on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`, as it stands in references.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Method and path of every request so far, as its own access log has them.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.storage.path().join("requests")).unwrap_or_default();
        // `… [date] "PUT /v2/… HTTP/1.1" 201 …`
        let quoted = log.lines().filter_map(|line| line.split('"').nth(1));
        quoted.filter_map(|request| request.rsplit_once(' ')).map(|(request, _)| request.to_owned()).collect()
    }

    /// Puts an image there as builds leave it: every blob, every platform's manifest by digest, no tag.
    ///
    /// # Errors
    /// Where the registry refuses something.
    pub fn push(&self, image: &Image) -> io::Result<()> {
        for child in &image.children {
            for blob in &child.blobs {
                self.push_blob(&image.repository, blob)?;
            }
            let manifest = &child.manifest;
            let path = format!("/v2/{}/manifests/{}", image.repository, manifest.digest);
            self.expect(201, "PUT", &path, &[("Content-Type", &manifest.media_type)], &manifest.bytes)?;
        }
        Ok(())
    }

    fn push_blob(&self, repository: &str, blob: &Content) -> io::Result<()> {
        let opened = self.expect(202, "POST", &format!("/v2/{repository}/blobs/uploads/"), &[], &[])?;
        let location = opened.header("location").unwrap_or_default();
        let base = format!("http://{}", self.host());
        let path = location.strip_prefix(&base).unwrap_or(location);
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joint}digest={}", blob.digest);
        self.expect(201, "PUT", &path, &[("Content-Type", "application/octet-stream")], &blob.bytes)?;
        Ok(())
    }

    fn expect(
        &self,
        status: u16,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<wire::Reply> {
        let reply = wire::ask(self.port, method, path, headers, body)?;
        if reply.status == status {
            return Ok(reply);
        }
        let text = String::from_utf8_lossy(&reply.body);
        Err(io::Error::other(format!("{method} {path}: {} instead of {status}: {text}", reply.status)))
    }

    fn get(&self, path: &str) -> Option<wire::Reply> {
        let accept =
            [media::OCI_INDEX, media::OCI_MANIFEST, media::DOCKER_LIST, media::DOCKER_MANIFEST].join(", ");
        wire::ask(self.port, "GET", path, &[("Accept", &accept)], &[])
            .ok()
            .filter(|reply| reply.status == 200)
    }
}

impl Shelf for DockerRegistry {
    fn tags(&self, repository: &str) -> BTreeMap<String, String> {
        let list = self.get(&format!("/v2/{repository}/tags/list"));
        let list: serde_json::Value =
            list.and_then(|reply| serde_json::from_slice(&reply.body).ok()).unwrap_or_default();
        let tags = list["tags"].as_array().into_iter().flatten().filter_map(|tag| tag.as_str());
        tags.filter_map(|tag| {
            let reply = self.get(&format!("/v2/{repository}/manifests/{tag}"))?;
            Some((tag.to_owned(), bakery_fault_registry::sha256(&reply.body)))
        })
        .collect()
    }

    fn manifest(&self, repository: &str, digest: &str) -> Option<Bytes> {
        self.get(&format!("/v2/{repository}/manifests/{digest}")).map(|reply| reply.body.into())
    }

    fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        self.get(&format!("/v2/{repository}/blobs/{digest}")).map(|reply| reply.body.into())
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
