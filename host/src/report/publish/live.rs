//! The live area of a terminal: how far the run is, who waits for what and how long. Decides nothing.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{course::Course, words as sentences};
use crate::report::{escape, words};

/// Targets that have a line of their own.
const ROWS: usize = 8;
/// Time between two drawings.
const TICK: Duration = Duration::from_millis(120);
/// How a spinner turns.
const TURNS: [char; 4] = ['-', '\\', '|', '/'];

/// An area that draws itself from now on.
pub(super) fn area(course: &Arc<Mutex<Course>>, target: ProgressDrawTarget) -> ProgressBar {
    let started = Instant::now();
    let course = Arc::clone(course);
    let text = move |_: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
        let course = course.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = out.write_str(&draw(&course, started, Instant::now()));
    };
    let style =
        ProgressStyle::with_template("{area}").expect("the template is a constant").with_key("area", text);
    let bar = ProgressBar::with_draw_target(None, target).with_style(style);
    bar.enable_steady_tick(TICK);
    bar
}

/// The area at one moment.
fn draw(course: &Course, started: Instant, now: Instant) -> String {
    let elapsed = now.saturating_duration_since(started);
    let turn = TURNS[usize::try_from(elapsed.as_millis() / TICK.as_millis()).unwrap_or(0) % TURNS.len()];
    let waiting = course.waiting();
    let mut text = format!(
        "{turn} {} of {} done, {} running, {waiting} waiting{}, {}",
        course.done,
        words::count(course.planned, "target"),
        course.active.len() - waiting,
        if course.ended_badly > 0 { format!(", {} failed", course.ended_badly) } else { String::new() },
        words::duration(elapsed)
    );
    // Those that wait come first: they are why the run takes long.
    let (idle, busy): (Vec<_>, Vec<_>) =
        course.active.iter().partition(|(_, active)| !active.waits.is_empty());
    for (target, active) in idle.iter().chain(&busy).take(ROWS) {
        let _ = write!(text, "\n    {}: ", escape::line(target));
        let longest = active.waits.iter().max_by_key(|(_, wait)| wait.elapsed(now));
        match longest {
            Some((subject, wait)) => {
                let more = match active.waits.len() - 1 {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let _ = write!(
                    text,
                    "waits for {}{more}, {} of {}",
                    short(subject),
                    words::duration(wait.elapsed(now)),
                    words::duration(wait.budget())
                );
            }
            None => text.push_str(sentences::step(active.step)),
        }
    }
    if course.active.len() > ROWS {
        let _ = write!(text, "\n    and {} more", course.active.len() - ROWS);
    }
    text
}

/// A subject with its digest cut to what tells it apart.
fn short(subject: &str) -> String {
    let subject = escape::line(subject);
    match subject.split_once("@sha256:") {
        Some((name, digest)) => {
            let digest: String = digest.chars().take(12).collect();
            format!("{name}@sha256:{digest}")
        }
        None => subject,
    }
}

#[cfg(test)]
mod tests {
    use bakery_core::port::Event;

    use super::*;

    fn course(targets: usize) -> (Course, Instant) {
        let now = Instant::now();
        let mut course = Course::new(targets + 3);
        for number in 0..targets {
            course.take(&format!("app-{number}").into(), &Event::Step { step: "index-place" }, now);
        }
        (course, now)
    }

    fn waiting(subject: &str) -> Event {
        Event::Waiting {
            subject: subject.to_owned(),
            message: String::new(),
            elapsed: Duration::from_secs(30),
            delay: Duration::ZERO,
            remaining: Duration::from_secs(570),
        }
    }

    #[test]
    fn the_area_says_who_waits_for_what_and_how_long_and_who_works() {
        let (mut course, now) = course(3);
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        course.take(&"app-2".into(), &waiting(&format!("r.example/tmp@{digest}")), now);
        course.take(&"app-2".into(), &waiting("r.example/tmp@sha256:ff"), now);
        course.end("app-0", true);
        insta::assert_snapshot!(draw(&course, now, now + Duration::from_secs(12)), @r"
        - 1 of 6 targets done, 1 running, 1 waiting, 12s
            app-2: waits for r.example/tmp@sha256:ff and 1 more, 42s of 10m00s
            app-1: brings its images into place
        ");
    }

    #[test]
    fn the_area_stays_small_and_shows_no_control_character() {
        let (mut course, now) = course(50);
        course.take(&"\u{1b}[2J".into(), &waiting("\u{1b}[1A\r\nx"), now);
        let drawn = draw(&course, now, now);
        assert_eq!(drawn.lines().count(), ROWS + 2);
        assert!(!drawn.contains('\u{1b}') && !drawn.contains('\r'), "{drawn:?}");
    }

    #[test]
    fn a_terminal_sees_the_area_and_then_nothing_of_it() {
        let terminal = indicatif::InMemoryTerm::new(20, 100);
        let (course, _) = course(1);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar = area(&Arc::new(Mutex::new(course)), target);
        bar.tick();
        assert!(
            terminal.contents().contains("app-0: brings its images into place"),
            "{}",
            terminal.contents()
        );
        bar.finish_and_clear();
        assert_eq!(terminal.contents(), "");
    }
}
