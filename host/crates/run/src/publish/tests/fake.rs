//! Steps that do what a test says, and write down what they were asked, when they began and when they ended.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use bakery_core::{
    model::{Repository, Tag},
    port::{
        BoxFuture, Event, EventSink, Failure, FailureKind, StepCall, StepOutcome, StepRunner, Steps,
        registry::{Access, Traffic},
    },
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::act::{Act, effect};

/// What is written down, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A call began: when, and its place among all calls.
    Begin(Duration, usize),
    /// It ended.
    End(Duration, usize),
    /// The run said that a target began a step.
    Step(String, &'static str),
    /// The signal came.
    Signal,
}

/// A call, as words: `a index-tag r.example/one/app:1.0,1.0.1`.
pub(super) struct Words<'a>(pub(super) &'a StepCall);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.task.uid, self.0.step)?;
        let [destination] = self.0.task.destinations.as_slice() else { return Ok(()) };
        if self.0.step == "index-tag" {
            let tags: Vec<&str> = destination.tags.iter().map(|tag| tag.as_str()).collect();
            write!(f, " {}:{}", destination.repository, tags.join(","))?;
        }
        Ok(())
    }
}

/// What calls do whose words begin so.
type Rule = (&'static str, fn() -> Act);
type Script = dyn Fn(&StepCall) -> Act + Send + Sync;

#[derive(Clone)]
pub(super) struct Fake {
    inner: Arc<Inner>,
}

struct Inner {
    script: Box<Script>,
    began: Instant,
    log: Mutex<Log>,
    signal: watch::Sender<bool>,
}

#[derive(Default)]
struct Log {
    lines: Vec<Line>,
    calls: Vec<StepCall>,
    events: Vec<Event>,
    opened: Vec<(String, Vec<Access>)>,
    failed: Vec<String>,
}

impl Fake {
    /// Steps that do this.
    pub(super) fn new(script: impl Fn(&StepCall) -> Act + Send + Sync + 'static) -> Self {
        let (signal, _) = watch::channel(false);
        let inner = Inner { script: Box::new(script), began: Instant::now(), log: Mutex::default(), signal };
        Self { inner: Arc::new(inner) }
    }

    /// Steps that do this for calls whose words begin so, and well at once for all others.
    pub(super) fn scripted<const N: usize>(rules: [Rule; N]) -> Self {
        Self::new(move |call| {
            let words = Words(call).to_string();
            let rule = rules.iter().find(|(prefix, _)| words.starts_with(prefix));
            rule.map_or_else(Act::well, |(_, act)| act())
        })
    }

    /// The signal comes now.
    pub(super) fn cancel(&self) {
        self.log(|log| log.lines.push(Line::Signal));
        self.inner.signal.send_replace(true);
    }

    /// The signal comes later.
    pub(super) fn cancel_after(&self, after: Duration) {
        let fake = self.clone();
        tokio::spawn(async move {
            sleep(after).await;
            fake.cancel();
        });
    }

    pub(super) fn is_cancelled(&self) -> bool {
        *self.inner.signal.borrow()
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.log(|log| log.lines.clone())
    }

    pub(super) fn calls(&self) -> Vec<StepCall> {
        self.log(|log| log.calls.clone())
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.log(|log| log.events.clone())
    }

    pub(super) fn opened(&self) -> Vec<(String, Vec<Access>)> {
        self.log(|log| log.opened.clone())
    }

    /// What calls that failed said; those that the signal ended are not among them.
    pub(super) fn failed(&self) -> Vec<String> {
        self.log(|log| log.failed.clone())
    }

    /// Whether a tag was moved.
    pub(super) fn moved(&self, repository: &Repository, tag: &Tag) -> bool {
        let wanted = effect("tag", &format!("{repository}:{tag}"));
        self.events().iter().any(|event| matches!(event, Event::Of { event, .. } if **event == wanted))
    }

    /// Words of all calls, in the order in which they began.
    pub(super) fn began(&self) -> Vec<String> {
        self.calls().iter().map(|call| Words(call).to_string()).collect()
    }

    /// The whole log as text: `20ms begin a index-create`.
    pub(super) fn text(&self) -> String {
        let calls = self.began();
        let line = |line: &Line| match line {
            Line::Begin(at, call) => Some(format!("{}ms begin {}", at.as_millis(), calls[*call])),
            Line::End(at, call) => Some(format!("{}ms end {}", at.as_millis(), calls[*call])),
            Line::Signal => Some("signal".to_owned()),
            Line::Step(..) => None,
        };
        self.lines().iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }

    /// When the first call whose words begin so began.
    pub(super) fn begin_of(&self, words: &str) -> Duration {
        self.place(words, |line, call| matches!(line, Line::Begin(_, at) if *at == call))
    }

    /// When the first call whose words begin so ended.
    pub(super) fn end_of(&self, words: &str) -> Duration {
        self.place(words, |line, call| matches!(line, Line::End(_, at) if *at == call))
    }

    fn place(&self, words: &str, wanted: impl Fn(&Line, usize) -> bool) -> Duration {
        let call = self.began().iter().position(|call| call.starts_with(words));
        let call = call.unwrap_or_else(|| panic!("`{words}` was never called:\n{}", self.text()));
        match self.lines().iter().find(|line| wanted(line, call)) {
            Some(Line::Begin(at, _) | Line::End(at, _)) => *at,
            _ => panic!("`{words}` did not end:\n{}", self.text()),
        }
    }

    fn log<T>(&self, with: impl FnOnce(&mut Log) -> T) -> T {
        with(&mut self.inner.log.lock().unwrap())
    }

    async fn signal(&self) {
        // The sender lives as long as this.
        let _ = self.inner.signal.subscribe().wait_for(|came| *came).await;
    }

    async fn call(&self, call: &StepCall, events: &dyn EventSink) -> Result<StepOutcome, Failure> {
        let number = self.log(|log| {
            let number = log.calls.len();
            log.lines.push(Line::Begin(self.inner.began.elapsed(), number));
            log.calls.push(call.clone());
            number
        });
        let act = (self.inner.script)(call);
        let answer = tokio::select! {
            biased;
            () = self.signal() => Err(Failure::new(FailureKind::Cancelled, "r.example", "cancelled")),
            answer = act.end(call, events) => answer,
        };
        self.log(|log| {
            log.lines.push(Line::End(self.inner.began.elapsed(), number));
            let failure = answer.as_ref().err().filter(|failure| failure.kind != FailureKind::Cancelled);
            log.failed.extend(failure.map(|failure| failure.message.clone()));
        });
        answer
    }
}

impl Steps for Fake {
    fn open(&self, uid: &str, accesses: &[Access], events: Arc<dyn EventSink>) -> Arc<dyn StepRunner> {
        self.log(|log| log.opened.push((uid.to_owned(), accesses.to_vec())));
        Arc::new(Runner { fake: self.clone(), uid: uid.to_owned(), events })
    }
}

impl EventSink for Fake {
    fn emit(&self, event: Event) {
        self.log(|log| {
            if let Event::Of { target, event } = &event
                && let Event::Step { step } = **event
            {
                log.lines.push(Line::Step(target.to_string(), step));
            }
            log.events.push(event);
        });
    }
}

struct Runner {
    fake: Fake,
    uid: String,
    events: Arc<dyn EventSink>,
}

impl StepRunner for Runner {
    fn run<'a>(&'a self, call: &'a StepCall) -> BoxFuture<'a, Result<StepOutcome, Failure>> {
        assert_eq!(call.task.uid, self.uid, "every target has a runner of its own");
        Box::pin(self.fake.call(call, &*self.events))
    }

    /// One request per call.
    fn traffic(&self) -> Traffic {
        let calls = self.fake.calls().iter().filter(|call| call.task.uid == self.uid).count() as u64;
        Traffic { requests: calls, sent: 10, received: 100 }
    }
}

/// The most slots that were taken at one time: a target has one from `index-create` to the end of `index-place`.
pub(super) fn most_slots(fake: &Fake) -> usize {
    let calls = fake.calls();
    let (mut taken, mut most) = (0_usize, 0);
    let mut failed_to_place = 0;
    for line in fake.lines() {
        match line {
            Line::Begin(_, call) if matches!(calls[call].step, "index-create" | "index-tag") => taken += 1,
            Line::End(_, call) if matches!(calls[call].step, "index-place" | "index-tag") => taken -= 1,
            Line::End(_, call) if calls[call].step == "index-create" => {
                let place =
                    |one: &StepCall| one.step == "index-place" && one.task.uid == calls[call].task.uid;
                if !calls.iter().any(place) {
                    failed_to_place += 1;
                    taken -= 1;
                }
            }
            _ => {}
        }
        most = most.max(taken);
    }
    assert_eq!(taken, 0, "{failed_to_place} indexes went nowhere:\n{}", fake.text());
    most
}
