//! The last process before the program: makes itself what the program must find, then becomes it. Watches nothing.

use std::{
    convert::Infallible,
    ffi::{CString, OsStr},
    fs::File,
    io::{self, Seek as _, Write as _},
    os::{
        fd::{AsFd, AsRawFd as _},
        unix::{ffi::OsStrExt as _, net::UnixStream},
    },
    path::PathBuf,
    process::ExitCode,
};

use rustix::{
    fs::MemfdFlags,
    process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit, setsid},
};

use super::{descriptors, seclude, signals};
use crate::command::{
    lookup::digest_of,
    wire::{self, Order, Refused, Started, Step},
};

/// The argument that makes a supervisor a starter; the number of the supervisor follows it.
pub(super) const WORD: &str = "start";

/// What a starter ends with that could not become the program.
const REFUSED: u8 = 125;

/// The whole program of a starter.
pub(super) fn run(parent: &OsStr) -> ExitCode {
    let _ = signals::unblock();
    let _ = setsid();
    let Ok(mut socket) = descriptors::take_stdin() else { return ExitCode::from(REFUSED) };
    let Ok((order, stdin)) = wire::unpack(&mut socket) else { return ExitCode::from(REFUSED) };
    let network_closed = order.close_network && seclude::close_network();
    let refused = if dies_with(parent) {
        become_program(&order, &stdin, &socket, network_closed)
    } else {
        return ExitCode::from(REFUSED);
    };
    // Nobody is left to tell when the supervisor is gone.
    let _ = wire::say(&socket, &Started { network_closed, refused: Some(refused) });
    ExitCode::from(REFUSED)
}

/// Ends with the supervisor, even if that is killed; gives false where it is gone already. A change of user
/// namespace takes this back, so it comes after the last one.
fn dies_with(parent: &OsStr) -> bool {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let now = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    now.as_deref().map(OsStr::new) == Some(parent)
}

/// Does not come back, but with the reason why it could not leave.
fn become_program(order: &Order, stdin: &[u8], socket: &UnixStream, network_closed: bool) -> Refused {
    match enter(order, stdin, socket, network_closed) {
        Err(refused) => refused,
        Ok(never) => match never {},
    }
}

fn enter(
    order: &Order,
    stdin: &[u8],
    socket: &UnixStream,
    network_closed: bool,
) -> Result<Infallible, Refused> {
    let program = prepare(order, stdin)?;
    let words = std::iter::once(&order.program).chain(&order.arguments);
    let arguments: Vec<CString> = words.map(|word| c_string(word.as_bytes())).collect::<Result<_, _>>()?;
    let variables =
        order.environment.iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    let environment: Vec<CString> = variables.map(|line| c_string(&line)).collect::<Result<_, _>>()?;
    let path = c_string(program.path.as_os_str().as_bytes())?;
    signals::by_default().map_err(Refused::at(Step::Fork))?;
    // A program that starts says nothing more on this socket, which closes as it starts.
    wire::say(socket, &Started { network_closed, refused: None }).map_err(Refused::at(Step::Fork))?;
    // Never `execvp`: it would hand what is no program to a shell.
    nix::unistd::execve(&path, &arguments, &environment)
        .map_err(|errno| Refused::at(Step::Exec)(io::Error::from(errno)))
}

fn c_string(bytes: &[u8]) -> Result<CString, Refused> {
    let wrong =
        |_| Refused { step: Step::Exec, errno: None, detail: "an argument contains a NUL".to_owned() };
    CString::new(bytes).map_err(wrong)
}

struct Program {
    path: PathBuf,
    /// Open where the path leads through it.
    _file: Option<File>,
}

fn prepare(order: &Order, stdin: &[u8]) -> Result<Program, Refused> {
    if order.has_stdin {
        give_stdin(stdin).map_err(Refused::at(Step::Stdin))?;
    }
    // A dump of a program's memory may hold what it was told in confidence.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    std::env::set_current_dir(&order.folder).map_err(Refused::at(Step::Folder))?;
    let program = PathBuf::from(&order.program);
    match &order.digest {
        None => Ok(Program { path: program, _file: None }),
        Some(granted) => compare(program, granted),
    }
}

/// A file of memory: a program that never reads it keeps nobody waiting.
fn give_stdin(bytes: &[u8]) -> io::Result<()> {
    let mut file = File::from(rustix::fs::memfd_create("stdin", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(rustix::stdio::dup2_stdin(file.as_fd())?)
}

/// The file that was read is the file that starts: by its descriptor, whatever has its name by then. A script is read
/// again by its interpreter, which can only be given the name.
fn compare(path: PathBuf, granted: &str) -> Result<Program, Refused> {
    let mut file = File::open(&path).map_err(Refused::at(Step::Read))?;
    let found = digest_of(&mut file).map_err(Refused::at(Step::Read))?;
    if found.as_str() != granted {
        return Err(Refused { step: Step::Compare, errno: None, detail: found.to_string() });
    }
    let mut magic = [0; 4];
    let is_elf =
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut magic, 0).is_ok() && &magic == b"\x7fELF";
    let through = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    if is_elf && through.exists() {
        Ok(Program { path: through, _file: Some(file) })
    } else {
        Ok(Program { path, _file: None })
    }
}
