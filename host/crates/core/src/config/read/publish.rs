//! `publish`: how long and how often publishing tries. Whether flags or the environment say otherwise is not its
//! business.

use std::time::Duration;

use crate::config::codes;
use crate::config::fields::{Fields, Place, Unknown};
use crate::config::findings::Findings;
use crate::config::model::{PublishSettings, RetrySettings};
use crate::config::scalar::Kind;
use crate::config::tree::{Node, Scalar, Value};
use crate::config::value;
use crate::model::parse_duration;

/// The longest backoff, in seconds: a day, as for every duration.
const LONGEST: f64 = 86_400.0;
/// The most attempts and the steepest growth: more is a slip, not a wish.
const MOST: f64 = 1000.0;

/// Reads the map.
pub(super) fn publish(node: &Node, findings: &mut Findings) -> PublishSettings {
    let Some(mut fields) = Fields::open(node, "`publish`", findings) else {
        return PublishSettings::default();
    };
    let place = fields.place("waitTimeout");
    let wait_timeout = fields.some("waitTimeout").and_then(|node| duration(node, place, findings));
    let retry = fields.some("retry").map(|node| retry(node, findings)).unwrap_or_default();
    fields.finish(Unknown::Warn, findings);
    PublishSettings { wait_timeout, retry }
}

fn retry(node: &Node, findings: &mut Findings) -> RetrySettings {
    let Some(mut fields) = Fields::open(node, "`retry`", findings) else {
        return RetrySettings::default();
    };
    let mut number = |key, bounds, findings: &mut Findings| {
        let place = fields.place(key);
        fields.some(key).and_then(|node| between(node, place, bounds, findings))
    };
    let initial = number("initialBackoff", (0.0, LONGEST), findings);
    let max = number("maxBackoff", (0.0, LONGEST), findings);
    let multiplier = number("multiplier", (1.0, MOST), findings);
    let place = fields.place("attempts");
    let attempts = fields.some("attempts").and_then(|node| attempts(node, place, findings));
    fields.finish(Unknown::Warn, findings);
    if let (Some(initial), Some(max)) = (initial, max)
        && initial > max
    {
        findings
            .warning(
                codes::NO_EFFECT,
                node.span_of("initialBackoff"),
                "`initialBackoff` of `retry` is above `maxBackoff`, so every backoff is `maxBackoff`",
            )
            .label("cut to `maxBackoff`")
            .hint("swap them, or remove one");
    }
    let seconds = |number: Option<f64>| number.and_then(|number| Duration::try_from_secs_f64(number).ok());
    RetrySettings { attempts, initial_backoff: seconds(initial), max_backoff: seconds(max), multiplier }
}

fn attempts(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<u32> {
    let number = value::whole(node, place, 1, findings)?;
    match u32::try_from(number).ok().filter(|number| f64::from(*number) <= MOST) {
        Some(number) => Some(number),
        None => value::wrong(
            node,
            place,
            &format!("at most {MOST}"),
            "expected a number of attempts, for example 5",
            findings,
        ),
    }
}

fn duration(node: &Node, place: Place<'_>, findings: &mut Findings) -> Option<Duration> {
    let text = match &node.value {
        // A bare number is seconds, as on the command line.
        Value::Scalar(Scalar { text, kind: Kind::Int(_) }) => text.clone(),
        _ => value::text(node, place, findings)?,
    };
    match parse_duration(&text) {
        Ok(duration) => Some(duration),
        Err(message) => {
            findings
                .error(codes::BAD_VALUE, node.span, format!("{place} is wrong: {message}"))
                .label("expected a duration of at most a day");
            None
        }
    }
}

/// A number with its bounds; digits in quotes count as well.
fn between(node: &Node, place: Place<'_>, bounds: (f64, f64), findings: &mut Findings) -> Option<f64> {
    let (least, most) = bounds;
    let number = match &node.value {
        Value::Scalar(Scalar { kind: Kind::Float(number), .. }) => Some(*number),
        Value::Scalar(Scalar { text, kind: Kind::Int(_) | Kind::Text }) => text.parse().ok(),
        _ => None,
    };
    match number.filter(|number| (least..=most).contains(number)) {
        Some(number) => Some(number),
        None => value::wrong(
            node,
            place,
            &format!("a number from {least} to {most}"),
            "expected a number",
            findings,
        ),
    }
}
