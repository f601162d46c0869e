//! What is told when a template fails: file, line, expression, cause, and where the file was to go.

use crate::support::{PLAIN, VARIANTS, config, folder, rendered, tree};

fn told(yaml: &str, files: &[(&str, &str)]) -> String {
    let faults = rendered(yaml, files).unwrap_err();
    let told: Vec<String> = faults.list.iter().map(|finding| finding.render(false)).collect();
    told.join("\n\n")
}

#[test]
fn an_error_shows_file_line_and_expression() {
    let text = told(
        VARIANTS,
        &[
            (
                "Containerfile.ubuntu2404.jinja2",
                "FROM x\r\nRUN {{ \"a/b\" | replace(\"/\", \"\\/\") }} {{ Image.Nope }}\r\n",
            ),
            ("test/goss.yaml.jinja2", "{% for x in [1] %}\n"),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn every_kind_of_failure_is_told_the_same_way_and_all_at_once() {
    let text = told(
        PLAIN,
        &[
            ("a.jinja2", "{{ 1 + 'a' }}"),
            ("b.jinja2", "{% set a, b = [1] %}"),
            ("c.jinja2", "{{ raise('not for this version') }}"),
            ("d.jinja2", "x\n{% include 'missing.txt' %}"),
            ("e.jinja2", "{{ Image.Version | nope }}"),
            ("f.jinja2", "{{ Image.Version.nope() }}"),
            ("g.jinja2", "{{ \"unfinished }}"),
            ("h.jinja2", "{% import 'x.j2' as x %}{{ nope() }}"),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_failure_in_a_macro_shows_its_call() {
    let text = told(
        PLAIN,
        &[
            (
                "a.jinja2",
                "{%- import \"apt.j2\" as apt -%}\nFROM x\n{{ apt.clean_command() }}\n{% if True %}\n  {{ apt.run_install() }}\n{% endif %}\n",
            ),
            ("b.jinja2", "{% from 'macros.j2' import m %}\n{% set x %}{{ m('\\/') }}{% endset %}"),
            ("macros.j2", "{% macro m(a) %}\n{{ a }}{{ missing }}{% endmacro %}"),
            ("c.jinja2", "\n{% include 'part.txt' %}"),
            ("part.txt", "\n\n{{ Image.Nope }}"),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn one_failure_of_several_variants_is_told_once() {
    let faults = rendered(VARIANTS, &[("Containerfile.ubuntu2404.jinja2", "{{ Image.Nope }}")]).unwrap_err();
    assert_eq!(faults.list.len(), 1);
    assert_eq!(faults.list[0].position(), Some((1, 4)));
    assert_eq!(
        faults.list[0].note.as_deref().unwrap(),
        "image `connect`, version `2026.05.0-dev+185-gSHA`, variant `Standard`, destination \
         `connect/.dev-2026.05.0-dev+185-gsha/Containerfile.ubuntu2404.std`, variant `Minimal`, destination \
         `connect/.dev-2026.05.0-dev+185-gsha/Containerfile.ubuntu2404.min`"
    );
    let only = "{% if Image.Variant == 'Minimal' %}{{ Image.Nope }}{% endif %}";
    let faults = rendered(VARIANTS, &[("Containerfile.ubuntu2404.jinja2", only)]).unwrap_err();
    assert!(!faults.list[0].note.as_deref().unwrap().contains("Standard"));
}

#[test]
fn two_files_of_one_name_are_an_error() {
    let faults = rendered(PLAIN, &[("a.jinja2", "x"), ("a", "y"), ("b.jinja2", ""), ("b/c", ""), ("b-", "")])
        .unwrap_err();
    let messages: Vec<&str> = faults.list.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "two files of the template folder become `a`",
            "`b` is a file of the version, and the folder of `b/c` as well"
        ]
    );
}

#[test]
fn no_text_of_a_template_reaches_a_terminal_raw() {
    let text = told(PLAIN, &[("a\u{202e}.jinja2", "\u{1b}[31m{{ raise('\u{1b}]0;x\u{7}') }}")]);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
}

#[test]
fn what_is_no_text_is_told() {
    let config = config(PLAIN);
    let mut template =
        tree("connect/template", &[("a.jinja2", ""), ("b.jinja2", "{% include 'c' %}"), ("c", "")]);
    template.files[0].bytes = b"a\nb\xff".to_vec();
    template.files[2].bytes = b"\xff".to_vec();
    let faults = bakery_render::render(&folder(&config), &template, &[]).unwrap_err();
    let messages: Vec<&str> = faults.list.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages[0], "the template is not UTF-8 from line 2 on");
    assert!(messages[1].contains("`connect/template/c` is not UTF-8 from line 1 on"), "{messages:?}");
}

#[test]
fn at_most_twenty_are_told() {
    let names: Vec<String> = (0..25).map(|at| format!("{at:02}.jinja2")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{{ nope }}")).collect();
    let faults = rendered(PLAIN, &files).unwrap_err();
    assert_eq!((faults.list.len(), faults.omitted), (20, 5));
    assert_eq!(faults.to_string(), "templates cannot be rendered, for 25 reasons");
}
