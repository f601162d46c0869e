//! The shell of docs/plugins/writing-a-version-source.md, as it stands there; compiled for components only.

use bakery_sdk::{
    Host, SourceError, report_panics,
    resolver::{self, Guest, Query, Resolution},
};

struct Shell;

impl Guest for Shell {
    fn resolve(query: Query) -> Result<Resolution, SourceError> {
        report_panics();
        crate::resolve(&Host, &query)
    }
}

resolver::export!(Shell with_types_in bakery_sdk::resolver);
