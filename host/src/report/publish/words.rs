//! Sentences about targets, for logs. Every text that comes from outside is escaped here. Writes nothing.

use bakery_core::port::Event;
use bakery_run::publish::{DestinationReport, Published, Status, TargetReport};

use crate::report::{escape::line, sentence::sentence, words};

/// One line about an event of a target, without the target.
pub(super) fn event(event: &Event, dry_run: bool) -> String {
    match event {
        Event::Effect { verb, subject, detail } => {
            let would = if dry_run { "would " } else { "" };
            let detail = if detail.is_empty() { String::new() } else { format!(": {}", line(detail)) };
            format!("{would}{verb} {}{detail}", line(subject))
        }
        other => sentence(other),
    }
}

/// What a step is about, for the live area.
pub(super) fn step(step: &'static str) -> &'static str {
    match step {
        "" => "begins",
        "wait-sources" => "looks at what was pushed",
        "index-create" => "makes its index",
        "soci-convert" => "converts its image",
        "index-place" => "brings its images into place",
        "index-tag" => "moves its tags",
        "verify" => "reads its tags back",
        other => other,
    }
}

/// How a target ended, in one line.
pub(super) fn ended(report: &TargetReport, dry_run: bool) -> String {
    let index = report.index.as_ref().map_or_else(|| "no index".to_owned(), ToString::to_string);
    let (tags, work) = (tags(report, dry_run), work(report, dry_run));
    match &report.status {
        Status::Published if report.destinations.is_empty() && dry_run => {
            format!("would be converted; {work}")
        }
        Status::Published if report.destinations.is_empty() => format!("converted to {index}; {work}"),
        Status::Published if dry_run => format!("would be published as {index}: {tags}; {work}"),
        Status::Published => format!("published as {index}: {tags}; {work}"),
        Status::Unchanged => format!("unchanged, {index}: {tags}; {work}"),
        Status::Failed { step, failure } => format!("failed in {step}: {}", line(&failure.message)),
        Status::Cancelled { step } => format!("stopped in {step}: {tags}"),
    }
}

/// What became of the tags of a target.
fn tags(report: &TargetReport, dry_run: bool) -> String {
    let count = |of: fn(&DestinationReport) -> usize| report.destinations.iter().map(of).sum::<usize>();
    let written = if dry_run { "to write" } else { "written" };
    let parts = [
        (count(|one| one.written.len()), written),
        (count(|one| one.kept.len()), "right before"),
        (count(|one| one.missing.len()), "not written"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(tags, _)| *tags > 0)
        .map(|(tags, what)| format!("{} {what}", words::count(tags, "tag")))
        .collect();
    if parts.is_empty() { "no tags".to_owned() } else { parts.join(", ") }
}

/// What it took.
fn work(report: &TargetReport, dry_run: bool) -> String {
    let blobs = |verb, done: &str, to_do: &str| {
        let blobs = report.effects.iter().filter(|effect| effect.verb == verb).count();
        let blobs = (blobs > 0).then(|| words::count(blobs, "blob"))?;
        Some(if dry_run { format!("{blobs} to {to_do}") } else { format!("{done} {blobs}") })
    };
    let waited = report.waits.iter().map(|wait| wait.waited).max().unwrap_or_default();
    let requests = usize::try_from(report.traffic.requests).unwrap_or(usize::MAX);
    let parts = [
        blobs("mount", "mounted", "mount"),
        blobs("upload", "uploaded", "upload"),
        Some(format!("sent {}", words::bytes(report.traffic.sent))),
        Some(format!("{} in {}", words::count(requests, "request"), words::duration(report.elapsed))),
        (!waited.is_zero()).then(|| format!("waited {}", words::duration(waited))),
        (report.retries > 0).then(|| words::count(report.retries as usize, "retry")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How a run ended, in one line.
pub(super) fn total(published: &Published, dry_run: bool, elapsed: std::time::Duration) -> String {
    let counts = published.counts();
    let would = if dry_run { "would be published" } else { "published" };
    let parts = [
        (counts.published > 0).then(|| format!("{} {would}", counts.published)),
        (counts.unchanged > 0).then(|| format!("{} unchanged", counts.unchanged)),
        (counts.failed > 0).then(|| format!("{} failed", counts.failed)),
        (counts.cancelled > 0).then(|| format!("{} stopped", counts.cancelled)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let traffic = published.traffic();
    format!(
        "{}: {}; {}, {} sent, {} received, in {}",
        words::count(published.targets.len(), "target"),
        parts.join(", "),
        words::count(usize::try_from(traffic.requests).unwrap_or(usize::MAX), "request"),
        words::bytes(traffic.sent),
        words::bytes(traffic.received),
        words::duration(elapsed)
    )
}

/// What was and was not published of a target that did not end well: one line per repository with tags.
pub(super) fn remains(report: &TargetReport) -> Vec<String> {
    let list = |tags: &[bakery_core::model::Tag]| {
        tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let lines = report.destinations.iter().map(|one| {
        let done: Vec<_> = one.written.iter().chain(&one.kept).cloned().collect();
        let parts = [
            (!done.is_empty()).then(|| format!("in place {}", list(&done))),
            (!one.missing.is_empty()).then(|| format!("not written {}", list(&one.missing))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!(
            "{}: {}",
            one.repository,
            if parts.is_empty() { "no tags".to_owned() } else { parts.join("; ") }
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::publish::sample;

    #[test]
    fn each_end_says_what_became_of_the_tags_and_what_it_took() {
        let (_, published) = sample::run();
        let lines = |dry_run| {
            published.targets.iter().map(|report| ended(report, dry_run)).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(lines(false), @r#"
        published as sha256:25fb9f39127dac30ab5eb1efd2a119e6acc4dff111059caa996c0233f35d3693: 2 tags written; mounted 2 blobs, uploaded 1 blob, sent 3.1 kB, 37 requests in 0.5s, waited 4.2s, 1 retry
        unchanged, sha256:36cd7fc8da54ca3d17310a282e51d84823bbc80672ab1c89979af1e1843fbdbc: 2 tags right before; sent 3.1 kB, 37 requests in 0.5s
        failed in index-place: `denied`\n::error::owned\n| <b>x</b> | @team \u{1b}[2J
        stopped in index-tag: 1 tag written, 1 tag not written
        "#);
        insta::assert_snapshot!(lines(true).lines().next().unwrap(), @r#"would be published as sha256:25fb9f39127dac30ab5eb1efd2a119e6acc4dff111059caa996c0233f35d3693: 2 tags to write; 2 blobs to mount, 1 blob to upload, sent 3.1 kB, 37 requests in 0.5s, waited 4.2s, 1 retry"#);
    }

    #[test]
    fn a_run_is_summed_up_in_one_line() {
        let (_, published) = sample::run();
        insta::assert_snapshot!(total(&published, false, std::time::Duration::from_millis(1500)), @r#"4 targets: 1 published, 1 unchanged, 1 failed, 1 stopped; 148 requests, 12.5 kB sent, 3.2 kB received, in 1.5s"#);
    }

    #[test]
    fn a_dry_run_says_would_and_text_from_outside_stays_text() {
        let effect = Event::Effect {
            verb: "tag",
            subject: "r.example/app:\u{1b}[2J".to_owned(),
            detail: "::error::x".to_owned(),
        };
        assert_eq!(event(&effect, true), "would tag r.example/app:\\u{1b}[2J: \\::error::x");
        assert_eq!(event(&Event::Step { step: "verify" }, false), "verify");
    }
}
