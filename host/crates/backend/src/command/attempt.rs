//! One attempt of one command, as bakery sees it: a supervisor at the other end of a socket, two streams, a time
//! limit. Sends no signal to a program: that is the supervisor's.

use std::{
    ffi::OsString,
    io,
    os::fd::OwnedFd,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use bakery_core::port::{
    Failure, FailureKind,
    command::{
        Captured, CommandOutput, Invocation, LineSink, Network, OutputStream, ProgramFault, Word, last_lines,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixStream, unix::OwnedReadHalf},
    process::{Child, Command},
    sync::oneshot,
    time::{sleep, timeout},
};

use super::{
    capture::Reading,
    processes::ProcessOptions,
    refusal, scratch,
    supervise::Cgroup,
    wire::{self, Order, Report, Timing},
};

/// From the end of a program to the polite signal for what it left.
const SETTLE: Duration = Duration::from_millis(100);

/// The longest time from that to the last signal.
const LINGER: Duration = Duration::from_secs(1);

/// From the last signal to giving up on a process that does not end even then.
const KILL: Duration = Duration::from_secs(5);

/// What a supervisor may take beyond its own limits.
const SLACK: Duration = Duration::from_secs(5);

/// From the end of everything to the end of the streams. Only a stream that was handed to a stranger takes so long.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs a command to its end, or until `cut` says that nobody waits for it, and then to its end all the same.
pub(super) async fn run(
    options: Arc<ProcessOptions>,
    invocation: Invocation,
    lines: Option<Arc<dyn LineSink>>,
    cut: oneshot::Receiver<()>,
) -> Result<CommandOutput, Failure> {
    let began = Instant::now();
    let order = order(&options, &invocation)?;
    let failed = |error| refusal::supervisor(&invocation, &error);
    let packed = wire::pack(&order, invocation.stdin().unwrap_or_default()).map_err(failed)?;
    let (ours, mut supervisor) = spawn(&options).map_err(failed)?;
    let limits = invocation.limits();
    let mut stdout = Reading::begin(
        supervisor.stdout.take(),
        OutputStream::Stdout,
        limits.stdout_bytes,
        limits.line_bytes,
        lines.clone(),
    );
    let mut stderr = Reading::begin(
        supervisor.stderr.take(),
        OutputStream::Stderr,
        limits.stderr_bytes,
        limits.line_bytes,
        lines,
    );
    let (report, why) = converse(ours, &packed, order.timing, limits.time, cut, &mut supervisor).await;
    drop(packed);
    if report.is_none() && options.cgroup {
        let (proc, id) = (options.proc.clone(), supervisor.id());
        let clean = move || id.map(|id| Cgroup::end_left_by(&proc, id));
        // It ends processes of a supervisor that is gone, or there is nothing to end.
        let _ = tokio::task::spawn_blocking(clean).await;
    }
    // It has said its last word, or was killed. Whoever it cannot be waited for is nobody's child.
    let _ = timeout(SLACK, supervisor.wait()).await;
    let streams = async {
        stdout.ended().await;
        stderr.ended().await;
    };
    // Without anybody who could write there is nothing more to read.
    let _ = timeout(DRAIN, streams).await;
    conclude(&invocation, report, why, stdout.finish(), stderr.finish(), began.elapsed())
}

/// Why a command was ended before it ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    TimedOut,
    Cut,
}

fn spawn(options: &ProcessOptions) -> io::Result<(UnixStream, Child)> {
    let [own, arguments @ ..] = &options.supervisor[..] else {
        return Err(io::Error::other("nobody said how to start it"));
    };
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let child = Command::new(own)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    Ok((UnixStream::from_std(ours)?, child))
}

/// Gives the order, waits for the report, and asks for the end where it takes too long. Without a report the
/// supervisor is dead.
async fn converse(
    socket: UnixStream,
    packed: &[u8],
    timing: Timing,
    limit: Duration,
    cut: oneshot::Receiver<()>,
    supervisor: &mut Child,
) -> (Option<Report>, Option<Why>) {
    // The writing half stays until the report is there: its end means that bakery is gone.
    let (reading, mut writing) = socket.into_split();
    let mut report = std::pin::pin!(read_report(reading));
    let mut stop = std::pin::pin!(async {
        tokio::select! {
            () = sleep(limit) => Why::TimedOut,
            // Whoever holds the other end never says anything: it is there, or it is gone.
            _ = cut => Why::Cut,
        }
    });
    tokio::select! {
        // A supervisor that does not listen has ended, and its report is missing.
        _ = writing.write_all(packed) => {}
        why = &mut stop => {
            // It does not have the whole order, so it has started nothing.
            let _ = supervisor.start_kill();
            return (None, Some(why));
        }
    }
    let why = tokio::select! {
        report = &mut report => return (report, None),
        why = &mut stop => why,
    };
    let _ = writing.write_all(&[wire::END]).await;
    let longest = timing.grace + timing.settle + timing.linger + timing.kill + SLACK;
    let report = timeout(longest, &mut report).await.unwrap_or_else(|_| {
        // The program goes with its supervisor.
        let _ = supervisor.start_kill();
        None
    });
    (report, Some(why))
}

