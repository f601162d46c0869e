//! Grants against commands of guests, honest and hostile.

use super::*;
use crate::{
    model::Tag,
    policy::{Denial, RegistryGrants},
    port::command::{Argument, Command, CommandLimits, Word},
};

const HEX: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn flag(text: &str) -> Argument {
    Argument::Flag(text.into())
}

fn value(text: &str) -> Argument {
    Argument::Value(text.into())
}

fn scratch(text: &str) -> Argument {
    Argument::Scratch(text.into())
}

fn tool() -> CommandGrant {
    let create = Subcommand::new("manifest index create")
        .and_then(|s| s.flag("--annotation", FlagRule::with(ValueKind::Pair).times(3)))
        .and_then(|s| s.flag("--plain-http", FlagRule::alone()))
        .and_then(|s| s.flag("--force", FlagRule::with(ValueKind::one_of(["yes", "no"])).joined()))
        .unwrap()
        .positional(ValueKind::Push)
        .rest(ValueKind::Pull);
    let convert = Subcommand::new("convert")
        .and_then(|s| s.flag("--span-size", FlagRule::with(ValueKind::Integer)))
        .and_then(|s| s.flag("--platform", FlagRule::with(ValueKind::Platform)))
        .and_then(|s| s.flag("-o", FlagRule::with(ValueKind::Scratch).joined()))
        .unwrap()
        .positional(ValueKind::Scratch)
        .positional(ValueKind::Text)
        .terminator();
    let registries = RegistryGrants::default()
        .pull("ghcr.io/a/tmp".parse().unwrap())
        .push("ghcr.io/a/b".parse().unwrap(), ["1.0", "latest"].map(|tag| tag.parse::<Tag>().unwrap()));
    CommandGrant::new("tool", "/usr/bin/tool")
        .unwrap()
        .subcommand(create)
        .subcommand(convert)
        .registries(registries)
        .scratch("/scratch")
        .unwrap()
}

fn ask(arguments: &[Argument]) -> Result<Vec<Word>, Denial> {
    let command = Command { program: "tool".into(), arguments: arguments.to_vec(), stdin: None };
    CommandGrants::new([tool()]).unwrap().check(&command).map(|invocation| invocation.words().to_vec())
}

fn create(more: &[Argument]) -> Result<Vec<Word>, Denial> {
    ask(&[&[value("manifest"), value("index"), value("create")], more].concat())
}

fn convert(more: &[Argument]) -> Result<Vec<Word>, Denial> {
    ask(&[&[value("convert")], more].concat())
}

fn words(plain: &[&str]) -> Vec<Word> {
    plain.iter().map(Word::from).collect()
}

#[test]
fn the_words_keep_the_guests_order() {
    let source = format!("ghcr.io/a/tmp@sha256:{HEX}");
    let asked = create(&[
        value("ghcr.io/a/b:1.0,latest"),
        value(&source),
        flag("--annotation"),
        value("org.x=a b=c"),
        flag("--force"),
        value("no"),
    ]);
    let expected = [
        "manifest",
        "index",
        "create",
        "ghcr.io/a/b:1.0,latest",
        &source,
        "--annotation",
        "org.x=a b=c",
        "--force=no",
    ];
    assert_eq!(asked.unwrap(), words(&expected));
}

#[test]
fn where_the_program_knows_the_terminator_it_stands_before_what_is_no_flag() {
    let asked = convert(&[
        scratch("./in//x"),
        value("text"),
        flag("--span-size"),
        value("4"),
        flag("-o"),
        scratch("."),
    ]);
    let mut expected = words(&["convert", "--span-size", "4"]);
    expected.push(Word::Scratch { prefix: "-o=".into(), path: "".into() });
    expected.push(Word::from("--"));
    expected.push(Word::Scratch { prefix: String::new(), path: "in/x".into() });
    expected.push(Word::from("text"));
    assert_eq!(asked.unwrap(), expected);
}

