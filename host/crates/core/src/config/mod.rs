//! `bakery.yaml`: text in, a normalised [`Config`] or diagnostics out. Opens no file.

mod assemble;
pub mod codes;
mod diagnostic;
mod encoding;
mod fields;
mod findings;
mod load;
mod model;
mod naming;
mod near_miss;
mod offsets;
pub mod products;
mod read;
mod render;
mod scalar;
mod source_text;
mod template;
mod tree;
mod value;
mod visible;
mod yaml;
mod yaml_error;

pub(crate) use visible::visible;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use load::{Loaded, load};
pub use model::{
    BuildSecret, Config, Constraint, Dependency, DependencyConstraint, DependencyName, DevSource, DevVersion,
    Image, Matrix, MatrixValue, Os, Person, PinPolicy, PublishSettings, Registry, Repository, RetrySettings,
    SourceEntry, TagFilter, TagPattern, TemplateSettings, ToolOptions, Variant, Version,
};
pub use offsets::Offsets;
