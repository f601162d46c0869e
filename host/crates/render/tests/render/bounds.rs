//! Templates that want too much end with an error, not with the machine.

use crate::support::{PLAIN, printed, rendered};

fn refused(template: &str, why: &str) {
    let error = printed(template).unwrap_err();
    assert!(error.contains(why), "{}: {error}", &template[..template.len().min(80)]);
}

#[test]
fn loops_run_out_of_fuel() {
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    refused(endless, "does not end within 2000000 steps");
    let faults = rendered(PLAIN, &[("x.jinja2", endless)]).unwrap_err();
    assert_eq!(faults.list[0].code, "bakery::template::limit");
}

#[test]
fn a_large_file_is_refused() {
    refused("{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}", "it gives more than 8388608 bytes");
    refused("{{ 'x' * 99999999 }}", "it gives more than 8388608 bytes");
    refused("{{ 'x' * 999999999 }}", "too large");
}

#[test]
fn text_that_goes_into_variables_counts() {
    let double = "{% set x %}{{ x }}{{ x }}{% endset %}";
    refused(&format!("{{% set x = 'x' %}}{}", double.repeat(60)), "prints too much");
    let macros = "{% macro m(x, n) %}{% if n %}{{ m(x, n - 1) }}{{ m(x, n - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}";
    refused(&format!("{macros}{{% set y = m('x' * 999, 20) %}}"), "prints too much");
}

#[test]
fn widths_are_bounded() {
    refused("{{ 'a\\nb' | indent(999999999) }}", "`indent` would make the text too large");
    refused("{{ ('a\\n' * 9999) | indent(9999) }}", "`indent` would make the text too large");
}

#[test]
fn recursion_ends() {
    refused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion limit");
    let faults = rendered(PLAIN, &[("x.jinja2", "{% include 'x.jinja2' %}")]).unwrap_err();
    assert!(faults.list[0].message.contains("recursion limit"), "{:?}", faults.list[0].message);
}

#[test]
fn expressions_that_nest_do_not_end_the_program() {
    for (begin, part, end) in [
        ("{{ ", "(", ""),
        ("{{ ", "[", ""),
        ("{{ ", "-", "1 }}"),
        ("{{ ", "not ", "1 }}"),
        ("{{ 1", "+1", " }}"),
        ("{{ 1", "|abs", " }}"),
        ("{{ a", ".a", " }}"),
        ("{{ a", "[0]", " }}"),
        ("{{ a", "()", " }}"),
        ("{{ 1", " if 1 else 1", " }}"),
        ("{{ ", "{0:", ""),
    ] {
        for count in [10, 1000, 100_000] {
            let _ = printed(&format!("{begin}{}{end}", part.repeat(count)));
        }
    }
    for part in [
        "{% if 1 %}",
        "{% for a in [1] %}",
        "{% set x %}",
        "{% macro m() %}",
        "{% with %}",
        "{% if 1 %}{% elif 1 %}",
    ] {
        let _ = printed(&part.repeat(100_000 / part.len()));
        let _ = printed(&part.repeat(10_000 / part.len()));
    }
    let _ = printed(&format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(20_000)));
    let _ = printed(&format!("{{{{ {} }}}}", "a~".repeat(8_000) + "1"));
}

#[test]
fn expressions_that_search_for_ever_give_up() {
    let text = "x".repeat(60);
    refused(&format!(r#"{{{{ "y{text}" | regexReplace("(x+x+)+\\1y", "") }}}}"#), "cannot be searched for");
}

#[test]
fn many_files_are_refused() {
    let names: Vec<String> = (0..10_050).map(|at| format!("f{at}")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let faults = rendered(PLAIN, &files).unwrap_err();
    assert_eq!(faults.list[0].message, "the version has more than 10000 files");
}

#[test]
fn a_large_template_is_refused() {
    refused(&"x".repeat(300_000), "has 300002 bytes, at most 262144 are read");
    refused(&format!("{{{{ '{}' }}}}", "x".repeat(20_000)), "more than 16384 bytes between its brackets");
}
