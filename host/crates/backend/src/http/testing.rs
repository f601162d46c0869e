//! Small servers on loopback that answer whatever a test says, rightly or wrongly, and count.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bakery_core::{
    policy::{Operation, RetryPolicy},
    port::{BoxFuture, Event, EventSink, Failure, HttpMethod, HttpRequest, HttpResponse, Reach},
};
use bakery_gate::{Gate, GateOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{HttpClient, lookup::Lookup};

/// What a server does after it has read a request.
pub(crate) enum Reply {
    /// Writes this and waits for the next request.
    Write(Vec<u8>),
    /// Writes this and closes.
    WriteAndClose(Vec<u8>),
    /// Writes the first, then the second again and again, with a pause before each.
    Forever(Vec<u8>, Vec<u8>, Duration),
}

/// A server on a port of its own.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request by its path.
    pub(crate) async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, heads) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, log, answer) = (connections.clone(), heads.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, log.clone(), answer.clone()));
            }
        });
        Self { address, connections, heads }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The head of each request.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str) -> Reply + Send + Sync>,
) -> io::Result<()> {
    let mut unread = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut unread).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&unread[..end]).into_owned();
        unread.drain(..end + 4);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        log.lock().unwrap().push(head);
        match answer(&path) {
            Reply::Write(bytes) => stream.write_all(&bytes).await?,
            Reply::WriteAndClose(bytes) => return stream.write_all(&bytes).await,
            Reply::Forever(first, again, pause) => {
                stream.write_all(&first).await?;
                loop {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&again).await?;
                }
            }
        }
    }
}

/// A response with a length.
pub(crate) fn response(status: &str, headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    Reply::Write([head.as_bytes(), body].concat())
}

/// A request with room for everything, to private addresses.
pub(crate) fn request(url: &str) -> HttpRequest {
    HttpRequest {
        method: HttpMethod::Get,
        url: url.parse().unwrap(),
        accept: None,
        max_bytes: 1 << 20,
        timeout: Duration::from_secs(20),
        reach: Reach::Private,
    }
}

/// One attempt, with a permit as every attempt has one.
pub(crate) async fn send(client: &HttpClient, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    use bakery_core::port::Http;
    let gate = gate(client, |options| options.retry = RetryPolicy { attempts: 1, ..RetryPolicy::default() });
    let minute = Duration::from_secs(60);
    let operation = Operation::http_read(request.method, &request.url, minute, minute);
    gate.run(&operation, |permit| async move { client.send(&permit, request).await }).await
}

/// A gate over a real client.
pub(crate) fn gate(client: &HttpClient, change: impl FnOnce(&mut GateOptions)) -> Gate {
    struct Nobody;
    impl EventSink for Nobody {
        fn emit(&self, _event: Event) {}
    }
    let mut options = GateOptions::new(Arc::new(client.clone()), Arc::new(Nobody));
    change(&mut options);
    Gate::new(options)
}

/// Names with fixed addresses.
pub(crate) struct Names(pub(crate) HashMap<&'static str, IpAddr>);

impl Lookup for Names {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = self.0.get(host.as_str()).copied();
        Box::pin(async move {
            found.map(|address| vec![address]).ok_or_else(|| io::Error::other("Name or service not known"))
        })
    }
}
