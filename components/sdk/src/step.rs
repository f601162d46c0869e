//! Bindings of the world `step`: implement [`Guest`] and hand the type to `export!`.
//! Holds nothing written by hand.
#![expect(missing_docs, reason = "the code is generated; the documentation is in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "step",
    pub_export_macro: true,
    default_bindings_module: "bakery_sdk::step",
    with: {
        "bakery:plugin/types@0.1.0": crate::host::types,
        "bakery:plugin/registry@0.1.0": crate::host::registry,
        "bakery:plugin/command-runner@0.1.0": crate::host::command_runner,
        "bakery:plugin/image-layout@0.1.0": crate::host::image_layout,
        "bakery:plugin/progress@0.1.0": crate::host::progress,
    },
    additional_derives: [PartialEq],
});

pub use exports::bakery::plugin::publish_step::*;