#[test]
fn what_is_not_granted_names_the_line_to_add() {
    let hint = |outcome: Result<Vec<Word>, Denial>| outcome.unwrap_err().hint;
    insta::assert_snapshot!(hint(ask(&[value("manifest"), value("delete"), value("a@b")])), @"add `- manifest delete` under `subcommands:` of `tool` in `commands:`");
    insta::assert_snapshot!(hint(convert(&[flag("--all")])), @"add `--all:` under `flags:` of `tool convert` in `commands:`");
    let other = Command { program: "sh".into(), ..Command::default() };
    insta::assert_snapshot!(CommandGrants::default().check(&other).unwrap_err().hint, @"add `sh:` under `commands:`");
    insta::assert_snapshot!(convert(&[flag("--all")]).unwrap_err(), @"`tool convert --all` is not granted");
}

#[test]
fn a_flag_carries_no_value_of_its_own() {
    for hostile in ["--span-size=4", "--", "-", "", "--plain-http=false", "--a b", "--a\n", "—all", "+x"] {
        let denial = convert(&[flag(hostile)]).unwrap_err();
        assert!(denial.hint.starts_with("a flag is `-x` or `--name`"), "{hostile:?} {denial:?}");
    }
}

#[test]
fn a_flag_that_another_subcommand_has_is_not_granted_here() {
    assert!(convert(&[flag("--plain-http")]).is_err());
    assert!(create(&[flag("--span-size"), value("1")]).is_err());
}

#[test]
fn a_value_cannot_become_a_flag_a_file_or_a_second_line() {
    for hostile in
        ["-", "--output=/", "-o", "@/etc/shadow", "@", "a\0b", "a\nb", "a\rb", "a\u{1b}[2J", "a\u{85}b"]
    {
        let here = |asked: Result<Vec<Word>, Denial>| assert!(asked.is_err(), "{hostile:?}");
        here(convert(&[scratch("in"), value(hostile)]));
        here(create(&[flag("--annotation"), value(&format!("{hostile}=x"))]));
        here(create(&[flag("--force"), value(hostile)]));
        here(convert(&[flag("--span-size"), value(hostile)]));
    }
    assert!(create(&[flag("--annotation"), value("k=a\nb")]).is_err());
}

#[test]
fn a_value_is_of_its_kind() {
    fn check(name: &str, text: &str, expected: bool) {
        let of_create = create(&[flag(name), value(text)]);
        let of_convert = convert(&[flag(name), value(text)]);
        assert_eq!(of_create.is_ok() || of_convert.is_ok(), expected, "{name} {text}");
    }
    check("--span-size", "4194304", true);
    check("--span-size", "4 194", false);
    check("--span-size", "0x10", false);
    check("--span-size", "", false);
    check("--platform", "linux/arm64", true);
    check("--platform", "linux/arm64,evil", false);
    check("--annotation", "a.b/c-d_e=anything, even this=", true);
    check("--annotation", "=x", false);
    check("--annotation", "a b=c", false);
    check("--annotation", "novalue", false);
    check("--force", "yes", true);
    check("--force", "maybe", false);
}

#[test]
fn references_lie_in_granted_repositories_under_granted_tags() {
    let digest = format!("@sha256:{HEX}");
    let to = |text: &str| create(&[value(text)]);
    let from = |text: &str| create(&[value("ghcr.io/a/b:1.0"), value(text)]);
    for granted in ["ghcr.io/a/b:1.0", "ghcr.io/a/b:latest,1.0", &format!("ghcr.io/a/b{digest}")] {
        assert!(to(granted).is_ok(), "{granted}");
    }
    for refused in [
        "ghcr.io/a/b:2.0",
        "ghcr.io/a/b:1.0,2.0",
        "ghcr.io/a/b:1.0,",
        "ghcr.io/a/b",
        "ghcr.io/a/c:1.0",
        "evil.example/a/b:1.0",
        "ghcr.io/a/tmp:1.0",
        &format!("ghcr.io/a/b:2.0{digest}"),
        &format!("ghcr.io/a/b:1.0{digest}"),
        &format!("ghcr.io/a/b{digest},2.0"),
    ] {
        assert!(to(refused).is_err(), "{refused}");
    }
    assert!(from(&format!("ghcr.io/a/tmp{digest}")).is_ok());
    assert!(from("ghcr.io/a/b:2.0").is_ok(), "what may be written may be read");
    for refused in ["ghcr.io/secret/x:1", "/etc/passwd", "oci:/etc", "ghcr.io/a/tmp@sha256:1"] {
        assert!(from(refused).is_err(), "{refused}");
    }
}

