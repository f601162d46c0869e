//! x
use bakery_sdk::resolver::{self, Guest, Query, Resolution};
use bakery_sdk::host::types::SourceError;
struct Shell;
impl Guest for Shell {
    fn resolve(query: Query) -> Result<Resolution, SourceError> {
        bakery_sdk::host::progress::log(bakery_sdk::host::progress::Level::Warn, &query.product);
        Err(SourceError::Unsupported(query.product))
    }
}
resolver::export!(Shell with_types_in bakery_sdk::resolver);
