//! Matrix images: rows, names, arguments, and which row is the latest.

use bakery_core::{
    plan::{self, Build, Inclusion, PlanError, Selection},
    port::{Failure, FailureKind, ListQuery, SourceError},
};

use crate::support::{Upstream, everything, images, rows, select, versions};

fn grid(matrix: &str) -> bakery_core::config::Config {
    images(&format!("  - name: grid\n    matrix:\n      os: [{{name: Ubuntu 24.04}}]\n{matrix}"))
}

/// `name: arguments`, marked when latest and latest patch, one row per line.
fn expanded(matrix: &str) -> String {
    let config = grid(matrix);
    let builds = select(&config, &everything(), &[], &Upstream::default()).unwrap();
    let text = |build: &Build<'_>| {
        let args: Vec<String> = build.args.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let latest = if build.latest { " latest" } else { "" };
        let patch = if build.latest_patch { " patch" } else { "" };
        format!("{}: {}{latest}{patch}", build.name, args.join(" "))
    };
    builds.builds.iter().map(text).chain(builds.warnings).collect::<Vec<_>>().join("\n")
}

fn refused(matrix: &str) -> PlanError {
    let config = grid(matrix);
    select(&config, &everything(), &[], &Upstream::default()).unwrap_err()
}

#[test]
fn rows_are_the_product_of_the_axes_in_order() {
    insta::assert_snapshot!(
        expanded(
            r#"
      dependencyConstraints:
        - {dependency: R, constraint: {latest: true, count: 2}}
        - {dependency: python, constraint: {latest: true, count: 3}}
      dependencies: [{dependency: quarto, version: 1.7.34}]
      values: {flavour: "2", go_version: ["1.24", "1.25"]}
"#
        ),
        @r"
    quarto1.7.34-R4.5.2-python3.14.1-flavour2-go_version1.24: QUARTO_VERSION=1.7.34 R_VERSION=4.5.2 PYTHON_VERSION=3.14.1 FLAVOUR=2 GO_VERSION=1.24 patch
    quarto1.7.34-R4.5.2-python3.14.1-flavour2-go_version1.25: QUARTO_VERSION=1.7.34 R_VERSION=4.5.2 PYTHON_VERSION=3.14.1 FLAVOUR=2 GO_VERSION=1.25 latest patch
    quarto1.7.34-R4.5.2-python3.13.9-flavour2-go_version1.24: QUARTO_VERSION=1.7.34 R_VERSION=4.5.2 PYTHON_VERSION=3.13.9 FLAVOUR=2 GO_VERSION=1.24 patch
    quarto1.7.34-R4.5.2-python3.13.9-flavour2-go_version1.25: QUARTO_VERSION=1.7.34 R_VERSION=4.5.2 PYTHON_VERSION=3.13.9 FLAVOUR=2 GO_VERSION=1.25 patch
    quarto1.7.34-R4.5.2-python3.12.12-flavour2-go_version1.24: QUARTO_VERSION=1.7.34 R_VERSION=4.5.2 PYTHON_VERSION=3.12.12 FLAVOUR=2 GO_VERSION=1.24 patch
    quarto1.7.34-R4.5.2-python3.12.12-flavour2-go_version1.25: QUARTO_VERSION=1.7.34 R_VERSION=4.5.2 PYTHON_VERSION=3.12.12 FLAVOUR=2 GO_VERSION=1.25 patch
    quarto1.7.34-R4.4.3-python3.14.1-flavour2-go_version1.24: QUARTO_VERSION=1.7.34 R_VERSION=4.4.3 PYTHON_VERSION=3.14.1 FLAVOUR=2 GO_VERSION=1.24 patch
    quarto1.7.34-R4.4.3-python3.14.1-flavour2-go_version1.25: QUARTO_VERSION=1.7.34 R_VERSION=4.4.3 PYTHON_VERSION=3.14.1 FLAVOUR=2 GO_VERSION=1.25 patch
    quarto1.7.34-R4.4.3-python3.13.9-flavour2-go_version1.24: QUARTO_VERSION=1.7.34 R_VERSION=4.4.3 PYTHON_VERSION=3.13.9 FLAVOUR=2 GO_VERSION=1.24 patch
    quarto1.7.34-R4.4.3-python3.13.9-flavour2-go_version1.25: QUARTO_VERSION=1.7.34 R_VERSION=4.4.3 PYTHON_VERSION=3.13.9 FLAVOUR=2 GO_VERSION=1.25 patch
    quarto1.7.34-R4.4.3-python3.12.12-flavour2-go_version1.24: QUARTO_VERSION=1.7.34 R_VERSION=4.4.3 PYTHON_VERSION=3.12.12 FLAVOUR=2 GO_VERSION=1.24 patch
    quarto1.7.34-R4.4.3-python3.12.12-flavour2-go_version1.25: QUARTO_VERSION=1.7.34 R_VERSION=4.4.3 PYTHON_VERSION=3.12.12 FLAVOUR=2 GO_VERSION=1.25 patch
    "
    );
}

#[test]
fn the_latest_row_is_found_by_numbers_and_patches_have_one_newest() {
    insta::assert_snapshot!(
        expanded("      dependencies: [{dependency: python, versions: [3.9.20, 3.10.1, 3.10.12, 3.10.2]}]\n"),
        @r"
    python3.9.20: PYTHON_VERSION=3.9.20 patch
    python3.10.1: PYTHON_VERSION=3.10.1
    python3.10.12: PYTHON_VERSION=3.10.12 latest patch
    python3.10.2: PYTHON_VERSION=3.10.2
    "
    );
}

