//! Which interfaces a component of a world gets, and the words for those that it does not get.
//! This is the structural lock: what is not put into a linker here cannot be called.

use bakery_core::port::{Failure, FailureKind};
use wasmtime::{
    Engine,
    component::{
        Component, HasData, InstancePre, Linker,
        types::{ComponentExtern, ComponentItem},
    },
};

use super::{
    command_runner::{Commanding, CommandingGuest},
    http::{Online, OnlineGuest},
    image_layout::{Layered, LayeredGuest},
    offline::{Offline, OfflineGuest},
    registry::{Registered, RegisteredGuest},
    wasi,
};
use crate::{
    bindings::{command_runner, http, image_layout, progress, registry, types},
    guest::Guest,
};

/// What a component is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// Finds versions.
    Resolver,
    /// Lists versions of a dependency.
    Lister,
    /// Reads dispatch payloads.
    Dispatcher,
    /// A step of publishing.
    Step,
}

/// Whether `http` leads anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlet {
    /// Every request is denied before it reaches the gate.
    Offline,
    /// Requests go to the gate.
    Online,
}

impl World {
    fn noun(self) -> &'static str {
        match self {
            Self::Resolver => "version source",
            Self::Lister => "dependency list",
            Self::Dispatcher => "reader of dispatch payloads",
            Self::Step => "publishing step",
        }
    }

    fn export(self) -> &'static str {
        match self {
            Self::Resolver => "bakery:plugin/version-source@0.1.0",
            Self::Lister => "bakery:plugin/version-list@0.1.0",
            Self::Dispatcher => "bakery:plugin/version-override@0.1.0",
            Self::Step => "bakery:plugin/publish-step@0.1.0",
        }
    }

    /// The functions that the world grants; a dispatcher has no network at all, a step has registries, and what
    /// its calls are given beside them.
    fn granted(self) -> &'static [&'static str] {
        match self {
            Self::Resolver | Self::Lister => &["bakery:plugin/http", "bakery:plugin/progress"],
            Self::Dispatcher => &["bakery:plugin/progress"],
            Self::Step => &[
                "bakery:plugin/registry",
                "bakery:plugin/command-runner",
                "bakery:plugin/image-layout",
                "bakery:plugin/progress",
            ],
        }
    }
}

/// Links `component` as a member of `world`.
///
/// # Errors
/// The import that is not granted, or the export that is missing.
pub(crate) fn link(
    engine: &Engine,
    name: &str,
    component: &Component,
    world: World,
    outlet: Outlet,
    builtin: bool,
) -> Result<InstancePre<Guest>, Failure> {
    check_exports(engine, name, component, world)?;
    check_imports(engine, name, component, world, builtin)?;
    let broken = |error: wasmtime::Error| {
        let message = format!("component `{name}` cannot be linked: {error:#}");
        Failure::new(FailureKind::InvalidInput, name, message)
            .with_hint("build it against the `wit/` of this bakery")
    };
    let mut linker = Linker::new(engine);
    grant(&mut linker, world, outlet).map_err(broken)?;
    if !builtin && wants_wasi(engine, component) {
        wasi::grant(&mut linker, engine, component).map_err(broken)?;
    }
    linker.instantiate_pre(component).map_err(broken)
}

struct Words;

impl HasData for Words {
    type Data<'a> = &'a mut Guest;
}

// The interface holds types only, so there is nothing to implement.
impl types::Host for Guest {}

fn grant(linker: &mut Linker<Guest>, world: World, outlet: Outlet) -> wasmtime::Result<()> {
    types::add_to_linker::<_, Words>(linker, |guest| guest)?;
    progress::add_to_linker::<_, Words>(linker, |guest| guest)?;
    match (world, outlet) {
        (World::Dispatcher, _) => Ok(()),
        (World::Step, _) => {
            registry::add_to_linker::<_, Registered>(linker, |guest| RegisteredGuest(guest))?;
            command_runner::add_to_linker::<_, Commanding>(linker, |guest| CommandingGuest(guest))?;
            image_layout::add_to_linker::<_, Layered>(linker, |guest| LayeredGuest(guest))
        }
        (World::Resolver | World::Lister, Outlet::Online) => {
            http::add_to_linker::<_, Online>(linker, |guest| OnlineGuest(guest))
        }
        (World::Resolver | World::Lister, Outlet::Offline) => {
            http::add_to_linker::<_, Offline>(linker, |guest| OfflineGuest(guest))
        }
    }
}

fn check_imports(
    engine: &Engine,
    name: &str,
    component: &Component,
    world: World,
    builtin: bool,
) -> Result<(), Failure> {
    let kind = component.component_type();
    for (import, item) in kind.imports(engine) {
        if !is_capability(engine, &item)
            || is_granted(import, world)
            || (!builtin && import.starts_with("wasi:"))
        {
            continue;
        }
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        if world.granted().contains(&interface) {
            let message =
                format!("component `{name}` needs `{interface}` {version}, and this bakery has 0.1.0");
            return Err(Failure::new(FailureKind::Denied, name, message)
                .with_hint("upgrade bakery, or build the component against the `wit/` of this one"));
        }
        let message =
            format!("component `{name}` imports `{import}`, which a {} is not granted", world.noun());
        let hint = format!("build it without that import: it may use {}", join(world.granted()));
        return Err(Failure::new(FailureKind::Denied, name, message).with_hint(hint));
    }
    Ok(())
}

fn check_exports(engine: &Engine, name: &str, component: &Component, world: World) -> Result<(), Failure> {
    let kind = component.component_type();
    if kind.get_export(engine, world.export()).is_some() {
        return Ok(());
    }
    let names: Vec<&str> = kind.exports(engine).map(|(name, _)| name).take(8).collect();
    let has = if names.is_empty() {
        "it exports nothing".to_owned()
    } else {
        format!("it exports {}", join(&names))
    };
    let message = format!(
        "component `{name}` is not a {}: it does not export `{}`; {has}",
        world.noun(),
        world.export()
    );
    Err(Failure::new(FailureKind::InvalidInput, name, message)
        .with_hint(format!("name a component that is a {} in `component:`", world.noun())))
}

/// Types carry no permission: an interface without functions and resources can do nothing.
fn is_capability(engine: &Engine, item: &ComponentExtern<'_>) -> bool {
    match &item.ty {
        ComponentItem::Type(_) => false,
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).any(|(_, item)| is_capability(engine, &item))
        }
        _ => true,
    }
}

/// Within 0.1, the engine links a guest of any patch version.
fn is_granted(import: &str, world: World) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    world.granted().contains(&interface) && version.starts_with("0.1.")
}

fn wants_wasi(engine: &Engine, component: &Component) -> bool {
    component.component_type().imports(engine).any(|(name, _)| name.starts_with("wasi:"))
}

fn join(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