#[test]
fn a_reference_reaches_the_program_as_it_was_checked() {
    let grant = CommandGrant::new("tool", "/t")
        .unwrap()
        .subcommand(Subcommand::new("").unwrap().positional(ValueKind::Pull))
        .registries(RegistryGrants::default().pull("docker.io/library/ubuntu".parse().unwrap()));
    let command = Command { arguments: vec![value("ubuntu")], ..Command::default() };
    assert_eq!(grant.check(&command).unwrap().words(), words(&["docker.io/library/ubuntu"]));
}

#[test]
fn a_scratch_path_stays_inside() {
    for inside in ["in", "a/b/c", "layout:tag", ".", "a/./b", "-rf", "@x", "..a", "a..b"] {
        assert!(convert(&[scratch(inside)]).is_ok(), "{inside}");
    }
    let deep = "a/".repeat(40);
    for outside in ["", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "//x", "a\0b", "a\nb", &deep] {
        assert!(convert(&[scratch(outside)]).is_err(), "{outside:?}");
    }
    assert!(convert(&[value("in")]).is_err(), "a value is no path");
    assert!(create(&[scratch("in")]).is_err(), "a path is no reference");
}

#[test]
fn without_a_scratch_space_there_is_no_path() {
    let grant = CommandGrant::new("tool", "/t")
        .unwrap()
        .subcommand(Subcommand::new("").unwrap().positional(ValueKind::Scratch));
    let command = Command { arguments: vec![scratch("in")], ..Command::default() };
    assert_eq!(grant.check(&command).unwrap_err().hint, "`tool` has no scratch space here");
}

#[test]
fn counts_and_sizes_are_bounded() {
    assert!(create(&[flag("--plain-http"), flag("--plain-http")]).is_err(), "twice");
    let one = [flag("--annotation"), value("a=b")];
    assert!(create(&[&one[..]; 3].concat()).is_ok());
    assert!(create(&[&one[..]; 4].concat()).is_err());
    assert!(create(&[flag("--annotation")]).is_err(), "a flag without its value");
    assert!(create(&[flag("--annotation"), flag("--plain-http")]).is_err(), "a flag is no value");
    assert!(convert(&[scratch("a"), value("b"), value("c")]).is_err(), "too many");

    let limits =
        CommandLimits { arguments: 3, argument_bytes: 20, stdin_bytes: 4, ..CommandLimits::default() };
    let grant = CommandGrant::new("tool", "/t")
        .unwrap()
        .subcommand(Subcommand::new("").unwrap().rest(ValueKind::Text))
        .limits(limits);
    let check = |arguments: &[Argument], stdin: Option<&[u8]>| {
        let stdin = stdin.map(<[u8]>::to_vec);
        grant.check(&Command { program: "tool".into(), arguments: arguments.to_vec(), stdin }).is_ok()
    };
    assert!(check(&[value("a"), value("b"), value("c")], Some(b"1234")));
    assert!(!check(&[value("a"), value("b"), value("c"), value("d")], None));
    assert!(!check(&[value(&"a".repeat(21))], None));
    assert!(!check(&[], Some(b"12345")));
}

#[test]
fn the_longest_subcommand_counts_and_a_flag_cannot_stand_in_it() {
    assert!(ask(&[value("manifest"), flag("--plain-http"), value("index"), value("create")]).is_err());
    assert!(ask(&[]).is_err());
    assert!(ask(&[value("manifest")]).is_err());
    assert!(ask(&[flag("manifest")]).is_err());
    assert!(ask(&[scratch("convert")]).is_err());
}