#[test]
fn an_axis_that_cannot_be_ordered_leaves_no_latest_row() {
    insta::assert_snapshot!(expanded("      values: {release: [jammy, noble]}\n"), @r"
    releasejammy: RELEASE=jammy patch
    releasenoble: RELEASE=noble patch
    the matrix of image `grid` has no latest row, because `jammy` of `release` cannot be ordered
    ");
}

#[test]
fn a_row_s_name_is_trimmed() {
    insta::assert_snapshot!(
        expanded("      namePattern: '- {{ Values.go }}_. '\n      values: {go: ['1.24']}\n"),
        @"1.24: GO=1.24 latest patch"
    );
}

#[test]
fn a_matrix_that_cannot_be_expanded_is_refused_with_its_reason() {
    let axis = |n: usize| (0..n).map(|i| format!("'{i}'")).collect::<Vec<_>>().join(", ");
    let wide = format!("      values: {{a: [{0}], b: [{0}]}}\n", axis(101));
    for (matrix, code, message) in [
        (
            wide.as_str(),
            "bakery::plan::matrix_too_large",
            "the matrix of image `grid` has 10201 rows, at most 10000 are made",
        ),
        (
            "      namePattern: 'R{{ Dependencies.R }}'\n      dependencies: [{dependency: R, version: 4.5.1}]\n      values: {a: ['1', '2']}\n",
            "bakery::plan::matrix_name",
            "the namePattern `R{{ Dependencies.R }}` of image `grid` gives several rows the name `R4.5.1`",
        ),
        (
            "      namePattern: '{{ Values.a | stripMetadata | replace(\"1\", \"\") }}'\n      values: {a: '1'}\n",
            "bakery::plan::matrix_name",
            "the namePattern `{{ Values.a | stripMetadata | replace(\"1\", \"\") }}` of image `grid` gives a row without a name",
        ),
        (
            "      namePattern: '{{ Values.b }}'\n      values: {a: '1'}\n",
            "bakery::plan::template",
            "the namePattern `{{ Values.b }}` of image `grid` cannot be rendered: undefined value",
        ),
        (
            "      namePattern: '{{ raise(\"stop\") }}'\n      values: {a: '1'}\n",
            "bakery::plan::template",
            "the namePattern `{{ raise(\"stop\") }}` of image `grid` cannot be rendered: invalid operation: stop",
        ),
    ] {
        let error = refused(matrix);
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    }
}

#[test]
fn a_list_that_fails_leaves_the_matrix_out_and_says_so() {
    let config = grid("      dependencyConstraints: [{dependency: R, constraint: {latest: true}}]\n");
    let check = |list: &dyn Fn(&ListQuery) -> Result<Vec<String>, SourceError>, want: &str| {
        let upstream = Upstream { list, ..Upstream::default() };
        let builds = select(&config, &everything(), &[], &upstream).unwrap();
        assert_eq!(builds.builds.len(), 0);
        assert_eq!(builds.skipped[0].to_string(), want);
    };
    check(
        &|_| {
            Err(Failure::new(FailureKind::TimedOut, "https://lists.example/", "no answer within 30 s").into())
        },
        "the matrix of image `grid` cannot be resolved: the versions of `R` cannot be listed: no answer within 30 s",
    );
    check(
        &|_| Ok(Vec::new()),
        "the matrix of image `grid` cannot be resolved: no version of `R` satisfies the constraint",
    );
    check(
        &|_| Ok(vec!["4.5.2".to_owned(), "4.4;rm".to_owned()]),
        "the matrix of image `grid` cannot be resolved: the list of `R` has `4.4;rm`, which is no version",
    );
}

#[test]
fn lists_are_asked_only_for_matrices_that_are_expanded() {
    let config = grid("      dependencyConstraints: [{dependency: R, constraint: {latest: true}}]\n");
    let asked = std::cell::Cell::new(0);
    let list = |query: &ListQuery| {
        asked.set(asked.get() + 1);
        Ok(versions(query.dependency))
    };
    let upstream = Upstream { list: &list, ..Upstream::default() };
    for (matrix_versions, dev_versions, want) in [
        (Inclusion::Exclude, Inclusion::Exclude, 0),
        (Inclusion::Include, Inclusion::Only, 0),
        (Inclusion::Include, Inclusion::Exclude, 1),
        (Inclusion::Only, Inclusion::Include, 1),
    ] {
        asked.set(0);
        let selection = Selection { matrix_versions, dev_versions, ..Selection::default() };
        let builds = select(&config, &selection, &[], &upstream).unwrap();
        assert_eq!(asked.get(), want, "{matrix_versions:?} {dev_versions:?}");
        assert_eq!(rows(&builds, &selection).is_empty(), want == 0);
    }
}

#[test]
fn rows_and_targets_share_directory_operating_systems_and_arguments() {
    let config = grid("      dependencies: [{dependency: R, versions: [4.5.1, 4.4.3]}]\n");
    let builds = select(&config, &everything(), &[], &Upstream::default()).unwrap();
    let targets = plan::targets(&builds).unwrap();
    assert_eq!(targets.len(), 2);
    assert_eq!(targets[1].uid, "grid-r4-5-1-ubuntu-24-04");
    assert_eq!(targets[1].dockerfile, "grid/matrix/Containerfile.ubuntu2404");
    assert_eq!(targets[1].args, [("R_VERSION".to_owned(), "4.5.1".to_owned())]);
    assert!(targets[1].matrix && targets[1].latest && !targets[0].latest);
}
