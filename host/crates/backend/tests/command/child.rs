//! The misbehaving children, each behind a word. Whatever they do, they end by themselves after two minutes.

use std::{
    ffi::OsString,
    io::{Read as _, Write as _},
    process::{Child, Command, ExitCode},
    thread::sleep,
    time::Duration,
};

use nix::sys::signal::SigSet;
use rustix::process::{Signal, getpgid, getpid, getppid, getsid, kill_process, setsid};

use crate::world::CHILD;

pub(crate) fn main(words: &[OsString]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let (what, mark, more) = (words[0], words[1], &words[2..]);
    match what {
        "sleep" => live(),
        "deaf" => {
            deaf();
            say("deaf");
            live();
        }
        // A process that not even its session leader's group reaches.
        "apart" => {
            let _ = setsid();
            deaf();
            say("apart");
            live();
        }
        "leave" => drop(spawn(more[0], mark, &more[1..])),
        // The child's child goes on when the child has ended.
        "double-fork" => {
            spawn("leave", mark, &["apart"]).wait().unwrap();
            deaf();
            say("ready");
            live();
        }
        "stop" => {
            say("stopping");
            kill_process(getpid(), Signal::STOP).unwrap();
            live();
        }
        "stop-deaf" => {
            deaf();
            say("stopping");
            kill_process(getpid(), Signal::STOP).unwrap();
            live();
        }
        "bomb" => bomb(mark, more[0].parse().unwrap()),
        "flood" => flood(more[0].parse().unwrap()),
        "close-outputs" => {
            let nothing = std::fs::File::options().write(true).open("/dev/null").unwrap();
            rustix::stdio::dup2_stdout(&nothing).unwrap();
            rustix::stdio::dup2_stderr(&nothing).unwrap();
            sleep(Duration::from_millis(300));
            return ExitCode::from(7);
        }
        "polite" => polite(),
        "environment" => std::env::vars_os().for_each(|(name, value)| println!("{name:?}={value:?}")),
        "descriptors" => descriptors(),
        "stdin" => {
            let mut input = Vec::new();
            std::io::stdin().read_to_end(&mut input).unwrap();
            println!("{} {}", input.len(), bakery_core::model::Digest::of(&input));
        }
        "who" => who(more),
        "network" => network(),
        "lines" => lines(),
        "exit" => return ExitCode::from(more[0].parse::<u8>().unwrap()),
        "kill-self" => {
            kill_process(getpid(), Signal::from_named_raw(more[0].parse().unwrap()).unwrap()).unwrap();
        }
        _ => panic!("no child `{what}`"),
    }
    ExitCode::SUCCESS
}

fn live() {
    sleep(Duration::from_secs(120));
}

fn say(word: &str) {
    // Nobody may listen any more.
    let _ = writeln!(std::io::stdout(), "{word}");
}

/// Hears no signal that can be blocked, and neither do its children.
fn deaf() {
    SigSet::all().thread_block().unwrap();
}

fn spawn(what: &str, mark: &str, more: &[&str]) -> Child {
    Command::new("/proc/self/exe").args([CHILD, what, mark]).args(more).spawn().unwrap()
}

/// Two children each, down to this depth, each in a session of its own and deaf.
fn bomb(mark: &str, depth: u32) {
    let _ = setsid();
    deaf();
    if depth > 0 {
        for _ in 0..2 {
            drop(spawn("bomb", mark, &[&(depth - 1).to_string()]));
        }
    }
    live();
}

fn flood(mebibytes: usize) {
    let piece = vec![b'x'; 1 << 20];
    for n in 0..mebibytes {
        std::io::stdout().write_all(&piece).unwrap();
        std::io::stderr().write_all(&piece).unwrap();
        if n % 2 == 0 {
            println!("line {n}");
        }
    }
    eprintln!("\nthe last word");
}

/// Ends well when it is asked to.
fn polite() {
    let set: SigSet = [nix::sys::signal::Signal::SIGTERM].into_iter().collect();
    set.thread_block().unwrap();
    say("ready");
    set.wait().unwrap();
    say("cleaned up");
}

fn descriptors() {
    let listed: Vec<_> =
        std::fs::read_dir("/proc/self/fd").unwrap().flatten().map(|entry| entry.path()).collect();
    // The descriptor that listed them is closed by now.
    let mut open: Vec<i32> = listed
        .iter()
        .filter(|path| std::fs::read_link(path).is_ok())
        .map(|path| path.file_name().unwrap().to_str().unwrap().parse().unwrap())
        .collect();
    open.sort_unstable();
    println!("{open:?}");
}

fn who(more: &[&str]) {
    let own = getpid();
    println!("leads its group: {}", getpgid(None).unwrap() == own);
    println!("leads its session: {}", getsid(None).unwrap() == own);
    println!("folder: {}", std::env::current_dir().unwrap().display());
    println!("orphan: {}", getppid().is_none_or(|parent| parent.as_raw_nonzero().get() == 1));
    println!("name: {}", std::env::args().next().unwrap());
    println!("words: {more:?}");
}

fn network() {
    let table = std::fs::read_to_string("/proc/net/dev").unwrap();
    let mut names: Vec<&str> =
        table.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim())).collect();
    names.sort_unstable();
    println!("{names:?}");
}

fn lines() {
    let mut out = std::io::stdout();
    for piece in [&b"one\r\n"[..], b"\n", b"  \n", b"tw", b"o\nbad \xff byte\rbar\r", b"unended"] {
        out.write_all(piece).unwrap();
        out.flush().unwrap();
        sleep(Duration::from_millis(20));
    }
    eprintln!("error line");
}
