//! Two hundred targets: as many at the same time as there are jobs, whole lines, and no more memory than for a few.

use std::time::{Duration, Instant};

use crate::world::{SAY_ONE, SOON, World};

/// Waits, the first time, until as many are there as there may be.
fn meeting(jobs: usize) -> String {
    format!(
        r#"
echo + >> "$notes/open"
n=0
while [ "$(grep -c + "$notes/open")" -lt {jobs} ] && [ $n -lt 1000 ]; do sleep 0.02; n=$((n + 1)); done
echo - >> "$notes/open"
{SAY_ONE}
"#
    )
}

#[test]
fn as_many_are_built_at_the_same_time_as_there_are_jobs() {
    let world = World::new(200, &meeting(8));
    let done = world.run(&["--strategy", "build", "--jobs", "8", "--metadata-file", "m.json", "--quiet"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let (mut open, mut most, mut all) = (0, 0, 0);
    for mark in world.note("open").lines() {
        if mark == "+" {
            (open, all) = (open + 1, all + 1);
            most = most.max(open);
        } else {
            open -= 1;
        }
    }
    assert_eq!((most, all), (8, 200));
}

/// Each line in three pieces.
const PIECES: &str = r#"
n=0
while [ $n -lt 100 ]; do
    printf '%s %s ' "$uid" $n; printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; printf 'b\n'
    n=$((n + 1))
done >&2
"#;

#[test]
fn lines_are_whole_and_under_the_name_of_their_target() {
    let world = World::new(20, &format!("{PIECES}{SAY_ONE}"));
    let done = world.run(&["--strategy", "build", "--jobs", "6", "--metadata-file", "m.json"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let mut seen = 0;
    for line in done.stderr.lines().filter(|line| line.ends_with('b')) {
        let (name, rest) = line.split_once("] ").unwrap();
        let mut words = rest.split(' ');
        assert_eq!(words.next(), name.strip_prefix('['), "{line}");
        assert!(words.next().is_some_and(|number| number.parse::<u32>().is_ok()), "{line}");
        assert_eq!(words.next().map(str::len), Some(42), "{line}");
        seen += 1;
    }
    assert_eq!(seen, 20 * 100);
}

/// The most memory that a run had, in kilobytes.
fn peak(targets: usize) -> u64 {
    let chatter = "head -c 400000 /dev/zero | tr '\\0' x | fold -w 100 >&2";
    let world = World::new(targets, &format!("{chatter}\n{SAY_ONE}"));
    let mut running =
        world.build(&["--strategy", "build", "--jobs", "4", "--metadata-file", "m.json", "-q"]).start();
    let (begun, mut most) = (Instant::now(), 0);
    while !running.has_ended() {
        assert!(begun.elapsed() < 2 * SOON, "{}", running.stderr());
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        most = most.max(now.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(running.finish().code, 0);
    most
}

#[test]
fn many_targets_need_no_more_memory_than_a_few() {
    let (few, many) = (peak(12), peak(200));
    assert!(few > 1000 && many > 1000, "{few} {many}");
    assert!(many < few + 12_000, "{few} kB for 12 targets, {many} kB for 200");
}
