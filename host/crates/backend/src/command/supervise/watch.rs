//! The supervisor's loop: hears bakery, its own signals and the ends of children, and does what the ladder says.
//! That nothing is left is not guessed: the system says that there is no child to wait for, and orphans are ours.

use std::{
    io::{self, Read as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use nix::sys::signalfd::SignalFd;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, kill_process, kill_process_group,
        set_child_subreaper, setsid, wait, waitid,
    },
};

use super::{
    cgroup::Cgroup,
    descriptors,
    kin::Kin,
    ladder::{Act, Ladder, News},
    signals, start,
};
use crate::command::wire::{self, Order, Refused, Report, Started, Step, WireEnded};

/// A request to end that a stopped process hears too.
const ASK: [Signal; 2] = [Signal::TERM, Signal::CONT];

/// The whole program of a supervisor.
pub(super) fn run() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        // Bakery ended before it had said what to start, or the system is out of everything.
        Err(_) => ExitCode::FAILURE,
    }
}

fn supervise() -> io::Result<()> {
    let control = descriptors::take_stdin()?;
    // A session of its own: what a terminal sends to bakery's group does not reach it.
    let _ = setsid();
    // Not bakery's name, so that whoever ends bakery by its name leaves the one that cleans up.
    let _ = rustix::thread::set_name(c"bkry-watch");
    set_child_subreaper(Some(getpid()))?;
    let signals = signals::listen()?;
    let (order, stdin) = wire::unpack(&control)?;
    let report = match Watch::start(&order, &stdin) {
        Ok((mut watch, starter)) => watch.until_nothing_is_left(&control, &signals, starter),
        Err(refused) => {
            Report { started: Started { refused: Some(refused), ..Started::default() }, ..Report::default() }
        }
    };
    // Nobody listens where bakery is gone.
    let _ = wire::say(&control, &report);
    Ok(())
}

/// One command while it runs.
struct Watch {
    program: Pid,
    ended: Option<WireEnded>,
    ladder: Ladder,
    kin: Kin,
    group: Option<Cgroup>,
    began: Instant,
    leftovers: bool,
}

impl Watch {
    fn start(order: &Order, stdin: &[u8]) -> Result<(Self, Starter), Refused> {
        let fork = Refused::at(Step::Fork);
        let (child, socket) = spawn_starter(order).map_err(fork)?;
        let pid = i32::try_from(child).ok().and_then(Pid::from_raw).ok_or_else(|| Refused {
            step: Step::Fork,
            errno: None,
            detail: format!("{child} is not a process"),
        })?;
        let mut group = if order.cgroup { Cgroup::make(&order.proc) } else { None };
        // It must be in before it can start anything, and it waits for its order.
        if group.as_ref().is_some_and(|group| !group.admit(child))
            && let Some(useless) = group.take()
        {
            useless.remove();
        }
        // A starter that ended early says so by its end.
        let _ = descriptors::release_outputs();
        let _ = wire::pack(order, stdin).and_then(|bytes| io::Write::write_all(&mut &socket, &bytes));
        let watch = Self {
            program: pid,
            ended: None,
            ladder: Ladder::new(order.timing),
            kin: Kin::of_this_process(&order.proc),
            group,
            began: Instant::now(),
            leftovers: false,
        };
        Ok((watch, Starter { socket: Some(socket), words: Vec::new() }))
    }

    fn until_nothing_is_left(
        &mut self,
        control: &UnixStream,
        signals: &SignalFd,
        mut starter: Starter,
    ) -> Report {
        let mut control = Some(control);
        let left = loop {
            let had_ended = self.ended.is_some();
            let news = if self.reap() {
                News::AllGone
            } else if !had_ended && self.ended.is_some() {
                News::ProgramEnded
            } else {
                News::Tick
            };
            if let Some(left) = self.hear(news) {
                break left;
            }
            let heard = listen(control, signals, &starter, self.ladder.wait(self.began.elapsed()));
            if heard.starter {
                starter.listen();
            }
            if heard.signals && signals::ask_to_end(signals) {
                self.hear(News::Asked);
            }
            if let (true, Some(socket)) = (heard.control, control) {
                let news = what_bakery_says(socket);
                if news == News::Orphaned {
                    control = None;
                }
                self.hear(news);
            }
        };
        if let Some(group) = self.group.take() {
            group.remove();
        }
        starter.listen();
        Report { started: starter.said(), ended: self.ended, leftovers: self.leftovers, left }
    }

