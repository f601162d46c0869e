//! A run that is under way: its lines as they come, signals, its end. Asserts nothing about the product.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Child,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::program::{Finished, exit_code};

/// How long a run may take before it is ended.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run that is under way. It is killed when this is dropped before its end.
#[derive(Debug)]
pub struct Running {
    child: Child,
    started: Instant,
    lines: Arc<Lines>,
    stderr: Option<JoinHandle<()>>,
    stdout: Option<JoinHandle<String>>,
}

#[derive(Debug, Default)]
struct Lines {
    so_far: Mutex<(Vec<String>, bool)>,
    more: Condvar,
}

impl Running {
    /// Watches a child whose outputs are pipes.
    pub(crate) fn watch(mut child: Child, started: Instant) -> Self {
        let lines = Arc::new(Lines::default());
        let stderr = child.stderr.take().map(|stream| {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let mut bytes = Vec::new();
                while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
                    let text = String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned();
                    lines.push(Some(text));
                    bytes.clear();
                }
                lines.push(None);
            })
        });
        let stdout = child.stdout.take().map(|mut stream| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // What came before an error is what there is.
                let _ = stream.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        Self { child, started, lines, stderr, stdout }
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of standard error that holds this text; says whether it came within the time.
    #[must_use]
    pub fn says(&self, text: &str, within: Duration) -> bool {
        self.lines.wait(|line| line.contains(text), within)
    }

    /// Standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.lines.lock().0.join("\n")
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// When the system cannot say.
    #[must_use]
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked for").is_some()
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "signal {name} cannot be sent to {}", self.id());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it takes longer than two minutes.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if self.started.elapsed() > PATIENCE {
                // The panic below says what happened; a child that is gone already cannot be killed.
                let _ = self.child.kill();
                panic!("the program did not end within {PATIENCE:?}; it said:\n{}", self.stderr());
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let elapsed = self.started.elapsed();
        if let Some(reader) = self.stderr.take() {
            // A reader that panicked has read what it has read.
            let _ = reader.join();
        }
        let stdout = self.stdout.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        let mut stderr = self.stderr();
        if !stderr.is_empty() {
            stderr.push('\n');
        }
        Finished { code: exit_code(status), stdout, stderr, elapsed }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended where `finish` was called; killing it again is refused, and no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    fn push(&self, line: Option<String>) {
        let mut so_far = self.lock();
        match line {
            Some(line) => so_far.0.push(line),
            None => so_far.1 = true,
        }
        drop(so_far);
        self.more.notify_all();
    }

    fn wait(&self, wanted: impl Fn(&str) -> bool, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let mut seen = 0;
        let mut so_far = self.lock();
        loop {
            if so_far.0[seen..].iter().any(|line| wanted(line)) {
                return true;
            }
            seen = so_far.0.len();
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|_| !so_far.1) else {
                return false;
            };
            so_far = self.more.wait_timeout(so_far, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<String>, bool)> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
