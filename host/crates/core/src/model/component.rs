//! Naming a component and the entry of the products table that uses it.

use std::fmt;

/// Which component answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComponentRef {
    /// A component that ships inside the program, by its name, for example `source-manifest`.
    Builtin(String),
    /// A third party's component.
    File {
        /// Path of the `.wasm` file, relative to the directory of `bakery.yaml`.
        path: String,
        /// The digest that the file must have, where the operator pinned it.
        digest: Option<super::Digest>,
    },
}

impl fmt::Display for ComponentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => f.write_str(name),
            Self::File { path, .. } => f.write_str(path),
        }
    }
}

/// Key of the products table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKey {
    /// `connect`, `workbench`, or a product of `sources:`.
    pub product: String,
    /// The channel.
    pub channel: super::Channel,
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.product, self.channel)
    }
}
