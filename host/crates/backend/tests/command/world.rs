//! What the tests share: grants of this program's own misbehaving children, marks on them, and a look for survivors.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bakery_backend::command::{ProcessOptions, Processes};
use bakery_core::{
    policy::{CommandGrant, Operation, OperationKind},
    port::{
        Admission, BoxFuture, Event, EventSink, Failure, Http, HttpRequest, HttpResponse,
        command::{CommandLimits, CommandOutput, Commands as _, Invocation, LineSink, OutputStream, Word},
    },
};
use bakery_gate::{Gate, GateOptions, Permit};
use libtest_mimic::{Failed, Trial};

/// The words behind which this program is something else than the tests.
pub(crate) const SUPERVISE: &str = "__supervise";
pub(crate) const CHILD: &str = "__child";
pub(crate) const HOST: &str = "__host";

/// The longest that anything in here may take, whatever the machine does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A permit of a gate that retries nothing, for as long as the tests run.
pub(crate) async fn permit() -> &'static Permit {
    let options = GateOptions::new(Arc::new(NoHttp), Arc::new(Deaf));
    let operation = Operation::new(OperationKind::Command, "test", PATIENCE, PATIENCE);
    let permit = Gate::new(options).run(&operation, |permit| async move { Ok(permit) }).await;
    Box::leak(Box::new(permit.unwrap()))
}

/// Programs ask no web.
struct NoHttp;

impl Http for NoHttp {
    fn send<'a>(
        &'a self,
        _admission: &'a dyn Admission,
        _request: &'a HttpRequest,
    ) -> BoxFuture<'a, Result<HttpResponse, Failure>> {
        unreachable!()
    }
}

/// Nobody listens.
struct Deaf;

impl EventSink for Deaf {
    fn emit(&self, _event: Event) {}
}

/// A test of its own runtime.
pub(crate) fn trial<F>(name: &str, body: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let done = runtime.block_on(async { tokio::time::timeout(PATIENCE, body()).await });
        done.map_err(|_| Failed::from("it took too long"))
    })
}

/// Words that mark processes: no other process of this machine has them in its arguments.
pub(crate) fn mark() -> Mark {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Mark(format!("mark-{}-{}-", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Ends what has its mark when it goes, so that a failed test leaves nothing.
#[derive(Debug)]
pub(crate) struct Mark(String);

impl Mark {
    /// Somebody else's mark.
    pub(crate) fn borrowed(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The numbers of living processes with this mark.
    pub(crate) fn alive(&self) -> Vec<i32> {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                String::from_utf8_lossy(&line).contains(&self.0) && state(*pid) != Some('Z')
            })
            .collect()
    }

    /// Waits until exactly so many live; gives who.
    pub(crate) async fn count(&self, expected: usize) -> Vec<i32> {
        let began = Instant::now();
        loop {
            let alive = self.alive();
            if alive.len() == expected {
                return alive;
            }
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{} live instead of {expected}: {alive:?}",
                alive.len()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Nobody lives, now.
    pub(crate) fn assert_gone(&self) {
        assert_eq!(self.alive(), [0; 0], "survivors");
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        for pid in self.alive() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// The letter of `/proc/PID/stat`.
pub(crate) fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat[stat.rfind(')')? + 1..].trim_start().chars().next()
}

/// The parent of a process.
pub(crate) fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat[stat.rfind(')').unwrap() + 1..].split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A runner whose supervisors are this program, with the middle rung of the ladder.
pub(crate) fn processes() -> Processes {
    Processes::new(options())
}

pub(crate) fn options() -> ProcessOptions {
    let mut options = ProcessOptions::new(vec!["/proc/self/exe".into(), SUPERVISE.into()]);
    options.cgroup = false;
    options
}

/// Limits that a test can wait for.
pub(crate) fn limits() -> CommandLimits {
    CommandLimits {
        time: Duration::from_secs(40),
        grace: Duration::from_millis(300),
        ..CommandLimits::default()
    }
}

/// A misbehaving child: what it does, then its mark and anything else.
pub(crate) fn child(mark: &Mark, words: &[&str]) -> Invocation {
    child_with(mark, words, |grant| grant)
}

pub(crate) fn child_with(
    mark: &Mark,
    words: &[&str],
    change: impl FnOnce(CommandGrant) -> CommandGrant,
) -> Invocation {
    let (what, more) = words.split_first().unwrap();
    let grant = CommandGrant::new("child", std::env::current_exe().unwrap()).unwrap().limits(limits());
    let words = [CHILD, what, mark.as_str()].into_iter().chain(more.iter().copied());
    change(grant).own(words.map(Word::from).collect(), None)
}

/// A program of this machine, with these words.
pub(crate) fn program(path: &Path, words: &[&str]) -> Invocation {
    let grant = CommandGrant::new("program", path).unwrap().limits(limits());
    grant.own(words.iter().map(Word::from).collect(), None)
}

pub(crate) async fn run(invocation: &Invocation) -> Result<CommandOutput, Failure> {
    processes().run(permit().await, invocation, None).await
}

pub(crate) fn stdout(output: &CommandOutput) -> String {
    String::from_utf8_lossy(&output.stdout.bytes).into_owned()
}

/// Lines as they came.
#[derive(Default)]
pub(crate) struct Seen(pub(crate) Mutex<Vec<(OutputStream, String)>>);

impl LineSink for Seen {
    fn line(&self, stream: OutputStream, line: &str) {
        self.0.lock().unwrap().push((stream, line.to_owned()));
    }
}

impl Seen {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) async fn wait_for(&self, wanted: &str) {
        let began = Instant::now();
        while !self.0.lock().unwrap().iter().any(|(_, line)| line == wanted) {
            assert!(began.elapsed() < Duration::from_secs(20), "`{wanted}` was never said");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Writes an executable file, by another process: what writes it is then closed for certain, whatever this process
/// forks at the same time.
pub(crate) fn write_program(path: &Path, text: &str) {
    let mut shell = std::process::Command::new("/bin/sh")
        .args(["-c", r#"cat > "$1" && chmod 755 "$1""#, "sh"])
        .arg(path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
}

/// Copies an executable file, in the same way.
pub(crate) fn copy_program(from: &str, to: &Path) -> PathBuf {
    let done = std::process::Command::new("/bin/cp").arg(from).arg(to).status().unwrap();
    assert!(done.success());
    to.to_owned()
}

/// `NAME=value` lines as an environment.
pub(crate) fn environment(lines: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    lines.iter().map(|(name, value)| (name.into(), value.into())).collect()
}
