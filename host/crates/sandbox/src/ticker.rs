//! The thread that advances the engine's epoch while guests run. It starts with the first call, ends when nobody
//! has called for a while, and never keeps the engine alive.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use wasmtime::Engine;

/// The length of a tick: how late a guest that must stop may be stopped.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ticks without a call after which the thread ends.
const IDLE: u32 = 100;

/// Keeps the epoch moving for as long as it lives.
#[derive(Debug)]
pub(crate) struct Ticking(());

#[derive(Debug, Default)]
struct State {
    calls: usize,
    thread: bool,
}

static STATE: Mutex<State> = Mutex::new(State { calls: 0, thread: false });

impl Ticking {
    /// Makes sure that the epoch of `engine` moves.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let mut state = lock();
        if !state.thread {
            let engine = engine.weak();
            std::thread::Builder::new().name("epoch".to_owned()).stack_size(64 * 1024).spawn(move || {
                let mut idle = 0;
                loop {
                    std::thread::sleep(TICK);
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => {
                            lock().thread = false;
                            return;
                        }
                    }
                    let mut state = lock();
                    idle = if state.calls == 0 { idle + 1 } else { 0 };
                    if idle >= IDLE {
                        state.thread = false;
                        return;
                    }
                }
            })?;
            state.thread = true;
        }
        state.calls += 1;
        Ok(Self(()))
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        let mut state = lock();
        state.calls = state.calls.saturating_sub(1);
    }
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
