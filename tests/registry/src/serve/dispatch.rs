//! The stages of a request: enter, wait, take effect, answer; and the faults between them.
//! The honest part is in `call`, the sending in `deliver`.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::{Request, Response, body::Incoming};
use tokio::{sync::oneshot, time::sleep};

use super::{
    alter::alter,
    arrival::Arrival,
    blobs::signed_address,
    body::ReplyBody,
    call,
    deliver::Delivery,
    manifests,
    reply::Reply,
    site::{Site, lock},
    target::Target,
    uploads,
    wire::{Control, Sever},
};
use crate::{
    fault::{Fate, Orders, Verdict},
    log::{Credentials, Outcome},
    script::{Answer, Change, Listener, Operation, Point, Redirection},
    world::Origin,
};

/// The connection is broken; hyper learns nothing more.
#[derive(Debug)]
pub(crate) struct Severed;

impl std::fmt::Display for Severed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was broken by a fault")
    }
}

impl std::error::Error for Severed {}

/// Where a request came in.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) site: Arc<Site>,
    pub(crate) control: Arc<Control>,
    pub(crate) connection: u64,
    pub(crate) listener: Listener,
}

/// Serves one request. It runs in a task of its own, so that what a client asked for happens even if the client dies.
pub(crate) async fn dispatch(door: Door, request: Request<Incoming>) -> Result<Response<ReplyBody>, Severed> {
    let (parts, body) = request.into_parts();
    let arrival = Arrival::new(door.connection, door.listener, parts.method, &parts.uri, parts.headers);
    let site = door.site.clone();
    let now = site.clock.now();
    let credentials = lock(&site.keeper).identify(arrival.authorization(), now);
    let client = client(&credentials);
    // One lock over both, so that the request's number and its place among the rules' occurrences agree.
    let (id, orders) = {
        let mut armed = lock(&site.armed);
        let id = site.book.open(&arrival, credentials, now);
        (id, armed.strike(&arrival.facts(now)))
    };
    site.book.note(id, |entry| entry.faults = orders.names());

    let (sender, receiver) = oneshot::channel();
    let course = Course { door, arrival, id, orders, client };
    tokio::spawn(async move {
        let stop = site.stop.clone();
        tokio::select! {
            // Where the connection is gone nobody waits for the outcome.
            outcome = course.run(body) => drop(sender.send(outcome)),
            () = stop.cancelled() => site.book.close(id, Outcome::Abandoned, site.clock.now()),
        }
    });
    receiver.await.unwrap_or(Err(Severed))
}

/// One request on its way.
struct Course {
    door: Door,
    arrival: Arrival,
    id: u64,
    orders: Orders,
    client: String,
}

/// How the stages ended without the registry's own reply.
enum End {
    Reply(Box<Reply>),
    Severed(Sever),
    Discarded,
    Abandoned,
}

impl Course {
    async fn run(self, body: Incoming) -> Result<Response<ReplyBody>, Severed> {
        let site = &self.door.site;
        let place = match site.admission.place().await {
            Ok(place) => place,
            Err(answer) => return Ok(self.delivery(None).send(self.told(&answer))),
        };
        let outcome = match self.stages(body).await {
            Ok(reply) => return Ok(self.delivery(place).send(reply)),
            Err(End::Reply(reply)) => return Ok(self.delivery(place).send(*reply)),
            Err(End::Severed(how)) => {
                self.close(Outcome::Severed);
                self.door.control.sever(how);
                return Err(Severed);
            }
            Err(End::Discarded) => Outcome::Discarded,
            Err(End::Abandoned) => Outcome::Abandoned,
        };
        self.close(outcome);
        self.door.control.sever(Sever::Reset);
        Err(Severed)
    }

    async fn stages(&self, body: Incoming) -> Result<Reply, End> {
        let site = &self.door.site;
        let body = self.receive(body).await?;
        sleep(site.admission.latency(self.id) + self.orders.delay()).await;
        if self.arrival.listener == Listener::Registry && self.arrival.operation != Operation::Token {
            site.admission
                .pay(&self.client, &site.clock)
                .map_err(|answer| End::Reply(Box::new(self.told(&answer))))?;
        }
        self.hold(Point::Before).await?;
        self.orders.changes().for_each(|change| self.change(change));
        self.verdict(Point::Before, &body).await?;

        let (mut reply, applied) = call::serve(site, &self.arrival, self.id, body.clone());
        site.book.note(self.id, |entry| entry.applied = applied);

        self.hold(Point::After).await?;
        self.verdict(Point::After, &body).await?;
        self.orders.alterations().for_each(|alteration| alter(&mut reply, alteration));
        Ok(reply)
    }

