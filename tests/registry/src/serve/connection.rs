//! Accepts connections and serves HTTP/1.1 and HTTP/2 on them, with or without TLS.
//! It reads no request itself.

use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use super::{
    dispatch::{Door, dispatch},
    site::Site,
    wire::{Control, Wire},
};
use crate::script::Listener;

/// Serves a socket until the registry stops.
pub(crate) fn listen(site: Arc<Site>, listener: Listener, socket: TcpListener, tls: Option<TlsAcceptor>) {
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = site.stop.cancelled() => return,
            };
            // An accept fails when the client has gone already; there is nobody to tell.
            if let Ok((stream, _)) = accepted {
                tokio::spawn(connection(site.clone(), listener, stream, tls.clone()));
            }
        }
    });
}

async fn connection(site: Arc<Site>, listener: Listener, stream: TcpStream, tls: Option<TlsAcceptor>) {
    // Without this a small answer waits for the acknowledgement of the one before. Not vital, so a failure is none.
    drop(stream.set_nodelay(true));
    let control = Arc::new(Control::default());
    let door = Door { control: control.clone(), connection: site.next_connection(), listener, site };
    let wire = Wire::new(stream, control);
    match tls {
        None => serve(door, wire).await,
        Some(acceptor) => {
            // A failed handshake is the client's refusal of our certificate; it needs no entry.
            if let Ok(stream) = acceptor.accept(wire).await {
                serve(door, stream).await;
            }
        }
    }
}

async fn serve(door: Door, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
    let (control, stop) = (door.control.clone(), door.site.stop.clone());
    let service = service_fn(move |request| dispatch(door.clone(), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            biased;
            () = control.severed() => break,
            () = stop.cancelled() => break,
            () = control.retired() => serving.as_mut().graceful_shutdown(),
            // However it ends, the log has each request's outcome.
            _ = serving.as_mut() => break,
        }
    }
    control.gone.cancel();
}
