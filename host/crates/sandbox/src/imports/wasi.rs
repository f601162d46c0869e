//! WASI 0.2 for third-party components, because most toolchains import it unasked: present and empty.
//! No arguments, environment, files, sockets or names; clocks stand still, randomness is the same in every call,
//! and what is written to stdout and stderr goes to the bounded log.

use std::{pin::Pin, task, time::Duration};

use bakery_core::port::Severity;
use sha2::{Digest, Sha256};
use wasmtime::{
    Engine,
    component::{Component, Linker, ResourceType, types::ComponentItem},
};
use wasmtime_wasi::{
    Deterministic, HostMonotonicClock, HostWallClock, ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView,
    WasiView,
    cli::{IsTerminal, StdoutStream},
};

use crate::{
    breach::Breach,
    guest::{Guest, SharedLog},
};

/// Bytes that a guest may draw from its randomness at once.
const RANDOM_BYTES: u64 = 64 * 1024;

/// 2026-01-01T00:00:00Z, for guests that refuse to live in 1970.
const STANDSTILL: Duration = Duration::from_secs(1_767_225_600);

/// The empty world of one call.
pub(crate) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

/// The packages that are there, though empty.
const PROVIDED: [&str; 6] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// Links WASI 0.2, and for every other `wasi:` import functions that trap when they are called.
pub(super) fn grant(
    linker: &mut Linker<Guest>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    let kind = component.component_type();
    // An interface repeats the resources that it uses of others; only who declares one may define it.
    let mut declared = Vec::new();
    for (name, item) in kind.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        let package = name.split_once('/').map_or(name, |(package, _)| package);
        let absent = name.starts_with("wasi:") && !PROVIDED.contains(&package);
        for (item, kind) in instance.exports(engine) {
            match kind.ty {
                ComponentItem::Resource(resource) if !declared.contains(&resource) => {
                    declared.push(resource);
                    if absent {
                        let stub = ResourceType::host::<Absent>();
                        linker.instance(name)?.resource(item, stub, |_, _| Ok(()))?;
                    }
                }
                ComponentItem::ComponentFunc(_) if absent => {
                    let function = format!("{name}#{item}");
                    linker.instance(name)?.func_new(item, move |_, _, _, _| {
                        Err(wasmtime::Error::new(Breach::Absent(function.clone())))
                    })?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Stands for every resource of an interface that is not there.
struct Absent;

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (log, handles) = (&self.log, self.limits.handles);
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::new(log, handles)));
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

impl Wasi {
    fn new(log: &SharedLog, handles: usize) -> Self {
        let context = WasiCtxBuilder::new()
            .stdout(Output { log: log.clone(), severity: Severity::Info })
            .stderr(Output { log: log.clone(), severity: Severity::Warning })
            .wall_clock(Standstill)
            .monotonic_clock(Standstill)
            .secure_random(randomness())
            .insecure_random(randomness())
            .insecure_random_seed(0x0b_a4_e1)
            .max_random_size(RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(handles);
        Self { context, table }
    }
}

/// The same bytes in every call, without a pattern that a hash map would stumble over.
fn randomness() -> Deterministic {
    Deterministic::new((0u32..128).flat_map(|block| Sha256::digest(block.to_le_bytes())).collect())
}

struct Standstill;

impl HostWallClock for Standstill {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        STANDSTILL
    }
}

impl HostMonotonicClock for Standstill {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Stdout or stderr: every write is a line or several.
#[derive(Clone)]
struct Output {
    log: SharedLog,
    severity: Severity,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl tokio::io::AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> task::Poll<std::io::Result<usize>> {
        self.log.write(self.severity, &String::from_utf8_lossy(bytes));
        task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> task::Poll<std::io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> task::Poll<std::io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }
}
