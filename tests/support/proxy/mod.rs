//! What stands before a registry in earnest: TLS, and a token server that checks scopes. For tests of a real registry,
//! which itself is open and speaks http.
//!
//! Everything that is permitted is forwarded as it is; what is not is refused with the challenge of the distribution
//! specification. Every request is counted. It caches nothing, changes no body and holds back no byte.

mod forward;
mod guard;
mod tls;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use guard::Account;
use guard::Guard;

/// A running proxy; it ends with the value.
#[derive(Debug)]
pub struct Proxy {
    host: String,
    authority_pem: String,
    log: Arc<Log>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// What was asked, in the order of arrival.
#[derive(Debug, Default)]
struct Log {
    seen: Mutex<Vec<Seen>>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its path with its query; a request for a token has no more than its path.
    pub target: String,
    /// The status of the answer.
    pub status: u16,
}

impl Seen {
    /// Whether it asks for a change.
    #[must_use]
    pub fn writes(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

struct Site {
    upstream: u16,
    guard: Guard,
    log: Arc<Log>,
}

impl Proxy {
    /// Starts one before the registry at this port of loopback, for one account.
    ///
    /// # Errors
    /// Where no socket, thread or certificate can be had.
    pub fn start(upstream: u16, account: Account) -> io::Result<Self> {
        let (acceptor, authority_pem) = tls::identity()?;
        let stop = CancellationToken::new();
        let log = Arc::new(Log::default());
        let (sender, receiver) = mpsc::channel();
        let (until, book) = (stop.clone(), Arc::clone(&log));
        let thread = std::thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let served = runtime.map(|runtime| {
                runtime.block_on(async {
                    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                    let host = listener.local_addr()?.to_string();
                    let site = Arc::new(Site { upstream, guard: Guard::new(&host, account), log: book });
                    // Where the caller has gone there is nobody to serve.
                    let _ = sender.send(host);
                    tokio::select! {
                        () = until.cancelled() => {}
                        () = serve(listener, acceptor, site) => {}
                    }
                    io::Result::Ok(())
                })
            });
            // The caller sees the sender go where nothing was sent.
            drop(served);
        })?;
        let host = receiver.recv().map_err(io::Error::other)?;
        Ok(Self { host, authority_pem, log, stop, thread: Some(thread) })
    }

    /// `127.0.0.1:PORT`, as it stands in references.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The certificate authority that clients must trust, in PEM.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// Every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests came so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.seen().len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its thread.
            drop(thread.join());
        }
    }
}

impl Log {
    fn push(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

async fn serve(listener: TcpListener, acceptor: tokio_rustls::TlsAcceptor, site: Arc<Site>) {
    loop {
        // An accept fails when the client has gone already.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, site) = (acceptor.clone(), Arc::clone(&site));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| forward::answer(Arc::clone(&site), request));
            // How a connection ends is the client's affair.
            drop(
                auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}
