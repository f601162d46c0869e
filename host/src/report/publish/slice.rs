//! The summary of a run as a table on standard error. Measures nothing.

use bakery_core::plan::summary::{Summary, SummaryTarget};

use crate::report::{escape::line, words};

const HEAD: [&str; 8] = ["image", "version", "os", "variant", "platforms", "tags", "layers", "size"];

/// One row per target, and totals.
pub(crate) fn table(summary: &Summary) -> String {
    let mut rows: Vec<[String; 8]> = vec![HEAD.map(str::to_owned)];
    rows.extend(summary.targets.iter().map(row));
    rows.push(total(&summary.targets));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let padding = " ".repeat(width - cell.chars().count());
            format!("{cell}{padding}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn row(target: &SummaryTarget) -> [String; 8] {
    [
        line(&target.image_name),
        line(&target.version),
        line(&target.os),
        line(&target.variant),
        target.platforms.to_string(),
        target.tags.to_string(),
        target.layers.map_or_else(unknown, |layers| layers.to_string()),
        target.registry_size.map_or_else(unknown, words::bytes),
    ]
}

fn total(targets: &[SummaryTarget]) -> [String; 8] {
    let sum = |of: fn(&SummaryTarget) -> u64| targets.iter().map(of).sum::<u64>().to_string();
    let sizes: Option<Vec<u64>> = targets.iter().map(|target| target.registry_size).collect();
    let size = sizes.filter(|sizes| !sizes.is_empty()).map(|sizes| sizes.iter().sum());
    let none = String::new;
    [
        words::count(targets.len(), "target"),
        none(),
        none(),
        none(),
        sum(|target| target.platforms),
        sum(|target| target.tags),
        none(),
        size.map_or_else(unknown, words::bytes),
    ]
}

fn unknown() -> String {
    "—".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_what_nobody_measured_is_not_a_number() {
        let target = |version: &str, size| SummaryTarget {
            image_name: "app".to_owned(),
            version: version.to_owned(),
            os: "Ubuntu 24.04".to_owned(),
            platforms: 2,
            tags: 4,
            registry_size: size,
            ..SummaryTarget::default()
        };
        let summary = |sizes: [Option<u64>; 2]| Summary {
            targets: vec![target("1.10.0", sizes[0]), target("1.9.0", sizes[1])],
            ..Summary::default()
        };
        insta::assert_snapshot!(table(&summary([Some(1500), Some(500)])), @"");
        assert!(table(&summary([Some(1500), None])).lines().last().unwrap().ends_with('—'));
    }
}
