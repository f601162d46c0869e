//! A small HTTP server on loopback whose answers, and misdeeds, are a function of the request. Keeps a log.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// What came.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Counts connections of a server from 1.
    pub(super) connection: usize,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter, decoded.
    pub(super) fn query(&self, name: &str) -> Vec<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// `GET /v2/a?b`.
    pub(super) fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

/// What goes back.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) act: Act,
    pub(super) delay: Duration,
}

/// How it goes back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Act {
    /// Whole.
    #[default]
    Whole,
    /// Not at all: the connection is closed.
    Nothing,
    /// This much of the body, then the connection is closed.
    Close(usize),
    /// This much of the body, then silence.
    Stall(usize),
    /// Head and body without a length; the body comes again and again.
    Endless,
}

impl Reply {
    pub(super) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn act(mut self, act: Act) -> Self {
        self.act = act;
        self
    }

    pub(super) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// An error in the form of the specification.
    pub(super) fn error(status: u16, code: &str) -> Self {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"words of {code}","detail":null}}]}}"#);
        Self::new(status).header("content-type", "application/json").body(body)
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server; it ends with the value.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
    gauge: Arc<Gauge>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), None, handler).await
    }

    /// On another loopback address: another host.
    pub(super) async fn start_elsewhere(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), None, handler).await
    }

    pub(super) async fn start_at(
        address: IpAddr,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (handler, kept): (Arc<Handler>, _) = (Arc::new(handler), log.clone());
        let gauge = Arc::new(Gauge::default());
        let under_way = gauge.clone();
        let acceptor = tls.map(TlsAcceptor::from);
        let connections = AtomicUsize::new(0);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::Relaxed) + 1;
                let (handler, log, acceptor) = (handler.clone(), kept.clone(), acceptor.clone());
                let gauge = under_way.clone();
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, connection, &handler, &log, &gauge).await,
                            Err(_) => None,
                        },
                        None => serve(stream, connection, &handler, &log, &gauge).await,
                    }
                });
            }
        });
        Self { address, log, gauge, task }
    }

    /// `127.0.0.1:12345`, which is a registry's name.
    pub(super) fn name(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// How many requests were under way at the same time, at most.
    pub(super) fn peak(&self) -> usize {
        self.gauge.peak.load(Ordering::Relaxed)
    }

    /// The first line of every request.
    pub(super) fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }

    pub(super) fn count(&self, start: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(start)).count()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    connection: usize,
    handler: &Arc<Handler>,
    log: &Mutex<Vec<Request>>,
    gauge: &Gauge,
) -> Option<()> {
    let mut buffer = Vec::new();
    fill(&mut stream, &mut buffer).await?;
    // What servers without TLS say to a client that begins with it.
    if buffer.first() == Some(&0x16) {
        return write_reply(&mut stream, &Reply::new(400), false).await;
    }
    loop {
        let request = read_request(&mut stream, &mut buffer, connection).await?;
        let reply = handler(&request);
        let head_only = request.method == "HEAD";
        log.lock().unwrap().push(request);
        let now = gauge.now.fetch_add(1, Ordering::Relaxed) + 1;
        gauge.peak.fetch_max(now, Ordering::Relaxed);
        tokio::time::sleep(reply.delay).await;
        gauge.now.fetch_sub(1, Ordering::Relaxed);
        if matches!(reply.act, Act::Nothing) {
            return None;
        }
        write_reply(&mut stream, &reply, head_only).await?;
    }
}

async fn write_reply<S: AsyncWrite + Unpin>(stream: &mut S, reply: &Reply, head_only: bool) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} Status\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_length = reply.headers.iter().any(|(name, _)| name == "content-length");
    if !has_length && reply.status != 204 && !matches!(reply.act, Act::Endless) {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    if head_only {
        return stream.flush().await.ok();
    }
    match reply.act {
        Act::Whole => stream.write_all(&reply.body).await.ok()?,
        Act::Nothing => return None,
        Act::Close(at) => {
            stream.write_all(&reply.body[..at]).await.ok()?;
            stream.shutdown().await.ok()?;
            return None;
        }
        Act::Stall(at) => {
            stream.write_all(&reply.body[..at]).await.ok()?;
            stream.flush().await.ok()?;
            std::future::pending::<()>().await;
        }
        Act::Endless => loop {
            stream.write_all(&reply.body).await.ok()?;
        },
    }
    stream.flush().await.ok()
}

async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    connection: usize,
) -> Option<Request> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        fill(stream, buffer).await?;
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).ok()?;
    buffer.drain(..head_end + 4);
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    assert!(!headers.iter().any(|(name, _)| name == "transfer-encoding"), "a body without a length: {head}");
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    let body = buffer.drain(..length).collect();
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body, connection })
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 16 << 10];
    let read = stream.read(&mut piece).await.ok()?;
    buffer.extend_from_slice(&piece[..read]);
    (read > 0).then_some(())
}
