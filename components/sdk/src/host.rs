//! Bindings of the interfaces that worlds import: types, http, registry, command-runner,
//! image-layout, progress.
//! Holds nothing written by hand. What a guest does not call is absent from its component.
#![expect(missing_docs, reason = "the code is generated; the documentation is in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package bakery:sdk;
        world host {
            import bakery:plugin/types@0.1.0;
            import bakery:plugin/http@0.1.0;
            import bakery:plugin/registry@0.1.0;
            import bakery:plugin/command-runner@0.1.0;
            import bakery:plugin/image-layout@0.1.0;
            import bakery:plugin/progress@0.1.0;
        }
    ",
    world: "bakery:sdk/host",
    pub_export_macro: true,
    generate_all,
    additional_derives: [PartialEq],
});

pub use bakery::plugin::{command_runner, http, image_layout, progress, registry, types};
