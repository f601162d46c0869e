//! A small HTTP/1.1 server on loopback that answers what a test tells it to, and writes down what it was asked.
//! Keeps connections open; knows GET and HEAD; not a model of any real upstream.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Extra headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How long the server waits before it answers.
    pub delay: Duration,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, body)
    }

    /// This status with this body.
    pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delay: Duration::ZERO }
    }

    /// The same with another header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, later.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

type Route = Box<dyn Fn(usize) -> Answer + Send + Sync>;

#[derive(Default)]
struct State {
    routes: Mutex<HashMap<String, (Arc<Route>, usize)>>,
    log: Mutex<Vec<String>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// The server. It stops when it is dropped.
pub struct Upstream {
    state: Arc<State>,
    address: SocketAddr,
}

impl Upstream {
    /// Starts on a free port of loopback.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.stopped.load(Ordering::SeqCst) {
                    break;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { state, address }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers requests for `path` with `answer`.
    pub fn on(&self, path: &str, answer: Answer) {
        self.on_each(path, move |_| answer.clone());
    }

    /// Answers the n-th request for `path` (from 0) with what the function makes.
    pub fn on_each(&self, path: &str, answer: impl Fn(usize) -> Answer + Send + Sync + 'static) {
        lock(&self.state.routes).insert(path.to_owned(), (Arc::new(Box::new(answer)), 0));
    }

    /// Every request so far, as `GET /path`.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        lock(&self.state.log).clone()
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // The accepting thread notices at its next connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(state: &State, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) == 0 {
                return;
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut words = first.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return };
        lock(&state.log).push(format!("{method} {target}"));
        let path = target.split('?').next().unwrap_or(target);
        let found = lock(&state.routes).get_mut(path).map(|(route, count)| {
            *count += 1;
            (Arc::clone(route), *count - 1)
        });
        let answer = found.map_or_else(|| Answer::status(404, "nothing here"), |(route, n)| route(n));
        std::thread::sleep(answer.delay);
        if state.stopped.load(Ordering::SeqCst) || write_answer(&mut writer, method, &answer).is_err() {
            return;
        }
    }
}

fn write_answer(writer: &mut TcpStream, method: &str, answer: &Answer) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} x\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if method != "HEAD" {
        bytes.extend_from_slice(&answer.body);
    }
    writer.write_all(&bytes)?;
    writer.flush()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
