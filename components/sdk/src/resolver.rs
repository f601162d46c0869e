//! Bindings of the world `resolver`: implement [`Guest`] and hand the type to `export!`.
//! Holds nothing written by hand.
#![expect(missing_docs, reason = "the code is generated; the documentation is in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "resolver",
    pub_export_macro: true,
    default_bindings_module: "bakery_sdk::resolver",
    with: {
        "bakery:plugin/types@0.1.0": crate::host::types,
        "bakery:plugin/http@0.1.0": crate::host::http,
        "bakery:plugin/progress@0.1.0": crate::host::progress,
    },
    additional_derives: [PartialEq],
});

pub use exports::bakery::plugin::version_source::*;
