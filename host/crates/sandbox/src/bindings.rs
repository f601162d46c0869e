//! The contract in `wit/` as Rust types. Generated: nothing here is written by hand, and nothing decides.

pub(crate) mod resolver {
    //! The world `resolver`, and the interfaces that every world shares.
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "resolver",
        imports: {
            "bakery:plugin/http": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

pub(crate) mod lister {
    //! The world `lister`.
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "lister",
        exports: { default: async },
        with: {
            "bakery:plugin/types": super::resolver::bakery::plugin::types,
            "bakery:plugin/http": super::resolver::bakery::plugin::http,
            "bakery:plugin/progress": super::resolver::bakery::plugin::progress,
        },
    });
}

pub(crate) mod dispatcher {
    //! The world `dispatcher`.
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "dispatcher",
        exports: { default: async },
        with: {
            "bakery:plugin/types": super::resolver::bakery::plugin::types,
            "bakery:plugin/progress": super::resolver::bakery::plugin::progress,
        },
    });
}

pub(crate) mod step {
    //! The world `step`.
    wasmtime::component::bindgen!({
        path: "../../../wit",
        world: "step",
        imports: {
            "bakery:plugin/registry": async | trappable,
            "bakery:plugin/command-runner": async | trappable,
            "bakery:plugin/image-layout": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: {
            "bakery:plugin/types": super::resolver::bakery::plugin::types,
            "bakery:plugin/progress": super::resolver::bakery::plugin::progress,
        },
    });
}

pub(crate) use dispatcher::{DispatcherPre, exports::bakery::plugin::version_override};
pub(crate) use lister::{ListerPre, exports::bakery::plugin::version_list};
pub(crate) use resolver::{
    ResolverPre,
    bakery::plugin::{http, progress, types},
    exports::bakery::plugin::version_source,
};
pub(crate) use step::{
    StepPre,
    bakery::plugin::{command_runner, image_layout, registry},
    exports::bakery::plugin::publish_step,
};
