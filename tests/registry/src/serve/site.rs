//! Everything a running registry shares between its connections.
//! It has no logic beyond locking.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{admission::Admission, book::Book};
use crate::{
    auth::Keeper,
    clock::Clock,
    fault::{Armed, Pauses},
    script::{Profile, Script},
    world::{Origin, Stamp, World},
};

/// The addresses of the sockets, as URLs without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) registry: String,
    pub(crate) elsewhere: String,
}

/// A running registry.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) places: Places,
    pub(crate) clock: Clock,
    pub(crate) seed: u64,
    pub(crate) admission: Admission,
    pub(crate) book: Book,
    pub(crate) pauses: Pauses,
    pub(crate) stop: CancellationToken,
    pub(crate) profile: Mutex<Profile>,
    pub(crate) world: Mutex<World>,
    pub(crate) keeper: Mutex<Keeper>,
    pub(crate) armed: Mutex<Armed>,
    connections: AtomicU64,
}

impl Site {
    /// A registry that starts now with this script.
    pub(crate) fn new(script: Script, places: Places) -> io::Result<Self> {
        let clock = Clock::start();
        let replicas = script.replicas_ms.iter().copied().map(Duration::from_millis).collect();
        let mut world = World::new(script.lag, replicas);
        for builder in &script.images {
            world
                .seed(Stamp { now: clock.now(), origin: Origin::Seed }, &builder.build()?)
                .map_err(io::Error::other)?;
        }
        let keeper = Keeper::new(script.auth, script.seed, &places.registry, &places.elsewhere);
        Ok(Self {
            places,
            clock,
            seed: script.seed,
            admission: Admission::new(script.load, script.seed),
            book: Book::default(),
            pauses: Pauses::default(),
            stop: CancellationToken::new(),
            profile: Mutex::new(script.profile),
            world: Mutex::new(world),
            keeper: Mutex::new(keeper),
            armed: Mutex::new(Armed::new(script.seed, script.rules)),
            connections: AtomicU64::new(0),
        })
    }

    /// The number of a new connection.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The time and the author of a change.
    pub(crate) fn stamp(&self, origin: Origin) -> Stamp {
        Stamp { now: self.clock.now(), origin }
    }
}

/// Locks; state that a panicking thread left behind is still the state.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
