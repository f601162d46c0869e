//! Which signal is due when: politely to the program's group, then to what it left, then to all of it, until nothing
//! is left. Pure; sends nothing and reads no clock.

use std::time::Duration;

use crate::command::wire::Timing;

/// Between two rounds of the last signal. What forks while it is being ended is found in a later round.
const ROUND: Duration = Duration::from_millis(10);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Bakery wants it ended.
    Asked,
    /// Bakery is gone.
    Orphaned,
    /// The program has ended, and something that it started has not.
    ProgramEnded,
    /// Nothing is left.
    AllGone,
    /// Time went by.
    Tick,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Wait.
    Nothing,
    /// Ask the program's group to end.
    AskGroup,
    /// Ask everything that is left to end.
    AskRest,
    /// End everything.
    KillAll,
    /// Nothing is left to do; whether something could not be ended.
    Stop {
        /// Something could not be ended.
        left: bool,
    },
}

/// How far an end has come. Times count from the start of the supervisor.
#[derive(Debug)]
pub(super) struct Ladder {
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// The program was asked.
    Asked(Duration),
    /// The program has ended; what it started may be about to.
    Settling(Duration),
    /// What it left was asked.
    Leftover(Duration),
    Killing(Duration),
    Over,
}

impl Ladder {
    pub(super) fn new(timing: Timing) -> Self {
        Self { timing, phase: Phase::Running }
    }

    /// Until the next tick is due; nothing where no time limit runs.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        match self.phase {
            Phase::Running => None,
            Phase::Asked(until) | Phase::Settling(until) | Phase::Leftover(until) => {
                Some(until.saturating_sub(now))
            }
            Phase::Killing(_) => Some(ROUND),
            Phase::Over => Some(Duration::ZERO),
        }
    }

    /// What to do about it.
    pub(super) fn hear(&mut self, now: Duration, news: News) -> Act {
        let timing = self.timing;
        let (phase, act) = match (self.phase, news) {
            (Phase::Over, _) => (Phase::Over, Act::Nothing),
            (_, News::AllGone) => (Phase::Over, Act::Stop { left: false }),
            (Phase::Running, News::Asked) => (Phase::Asked(now + timing.grace), Act::AskGroup),
            (Phase::Running, News::Orphaned) => (Phase::Asked(now + timing.orphaned), Act::AskGroup),
            (Phase::Asked(until), News::Orphaned) => {
                (Phase::Asked(until.min(now + timing.orphaned)), Act::Nothing)
            }
            (Phase::Running | Phase::Asked(_), News::ProgramEnded) => {
                (Phase::Settling(now + timing.settle), Act::Nothing)
            }
            (Phase::Asked(until), News::Tick) if until <= now => {
                (Phase::Killing(now + timing.kill), Act::KillAll)
            }
            (Phase::Settling(until), News::Tick) if until <= now => {
                (Phase::Leftover(now + timing.linger), Act::AskRest)
            }
            (Phase::Leftover(until), News::Tick) if until <= now => {
                (Phase::Killing(now + timing.kill), Act::KillAll)
            }
            (Phase::Killing(until), News::Tick) if until <= now => (Phase::Over, Act::Stop { left: true }),
            (Phase::Killing(until), News::Tick) => (Phase::Killing(until), Act::KillAll),
            (phase, _) => (phase, Act::Nothing),
        };
        self.phase = phase;
        act
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn ladder() -> Ladder {
        let timing =
            Timing { grace: ms(1000), orphaned: ms(200), settle: ms(50), linger: ms(100), kill: ms(500) };
        Ladder::new(timing)
    }

    fn acts(steps: &[(u64, News)]) -> Vec<Act> {
        let mut ladder = ladder();
        steps.iter().map(|(at, news)| ladder.hear(ms(*at), *news)).collect()
    }

    #[test]
    fn a_program_that_ends_alone_is_left_alone() {
        assert_eq!(acts(&[(0, News::Tick), (9, News::AllGone)]), [Act::Nothing, Act::Stop { left: false }]);
        assert_eq!(ladder().wait(ms(0)), None);
    }

    #[test]
    fn a_program_is_asked_once_and_ended_after_its_grace() {
        let steps = [
            (0, News::Asked),
            (10, News::Asked),
            (999, News::Tick),
            (1000, News::Tick),
            (1010, News::Tick),
            (1499, News::Tick),
            (1500, News::Tick),
        ];
        let expected = [
            Act::AskGroup,
            Act::Nothing,
            Act::Nothing,
            Act::KillAll,
            Act::KillAll,
            Act::KillAll,
            Act::Stop { left: true },
        ];
        assert_eq!(acts(&steps), expected);
    }

    #[test]
    fn when_bakery_is_gone_the_grace_is_shorter_and_never_longer() {
        let alone = [(0, News::Orphaned), (199, News::Tick), (200, News::Tick)];
        assert_eq!(acts(&alone), [Act::AskGroup, Act::Nothing, Act::KillAll]);
        let later = [(0, News::Asked), (100, News::Orphaned), (299, News::Tick), (300, News::Tick)];
        assert_eq!(acts(&later), [Act::AskGroup, Act::Nothing, Act::Nothing, Act::KillAll]);
        let late = [(0, News::Asked), (950, News::Orphaned), (1000, News::Tick)];
        assert_eq!(acts(&late), [Act::AskGroup, Act::Nothing, Act::KillAll]);
    }

    #[test]
    fn what_a_program_leaves_is_asked_and_then_ended() {
        let steps = [
            (0, News::ProgramEnded),
            (49, News::Tick),
            (50, News::Tick),
            (60, News::Asked),
            (149, News::Tick),
            (150, News::Tick),
            (151, News::AllGone),
            (152, News::Tick),
        ];
        let expected = [
            Act::Nothing,
            Act::Nothing,
            Act::AskRest,
            Act::Nothing,
            Act::Nothing,
            Act::KillAll,
            Act::Stop { left: false },
            Act::Nothing,
        ];
        assert_eq!(acts(&steps), expected);
    }

    #[test]
    fn every_phase_with_a_limit_says_when_to_look_again() {
        let mut ladder = ladder();
        ladder.hear(ms(0), News::Asked);
        assert_eq!(ladder.wait(ms(400)), Some(ms(600)));
        assert_eq!(ladder.wait(ms(4000)), Some(ms(0)));
        ladder.hear(ms(1000), News::Tick);
        assert_eq!(ladder.wait(ms(1000)), Some(ROUND));
    }
}
