//! One line for each event, with every text from outside escaped. Writes nothing.

use bakery_core::port::{Event, Severity};

use super::{escape, words};

/// Whether an event is for those who want to know everything.
pub(super) fn is_detail(event: &Event) -> bool {
    matches!(
        event,
        Event::Request { .. }
            | Event::Step { .. }
            | Event::Effect { .. }
            | Event::Line { .. }
            | Event::Note { severity: Severity::Debug, .. }
            | Event::GuestLog { severity: Severity::Debug, .. }
    )
}

/// One line for an event that is not a warning.
pub(super) fn sentence(event: &Event) -> String {
    let line = escape::line;
    match event {
        Event::Request { method, url, status, attempts, bytes, elapsed } => {
            let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let tries = if *attempts > 1 { format!(", attempt {attempts}") } else { String::new() };
            format!("{method} {} {status}, {bytes} bytes in {}{tries}", line(url), words::duration(*elapsed))
        }
        Event::Retrying { subject, attempt, message, delay, .. } => format!(
            "{}: {}; attempt {} follows in {}",
            line(subject),
            line(message),
            attempt + 1,
            words::duration(*delay)
        ),
        Event::Waiting { subject, message, elapsed, delay, remaining } => format!(
            "waiting for {}: {} (waited {}, looks again in {}, gives up in {})",
            line(subject),
            line(message),
            words::duration(*elapsed),
            words::duration(*delay),
            words::duration(*remaining)
        ),
        Event::Arrived { subject, waited } => {
            format!("{} is there after waiting {}", line(subject), words::duration(*waited))
        }
        Event::Pinned { image, product, channel, version, branch, .. } => format!(
            "dispatch pins {}{} of image {} to {}{}",
            line(product),
            channel.as_deref().map(|c| format!(" ({})", line(c))).unwrap_or_default(),
            line(image),
            version.as_deref().map_or_else(|| "its head".to_owned(), line),
            branch.as_deref().map(|b| format!(", release branch {}", line(b))).unwrap_or_default(),
        ),
        Event::Resolved { image, product, channel, version, pinned, origin } => format!(
            "{}: {}{} is {}{}{}",
            line(image),
            line(product),
            channel.as_deref().map(|c| format!(" ({})", line(c))).unwrap_or_default(),
            line(version),
            if *pinned { ", as dispatched" } else { "" },
            origin.as_deref().map_or_else(
                || if *pinned { ", without asking any upstream".to_owned() } else { String::new() },
                |url| format!(", says {}", line(url))
            ),
        ),
        Event::GuestLog { component, message, .. } => format!("[{}] {}", line(component), line(message)),
        Event::Note { message, .. } => line(message),
        Event::Line { line: said, .. } => line(said),
        Event::Step { step } => (*step).to_owned(),
        Event::Effect { verb, subject, detail } => format!("{verb} {}: {}", line(subject), line(detail)),
        Event::Of { target, event } => format!("[{}] {}", line(target), sentence(event)),
        Event::Denied { component, subject, .. } => {
            format!("{} was refused {}", line(component), line(subject))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_line_is_shown_as_it_is_and_can_neither_hide_nor_command() {
        let event = Event::Line { program: "tool".to_owned(), line: "::error::\u{1b}[2J 50%".to_owned() };
        assert!(is_detail(&event));
        assert_eq!(sentence(&event), "\\::error::\\u{1b}[2J 50%");
        let of = Event::Of { target: "app".into(), event: Box::new(event) };
        assert_eq!(sentence(&of), "[app] \\::error::\\u{1b}[2J 50%");
    }
}
