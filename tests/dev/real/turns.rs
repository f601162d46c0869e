//! Two worktrees at the same commit build into one store, their commands taking turns in orders that the test chooses:
//! no name ever has two images. A script in buildah's place asks for each turn; while one has it, the other one waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::{Duration, Instant},
};

use bakery_tests::Running;
use serde_json::Value;

use crate::{
    Store,
    bench::{Bench, script},
    world::{World, write},
};

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Orders of one run of this test.
const ROUNDS: usize = 50;
/// Whoever cannot go on because the other one gives names asks for nothing for so long.
const QUIET: Duration = Duration::from_millis(250);
/// A look at the name that an image is built under.
const TEMPORARY: &str = "inspect localhost/bakery-dev-build:";

/// Names, and every image that each of them ever had.
type Ever = BTreeMap<String, BTreeSet<String>>;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    A,
    B,
}

impl Who {
    fn other(self) -> Self {
        if self == Self::A { Self::B } else { Self::A }
    }

    fn word(self) -> &'static str {
        if self == Self::A { "A" } else { "B" }
    }
}

/// Which of so many places, taken `of` at a time, have the first word; the orders are counted through.
fn order(places: usize, of: usize, index: usize, first: Who) -> Vec<Who> {
    let mut orders = Vec::new();
    for bits in 0_u32..1 << places {
        if usize::try_from(bits.count_ones()) == Ok(of) {
            let who = |place| if bits >> place & 1 == 1 { first } else { first.other() };
            orders.push((0..places).map(who).collect());
        }
    }
    orders.swap_remove(index % orders.len())
}

/// Two runs, and whose turn it is.
struct Turns<'a> {
    bench: &'a Bench,
    runs: [Running; 2],
    granted: [usize; 2],
    /// When each had its last turn.
    last: [Instant; 2],
    /// Who has the right to give names.
    tagging: Option<Who>,
    /// Turns so far: `A:inspect`.
    taken: Vec<String>,
    ever: Ever,
}

impl<'a> Turns<'a> {
    fn start(bench: &'a Bench, folders: [&Path; 2], arguments: [&[&str]; 2]) -> Self {
        let run = |who: Who| {
            let folder = bench.path(who.word());
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            assert!(Command::new("mkfifo").arg(folder.join("turn")).status().unwrap().success());
            let text = format!(
                "#!/bin/sh\nfor last in \"$@\"; do :; done\necho \"$1 $last\" >>{0}/asked\n\
                 read turn <{0}/turn\n{1} \"$@\"; code=$?\necho \"$1 $last\" >>{0}/done\nexit $code\n",
                folder.display(),
                bench.buildah().display(),
            );
            script(&folder, "buildah", &text);
            let mut path = folder.into_os_string();
            path.push(":");
            path.push(std::env::var_os("PATH").unwrap());
            bench.program(folders[who as usize], arguments[who as usize]).env("PATH", path).start()
        };
        let runs = [run(Who::A), run(Who::B)];
        Self {
            bench,
            runs,
            granted: [0, 0],
            last: [Instant::now(); 2],
            tagging: None,
            taken: Vec::new(),
            ever: Ever::new(),
        }
    }

