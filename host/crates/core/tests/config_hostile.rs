//! Files that are made to hang, to exhaust memory or to crash: each is refused within the budgets, by name.
//! The tests run in threads with a small stack, so that recursion without bound would be seen.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise and says so")]

use std::fmt::Write as _;

use bakery_core::config::load;

const HEAD: &str = "repository:\n  url: example.com\n";

/// Loads in a thread with `stack` KiB and answers the code of the first error, or `accepted`.
fn outcome(text: Vec<u8>, stack: usize) -> String {
    std::thread::Builder::new()
        .stack_size(stack << 10)
        .spawn(move || match load("bakery.yaml", &text, false) {
            Ok(loaded) => {
                let rendered = loaded.warnings.render(false);
                assert!(rendered.len() < 100_000, "{}", rendered.len());
                "accepted".to_owned()
            }
            Err(errors) => {
                let rendered = errors.render(false);
                assert!(rendered.len() < 100_000, "{}", rendered.len());
                assert!(errors.list().len() <= 20);
                errors.list()[0].code.to_owned()
            }
        })
        .unwrap()
        .join()
        .unwrap()
}

fn check(what: &str, text: String, want: &str) {
    assert_eq!(outcome(text.into_bytes(), 512), want, "{what}");
}

#[test]
fn billion_laughs_are_refused_by_the_number_of_values() {
    let mut text = format!("{HEAD}x-a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..10 {
        let below = level - 1;
        let aliases = vec![format!("*a{below}"); 10].join(", ");
        writeln!(text, "x-a{level}: &a{level} [{aliases}]").unwrap();
    }
    check("laughs", text, "bakery::config::too_many");
}

#[test]
fn one_long_text_used_often_is_refused_by_the_bytes_it_stands_for() {
    let mut text = format!("{HEAD}x-a: &a {}\nx-b:\n", "x".repeat(60_000));
    text.push_str(&"  - *a\n".repeat(9_000));
    check("text", text, "bakery::config::too_many");
}

#[test]
fn very_many_aliases_are_refused() {
    check(
        "aliases",
        format!("{HEAD}x-a: &a x\nx-b:\n{}", "  - *a\n".repeat(20_000)),
        "bakery::config::too_many",
    );
}

#[test]
fn aliases_inside_their_own_anchor_are_refused() {
    for body in ["x-a: &a [*a]\n", "x-a: &a {b: [{c: *a}]}\n", "x-a: &a\n  <<: *a\n", "x-a: &a {? *a : b}\n"]
    {
        check(body, format!("{HEAD}{body}"), "bakery::config::alias");
    }
}

#[test]
fn deep_nesting_is_refused_in_every_style() {
    let deep = 100_000;
    check("flow lists", format!("{HEAD}x-a: {}", "[".repeat(deep)), "bakery::config::too_deep");
    check("flow maps", format!("{HEAD}x-a: {}", "{a: ".repeat(deep)), "bakery::config::too_deep");
    check("block lists", format!("{HEAD}x-a:\n  {}x\n", "- ".repeat(deep)), "bakery::config::too_deep");
    check("complex keys", format!("{HEAD}x-a:\n  {}x\n", "? ".repeat(deep)), "bakery::config::too_deep");
    let mut text = HEAD.to_owned();
    for level in 0..1_000 {
        writeln!(text, "{}a:", " ".repeat(level)).unwrap();
    }
    check("block maps", text, "bakery::config::too_deep");
}