    /// Reads the request's body, as far as a fault lets it.
    async fn receive(&self, mut body: Incoming) -> Result<Bytes, End> {
        let site = &self.door.site;
        let cut = self.orders.request_cut();
        let limit = cut.map_or(usize::MAX, |(at, _)| usize::try_from(at).unwrap_or(usize::MAX));
        let mut received = BytesMut::new();
        while received.len() < limit {
            match body.frame().await {
                None => break,
                Some(Err(_)) => return Err(End::Abandoned),
                Some(Ok(frame)) => received.extend(frame.into_data()),
            }
        }
        received.truncate(limit);
        site.book.note(self.id, |entry| entry.bytes_in = received.len() as u64);
        let Some((_, keep)) = cut else { return Ok(received.freeze()) };
        if keep {
            uploads::keep(&mut lock(&site.world), &self.arrival, &received);
        }
        Err(End::Severed(Sever::Reset))
    }

    async fn hold(&self, point: Point) -> Result<(), End> {
        for name in self.orders.pauses(point) {
            if self.door.site.pauses.hold(self.id, name).await == Fate::Discard {
                return Err(End::Discarded);
            }
        }
        Ok(())
    }

    async fn verdict(&self, point: Point, body: &Bytes) -> Result<(), End> {
        let Some(verdict) = self.orders.verdict(point) else { return Ok(()) };
        Err(match verdict {
            Verdict::Answer(answer) => End::Reply(Box::new(self.told(answer))),
            Verdict::Reset => End::Severed(Sever::Reset),
            Verdict::Close => End::Severed(Sever::Close),
            Verdict::Redirect(to, status) => End::Reply(Box::new(self.redirect(to, status))),
            Verdict::UnknownChildren(status) => {
                let digests =
                    manifests::references(self.arrival.header("content-type").unwrap_or_default(), body);
                End::Reply(Box::new(manifests::children_unknown(status, digests)))
            }
            Verdict::Stall => {
                self.door.control.gone.cancelled().await;
                End::Abandoned
            }
        })
    }

    fn change(&self, change: &Change) {
        let site = &self.door.site;
        let stamp = site.stamp(Origin::ThirdParty);
        match change {
            Change::Evict { repository, digest } => {
                let mut world = lock(&site.world);
                let gone = world.delete_blob(stamp, repository, digest);
                let gone = world.delete_manifest(stamp, repository, digest) || gone;
                // An eviction of what is not there changes nothing, as with a collector.
                drop((world, gone));
            }
            Change::MoveTag { repository, tag, digest } => {
                lock(&site.world).set_tag(stamp, repository, tag, Some(digest));
            }
            Change::RevokeTokens => lock(&site.keeper).revoke(),
            Change::ForgetUploads => lock(&site.world).uploads.clear(),
            Change::Reveal => lock(&site.world).reveal(),
        }
    }

    fn redirect(&self, to: &Redirection, status: u16) -> Reply {
        let site = &self.door.site;
        let query =
            if self.arrival.query.is_empty() { String::new() } else { format!("?{}", self.arrival.query) };
        let own = match self.arrival.listener {
            Listener::Registry => &site.places.registry,
            Listener::Elsewhere => &site.places.elsewhere,
        };
        let location = match (to, &self.arrival.target) {
            (Redirection::Url(url), _) => url.clone(),
            (Redirection::Loop, _) => format!("{own}{}{query}", self.arrival.path),
            (Redirection::Elsewhere, Target::Blob { name, digest }) => signed_address(site, name, digest),
            (Redirection::Elsewhere, _) => format!("{}{}{query}", site.places.elsewhere, self.arrival.path),
        };
        Reply::status(status).header("location", &location)
    }

    fn told(&self, answer: &Answer) -> Reply {
        let site = &self.door.site;
        let challenge = lock(&site.keeper).challenge(&call::needed(&self.arrival), None);
        answer.reply(&site.clock, challenge)
    }

    fn delivery(&self, place: Option<tokio::sync::OwnedSemaphorePermit>) -> Delivery {
        Delivery {
            site: self.door.site.clone(),
            control: self.door.control.clone(),
            id: self.id,
            method: self.arrival.method.clone(),
            pace: self.orders.pace(),
            _place: place,
        }
    }

    fn close(&self, outcome: Outcome) {
        self.door.site.book.close(self.id, outcome, self.door.site.clock.now());
    }
}

/// Under which name a client's rate is counted.
fn client(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Basic { user, .. } | Credentials::Bearer { user: Some(user), .. } => user.clone(),
        _ => "anonymous".to_owned(),
    }
}
