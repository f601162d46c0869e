//! A third party's component: read, looked at, compiled in a process of its own, kept by content.

use std::sync::Arc;

use bakery_core::{
    model::Digest,
    port::{Event, EventSink, Failure, FailureKind, Severity},
};
use wasmtime::{Engine, component::Component};

use super::{
    cache::Cache,
    compile::{self, CompileError},
    native, read, scan,
};
use crate::options::SandboxOptions;

/// What loading a file needs, apart from the engine. Owned, because it happens on a thread that may block.
struct Order {
    path: String,
    pinned: Option<Digest>,
    root: std::path::PathBuf,
    place: Option<crate::CachePlace>,
    compiler: Option<Vec<std::ffi::OsString>>,
    events: Arc<dyn EventSink>,
}

/// Loads the component at `path`.
///
/// # Errors
/// The file is missing, not a component, not the pinned one, a bomb, or cannot be compiled.
pub(crate) async fn load(
    engine: &Engine,
    options: &SandboxOptions,
    path: &str,
    pinned: Option<&Digest>,
) -> Result<Component, Failure> {
    let order = Order {
        path: path.to_owned(),
        pinned: pinned.cloned(),
        root: options.root.clone(),
        place: options.cache.clone(),
        compiler: options.compiler.clone(),
        events: Arc::clone(&options.events),
    };
    let engine = engine.clone();
    tokio::task::spawn_blocking(move || order.carry_out(&engine)).await.unwrap_or_else(|error| {
        Err(Failure::new(
            FailureKind::Internal,
            path,
            format!("loading component `{path}` did not end: {error}"),
        ))
    })
}

impl Order {
    fn carry_out(&self, engine: &Engine) -> Result<Component, Failure> {
        let (wasm, digest) = read::read(&self.root, &self.path, self.pinned.as_ref())?;
        scan::check_kind(&self.path, &wasm)?;
        let cache = self.place.as_ref().map(|place| Cache::new(place, engine));
        if let Some(component) = cache.as_ref().and_then(|cache| self.kept(engine, cache, &digest)) {
            return Ok(component);
        }
        scan::check_structure(&self.path, &wasm)?;
        let native = self.compile(wasm)?;
        let component = native::deserialize(engine, &native).map_err(|error| {
            let message =
                format!("what was compiled of component `{}` cannot be loaded: {error:#}", self.path);
            Failure::new(FailureKind::Internal, self.path.as_str(), message)
        })?;
        if let Some(Err(error)) = cache.map(|cache| cache.store(&digest, &native)) {
            self.note(Severity::Warning, format!("compiled component `{}` is not kept: {error}", self.path));
        }
        Ok(component)
    }

    /// Whatever is wrong with a kept component costs the time to compile it again, and nothing else.
    fn kept(&self, engine: &Engine, cache: &Cache, digest: &Digest) -> Option<Component> {
        let again = |error: String| {
            self.note(Severity::Debug, format!("component `{}` is compiled again: {error}", self.path));
        };
        match cache.load(digest) {
            Ok(Some(native)) => {
                native::deserialize(engine, &native).map_err(|error| again(format!("{error:#}"))).ok()
            }
            Ok(None) => None,
            Err(error) => {
                again(error.to_string());
                None
            }
        }
    }

    fn compile(&self, wasm: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let path = &self.path;
        let fail = |kind, message: String| Failure::new(kind, path.as_str(), message);
        let Some(command) = self.compiler.as_deref().filter(|command| !command.is_empty()) else {
            let message = format!("component `{path}` cannot be used: there is no process to compile it in");
            return Err(
                fail(FailureKind::Denied, message).with_hint("only built-in components are available here")
            );
        };
        compile::in_child(command, wasm).map_err(|error| match error {
            CompileError::Refused(why) => {
                fail(FailureKind::InvalidInput, format!("component `{path}` cannot be compiled: {why}"))
            }
            CompileError::OutOfBounds(why) => fail(
                FailureKind::InvalidInput,
                format!("component `{path}` cannot be compiled within bounds: {why}"),
            )
            .with_hint("a component that needs this much to compile is refused"),
            CompileError::Host(why) => fail(
                FailureKind::Internal,
                format!("the process that compiles component `{path}` failed: {why}"),
            ),
        })
    }

    fn note(&self, severity: Severity, message: String) {
        self.events.emit(Event::Note { severity, message });
    }
}
