//! An OCI registry on loopback that lags, fails and lies on purpose.
//! It is for tests, the demo and benchmarks only and must never hold anything of value.
//!
//! ```
//! use bakery_fault_registry::{Action, FaultRegistry, ImageBuilder, Lag, LagOf, Operation, Script, Until, When};
//!
//! // The second push of a manifest takes effect, but its acknowledgement is lost; digests show after two reads.
//! let script = Script::new()
//!     .latency_ms(5)
//!     .lag(Lag::new(LagOf::Manifests, Until::Reads(2)).repository("team/*"))
//!     .rule(When::on(Operation::PutManifest).nth(2).then(Action::reset_after()).named("lost"));
//! let registry = FaultRegistry::spawn(script)?;
//! registry.seed(&ImageBuilder::new("team/app").tag("1.0").layers(10).build()?)?;
//!
//! // … point a client at `registry.host()`, then judge:
//! assert!(registry.audit().is_empty(), "every tag leads to a complete index");
//! assert_eq!(registry.counters().requests, 0);
//! assert_eq!(registry.fired()["lost"], 0);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Start
//! [`FaultRegistry::spawn`] runs it on a thread and runtime of its own, [`FaultRegistry::start`] on the current tokio
//! runtime and its clock, also a paused one. The program `bakery-fault-registry SCRIPT.json` runs it as a process,
//! prints its addresses as one line of JSON and is steered over a control address. It speaks HTTP/1.1 and HTTP/2, on
//! http or, with [`script::Tls`], on https under [`FaultRegistry::authority_pem`].
//!
//! There are two sockets: the registry itself at `127.0.0.1`, and *elsewhere* at `localhost`, another origin by every
//! rule. Redirected blobs, foreign upload locations and foreign token realms lead there; whether credentials followed
//! stands in the log.
//!
//! # Script
//! A [`Script`] is data: built with methods or read from JSON, where unknown words are errors.
//!
//! | part | says |
//! |---|---|
//! | `seed` | every draw: chances, jitter, upload names, token texts |
//! | [`Profile`] | lawful differences: mounts, multi-tag push, immutable tags, CDN redirects, upload locations, … |
//! | [`Auth`] | open, basic or bearer; users, grants, scopes, expiry, refresh tokens, where the token server lives |
//! | [`script::Load`] | latency, jitter, concurrency, a rate bucket for each client |
//! | [`Lag`], `replicas_ms` | what shows late: for a time, for so many reads, until revealed; stale replicas in turn |
//! | [`Rule`] | one fault: [`When`] it strikes, the [`Action`] it takes |
//! | [`ImageBuilder`] | images that are there from the start |
//!
//! [`When`] filters by operation, method, path pattern, query, socket, credentials and time, and picks occurrences:
//! always, the nth, the first n, from the nth on, the nth and all later ones of its path (`sticky`), every nth, or by
//! chance. With `per_path` each path is counted apart.
//!
//! [`Action`] is one of: an answer in any form before or after the effect; reset, close or silence before or after the
//! effect; a pause; a delay; a request cut at a byte; a body cut, slowed, endless, corrupt or resized; a header set or
//! dropped; a wrong digest header; a redirect; unknown children; the end of the connection; a change by a third party.
//!
//! # Stages of a request
//! entered in the log and counted by the rules → place among the permitted concurrency → body read (or cut) → latency
//! and delay → rate → *pause before* → third-party changes → *answer, reset, close, stall before* → credentials → effect
//! → *pause after* → *answer, reset, close, stall after* → alterations → sent at its pace.
//!
//! Once its body has arrived, a request runs to its end even if its client dies. So a test that kills a client while
//! its request is paused decides with [`FaultRegistry::release`] or [`FaultRegistry::discard`] whether it happened.
//!
//! # Judge
//! [`FaultRegistry::log`] has every request with status, faults, scopes, bytes, times and connection;
//! [`FaultRegistry::history`] every move of every tag with what was missing at that moment;
//! [`FaultRegistry::snapshot`] compares final states; [`FaultRegistry::audit`] checks that tags lead to complete
//! indexes; [`invariants`] judges a history. A test should also look at [`FaultRegistry::fired`], or it may test
//! nothing.
//!
//! # Limits
//! Content is in memory. Only sha256. Over HTTP/2 a reset or a cut breaks the connection, with every request on it.
//! A cut body is handed to the socket 20 ms before the connection breaks; more than the socket's buffers hold may be
//! lost with it if the client does not read.

mod auth;
mod clock;
mod digest;
mod draw;
mod fault;
mod image;
pub mod invariants;
mod log;
pub mod media;
mod registry;
pub mod script;
mod serve;
mod world;

pub use digest::{is_digest, sha256};
pub use fault::Paused;
pub use image::{Child, Content, Image, ImageBuilder};
pub use log::{Counters, Credentials, Entry, Log, Outcome};
pub use registry::FaultRegistry;
pub use script::{Action, Answer, Auth, Lag, LagOf, Listener, Operation, Profile, Rule, Script, Until, When};
pub use world::{Move, Origin, Problem, ProblemKind, RepositorySnapshot, Snapshot, StoredManifest};
