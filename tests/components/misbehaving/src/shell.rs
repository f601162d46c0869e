//! Joins the deeds to the world `resolver`. Holds no logic.

use bakery_sdk::{
    SourceError, report_panics,
    resolver::{self, Guest, Query, Resolution},
};

struct Shell;

impl Guest for Shell {
    fn resolve(query: Query) -> Result<Resolution, SourceError> {
        report_panics();
        crate::carry_out(&query.config);
        Ok(Resolution {
            artifacts: Vec::new(),
            head: None,
            origin: None,
            published: None,
            attributes: Vec::new(),
        })
    }
}

resolver::export!(Shell with_types_in bakery_sdk::resolver);