    /// Waits for every child that has ended; gives whether none is left.
    fn reap(&mut self) -> bool {
        if self.ended.is_none() && self.program_is_about_to_be_reaped() && self.kin.alive().is_err() {
            // Afterwards its number, and with it the number of its group, may be somebody else's.
            let _ = kill_process_group(self.program, Signal::KILL);
        }
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.program => {
                    self.ended = match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Some(WireEnded::Code(code)),
                        (None, Some(signal)) => Some(WireEnded::Signal(signal)),
                        (None, None) => self.ended,
                    };
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Err(Errno::CHILD) => return true,
                Ok(None) | Err(_) => return false,
            }
        }
    }

    fn program_is_about_to_be_reaped(&self) -> bool {
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        matches!(waitid(WaitId::Pid(self.program), peek), Ok(Some(_)))
    }

    /// Does what the ladder says about it; gives whether something is left, once there is nothing more to do.
    fn hear(&mut self, news: News) -> Option<bool> {
        match self.ladder.hear(self.began.elapsed(), news) {
            Act::Nothing => {}
            Act::AskGroup => self.signal_program(&ASK),
            Act::AskRest => {
                self.leftovers = true;
                self.kin.signal(&ASK);
            }
            Act::KillAll => {
                if let Some(group) = &self.group {
                    group.kill();
                }
                self.signal_program(&[Signal::KILL]);
                self.kin.signal(&[Signal::KILL]);
            }
            Act::Stop { left } => return Some(left),
        }
        None
    }

    /// The program and its group, as long as the number is theirs.
    fn signal_program(&self, signals: &[Signal]) {
        if self.ended.is_some() {
            return;
        }
        for signal in signals {
            // Before it leads a group of its own there is only itself.
            if kill_process_group(self.program, *signal).is_err() {
                let _ = kill_process(self.program, *signal);
            }
        }
    }
}

fn spawn_starter(order: &Order) -> io::Result<(u32, UnixStream)> {
    let [own, arguments @ ..] = &order.own[..] else {
        return Err(io::Error::other("nobody said how to start it"));
    };
    let (ours, theirs) = UnixStream::pair()?;
    let child = Command::new(own)
        .args(arguments)
        .arg(start::WORD)
        .arg(getpid().as_raw_nonzero().to_string())
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .spawn()?;
    // Whoever waits for all children waits for this one.
    Ok((child.id(), ours))
}

/// What the starter says until it becomes the program.
struct Starter {
    socket: Option<UnixStream>,
    words: Vec<u8>,
}

impl Starter {
    /// Takes what there is, without waiting.
    fn listen(&mut self) {
        let Some(socket) = &mut self.socket else { return };
        let _ = socket.set_nonblocking(true);
        match socket.take(wire::MAX_REPORT).read_to_end(&mut self.words) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => self.socket = None,
        }
    }

    /// The last thing it said.
    fn said(&self) -> Started {
        let words = serde_json::Deserializer::from_slice(&self.words).into_iter().map_while(Result::ok);
        words.last().unwrap_or_else(|| {
            let detail = "it ended before it could become the program".to_owned();
            Started { refused: Some(Refused { step: Step::Fork, errno: None, detail }), ..Started::default() }
        })
    }
}

/// Who has something to say.
#[derive(Default)]
struct Heard {
    control: bool,
    signals: bool,
    starter: bool,
}

fn listen(
    control: Option<&UnixStream>,
    signals: &SignalFd,
    starter: &Starter,
    limit: Option<Duration>,
) -> Heard {
    let mut descriptors = vec![PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
    for socket in [control, starter.socket.as_ref()].into_iter().flatten() {
        descriptors.push(PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN));
    }
    let limit = limit.map(|limit| Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    if poll(&mut descriptors, limit.as_ref()).is_err() {
        return Heard::default();
    }
    let mut says = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty());
    let signals = says.next().unwrap_or_default();
    let control = control.is_some() && says.next().unwrap_or_default();
    Heard { control, signals, starter: says.next().unwrap_or_default() }
}

fn what_bakery_says(mut socket: &UnixStream) -> News {
    let mut word = [0; 1];
    match socket.read(&mut word) {
        Ok(1) if word[0] == wire::END => News::Asked,
        Ok(1) => News::Tick,
        Err(error) if error.kind() == io::ErrorKind::Interrupted => News::Tick,
        Ok(_) | Err(_) => News::Orphaned,
    }
}
