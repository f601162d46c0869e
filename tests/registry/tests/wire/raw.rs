//! A client for HTTP/1.1 over a bare socket that reports exactly what arrived and how it ended.
//! It retries nothing, follows nothing, checks nothing.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use bakery_fault_registry::{FaultRegistry, Script, media};

/// Long enough for any answer on loopback, short enough to end a test that waits for nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// How an answer, or the wait for it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As its headers announced.
    Complete,
    /// With a TCP reset.
    Reset,
    /// With an orderly close before it was complete.
    Closed,
    /// Not within the client's patience.
    Silent,
}

/// What arrived.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The code of the first error in the body.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// One connection.
pub(crate) struct Raw<S = TcpStream> {
    stream: S,
}

impl Raw {
    /// Connects to `host:port`.
    pub(crate) fn connect(host: &str) -> Self {
        Self::patient(host, PATIENCE)
    }

    /// Connects, and waits at most so long for anything.
    pub(crate) fn patient(host: &str, patience: Duration) -> Self {
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.set_write_timeout(Some(patience)).unwrap();
        Self { stream }
    }
}

impl<S: Read + Write> Raw<S> {
    /// Speaks over a stream that is connected already.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream }
    }

    /// Sends a request and reads its answer; the error tells how the connection ended without one.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Got, End> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: fault\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(body);
        self.write(&message)?;
        self.answer(method == "HEAD")
    }

    /// Sends bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.stream.write_all(bytes).map_err(|error| end_of(&error))
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self, head_only: bool) -> Result<Got, End> {
        let head = self.head()?;
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut got = Got { status, headers, body: Vec::new(), end: End::Complete };
        if head_only || status == 204 {
            return Ok(got);
        }
        if got.header("transfer-encoding") == Some("chunked") {
            self.chunks(&mut got);
        } else {
            let length = got.header("content-length").map_or(0, |length| length.parse().unwrap());
            self.take(length, &mut got);
        }
        Ok(got)
    }

    fn head(&mut self) -> Result<String, End> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.stream.read(&mut byte) {
                Ok(0) => return Err(End::Closed),
                Ok(_) => head.push(byte[0]),
                Err(error) => return Err(end_of(&error)),
            }
        }
        Ok(String::from_utf8(head).unwrap())
    }

    fn take(&mut self, length: usize, got: &mut Got) {
        let target = got.body.len() + length;
        let mut buffer = vec![0; 16 << 10];
        while got.body.len() < target {
            let room = buffer.len().min(target - got.body.len());
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) => return got.end = End::Closed,
                Ok(read) => got.body.extend_from_slice(&buffer[..read]),
                Err(error) => return got.end = end_of(&error),
            }
        }
    }

    /// Reads chunks until the last one, or until a megabyte has come, or as long as the patience lasts.
    fn chunks(&mut self, got: &mut Got) {
        while got.end == End::Complete && got.body.len() < 1 << 20 {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                let mut byte = [0];
                match self.stream.read(&mut byte) {
                    Ok(0) => return got.end = End::Closed,
                    Ok(_) => line.push(byte[0]),
                    Err(error) => return got.end = end_of(&error),
                }
            }
            let length = usize::from_str_radix(String::from_utf8(line).unwrap().trim(), 16).unwrap();
            self.take(length, got);
            let mut newline = Got { status: 0, headers: Vec::new(), body: Vec::new(), end: End::Complete };
            self.take(2, &mut newline);
            if length == 0 {
                return;
            }
        }
    }
}

fn end_of(error: &std::io::Error) -> End {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => End::Reset,
        ErrorKind::WouldBlock | ErrorKind::TimedOut => End::Silent,
        ErrorKind::UnexpectedEof => End::Closed,
        _ => panic!("{error}"),
    }
}

/// A registry on a thread of its own.
pub(crate) fn spawn(script: Script) -> FaultRegistry {
    FaultRegistry::spawn(script).unwrap()
}

/// One request on a connection of its own, with every type of manifest accepted.
pub(crate) fn ask(registry: &FaultRegistry, method: &str, path: &str) -> Result<Got, End> {
    Raw::connect(registry.host()).ask(method, path, &[("accept", &accept())], &[])
}

/// One `GET` that must be answered.
pub(crate) fn get(registry: &FaultRegistry, path: &str) -> Got {
    ask(registry, "GET", path).unwrap()
}

/// Pushes a manifest.
pub(crate) fn put(registry: &FaultRegistry, path: &str, media_type: &str, body: &[u8]) -> Result<Got, End> {
    Raw::connect(registry.host()).ask("PUT", path, &[("content-type", media_type)], body)
}

/// The `Accept` header that names every type of manifest.
pub(crate) fn accept() -> String {
    [media::OCI_INDEX, media::OCI_MANIFEST, media::DOCKER_LIST, media::DOCKER_MANIFEST].join(", ")
}
