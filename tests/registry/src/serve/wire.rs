//! The raw connection below HTTP and TLS, which a fault can break from above.
//! It looks at no byte.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    sync::atomic::{AtomicU8, Ordering},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

/// How a connection is ended by a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sever {
    /// With a TCP reset.
    Reset,
    /// In an orderly way.
    Close,
}

/// What a request's handler can do to its connection.
#[derive(Debug, Default)]
pub(crate) struct Control {
    severed: AtomicU8,
    woken: Notify,
    retired: Notify,
    /// Cancelled when the connection is gone, whoever ended it.
    pub(crate) gone: CancellationToken,
}

impl Control {
    /// Ends the connection now, with all requests on it.
    pub(crate) fn sever(&self, how: Sever) {
        let code = if how == Sever::Reset { 2 } else { 1 };
        self.severed.store(code, Ordering::SeqCst);
        self.woken.notify_one();
    }

    /// Ends the connection after the requests that are under way, and says so to the client.
    pub(crate) fn retire(&self) {
        self.retired.notify_one();
    }

    /// Waits until the connection is to be ended.
    pub(crate) async fn severed(&self) {
        while self.severed.load(Ordering::SeqCst) == 0 {
            self.woken.notified().await;
        }
    }

    /// Waits until the connection is to be ended after the requests under way.
    pub(crate) async fn retired(&self) {
        self.retired.notified().await;
    }
}

/// A TCP connection under such control.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    control: Arc<Control>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, control: Arc<Control>) -> Self {
        Self { stream, control }
    }

    fn broken(&self) -> bool {
        self.control.severed.load(Ordering::SeqCst) != 0
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.control.severed.load(Ordering::SeqCst) == 2 {
            // Closing with a linger of zero sends RST instead of FIN. A socket that is gone already needs neither.
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.broken() {
            // Nothing may follow the fault, neither an error page nor a TLS alert.
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.broken() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
