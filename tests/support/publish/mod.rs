//! What tests, the demo and the benchmark of publishing share: images as builds leave them, the project and the
//! metadata files that tell of them, the command that publishes them, and the state that it leaves in a registry.
//!
//! ```no_run
//! use bakery_fault_registry::{FaultRegistry, Script};
//! use bakery_tests::publish::{Job, Scenario, state};
//!
//! let built = Scenario::new().versions(2).build();
//! let registry = FaultRegistry::spawn(Script::new()).unwrap();
//! built.seed(&registry);
//! let job = Job::new(&built, registry.host());
//! let done = job.command().run();
//! assert_eq!(done.code, 0, "{}", done.stderr);
//! let left = state(&registry, &built.destinations()).unwrap();
//! assert_eq!(left.problems(&built), [""; 0]);
//! ```
//!
//! Holds no assertion about the program; what it computes is what a build was asked to be, never what the program said.

mod built;
mod job;
mod metadata;
mod scenario;
mod state;

pub use built::{Built, Target};
pub use job::{Job, LOGIN};
pub use scenario::Scenario;
pub use state::{Shelf, State, Tagged, state};
