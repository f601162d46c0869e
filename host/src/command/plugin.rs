//! `bakery plugin inspect` and `bakery plugin products`.

use bakery_backend::files;
use bakery_core::config::products;
use serde_json::json;

use super::{Ended, Failed};
use crate::{cli::Inspect, report::Exit, report::Stdout, wiring};

/// The most that a component may hold.
const MAX_BYTES: u64 = 256 << 20;

pub(super) fn inspect(inspect: &Inspect) -> Ended {
    let path = inspect.file.display();
    let bytes = files::read_bounded(&inspect.file, MAX_BYTES)
        .map_err(|error| Failed::because(format!("cannot read `{path}`: {error}")))?;
    let found = wiring::inspect(&bytes).map_err(|error| Failed::because(format!("`{path}`: {error}")))?;
    Stdout.json(&json!({ "imports": found.imports, "exports": found.exports, "bytes": bytes.len() }))?;
    Ok(Exit::Done)
}

pub(super) fn products() -> Ended {
    let rows: Vec<_> = products::embedded()
        .iter()
        .map(|entry| {
            json!({
                "product": entry.key.product,
                "channel": entry.key.channel.as_str(),
                "component": entry.component.to_string(),
                "allow": entry.allow,
                "offlineWhenPinned": entry.offline_when_pinned,
            })
        })
        .collect();
    Stdout.json(&rows)?;
    Ok(Exit::Done)
}