#[test]
fn nesting_through_aliases_counts() {
    let mut text = format!("{HEAD}x-a0: &a0 [x]\n");
    for level in 1..100 {
        writeln!(text, "x-a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    check("aliases", text, "bakery::config::too_deep");
}

#[test]
fn long_texts_are_refused_and_large_files_are_not_read() {
    check("1 MiB scalar", format!("{HEAD}x-a: {}", "x".repeat((1 << 20) - 200)), "bakery::config::too_large");
    check("quoted", format!("{HEAD}x-a: \"{}", "x".repeat(1 << 19)), "bakery::config::syntax");
    check("block text", format!("{HEAD}x-a: |\n{}", "  x\n".repeat(200_000)), "bakery::config::too_large");
    check("2 MiB file", "#".repeat(2 << 20), "bakery::config::too_large");
    check("comment only", "#".repeat((1 << 20) - 1), "bakery::config::missing_key");
}

#[test]
fn a_hundred_thousand_keys_or_entries_are_read_or_refused_in_bounds() {
    let keys = |count: usize| (0..count).fold(HEAD.to_owned(), |text, i| text + &format!("k{i}: \n"));
    check("keys", keys(100_000), "bakery::config::too_many");
    check("unknown keys", keys(40_000), "accepted");
    check("entries", format!("{HEAD}images: [{}]", "a,".repeat(200_000)), "bakery::config::too_many");
    check("wrong entries", format!("{HEAD}images: [{}]", "a,".repeat(45_000)), "bakery::config::wrong_type");
    check(
        "empty images",
        format!("{HEAD}images:\n{}", "  - {name: a}\n".repeat(10_000)),
        "bakery::config::duplicate_name",
    );
    check("same key", format!("{HEAD}{}", "k: \n".repeat(40_000)), "bakery::config::duplicate_key");
    check("merges", format!("{HEAD}x-a: &a {{k: v}}\nx-b:\n  <<: [{}]\n", "*a,".repeat(9_000)), "accepted");
    let wide = (0..5_000).fold(String::new(), |text, i| text + &format!("k{i}: v, "));
    check(
        "wide merges",
        format!("{HEAD}x-a: &a {{{wide}}}\nx-b: [{}]\n", "{<<: *a},".repeat(9_000)),
        "bakery::config::too_many",
    );
}

#[test]
fn development_versions_find_their_line_without_reading_the_file_each_time() {
    let entry = "      - {sourceType: channel, product: connect, channel: daily}\n";
    let text = format!("{HEAD}images:\n  - name: app\n    devVersions:\n{}", entry.repeat(10_000));
    let loaded = load("bakery.yaml", text.as_bytes(), false).unwrap();
    assert_eq!(loaded.config.images[0].dev_versions[9_999].line, 10_005);
    assert_eq!(loaded.warnings.list().len() + loaded.warnings.omitted(), 10_000);
}

#[test]
fn hostile_templates_are_refused_or_read_on_an_ordinary_stack() {
    // The template parser's frames are large without optimisation: 2 MiB is what threads get by default.
    let check = |what: &str, body: &str, want: &str| {
        let text = format!(
            "{HEAD}images:\n  - name: app\n    matrix:\n      values: {{a: b}}\n      namePattern: {body}\n"
        );
        assert_eq!(outcome(text.into_bytes(), 2048), want, "{what}");
    };
    let (bad, good) = ("bakery::config::bad_pattern", "accepted");
    check("long", &"a".repeat(2_000), bad);
    check("many brackets", &format!("'{{{{ {}1 }}}}'", "(".repeat(400)), bad);
    check("open brackets", &format!("'{{{{ {}1 }}}}'", "(".repeat(20)), bad);
    check("brackets", &format!("'{{{{ {}1{} }}}}'", "(".repeat(20), ")".repeat(20)), good);
    check("lists", &format!("'{{{{ {}1{} }}}}'", "[".repeat(20), "]".repeat(20)), good);
    check("maps", &format!("'{{{{ {}1 }}}}'", "{1:".repeat(20)), bad);
    check("not", &format!("'{{{{ {}1 }}}}'", "not ".repeat(120)), good);
    check("minus", &format!("'{{{{ {}1 }}}}'", "-".repeat(480)), good);
    check("powers", &format!("'{{{{ 1{} }}}}'", "**1".repeat(150)), good);
    check("sums", &format!("'{{{{ 1{} }}}}'", "+1".repeat(240)), good);
    check("filters", &format!("'{{{{ a{} }}}}'", "|f".repeat(240)), good);
    check("conditions", &format!("'{{{{ 1{} }}}}'", " if 1 else 1".repeat(40)), good);
    check("statements", &format!("'{}'", "{%if a%}".repeat(20)), bad);
    check("many statements", &format!("'{}{}'", "{%if a%}".repeat(25), "{%endif%}".repeat(25)), bad);
}

/// A small generator (Numerical Recipes' constants): the same bytes on every run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn mutations_of_a_good_file_never_crash() {
    let seed = format!(
        "{HEAD}registries:\n  - host: ghcr.io\nimages:\n  - &a name: app\n    tagPatterns:\n      - patterns: ['{{{{ Version }}}}']\n    \
         versions: [{{name: '1.0', os: &os [{{name: \"Ubuntu 24.04\", primary: true}}]}}]\n    devVersions:\n      - sourceType: stream\n        \
         product: connect\n        stream: daily\n        os: *os\n        values: {{<<: {{a: b}}, c: !!str d}}\n"
    );
    load("bakery.yaml", seed.as_bytes(), true).unwrap();
    let spice: [&[u8]; 24] = [
        b"[",
        b"]",
        b"{",
        b"}",
        b":",
        b"- ",
        b"\n",
        b"\t",
        b"\"",
        b"'",
        b"&a ",
        b"*a",
        b"!!x ",
        b"? ",
        b"|\n",
        b">",
        b"%",
        b"---\n",
        b"\xff",
        "\u{feff}".as_bytes(),
        "é".as_bytes(),
        b"{{",
        b"<<",
        b"#",
    ];
    let mut noise = Noise(42);
    for _ in 0..1_500 {
        let mut text = seed.clone().into_bytes();
        for _ in 0..=noise.below(4) {
            let at = noise.below(text.len());
            match noise.below(3) {
                0 => drop(text.remove(at)),
                1 => {
                    let end = (at + noise.below(30)).min(text.len());
                    drop(text.drain(at..end));
                    text.push(b'\n');
                }
                _ => drop(text.splice(at..at, spice[noise.below(spice.len())].iter().copied())),
            }
        }
        match load("bakery.yaml", &text, false) {
            Ok(loaded) => drop(loaded.warnings.render(false)),
            Err(errors) => assert!(!errors.render(false).is_empty()),
        }
    }
}
