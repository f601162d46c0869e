//! Compiles third-party components in a process of their own: a bomb, or a defect of the compiler, then ends that
//! process and nothing else. The process sees no environment, reads one component from stdin, writes code to stdout.

use std::{
    ffi::OsString,
    io::{Read, Write},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::engine;

/// Bytes of address space of the compile process.
const ADDRESS_BYTES: u64 = 6 * 1024 * 1024 * 1024;

/// Seconds of processor time, all threads together; twelve megabytes of JavaScript take ten.
const CPU_SECONDS: u64 = 120;

/// Time from start to end.
const WALL: Duration = Duration::from_secs(180);

/// Bytes of code.
const CODE_BYTES: u64 = 512 * 1024 * 1024;

/// Bytes of its last words.
const WORDS_BYTES: u64 = 4 * 1024;

/// Threads: each costs address space that the bound counts.
const THREADS: &str = "4";

/// The code that the child ends with when the component is at fault.
const REFUSED: u8 = 3;

/// Why there is no code.
pub(super) enum CompileError {
    /// The compiler says why.
    Refused(String),
    /// The process was ended by one of its bounds, or crashed.
    OutOfBounds(String),
    /// The process could not do its work.
    Host(String),
}

/// Compiles `wasm` with `command`. Blocks.
pub(super) fn in_child(command: &[OsString], wasm: Vec<u8>) -> Result<Vec<u8>, CompileError> {
    let host = |what: &str, error: std::io::Error| CompileError::Host(format!("{what}: {error}"));
    let [program, arguments @ ..] = command else {
        return Err(CompileError::Host("it has no name".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("RAYON_NUM_THREADS", THREADS)
        .env("MALLOC_ARENA_MAX", THREADS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| host("it cannot start", error))?;
    let outcome = talk(&mut child, wasm);
    // Whatever happened, the process is gone afterwards.
    if outcome.is_none() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| host("it cannot be waited for", error))?;
    let Some((code, words)) = outcome else {
        return Err(CompileError::OutOfBounds(format!("it took longer than {} s", WALL.as_secs())));
    };
    if status.success() && !code.is_empty() && code.len() as u64 <= CODE_BYTES {
        return Ok(code);
    }
    Err(judge(status, &words))
}

/// The work of the compile process: what [`crate::SandboxOptions::compiler`] must end up in.
/// Reads a component from stdin, writes code to stdout, and says on stderr why not.
#[must_use]
pub fn compile_child_main() -> ExitCode {
    let (code, words) = match compile_stdin() {
        Ok(native) => match std::io::stdout().lock().write_all(&native) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => (1, format!("the code cannot be written: {error}")),
        },
        Err((code, words)) => (code, words),
    };
    // Nobody is left to tell when stderr is closed.
    let _ = std::io::stderr().lock().write_all(words.as_bytes());
    ExitCode::from(code)
}

fn compile_stdin() -> Result<Vec<u8>, (u8, String)> {
    bound_this_process().map_err(|error| (1, format!("its bounds cannot be set: {error}")))?;
    let mut wasm = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut wasm)
        .map_err(|error| (1, format!("it cannot read: {error}")))?;
    engine::precompile(&wasm).map_err(|error| (REFUSED, error))
}

fn bound_this_process() -> rustix::io::Result<()> {
    // Whoever started us may have set a lower bound, which stays.
    let bound = |resource, value| {
        let value = Some(getrlimit(resource).maximum.map_or(value, |already| already.min(value)));
        setrlimit(resource, Rlimit { current: value, maximum: value })
    };
    bound(Resource::Core, 0)?;
    bound(Resource::Cpu, CPU_SECONDS)?;
    bound(Resource::As, ADDRESS_BYTES)
}

/// Hands the component over and takes the code back; nothing when the time is over.
fn talk(child: &mut Child, wasm: Vec<u8>) -> Option<(Vec<u8>, String)> {
    let (sender, receiver) = mpsc::channel();
    let (stdin, stdout, stderr) = (child.stdin.take()?, child.stdout.take()?, child.stderr.take()?);
    let mut stdin = stdin;
    // A child that ends early closes the pipe; its status says why.
    std::thread::spawn(move || drop(stdin.write_all(&wasm)));
    let words = std::thread::spawn(move || {
        let mut words = Vec::new();
        let _ = stderr.take(WORDS_BYTES).read_to_end(&mut words);
        String::from_utf8_lossy(&words).into_owned()
    });
    std::thread::spawn(move || {
        let mut code = Vec::new();
        let _ = stdout.take(CODE_BYTES + 1).read_to_end(&mut code);
        // Nobody listens after the deadline.
        let _ = sender.send(code);
    });
    let code = receiver.recv_timeout(WALL).ok()?;
    Some((code, words.join().unwrap_or_default()))
}

fn judge(status: ExitStatus, words: &str) -> CompileError {
    use std::os::unix::process::ExitStatusExt;
    let words = words.lines().next().unwrap_or_default().trim();
    match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(REFUSED) => CompileError::Refused(words.to_owned()),
        (Some(code), _) => CompileError::Host(format!("it ended with status {code}: {words}")),
        (None, Some(signal)) => {
            CompileError::OutOfBounds(match rustix::process::Signal::from_named_raw(signal) {
                Some(rustix::process::Signal::KILL | rustix::process::Signal::XCPU) => {
                    format!("it used more than {CPU_SECONDS} s of processor time, or was killed")
                }
                Some(rustix::process::Signal::ABORT) => {
                    format!("it used more than {} GiB of memory, or crashed", ADDRESS_BYTES >> 30)
                }
                _ => format!("its compiler crashed with signal {signal}"),
            })
        }
        (None, None) => CompileError::Host("it ended without a status".to_owned()),
    }
}
