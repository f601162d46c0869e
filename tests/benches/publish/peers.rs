//! Other clients that do the same job in the same session, as a pipeline drives them: one process per operation.
//! What is not installed is said to be absent; what fails is said to have failed, and gives no figure.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use bakery_tests::{on_path, publish::Built};

use crate::measure::Stage;

/// Requests of the job with `oras`, where the predecessor's commands were counted, by their parts: waiting for two
/// sources, making the index, copying it under its tags, reading the tags back.
const ORAS: [usize; 4] = [6, 11, 64, 12];
/// The same for a target with one tag: three pushes of a tag less, and three processes of three requests that read back.
pub(crate) const ORAS_ONE_TAG: usize = ORAS[0] + ORAS[1] + ORAS[2] - 3 + ORAS[3] / 4;

/// Requests and seconds for one target where they were measured.
const ELSEWHERE: [(&str, usize, f64); 3] = [("oras", 93, 3.12), ("crane", 111, 3.71), ("regctl", 114, 4.33)];

/// Runs every client that there is.
pub(crate) fn compare(built: &Built, ours: usize, elapsed: Duration) {
    for (name, requests, seconds) in ELSEWHERE {
        if on_path(name).is_none() {
            println!(
                "{name:<46} absent here; {requests} requests and {seconds:.1} s where it was measured: {:.1} times \
                 the requests",
                requests as f64 / ours as f64
            );
            continue;
        }
        let stage = Stage::far(built);
        let begun = Instant::now();
        match run(name, built, &stage) {
            Err(reason) => println!("{name:<46} failed: {reason}"),
            Ok(()) => {
                let (took, count) = (begun.elapsed(), stage.registry.log().len());
                println!(
                    "{name:<46} {count:>5} requests {:>7.2} s  {:.1} times the requests, {:.1} times the time",
                    took.as_secs_f64(),
                    count as f64 / ours as f64,
                    took.as_secs_f64() / elapsed.as_secs_f64(),
                );
            }
        }
    }
}

fn run(name: &str, built: &Built, stage: &Stage) -> Result<(), String> {
    let host = stage.registry.host();
    let target = &built.targets[0];
    let staging = format!("{host}/{}", built.staging());
    // The newest platform first, as the merge rule orders them.
    let sources: Vec<String> =
        target.sources().values().rev().map(|digest| format!("{staging}@{digest}")).collect();
    let temporary = format!("{staging}:{}0000000000", target.uid);
    let tags = [built.immutable(target), built.floating(target)].concat();
    let destination = format!("{host}/{}", built.destinations()[0]);
    let plan = Plan { sources: &sources, temporary: &temporary, destination: &destination, tags: &tags };
    let commands = match name {
        "oras" => plan.oras(),
        "crane" => plan.crane(),
        _ => plan.regctl(host),
    };
    for words in commands {
        spawn(name, &words, stage.job.path())?;
    }
    let there = stage.registry.tags(&built.destinations()[0]);
    if there.len() == tags.len() { Ok(()) } else { Err(format!("{} of {} tags", there.len(), tags.len())) }
}

/// The job, for any client.
struct Plan<'a> {
    sources: &'a [String],
    temporary: &'a str,
    destination: &'a str,
    tags: &'a [String],
}

impl Plan<'_> {
    /// The predecessor's own command lines, but for plain http.
    fn oras(&self) -> Vec<Vec<String>> {
        let mut all: Vec<Vec<String>> = Vec::new();
        let fetch =
            |reference: &str| words(&["manifest", "fetch", "--plain-http", "--descriptor", reference]);
        all.extend(self.sources.iter().map(|source| fetch(source)));
        let mut create = words(&["manifest", "index", "create", "--plain-http", self.temporary]);
        create.extend(self.sources.iter().cloned());
        create.extend(words(&["--annotation", "org.opencontainers.image.title=App"]));
        all.push(create);
        let to = format!("{}:{}", self.destination, self.tags.join(","));
        all.push(words(&["cp", "--from-plain-http", "--to-plain-http", self.temporary, &to]));
        all.extend(self.tags.iter().map(|tag| fetch(&format!("{}:{tag}", self.destination))));
        all
    }

    fn crane(&self) -> Vec<Vec<String>> {
        let digest = |reference: &str| words(&["digest", "--insecure", reference]);
        let mut all: Vec<Vec<String>> = self.sources.iter().map(|source| digest(source)).collect();
        let mut append = words(&["index", "append", "--insecure", "-t", self.temporary]);
        append.extend(self.sources.iter().flat_map(|source| words(&["-m", source])));
        all.push(append);
        for (number, tag) in self.tags.iter().enumerate() {
            let first = format!("{}:{}", self.destination, self.tags[0]);
            all.push(match number {
                0 => words(&["copy", "--insecure", self.temporary, &first]),
                _ => words(&["tag", "--insecure", &first, tag]),
            });
        }
        all.extend(self.tags.iter().map(|tag| digest(&format!("{}:{tag}", self.destination))));
        all
    }

    fn regctl(&self, host: &str) -> Vec<Vec<String>> {
        let plain = format!("reg={host},tls=disabled");
        let with = |rest: &[&str]| [words(&["--host", &plain]), words(rest)].concat();
        let mut all: Vec<Vec<String>> =
            self.sources.iter().map(|source| with(&["manifest", "head", source])).collect();
        let mut create = with(&["index", "create", self.temporary]);
        create.extend(self.sources.iter().flat_map(|source| words(&["--ref", source])));
        all.push(create);
        let at = |tag: &String| format!("{}:{tag}", self.destination);
        all.extend(self.tags.iter().map(|tag| with(&["image", "copy", self.temporary, &at(tag)])));
        all.extend(self.tags.iter().map(|tag| with(&["manifest", "head", &at(tag)])));
        all
    }
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|&word| word.to_owned()).collect()
}

fn spawn(name: &str, words: &[String], folder: &Path) -> Result<(), String> {
    let log = folder.join("peer.log");
    let stderr = fs::File::create(&log).map_err(|error| error.to_string())?;
    let status = Command::new(name)
        .args(words)
        .env("DOCKER_CONFIG", folder.join("docker"))
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .status()
        .map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let said = fs::read_to_string(&log).unwrap_or_default();
    Err(format!("`{name} {}`: {}", words.join(" "), said.lines().last().unwrap_or_default()))
}