    fn lines(&self, who: Who, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.bench.path(who.word()).join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn is_asking(&self, who: Who) -> bool {
        self.lines(who, "asked").len() > self.granted[who as usize]
    }

    /// Whether it built and looked at what it built: next it gives names.
    fn has_built(&self, who: Who) -> bool {
        let done = self.lines(who, "done");
        done.last().is_some_and(|call| call.starts_with(TEMPORARY))
            && done.iter().rev().nth(1).is_some_and(|call| call.starts_with("build "))
    }

    /// Who has built gives names until it looks at the name that it was built under again.
    fn follow(&mut self, who: Who) {
        let last = self.lines(who, "asked").pop().unwrap_or_default();
        if self.has_built(who) {
            self.tagging = Some(who);
        } else if self.tagging == Some(who) && last.starts_with(TEMPORARY) {
            self.tagging = None;
        }
    }

    /// Waits until it is clear what it does next; says whether that is a turn.
    fn settle(&mut self, who: Who) -> bool {
        let began = Instant::now();
        loop {
            if self.is_asking(who) {
                self.follow(who);
                return true;
            }
            if self.runs[who as usize].has_ended() {
                if self.tagging == Some(who) {
                    self.tagging = None;
                }
                return false;
            }
            if self.has_built(who)
                && self.tagging == Some(who.other())
                && self.last[who as usize].elapsed() > QUIET
            {
                return false;
            }
            assert!(began.elapsed() < PATIENCE, "{who:?} hangs: {:?}", self.taken);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// One turn.
    fn turn(&mut self, who: Who) {
        let done = self.lines(who, "done").len();
        fs::write(self.bench.path(who.word()).join("turn"), "\n").unwrap();
        self.granted[who as usize] += 1;
        let began = Instant::now();
        while self.lines(who, "done").len() == done {
            assert!(began.elapsed() < PATIENCE, "{who:?} hangs in its turn: {:?}", self.taken);
            std::thread::sleep(Duration::from_millis(2));
        }
        let call = self.lines(who, "asked").get(done).cloned().unwrap_or_default();
        let word = call.split(' ').next().unwrap_or_default();
        self.taken.push(format!("{}:{word}", who.word()));
        self.last[who as usize] = Instant::now();
        for (name, id) in names(self.bench.store()) {
            self.ever.entry(name).or_default().insert(id);
        }
        self.settle(who);
    }

    /// Gives turns in this order, and then one to each until both have ended.
    fn play(mut self, wanted: impl IntoIterator<Item = Who>) -> Played {
        let mut wanted = wanted.into_iter();
        let mut next = Who::A;
        loop {
            next = wanted.next().unwrap_or_else(|| next.other());
            match (self.settle(next), self.settle(next.other())) {
                (true, _) => self.turn(next),
                (false, true) => self.turn(next.other()),
                (false, false) => break,
            }
        }
        let ends = self.runs.map(|run| {
            let done = run.finish();
            assert_eq!(done.code, 0, "{:?}: {}", self.taken, done.stderr);
            let answer: Value = serde_json::from_str(&done.stdout).unwrap();
            answer["images"]["connect"]["id"].as_str().unwrap().to_owned()
        });
        Played { taken: self.taken.join(" "), ever: self.ever, ends }
    }
}

/// What became of it.
struct Played {
    /// The turns.
    taken: String,
    ever: Ever,
    /// The ids that both say they have.
    ends: [String; 2],
}

/// What the store's own file says: asking buildah takes longer than a turn.
fn names(store: &Store) -> Vec<(String, String)> {
    let file = store.place.path().join("root/vfs-images/images.json");
    let images: Value = fs::read(file).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
    let mut all = Vec::new();
    for image in images.as_array().into_iter().flatten() {
        for name in image["names"].as_array().into_iter().flatten() {
            all.push((name.as_str().unwrap().to_owned(), image["id"].as_str().unwrap().to_owned()));
        }
    }
    all
}

const BUILD: [&str; 6] = ["dev", "build", "connect", "--json", "--store", "buildah"];

/// The repository with its two worktrees, and a store.
struct Pair {
    bench: Bench,
    world: World,
    second: PathBuf,
}

impl Pair {
    fn new() -> Self {
        let world = World::new();
        Self { second: world.second(), bench: Bench::with_store(), world }
    }

    fn folders(&self) -> [&Path; 2] {
        [&self.world.root, &self.second]
    }
}

/// The order of a round: three turns of each in one of twenty orders; then whoever was quicker gives names, while the
/// other one would have turns if it could; then two turns of the quicker and five of the other in one of twenty-one.
fn wanted(round: usize) -> Vec<Who> {
    let first = order(6, 3, round, Who::A);
    let third = |who: Who| first.iter().enumerate().filter(|(_, one)| **one == who).map(|(at, _)| at).max();
    let quick = if third(Who::A) < third(Who::B) { Who::A } else { Who::B };
    let last = order(7, 2, round * 8 + round / 20, quick);
    first.into_iter().chain([quick.other(), quick, quick.other()]).chain(last).collect()
}

fn round(pair: &Pair, round: usize) -> Played {
    let same = round.is_multiple_of(3);
    write(&pair.world.root, "app/data", format!("round {round}"));
    write(&pair.second, "app/data", format!("round {round}{}", if same { "" } else { " of the second" }));
    for folder in pair.folders() {
        pair.bench.ok(folder, &["dev", "tag", "--lock"]);
    }
    let played = Turns::start(&pair.bench, pair.folders(), [&BUILD, &BUILD]).play(wanted(round));
    assert_eq!(played.ends[0] == played.ends[1], same, "{}", played.taken);
    for folder in pair.folders() {
        assert_eq!(pair.bench.findings(folder), [], "{}", played.taken);
    }
    played
}

pub(crate) fn fifty() {
    let (orders, ever) = (Mutex::new(BTreeSet::new()), Mutex::new(Vec::new()));
    let workers = 2;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (orders, ever) = (&orders, &ever);
            scope.spawn(move || {
                let mut pair = Pair::new();
                for (nth, at) in (worker..ROUNDS).step_by(workers).enumerate() {
                    // A store with many images is slow.
                    if nth % 10 == 9 {
                        pair = Pair::new();
                    }
                    let played = round(&pair, at);
                    assert!(orders.lock().unwrap().insert(played.taken.clone()), "twice: {}", played.taken);
                    ever.lock().unwrap().push((played.taken, played.ever));
                }
            });
        }
    });
    assert_eq!(orders.into_inner().unwrap().len(), ROUNDS);
    for (taken, ever) in ever.into_inner().unwrap() {
        assert!(ever.values().all(|ids| ids.len() == 1), "{taken}: {ever:?}");
    }
}

