//! One request at the moment it takes effect: what it needs, and which handler serves it.
//! Faults are over or still to come here; this is the honest registry.

use bytes::Bytes;

use super::{
    arrival::Arrival,
    blobs, listings, manifests, mounts,
    reply::Reply,
    site::{Site, lock},
    target::{Target, is_repository},
    tokens, uploads,
};
use crate::{
    auth::Access,
    script::{AbsentRepository, Listener, Operation, Profile},
    world::{Origin, Sight, Stamp, World},
};

/// A request and all it may look at and change. The world is locked as long as this lives.
pub(crate) struct Call<'a> {
    pub(crate) site: &'a Site,
    pub(crate) arrival: &'a Arrival,
    pub(crate) profile: Profile,
    pub(crate) world: &'a mut World,
    pub(crate) body: Bytes,
    pub(crate) stamp: Stamp,
    pub(crate) sight: Sight,
}

/// Lets the request take effect. Also says whether manifests, blobs or tags changed.
pub(crate) fn serve(site: &Site, arrival: &Arrival, id: u64, body: Bytes) -> (Reply, bool) {
    if arrival.operation == Operation::Token {
        return (tokens::serve(site, arrival, &body), false);
    }
    if let Err(reply) = permit(site, arrival) {
        return (*reply, false);
    }
    let profile = lock(&site.profile).clone();
    let stamp = site.stamp(Origin::Request(id));
    let mut world = lock(&site.world);
    let before = world.sequence();
    let sight = world.sight(stamp.now);
    let reply = route(Call { site, arrival, profile, world: &mut world, body, stamp, sight });
    (reply, world.sequence() != before)
}

/// What the request needs, as far as it needs anything.
pub(crate) fn needed(arrival: &Arrival) -> Vec<Access> {
    let Some(name) = arrival.target.repository() else { return Vec::new() };
    let mut needed = vec![Access::new(name, "pull")];
    match arrival.operation {
        Operation::DeleteManifest | Operation::DeleteBlob => needed = vec![Access::new(name, "delete")],
        operation if operation.writes() || operation == Operation::UploadStatus => {
            needed.push(Access::new(name, "push"));
        }
        _ => {}
    }
    if arrival.operation == Operation::Mount {
        needed.extend(arrival.parameter("from").map(|from| Access::new(from, "pull")));
    }
    needed
}

fn permit(site: &Site, arrival: &Arrival) -> Result<(), Box<Reply>> {
    // The other host asks for no credentials: what it serves is protected by the signature in its addresses.
    if arrival.listener == Listener::Elsewhere {
        return Ok(());
    }
    let outcome = lock(&site.keeper).permit(arrival.authorization(), &needed(arrival), site.clock.now());
    outcome.map_err(|refusal| Box::new(tokens::refuse(refusal)))
}

fn route(mut call: Call<'_>) -> Reply {
    let call = &mut call;
    if let Some(refusal) = refuse_address(call) {
        return refusal;
    }
    match (call.arrival.operation, &call.arrival.target) {
        (Operation::Ping, _) => Reply::status(200)
            .content("application/json", "{}")
            .header("docker-distribution-api-version", "registry/2.0"),
        (Operation::GetManifest | Operation::HeadManifest, Target::Manifest { name, reference }) => {
            manifests::read(call, name, reference)
        }
        (Operation::PutManifest, Target::Manifest { name, reference }) => {
            manifests::write(call, name, reference)
        }
        (Operation::DeleteManifest, Target::Manifest { name, reference }) => {
            manifests::delete(call, name, reference)
        }
        (Operation::GetBlob | Operation::HeadBlob, Target::Blob { name, digest }) => {
            blobs::read(call, name, digest)
        }
        (Operation::DeleteBlob, Target::Blob { name, digest }) => blobs::delete(call, name, digest),
        (Operation::CdnBlob, Target::Cdn { name, digest }) => blobs::read_elsewhere(call, name, digest),
        (Operation::Mount, Target::Uploads { name }) => mounts::mount(call, name),
        (Operation::StartUpload, Target::Uploads { name }) => uploads::start(call, name),
        (Operation::PatchUpload, Target::Upload { name, id }) => uploads::patch(call, name, id),
        (Operation::FinishUpload, Target::Upload { name, id }) => uploads::finish(call, name, id),
        (Operation::UploadStatus, Target::Upload { name, id }) => uploads::status(call, name, id),
        (Operation::CancelUpload, Target::Upload { name, id }) => uploads::cancel(call, name, id),
        (Operation::ListTags, Target::Tags { name }) => listings::tags(call, name),
        (Operation::Referrers, Target::Referrers { name, digest }) => listings::referrers(call, name, digest),
        (_, Target::Nothing) => {
            Reply::status(404).content("text/plain; charset=utf-8", "404 page not found\n")
        }
        _ => Reply::error(405, "UNSUPPORTED", "the operation is unsupported"),
    }
}

/// Refuses what no handler should see: bad names, absent repositories, the registry's paths on the other host.
fn refuse_address(call: &Call<'_>) -> Option<Reply> {
    let name = call.arrival.target.repository()?;
    if !is_repository(name) {
        return Some(Reply::error(400, "NAME_INVALID", "invalid repository name"));
    }
    let upload = matches!(call.arrival.target, Target::Upload { .. } | Target::Cdn { .. });
    if call.arrival.listener == Listener::Elsewhere && !upload {
        return Some(Reply::status(404).content("text/plain; charset=utf-8", "404 page not found\n"));
    }
    // An open upload belongs to a repository that its end will create.
    if call.world.has_repository(name) || upload {
        return None;
    }
    if call.arrival.operation.writes() && call.profile.create_on_push {
        return None;
    }
    Some(absent(call.profile.absent_repository, call.arrival.operation.writes()))
}

fn absent(style: AbsentRepository, writes: bool) -> Reply {
    match style {
        AbsentRepository::Denied if !writes => {
            Reply::error(403, "DENIED", "requested access to the resource is denied")
        }
        _ => Reply::error(404, "NAME_UNKNOWN", "repository name not known to registry"),
    }
}
