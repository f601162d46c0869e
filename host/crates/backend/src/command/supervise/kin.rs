//! Who descends from this process, as `/proc` tells, and a signal for each of them. A number that has passed to
//! another process in the meantime gets no signal.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal},
};

/// One process at one time: numbers are used again, but not with the same start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pid: i32,
    parent: i32,
    /// In ticks since the machine started.
    started: u64,
    dead: bool,
}

/// The descendants of one process.
pub(super) struct Kin {
    proc: PathBuf,
    root: i32,
}

impl Kin {
    /// Of this process.
    pub(super) fn of_this_process(proc: &Path) -> Self {
        Self { proc: proc.to_owned(), root: rustix::process::getpid().as_raw_nonzero().get() }
    }

    /// Everything alive below the root. A child whose parent ends at this moment may be missing: it is there next time.
    pub(super) fn alive(&self) -> io::Result<Vec<Process>> {
        let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
        for entry in fs::read_dir(&self.proc)? {
            let name = entry?.file_name();
            let pid = name.to_str().and_then(|name| name.parse().ok());
            if let Some(process) = pid.and_then(|pid| self.read(pid)) {
                children.entry(process.parent).or_default().push(process);
            }
        }
        let mut found = Vec::new();
        let mut next = vec![self.root];
        while let Some(parent) = next.pop() {
            for child in children.remove(&parent).unwrap_or_default() {
                next.push(child.pid);
                found.push(child);
            }
        }
        found.retain(|process| !process.dead);
        Ok(found)
    }

    /// Sends a signal to each descendant; gives whether `/proc` could be read.
    pub(super) fn signal(&self, signals: &[Signal]) -> bool {
        let Ok(alive) = self.alive() else { return false };
        for process in &alive {
            // It may have ended, or belong to another user.
            let _ = self.send(process, signals);
        }
        true
    }

    fn send(&self, process: &Process, signals: &[Signal]) -> io::Result<()> {
        let Some(pid) = Pid::from_raw(process.pid) else { return Ok(()) };
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Some(handle),
            // An old kernel, or a container that forbids the call.
            Err(Errno::NOSYS | Errno::PERM) => None,
            Err(error) => return Err(error.into()),
        };
        // The handle is of whoever has the number now: only if that is still the same process.
        if self.read(process.pid).is_none_or(|now| now.started != process.started) {
            return Ok(());
        }
        for signal in signals {
            match &handle {
                Some(handle) => pidfd_send_signal(handle, *signal)?,
                None => kill_process(pid, *signal)?,
            }
        }
        Ok(())
    }

    fn read(&self, pid: i32) -> Option<Process> {
        parse(pid, &fs::read(self.proc.join(pid.to_string()).join("stat")).ok()?)
    }
}

/// Reads `/proc/PID/stat`. The name in it may hold anything, parentheses and spaces included.
fn parse(pid: i32, stat: &[u8]) -> Option<Process> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields: Vec<&str> = std::str::from_utf8(&stat[end + 1..]).ok()?.split_ascii_whitespace().collect();
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        dead: matches!(*fields.first()?, "Z" | "X"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_name_cannot_pretend_to_be_fields() {
        let rest = "5 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
        let expected = Some(Process { pid: 9, parent: 5, started: 777, dead: false });
        for name in ["sh", "a b", ") S 1", "x) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1"] {
            assert_eq!(parse(9, format!("9 ({name}) S {rest}").as_bytes()), expected, "{name}");
        }
        assert_eq!(parse(9, b"9 (\xff\xfe) S 5 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 0 0"), expected);
        assert!(parse(9, format!("9 (sh) Z {rest}").as_bytes()).unwrap().dead);
        for broken in ["", "9 (sh", "9 (sh) S", "9 (sh) S x 1"] {
            assert_eq!(parse(9, broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn descendants_are_found_and_nobody_else() {
        let mut child = Command::new("/bin/sh").args(["-c", "read x"]).stdin(Stdio::piped()).spawn().unwrap();
        let kin = Kin::of_this_process(Path::new("/proc"));
        let found = kin.alive().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(found.iter().any(|process| process.pid == pid && process.parent == kin.root));
        assert!(found.iter().all(|process| process.pid != 1 && process.pid != kin.root));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(kin.alive().unwrap().iter().all(|process| process.pid != pid));
    }

    #[test]
    fn a_number_that_was_used_again_gets_no_signal() {
        let mut child =
            Command::new("/bin/sh").args(["-c", "read x; exit 0"]).stdin(Stdio::piped()).spawn().unwrap();
        let kin = Kin::of_this_process(Path::new("/proc"));
        let mut process = kin.read(i32::try_from(child.id()).unwrap()).unwrap();
        process.started += 1;
        kin.send(&process, &[Signal::KILL]).unwrap();
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
}