#[test]
fn nothing_is_repeated_unless_its_grant_says_so() {
    let once = Subcommand::new("convert").unwrap();
    let again = Subcommand::new("copy").unwrap().repeatable();
    let grant = CommandGrant::new("tool", "/t").unwrap().subcommand(once).subcommand(again);
    let check = |word: &str| {
        let command = Command { arguments: vec![value(word)], ..Command::default() };
        grant.check(&command).unwrap().is_repeatable()
    };
    assert_eq!([check("convert"), check("copy")], [false, true]);
}

#[test]
fn a_program_is_never_a_path() {
    for hostile in ["/bin/sh", "../tool", "./tool", "", "-x", "tool/x", "a b", "tool\0", "TOOL\n"] {
        let command = Command { program: hostile.into(), ..Command::default() };
        assert!(CommandGrants::new([tool()]).unwrap().check(&command).is_err(), "{hostile:?}");
        assert!(CommandGrant::new(hostile, "/bin/true").is_err(), "{hostile:?}");
    }
    assert!(CommandGrant::new("tool", "bin/tool").is_err());
    assert!(CommandGrant::new("tool", "").is_err());
    assert!(tool().scratch("relative").is_err());
    assert!(CommandGrants::new([tool(), tool()]).is_err());
}

#[test]
fn a_grant_of_something_else_than_words_and_flags_is_refused() {
    for wrong in ["a  b", " a", "a ", "-a", "a b=c", "a\n"] {
        assert!(Subcommand::new(wrong).is_err(), "{wrong:?}");
    }
    for wrong in ["annotation", "--", "-", "", "--a=b", "--a b", "---a"] {
        assert!(Subcommand::new("x").unwrap().flag(wrong, FlagRule::alone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_environment_is_made_from_nothing() {
    let set = EnvironmentSet::parse(["HOME", "LANG=C.UTF-8", "ABSENT", "EMPTY=", "A=b=c"]).unwrap();
    let own = |name: &str| match name {
        "HOME" => Some("/home/x".into()),
        "LANG" | "SECRET" => Some("leaks".into()),
        _ => None,
    };
    let expected = [("HOME", "/home/x"), ("LANG", "C.UTF-8"), ("EMPTY", ""), ("A", "b=c")];
    assert_eq!(set.resolve(own), expected.map(|(name, value)| (name.into(), value.into())));
    assert!(EnvironmentSet::default().resolve(own).is_empty());
    let last = EnvironmentSet::parse(["HOME", "HOME=/scratch"]).unwrap();
    assert_eq!(last.resolve(own), [("HOME".into(), "/scratch".into())]);
}

#[test]
fn variables_that_make_programs_run_something_else_are_not_taken_over() {
    for line in ["LD_PRELOAD", "LD_PRELOAD=/x.so", "LD_AUDIT", "DYLD_INSERT_LIBRARIES=x", "GLIBC_TUNABLES"] {
        assert!(Variable::parse(line).is_err(), "{line}");
    }
    for name in ["BASH_ENV", "ENV", "NODE_OPTIONS", "GIT_SSH_COMMAND", "PYTHONPATH", "GIT_CONFIG_COUNT"] {
        assert!(Variable::parse(name).is_err(), "{name}");
        assert!(Variable::parse(&format!("{name}=")).is_ok(), "{name}");
    }
    for name in ["DOCKER_HOST", "SSL_CERT_FILE", "ENVIRONMENT", "HTTPS_PROXY", "no_proxy", "_X1"] {
        assert!(Variable::parse(name).is_ok(), "{name}");
    }
    for line in ["", "=x", "1A", "A B", "A-B=c", "A\0", "A=b\0c", "A\n=b"] {
        assert!(Variable::parse(line).is_err(), "{line:?}");
    }
    insta::assert_snapshot!(Variable::parse("NODE_OPTIONS").unwrap_err(), @"`NODE_OPTIONS` changes what programs run, so it cannot be taken over: set it with `NAME=value` if that is meant");
}
