//! Docker's rules, row by row.

use super::*;

#[track_caller]
fn check(file: &str, rows: &[(&str, bool)]) {
    let ignore = Ignore::parse(file.as_bytes()).unwrap();
    for (path, ignored) in rows {
        assert_eq!(ignore.ignores(path.as_bytes()), *ignored, "`{path}` with {file:?}");
    }
}

#[test]
fn a_pattern_is_anchored_at_the_context() {
    check("a", &[("a", true), ("a/b", true), ("b/a", false), ("ab", false), ("A", false)]);
    check("/a", &[("a", true), ("b/a", false)]);
    check("a/", &[("a", true), ("a/b", true)]);
    check("./a", &[("a", true)]);
    check("a//b", &[("a/b", true)]);
    check("a/../b", &[("b", true), ("a", false)]);
    check("../a", &[("a", false)]);
    check("/../a", &[("a", true)]);
    check(".", &[("a", false)]);
}

#[test]
fn wildcards_stay_in_a_folder_and_two_stars_do_not() {
    check("*", &[("a", true), ("a/b", true), (".hidden", true)]);
    check("*.md", &[("a.md", true), ("d/a.md", false), (".md", true)]);
    check("*/a", &[("d/a", true), ("a", false), ("d/e/a", false)]);
    check("a?c", &[("abc", true), ("ac", false), ("a/c", false), ("aéc", true)]);
    check("**/a", &[("a", true), ("d/a", true), ("d/e/a", true), ("da", false), ("d/ba", false)]);
    check("**", &[("a", true), ("d/e", true)]);
    check("a/**", &[("a", false), ("a/b", true), ("a/b/c", true)]);
    check("a/**/b", &[("a/b", true), ("a/x/y/b", true), ("ab", false), ("a/xb", false)]);
    check("**/*.tmp", &[("x.tmp", true), ("d/e/x.tmp", true), ("x.tmpx", false)]);
    check("a**b", &[("ab", true), ("axb", false), ("a/b", true), ("ax/b", true)]);
    check("**/node_modules/**", &[("node_modules", false), ("d/node_modules/x", true)]);
}

#[test]
fn classes_and_escapes_are_those_of_go() {
    check("[a-c]x", &[("bx", true), ("dx", false), ("/x", false)]);
    check("[^a-c]x", &[("bx", false), ("dx", true)]);
    check("[é-ü]", &[("ö", true), ("o", false)]);
    check("[\\]]", &[("]", true)]);
    check("\\*", &[("*", true), ("a", false)]);
    check("\\[a", &[("[a", true)]);
    check("a.b", &[("a.b", true), ("axb", false)]);
    check("a+(b){c}|$^", &[("a+(b){c}|$^", true), ("a", false)]);
}

#[test]
fn the_last_rule_that_matches_decides() {
    check("*\n!a", &[("a", false), ("b", true), ("a/x", false)]);
    check("!a\n*", &[("a", true)]);
    check("a\n!a/b", &[("a", true), ("a/b", false), ("a/b/c", false), ("a/c", true)]);
    check("a\n!a/b\na/b/c", &[("a/b/d", false), ("a/b/c", true)]);
    check(
        "*.md\n!README*.md\nREADME-secret.md",
        &[("a.md", true), ("README.md", false), ("README-secret.md", true)],
    );
    check("**\n!**/*.go", &[("a.txt", true), ("d/a.go", false)]);
    check("! a", &[("a", false)]);
    check("*\n!/a/", &[("a", false)]);
}

#[test]
fn comments_blanks_marks_and_line_ends() {
    check("#a\n", &[("#a", false), ("a", false)]);
    check(" #a", &[("#a", true)]);
    check("\\#a", &[("#a", true)]);
    check("\n\n  \na  \n", &[("a", true)]);
    check("a\r\nb\r\n", &[("a", true), ("b", true)]);
    check("\u{feff}a", &[("a", true)]);
    check("a b", &[("a b", true)]);
    check("", &[("a", false)]);
}

#[test]
fn what_docker_refuses_is_refused_with_its_line() {
    for (file, line) in
        [("a\n!", 2), ("!  ", 1), ("[", 1), ("a\n\n[a", 3), ("a\\", 1), ("[]a]", 1), ("[-]", 1)]
    {
        assert_eq!(Ignore::parse(file.as_bytes()).unwrap_err().line, line, "{file:?}");
    }
    let long = "x".repeat(MAX_PATTERN + 1);
    assert!(Ignore::parse(long.as_bytes()).is_err());
    assert!(Ignore::parse("a\n".repeat(MAX_PATTERNS + 1).as_bytes()).is_err());
}

#[test]
fn names_that_are_no_text_are_matched_by_their_bytes() {
    let ignore = Ignore::parse(b"caf\xe9\nd/?").unwrap();
    assert!(ignore.ignores(b"caf\xe9"));
    assert!(!ignore.ignores(b"caf\xe8"));
    assert!(ignore.ignores(b"d/\xff"));
    assert!(ignore.ignores(b"d/\n"));
}

#[test]
fn a_folder_that_is_left_out_is_looked_through_only_for_exceptions() {
    let none = Matched::default();
    assert!(!Ignore::parse(b"a").unwrap().judge(b"a", &none).exceptions_below);
    let verdict = Ignore::parse(b"a\n!a/b").unwrap().judge(b"a", &none);
    assert!(verdict.ignored && verdict.exceptions_below);
}

#[test]
fn a_hostile_pattern_takes_no_exponential_time() {
    let pattern = format!("{}b", "*a".repeat(500));
    let ignore = Ignore::parse(pattern.as_bytes()).unwrap();
    assert!(!ignore.ignores("a".repeat(4000).as_bytes()));
}