async fn read_report(reading: OwnedReadHalf) -> Option<Report> {
    let mut words = Vec::new();
    // A connection that breaks ends the report as well.
    let _ = reading.take(wire::MAX_REPORT).read_to_end(&mut words).await;
    serde_json::from_slice(&words).ok()
}

fn order(options: &ProcessOptions, invocation: &Invocation) -> Result<Order, Failure> {
    let grace = invocation.limits().grace;
    Ok(Order {
        own: options.supervisor.clone(),
        program: invocation.program().into(),
        digest: invocation.digest().map(ToString::to_string),
        arguments: invocation
            .words()
            .iter()
            .map(|word| argument(invocation, word))
            .collect::<Result<_, _>>()?,
        environment: invocation.environment().to_vec(),
        folder: invocation.scratch().unwrap_or(Path::new("/")).into(),
        has_stdin: invocation.stdin().is_some(),
        close_network: invocation.network() == Network::Closed,
        cgroup: options.cgroup,
        proc: options.proc.clone(),
        timing: Timing {
            grace,
            orphaned: grace.min(options.orphaned),
            settle: SETTLE,
            linger: grace.min(LINGER),
            kill: KILL,
        },
    })
}

fn argument(invocation: &Invocation, word: &Word) -> Result<OsString, Failure> {
    let (prefix, path) = match word {
        Word::Plain(text) => return Ok(text.clone()),
        Word::Scratch { prefix, path } => (prefix, path),
    };
    let name = invocation.name();
    let space = invocation.scratch().ok_or_else(|| {
        Failure::new(
            FailureKind::Denied,
            name,
            format!("`{name}` has no scratch space for `{}`", path.display()),
        )
    })?;
    let resolved = scratch::resolve(space, path).map_err(|error| {
        let message = format!(
            "`{}` is no path inside the scratch space `{}`: {error}",
            path.display(),
            space.display()
        );
        Failure::new(FailureKind::Denied, name, message)
    })?;
    let mut argument = OsString::from(prefix);
    argument.push(resolved);
    Ok(argument)
}

fn conclude(
    invocation: &Invocation,
    report: Option<Report>,
    why: Option<Why>,
    stdout: Captured,
    stderr: Captured,
    elapsed: Duration,
) -> Result<CommandOutput, Failure> {
    let name = invocation.name();
    let ended = report.as_ref().and_then(|report| report.ended).map(Into::into);
    let fault = |ended| ProgramFault { ended, last_lines: last_lines(&stdout, &stderr).to_vec() };
    let fail = |kind, message: String| Err(Failure::new(kind, name, message).with_program(fault(None)));
    match (why, report) {
        (Some(Why::TimedOut), _) => {
            let limit = invocation.limits().time.as_secs_f64();
            fail(FailureKind::TimedOut, format!("`{name}` did not end within {limit} s, and was ended"))
        }
        (Some(Why::Cut), _) => fail(FailureKind::Cancelled, format!("`{name}` was ended with the run")),
        (None, None) => {
            fail(FailureKind::Internal, format!("`{name}` lost its supervisor, which somebody ended"))
        }
        (None, Some(Report { started, .. })) if started.refused.is_some() => {
            let refused = started.refused.as_ref();
            Err(refused.map_or_else(
                || Failure::new(FailureKind::Internal, name, "it was not started"),
                |refused| refusal::failure(invocation, refused),
            ))
        }
        (None, Some(report)) => match ended {
            Some(ended) if !report.left => Ok(CommandOutput {
                ended,
                stdout,
                stderr,
                elapsed,
                leftovers: report.leftovers,
                network_closed: report.started.network_closed,
            }),
            ended => Err(Failure::new(
                FailureKind::Internal,
                name,
                format!("`{name}` left a process that cannot be ended"),
            )
            .with_program(fault(ended))),
        },
    }
}
