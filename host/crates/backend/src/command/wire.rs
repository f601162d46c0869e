//! What bakery, the supervisor and the starter say to each other over sockets. Starts nothing.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::PathBuf,
    time::Duration,
};

use bakery_core::port::command::Ended;
use serde::{Deserialize, Serialize};

/// The word that asks a supervisor to end what it watches. Silence, a closed socket, means that bakery is gone.
pub(super) const END: u8 = b'E';

/// Bytes of a description. Arguments and environment of one program stay far below.
const MAX_DESCRIPTION: u32 = 16 << 20;

/// Bytes of a report.
pub(super) const MAX_REPORT: u64 = 64 << 10;

/// Everything a supervisor must know about one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// The words that start this program as a supervisor.
    pub(super) own: Vec<OsString>,
    /// Absolute.
    pub(super) program: OsString,
    /// `sha256:…` of the program's file, where only that file may start.
    pub(super) digest: Option<String>,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) folder: OsString,
    /// Whether the bytes after the description are its standard input.
    pub(super) has_stdin: bool,
    pub(super) close_network: bool,
    /// Where a control group may be used.
    pub(super) cgroup: bool,
    /// Where `/proc` is.
    pub(super) proc: PathBuf,
    pub(super) timing: Timing,
}

/// How long each step of an end may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timing {
    /// From the polite signal to the last one.
    pub(super) grace: Duration,
    /// The same where bakery itself is gone.
    pub(super) orphaned: Duration,
    /// From the end of the program to the polite signal for what it left.
    pub(super) settle: Duration,
    /// From that to the last signal.
    pub(super) linger: Duration,
    /// From the last signal to giving up.
    pub(super) kill: Duration,
}

/// The last word of a supervisor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) started: Started,
    pub(super) ended: Option<WireEnded>,
    /// The program left something, which was ended.
    pub(super) leftovers: bool,
    /// Something cannot be ended.
    pub(super) left: bool,
}

/// What the starter says before it becomes the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Started {
    pub(super) network_closed: bool,
    pub(super) refused: Option<Refused>,
}

/// Why a program did not start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) step: Step,
    pub(super) errno: Option<i32>,
    /// The system's words, or what was found instead.
    pub(super) detail: String,
}

impl Refused {
    pub(super) fn at(step: Step) -> impl FnOnce(io::Error) -> Self {
        move |error| Self { step, errno: error.raw_os_error(), detail: error.to_string() }
    }
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// Starting the starter, or talking to it.
    Fork,
    /// Making its standard input.
    Stdin,
    /// Entering its folder.
    Folder,
    /// Reading its file.
    Read,
    /// Comparing the file with the grant.
    Compare,
    /// Becoming the program.
    Exec,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WireEnded {
    Code(i32),
    Signal(i32),
}

impl From<WireEnded> for Ended {
    fn from(ended: WireEnded) -> Self {
        match ended {
            WireEnded::Code(code) => Self::Code(code),
            WireEnded::Signal(signal) => Self::Signal(signal),
        }
    }
}

/// An order with its standard input, as bytes on a socket: two lengths, the description, the input.
pub(super) fn pack(order: &Order, stdin: &[u8]) -> io::Result<Vec<u8>> {
    let description = serde_json::to_vec(order)?;
    let length = u32::try_from(description.len()).ok().filter(|length| *length <= MAX_DESCRIPTION);
    let length = length.ok_or_else(|| io::Error::other("the command is too long"))?;
    let mut bytes = Vec::with_capacity(12 + description.len() + stdin.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&(stdin.len() as u64).to_be_bytes());
    bytes.extend_from_slice(&description);
    bytes.extend_from_slice(stdin);
    Ok(bytes)
}

/// Reads what [`pack`] wrote.
pub(super) fn unpack(mut stream: impl Read) -> io::Result<(Order, Vec<u8>)> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_DESCRIPTION {
        return Err(io::Error::other("the description is too long"));
    }
    let mut stdin_length = [0; 8];
    stream.read_exact(&mut stdin_length)?;
    let stdin_length = u64::from_be_bytes(stdin_length);
    let order = serde_json::from_slice(&exactly(&mut stream, u64::from(length))?)?;
    Ok((order, exactly(&mut stream, stdin_length)?))
}

fn exactly(stream: impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Says one thing and is silent.
pub(super) fn say(mut stream: impl Write, what: &impl Serialize) -> io::Result<()> {
    stream.write_all(&serde_json::to_vec(what)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_the_way_whatever_bytes_it_holds() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = OsString::from_vec(vec![b'a', 0xff, b'\n', b'"']);
        let second = Duration::from_secs(1);
        let timing = Timing { grace: second, orphaned: second, settle: second, linger: second, kill: second };
        let order = Order {
            own: vec!["/proc/self/exe".into()],
            program: odd.clone(),
            digest: None,
            arguments: vec![odd.clone(), OsString::new()],
            environment: vec![("A".into(), odd.clone())],
            folder: odd,
            has_stdin: true,
            close_network: true,
            cgroup: false,
            proc: "/proc".into(),
            timing,
        };
        let packed = pack(&order, b"in\0put").unwrap();
        assert_eq!(unpack(&packed[..]).unwrap(), (order, b"in\0put".to_vec()));
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut]).is_err(), "{cut}");
        }
        assert!(unpack(&[0xff; 64][..]).is_err());
    }
}
