//! Reads one stream of a program to its end, keeps its beginning and its last lines, and counts the rest. Never stops
//! reading, so that a program never waits for a reader.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bakery_core::port::command::{Captured, LineSink, OutputStream};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    task::JoinHandle,
};

use super::lines::Lines;

/// Lines that are kept for a failure.
const LAST_LINES: usize = 50;

/// Bytes of one read.
const PIECE: usize = 64 << 10;

/// A stream that is read in the background.
pub(super) struct Reading {
    shared: Arc<Mutex<Capture>>,
    task: JoinHandle<()>,
}

struct Capture {
    stream: OutputStream,
    keep: usize,
    bytes: Vec<u8>,
    dropped: u64,
    lines: Lines,
    last: VecDeque<String>,
    sink: Option<Arc<dyn LineSink>>,
}

impl Reading {
    /// Begins to read. Keeps `keep` bytes, and lines of at most `line` bytes.
    pub(super) fn begin(
        source: Option<impl AsyncRead + Send + Unpin + 'static>,
        stream: OutputStream,
        keep: usize,
        line: usize,
        sink: Option<Arc<dyn LineSink>>,
    ) -> Self {
        let capture = Capture {
            stream,
            keep,
            bytes: Vec::new(),
            dropped: 0,
            lines: Lines::new(line),
            last: VecDeque::new(),
            sink,
        };
        let shared = Arc::new(Mutex::new(capture));
        let task = tokio::spawn(read(source, Arc::clone(&shared)));
        Self { shared, task }
    }

    /// Completes when the stream has ended.
    pub(super) async fn ended(&mut self) {
        // A reader that panicked has ended too.
        let _ = (&mut self.task).await;
    }

    /// Everything so far. Nothing is read after this.
    pub(super) fn finish(self) -> Captured {
        self.task.abort();
        let mut capture = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        capture.end();
        Captured {
            bytes: std::mem::take(&mut capture.bytes),
            dropped: capture.dropped,
            last: std::mem::take(&mut capture.last).into(),
        }
    }
}

async fn read(source: Option<impl AsyncRead + Unpin>, shared: Arc<Mutex<Capture>>) {
    let Some(mut source) = source else { return };
    let mut piece = vec![0; PIECE];
    // A broken pipe has nothing more to give.
    while let Ok(length @ 1..) = source.read(&mut piece).await {
        shared.lock().unwrap_or_else(PoisonError::into_inner).take(&piece[..length]);
    }
}

impl Capture {
    fn take(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(self.keep - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.dropped += (bytes.len() - kept) as u64;
        self.with_lines(|lines, give| lines.push(bytes, give));
    }

    fn end(&mut self) {
        self.with_lines(|lines, give| lines.end(give));
    }

    fn with_lines(&mut self, work: impl FnOnce(&mut Lines, &mut dyn FnMut(String))) {
        let Self { stream, lines, last, sink, .. } = self;
        work(lines, &mut |line| {
            if let Some(sink) = sink {
                sink.line(*stream, &line);
            }
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl LineSink for Seen {
        fn line(&self, _: OutputStream, line: &str) {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }

    #[tokio::test]
    async fn the_beginning_and_the_last_lines_are_kept_and_the_rest_is_counted() {
        let text: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let seen = Arc::new(Seen::default());
        let source = Some(std::io::Cursor::new(text.clone().into_bytes()));
        let mut reading = Reading::begin(source, OutputStream::Stdout, 100, 64, Some(seen.clone()));
        reading.ended().await;
        let captured = reading.finish();
        assert_eq!(captured.bytes, text.as_bytes()[..100]);
        assert_eq!(captured.dropped, text.len() as u64 - 100);
        assert_eq!(captured.last.len(), LAST_LINES);
        assert_eq!(captured.last.last().unwrap(), "line 999");
        assert_eq!(seen.0.lock().unwrap().len(), 1000);
    }
}