/// `--force` alone moves a name, and the other worktree's check says so.
pub(crate) fn forced() {
    let force = ["dev", "build", "connect", "--force", "connect", "--json", "--store", "buildah"];
    let mut orders = BTreeSet::new();
    for place in 0..6 {
        let pair = Pair::new();
        for folder in pair.folders() {
            write(folder, "app/data", format!("forced {place}"));
            pair.bench.ok(folder, &BUILD);
        }
        let before = names(pair.bench.store());
        assert_eq!(before.len(), 1);
        let wanted = (0..6).flat_map(|at| [Who::B, Who::A].into_iter().skip(usize::from(at != place)));
        let played = Turns::start(&pair.bench, pair.folders(), [&force, &BUILD]).play(wanted);
        let (name, old) = &before[0];
        let [moved, seen] = &played.ends;
        assert_ne!(moved, &format!("sha256:{old}"), "{}", played.taken);
        let now = names(pair.bench.store());
        assert_eq!(now.iter().map(|(name, _)| name).collect::<Vec<_>>(), [name], "{}", played.taken);
        for (name, ids) in &played.ever {
            let most = if name == &before[0].0 { 2 } else { 1 };
            assert!(ids.len() <= most, "{}: {name}: {ids:?}", played.taken);
        }
        assert_eq!(pair.bench.findings(&pair.world.root), [], "{}", played.taken);
        let codes: Vec<String> =
            pair.bench.findings(&pair.second).into_iter().map(|finding| finding.code).collect();
        let told = if seen == moved { vec![] } else { vec!["other-image".to_owned()] };
        assert_eq!(codes, told, "{}", played.taken);
        orders.insert(played.taken);
    }
    assert!(orders.len() >= 5, "{orders:?}");
}
