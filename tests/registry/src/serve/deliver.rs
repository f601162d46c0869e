//! Sends an answer: at once, slowly, in part, for ever; and writes down when it was sent.
//! What the answer says is settled before.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{
    Method, Response,
    header::{CONTENT_LENGTH, HeaderValue},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::sleep,
};

use super::{
    body::ReplyBody,
    reply::Reply,
    site::Site,
    wire::{Control, Sever},
};
use crate::{fault::Pace, log::Outcome, script::Ending};

/// Time for bytes that were handed over to reach the socket before the connection is broken.
const FLUSH: Duration = Duration::from_millis(20);
/// A slow body comes in steps of this length.
const STEP: Duration = Duration::from_millis(50);

/// Where and for whom an answer is sent.
pub(crate) struct Delivery {
    pub(crate) site: Arc<Site>,
    pub(crate) control: Arc<Control>,
    pub(crate) id: u64,
    pub(crate) method: Method,
    pub(crate) pace: Pace,
    /// Kept until the answer is sent, since until then the request counts as being served.
    pub(crate) _place: Option<OwnedSemaphorePermit>,
}

impl Delivery {
    /// Turns the reply into hyper's response and starts whatever sends it piece by piece.
    pub(crate) fn send(self, reply: Reply) -> Response<ReplyBody> {
        let Reply { status, headers, body } = reply;
        self.site.book.note(self.id, |entry| entry.status = Some(status.as_u16()));
        let mut response = Response::new(ReplyBody::whole(Bytes::new()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let bodiless = status.is_informational() || status == hyper::StatusCode::NO_CONTENT;
        if !bodiless && !self.pace.endless {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        match self.pace.disconnect {
            Some(true) => self.control.retire(),
            Some(false) => {
                let control = self.control.clone();
                tokio::spawn(async move {
                    sleep(FLUSH).await;
                    control.sever(Sever::Close);
                });
            }
            None => {}
        }
        let whole = self.pace.bytes_per_second.is_none() && self.pace.cut.is_none() && !self.pace.endless;
        if self.method == Method::HEAD || bodiless || whole {
            let body = if self.method == Method::HEAD || bodiless { Bytes::new() } else { body };
            self.finish(body.len() as u64);
            *response.body_mut() = ReplyBody::whole(body);
        } else {
            let (sender, receiver) = mpsc::channel(1);
            *response.body_mut() = ReplyBody::Pieces(receiver);
            tokio::spawn(self.pieces(body, sender));
        }
        response
    }

    /// Sends the body in pieces, then ends as the fault says.
    async fn pieces(self, body: Bytes, sender: mpsc::Sender<Bytes>) {
        let (site, control, id) = (self.site.clone(), self.control.clone(), self.id);
        let outcome = tokio::select! {
            biased;
            () = site.stop.cancelled() => Outcome::Abandoned,
            outcome = self.paced(body, sender) => outcome,
            () = control.gone.cancelled() => Outcome::Abandoned,
        };
        site.book.close(id, outcome, site.clock.now());
    }

    async fn paced(self, body: Bytes, sender: mpsc::Sender<Bytes>) -> Outcome {
        let cut = self
            .pace
            .cut
            .map(|(at, ending)| (usize::try_from(at).unwrap_or(usize::MAX).min(body.len()), ending));
        let sent = body.slice(..cut.map_or(body.len(), |(at, _)| at));
        loop {
            if !self.trickle(&sent, &sender).await {
                return Outcome::Abandoned;
            }
            if !self.pace.endless || sent.is_empty() {
                break;
            }
        }
        match cut {
            None => Outcome::Answered,
            Some((_, Ending::Stall)) => std::future::pending().await,
            Some((_, ending)) => {
                sleep(FLUSH).await;
                let how = if ending == Ending::Reset { Sever::Reset } else { Sever::Close };
                // Closed first: the connection's end would otherwise be taken for the client's.
                self.site.book.close(self.id, Outcome::Severed, self.site.clock.now());
                self.control.sever(how);
                std::future::pending().await
            }
        }
    }

    /// Hands over these bytes at the pace. False where nobody takes them any more.
    async fn trickle(&self, bytes: &Bytes, sender: &mpsc::Sender<Bytes>) -> bool {
        let per_second = self.pace.bytes_per_second;
        // At one byte per second a step is longer, since a byte cannot be divided.
        let step = per_second.map(|rate| usize::try_from(rate / 20).unwrap_or(usize::MAX).max(1));
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(step.unwrap_or(rest.len()).min(rest.len()));
            let length = piece.len() as u64;
            if let Some(rate) = per_second {
                let pause =
                    if rate < 20 { Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1) } else { STEP };
                sleep(pause).await;
            }
            if sender.send(piece).await.is_err() {
                return false;
            }
            self.site.book.note(self.id, |entry| entry.bytes_out += length);
        }
        true
    }

    fn finish(&self, bytes: u64) {
        let outcome = if self.control.gone.is_cancelled() { Outcome::Abandoned } else { Outcome::Answered };
        self.site.book.note(self.id, |entry| entry.bytes_out = bytes);
        self.site.book.close(self.id, outcome, self.site.clock.now());
    }
}
