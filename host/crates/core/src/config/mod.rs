//! `bakery.yaml`: text in, a normalised [`Config`] or diagnostics out. Opens no file.

mod model;
pub mod products;

pub use model::{
    BuildSecret, Config, Constraint, Dependency, DependencyConstraint, DependencyName, DevSource, DevVersion, Image, Matrix,
    MatrixValue, Os, Person, PinPolicy, Registry, Repository, SourceEntry, TagFilter, TagPattern, ToolOptions, Variant,
    Version,
};
