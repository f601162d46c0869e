//! Summaries as one Markdown table. Everything that comes from a file is escaped: a name cannot end its cell, become a
//! link or an image, or bring its own HTML.

use std::fmt::Write as _;

use super::{
    Summary, SummaryTarget, merge,
    slice::{cache_sum, known_sum},
};
use crate::config::visible;

/// GitHub drops a job summary above 1 MiB as a whole.
const MAX_BYTES: usize = 1_000_000;

const HEAD: &str = "| Image | Version | OS | Variant | Platforms | Tags | Layers | Registry Size | Local Size | Cache Size |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
const UNKNOWN: &str = "—";

/// One table of all summaries: a row per target, and a row of totals.
#[must_use]
pub fn markdown(summaries: &[Summary], disclaimer: Option<&str>) -> String {
    let rows = merge(summaries);
    let mut text = String::new();
    // Writing to a string cannot fail.
    if let Some(disclaimer) = disclaimer {
        let one_line: Vec<&str> = disclaimer.split_whitespace().collect();
        let _ = write!(text, "> ⚠️ **{}**\n\n", visible(&one_line.join(" ")));
    }
    text.push_str("### Build Summary\n\n");
    text.push_str(HEAD);
    let mut left_out = 0;
    for target in &rows {
        let row = row(target);
        if text.len() + row.len() > MAX_BYTES {
            left_out += 1;
        } else {
            text.push_str(&row);
        }
    }
    text.push_str(&total(&rows));
    if left_out > 0 {
        let _ = write!(text, "\n{left_out} more targets are left out, because a job summary is limited.\n");
    }
    text
}

fn row(target: &SummaryTarget) -> String {
    let name = |text: &str| if text.is_empty() { UNKNOWN.to_owned() } else { cell(text) };
    let layers = target.layers.map_or_else(|| UNKNOWN.to_owned(), |layers| layers.to_string());
    line(&[
        name(&target.image_name),
        name(&target.version),
        name(&target.os),
        name(&target.variant),
        target.platforms.to_string(),
        target.tags.to_string(),
        layers,
        size(target.registry_size),
        size(target.local_size),
        size(target.cache_size),
    ])
}

fn total(rows: &[SummaryTarget]) -> String {
    let count = |of: fn(&SummaryTarget) -> u64| rows.iter().map(of).fold(0, u64::saturating_add).to_string();
    let sum = |of: fn(&SummaryTarget) -> Option<u64>| size(known_sum(rows.iter().map(of)));
    let none = String::new;
    line(&[
        format!("**Total ({} targets)**", rows.len()),
        none(),
        none(),
        none(),
        count(|target| target.platforms),
        count(|target| target.tags),
        none(),
        sum(|target| target.registry_size),
        sum(|target| target.local_size),
        size(cache_sum(rows)),
    ])
}

fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| UNKNOWN.to_owned(), size_text)
}

/// A size for people, in powers of 1000: `999 bytes`, `1.2 kB`, `3.4 GB`.
#[must_use]
pub fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    match bytes {
        1 => return "1 byte".to_owned(),
        0..1000 => return format!("{bytes} bytes"),
        _ => {}
    }
    let mut unit: u64 = 1000;
    let mut name = UNITS[0];
    for next in &UNITS[1..] {
        match unit.checked_mul(1000).filter(|larger| bytes >= *larger) {
            Some(larger) => (unit, name) = (larger, next),
            None => break,
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal place is shown")]
    let number = format!("{:.1}", bytes as f64 / unit as f64);
    // What rounds up to the next unit keeps its own.
    let number = if number == "1000.0" { "1,000.0".to_owned() } else { number };
    format!("{number} {name}")
}

/// Text from a file as the content of a cell.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '[' | ']' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_powers_of_a_thousand() {
        for (bytes, want) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (1234, "1.2 kB"),
            (999_949, "999.9 kB"),
            (999_999, "1,000.0 kB"),
            (1_000_000, "1.0 MB"),
            (250_000_000, "250.0 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size_text(bytes), want);
        }
    }

    #[test]
    fn a_name_stays_in_its_cell_whatever_it_holds() {
        for (text, want) in [
            ("posit-connect_1.2 (x)", "posit-connect_1.2 (x)"),
            ("a|b", r"a\|b"),
            ("a\\|b", r"a\\\|b"),
            ("a\n| evil |", r"a\\n\| evil \|"),
            ("<img src=x>&amp;", "&lt;img src=x&gt;&amp;amp;"),
            ("`code`", r"\`code\`"),
            ("![x](https://evil.example/?q)", r"\!\[x\](https://evil.example/?q)"),
            ("\u{202e}\u{1b}[0m", r"\\u{202e}\\u{1b}\[0m"),
        ] {
            assert_eq!(cell(text), want);
        }
    }
}
