//! Joins the logic to the world `lister`. Holds no logic.

use bakery_sdk::{
    Host, SourceError,
    lister::{self, Guest, Query},
    report_panics,
};

struct Shell;

impl Guest for Shell {
    fn select(query: Query) -> Result<Vec<String>, SourceError> {
        report_panics();
        crate::select(&Host, &query)
    }
}

lister::export!(Shell with_types_in bakery_sdk::lister);
