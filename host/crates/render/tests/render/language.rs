//! The language of templates, where the engine and Jinja differ or where real templates are particular.

use crate::support::{printed, text};

fn check(table: &[(&str, &str)]) {
    for (template, want) in table {
        assert_eq!(printed(template).as_deref(), Ok(*want), "{template}");
    }
}

#[test]
fn yaml_is_not_escaped() {
    check(&[(r#"r-{{ Dependencies.R[0] }}: "{{ '<&>' }}""#, r#"r-4.6.1: "<&>""#)]);
}

#[test]
fn the_end_of_a_file_stays() {
    for (template, want) in
        [("a\n", "a\n"), ("a", "a\n"), ("a \t\n\n\n", "a\n"), ("", ""), ("{% if False %}x{% endif %}", "")]
    {
        assert_eq!(text(template).as_deref(), Ok(want), "{template:?}");
    }
}

#[test]
fn indented_text_keeps_its_last_line_end() {
    check(&[
        (r#"{{ "a\nb\n" | indent(4) }}"#, "a\n    b\n"),
        (r#"{{ "a\n\nb" | indent }}"#, "a\n\n    b"),
        (r#"{{ "a\n\nb" | indent("..", True, True) }}"#, "..a\n..\n..b"),
        (r#"{{ "a\nb" | indent(width=2, first=True) }}"#, "  a\n  b"),
        (r#"{{ "a\nb" | indent("> ") }}"#, "a\n> b"),
        (r#"{{ "a\r\nb" | indent(1) }}"#, "a\n b"),
        (r#"{{ "" | indent(4) }}"#, ""),
    ]);
}

#[test]
fn text_that_is_no_number_is_zero() {
    check(&[
        (r#"{{ "0-dev+185" | int }}"#, "0"),
        (r#"{{ "0-dev" | int(7) }}"#, "7"),
        (r#"{{ "x" | int(default=7) }}"#, "7"),
        (r#"{{ " 5.7 " | int }}"#, "5"),
        (r#"{{ "ff" | int(base=16) }}"#, "255"),
        (r#"{{ "12" | int + 1 }}"#, "13"),
        (r#"{{ None | int }}"#, "0"),
        (r#"{{ [] | int }}"#, "0"),
        (r#"{{ "x" | float }}"#, "0.0"),
        (r#"{{ " 1.5 " | float }}"#, "1.5"),
        (r#"{% if "2026.05.0".split(".")[2] | int > 0 %}a{% else %}b{% endif %}"#, "b"),
    ]);
}

#[test]
fn a_backslash_before_a_slash_stays() {
    check(&[
        (r#"sed "s/{{ "a/b" | replace("/", "\/") }}/x/""#, r#"sed "s/a\/b/x/""#),
        (r#"{# it's "\/" #}{% set a = '\/' %}{{ a }}\/"#, r"\/\/"),
        (r#"{{ "\d\.\{" }}"#, r"\d\.\{"),
    ]);
}

#[test]
fn other_line_ends_become_ours() {
    assert_eq!(text("a\r\n{% if True -%}\r\n  b\r\n{%- endif %}\rc\r\n").unwrap(), "a\nb\nc\n");
}

#[test]
fn what_is_undefined_is_told_and_not_printed() {
    check(&[
        ("{{ Image.Nope is defined }}", "False"),
        ("{{ Image.Nope is undefined }}", "True"),
        ("{{ Image.Nope | default('x') }}", "x"),
        ("{{ Nope | d('x') }}", "x"),
        ("{{ 'a' if False }}", ""),
        ("{% if True %}a{% elif Image.Nope %}{% endif %}", "a"),
    ]);
    for (template, what) in [
        ("{{ Image.Nope }}", "`Image.Nope` is undefined"),
        ("{{ Nope }}", "`Nope` is undefined"),
        ("{{ Image.Nope | upper }}", "`Image.Nope` is undefined"),
        ("{% if Image.Nope %}{% endif %}", "`Image.Nope` is undefined"),
        ("{% for x in Image.Nope %}{% endfor %}", "`Image.Nope` is undefined"),
        ("{{ Image.Nope == 'x' }}", "`Image.Nope` is undefined"),
        ("{{ 'x' ~ Image.Nope }}", "`Image.Nope` is undefined"),
        ("{{ Image.Nope.More is defined }}", "`Image.Nope` is undefined"),
        ("{{ Image.Nope | join(',') }}", "`join` was given something that is undefined"),
        ("{{ ['a', Image.Nope] | join(',') }}", "`join` was given something that is undefined"),
        ("{{ Image.Nope | indent }}", "`Image.Nope` is undefined"),
        ("{{ Image.Nope | int }}", "`Image.Nope` is undefined"),
    ] {
        let error = printed(template).unwrap_err();
        assert!(error.contains(what), "{template}: {error}");
    }
}

#[test]
fn bakery_s_own_filters_are_there() {
    check(&[
        ("{{ 'Ubuntu 22.04_x+' | tagSafe }}", "Ubuntu-22.04_x"),
        ("{{ Image.Version | stripMetadata }}", "2026.05.0-dev+185"),
        ("{{ 'R4.3.3-python3.11.15' | stripPatch }}", "R4.3-python3.11"),
        ("{{ 'a b-.c' | condense }}", "abc"),
        ("{{ 'a' | quote }}", "\"a\""),
        ("{{ 'a,b' | split(',') | last }}", "b"),
        (r#"{{ "a1b22" | regexReplace("[0-9]+", "<\g<0>>") }}"#, "a<1>b<22>"),
        (r#"{{ "abab-$" | regexReplace("(?P<x>a)(?=b)(b)", "\\2\g<x>") }}"#, "baba-$"),
        (r#"{{ "abcabc" | regexReplace("(?<=a)b", "$1") }}"#, "a$1ca$1c"),
        (r#"{{ "aa bc dd" | regexReplace("(.)\\1", "\\1") }}"#, "a bc d"),
    ]);
    assert!(printed("{{ 'a' | split }}").is_err());
    assert!(printed("{{ 1 | quote }}").unwrap_err().ends_with("`quote` needs a string"));
    assert!(printed("{{ raise('not on Sundays') }}").unwrap_err().ends_with("rendered: not on Sundays"));
    assert!(
        printed("{{ 'a' | regexReplace('(', '') }}").unwrap_err().contains("is not a regular expression")
    );
}

#[test]
fn methods_of_python_work() {
    check(&[
        ("{{ Image.Version.split('+')[0] }}", "2026.05.0-dev"),
        ("{{ 'a-b'.replace('-', '_').upper() }}", "A_B"),
        ("{{ 'a'.startswith('a') }}", "True"),
        (
            "{% for k, v in Image.items() %}{{ k }} {% endfor %}",
            "Name DisplayName Version IsDevelopmentVersion ",
        ),
        ("{{ Dependencies.get('R') }}", "['4.6.1']"),
        ("{{ Dependencies.get('nope') }}", "None"),
    ]);
}

#[test]
fn what_real_templates_do_works() {
    check(&[
        ("{{ 'a+b/c' | urlencode }}", "a%2Bb/c"),
        ("{{ ['b', 'a'] | sort | map('upper') | join(', ') }}", "A, B"),
        ("{{ ' a ' | trim }}", "a"),
        ("{{ '<' | safe }}", "<"),
        (
            "{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}",
            "3",
        ),
        ("{% set a, b = 'x-y'.split('-') %}{{ b }}{{ a }}", "yx"),
        (
            "{% for x in ['a', 'b'] %}{{ loop.first }}{{ loop.index0 }}{{ ',' if not loop.last }}{% endfor %}",
            "True0,False1",
        ),
        (
            "{% for x in [1, 2] %}{{ loop.previtem is defined }}{{ loop.changed(x) }} {% endfor %}",
            "FalseTrue TrueTrue ",
        ),
        ("{% for x in [] %}{% else %}none{% endfor %}", "none"),
        (
            "{% macro m(a, b=[]) %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call m(1) %}x{% endcall %}",
            "1[]x",
        ),
        ("{% raw %}{{ .Env.X }}{% endraw %}", "{{ .Env.X }}"),
        ("{%- if True -%}   a   {%- endif -%}   ", "a"),
        ("{{ 'a' 'b' }}", "ab"),
        ("{{ '%s-%s' | format('a', 1) }}", "a-1"),
        ("{{ 1 < 2 < 3 }} {{ 7 // 2 }} {{ 2 ** 3 }} {{ 'ab' * 2 }} {{ 'b' in 'abc' }}", "True 3 8 abab True"),
        ("{{ [1, 2, 3][-1] }}{{ 'abc'[:2] }}", "3ab"),
        ("{{ True }} {{ None }} {{ 1.5 }} {{ {'b': 1, 'a': 'x'} }}", "True None 1.5 {'b': 1, 'a': 'x'}"),
        ("{{ {'b': 1, 'a': 2} | tojson }}", "{\"b\": 1, \"a\": 2}"),
        ("{{ 'a' if x is not defined else x }}", "a"),
    ]);
    for template in ["{% do x %}", "{% for x in [1] %}{% break %}{% endfor %}", "{% include '../x' %}"] {
        assert!(printed(template).is_err(), "{template}");
    }
}

#[test]
fn a_version_s_own_values_win() {
    let yaml =
        crate::support::PLAIN.replace("channel: daily,", "channel: daily, values: {Image: mine, port: '1'},");
    let rendered = crate::support::rendered(&yaml, &[("x.jinja2", "{{ Image }} {{ port }}")]).unwrap();
    assert_eq!(rendered.tree.file("x").unwrap().bytes, b"mine 1\n");
}
