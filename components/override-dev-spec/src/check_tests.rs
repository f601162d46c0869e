//! What a payload may say and what it may not, case by case.

use bakery_sdk::dispatcher::{Checked, Error};

use super::check;

fn accepted(spec: &str) -> Checked {
    check(spec).unwrap_or_else(|error| panic!("{spec}: {error:?}"))
}

fn refused(spec: &str) -> String {
    match check(spec) {
        Err(Error::InvalidSpec(text)) => text,
        other => panic!("{spec}: {other:?}"),
    }
}

#[test]
fn versions_channels_and_branches_are_read_and_trimmed() {
    for (spec, version, channel, branch) in [
        (
            r#"{"version":"2026.05.0-dev+185-gSHA","channel":"daily"}"#,
            Some("2026.05.0-dev+185-gSHA"),
            Some("daily"),
            None,
        ),
        (r#"{"version":" 2026.05.0 "}"#, Some("2026.05.0"), None, None),
        (r#"{"version":"2026.5.0"}"#, Some("2026.5.0"), None, None),
        (r#"{"version":"0.0.0"}"#, Some("0.0.0"), None, None),
        (r#"{"version":"2026.05.0\n"}"#, Some("2026.05.0"), None, None),
        (r#"{"version":null,"release_branch":"b"}"#, None, None, Some("b")),
        (r#"{"release_branch":"  x "}"#, None, None, Some("x")),
        (
            r#"{"version":"1.2.3","release_branch":"b","channel":"preview"}"#,
            Some("1.2.3"),
            Some("preview"),
            Some("b"),
        ),
        (r#"{"version":"1.2.3","channel":null}"#, Some("1.2.3"), None, None),
        (" {\n\"version\" : \"1.2.3\" }\n", Some("1.2.3"), None, None),
        (r#"{"version":"1.2.3","channel":"release"}"#, Some("1.2.3"), Some("release"), None),
    ] {
        let checked = accepted(spec);
        assert_eq!(
            (checked.version.as_deref(), checked.channel.as_deref(), checked.branch.as_deref()),
            (version, channel, branch),
            "{spec}"
        );
        assert_eq!(checked.warnings, [""; 0], "{spec}");
    }
}

#[test]
fn every_known_field_is_carried() {
    let checked = accepted(
        r#"{"version":"1.2.3","image":"workbench","product":"workbench-session","sha":"abc","build_number":404,"branch":"main"}"#,
    );
    assert_eq!(
        (checked.image.as_deref(), checked.product.as_deref()),
        (Some("workbench"), Some("workbench-session"))
    );
    let attributes = [("sha", "abc"), ("build-number", "404"), ("branch", "main")];
    assert_eq!(checked.attributes, attributes.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(checked.branch, None);
    let negative = accepted(r#"{"version":"1.2.3","build_number":"404.pro4"}"#);
    assert_eq!(negative.attributes, [("build-number".to_owned(), "404.pro4".to_owned())]);
    let nulls =
        r#"{"version":"1.2.3","image":null,"product":null,"sha":null,"build_number":null,"branch":null}"#;
    assert_eq!(accepted(nulls).attributes, []);
}

#[test]
fn wrong_values_are_refused_by_name() {
    for value in [
        "2026.05",
        "2026.05.0.1",
        "v2026.05.0",
        "2026.05.00",
        "2026..0",
        "2026.05.0-dev.01",
        "2026.05.0-01",
        "2026.05.0+a_b",
        "2026.05.0+a+b",
        "٣.2.1",
        "1.2.3,latest",
        "-rf",
        "latest",
    ] {
        assert_eq!(
            refused(&format!(r#"{{"version":"{value}"}}"#)),
            format!(
                "`version` is `{value}`, which is not a version: expected one like `2026.06.0-daily+143`"
            )
        );
    }
    let branch = "which cannot be part of an address: expected letters, digits, `.`, `_` and `-`";
    for (spec, want) in [
        (r#"{"version":""}"#, "`version` is empty: leave it out, or give a value".to_owned()),
        (r#"{"version":"  "}"#, "`version` is empty: leave it out, or give a value".to_owned()),
        (r#"{"release_branch":""}"#, "`release_branch` is empty: leave it out, or give a value".to_owned()),
        (r#"{"version":"1.2.3","image":" "}"#, "`image` is empty: leave it out, or give a value".to_owned()),
        (r#"{"version":"1.2.3","sha":""}"#, "`sha` is empty: leave it out, or give a value".to_owned()),
        (
            r#"{"version":"1.2.3","build_number":""}"#,
            "`build_number` is empty: leave it out, or give a value".to_owned(),
        ),
        (
            r#"{"version":"1.2.3","channel":"Daily"}"#,
            "`channel` is `Daily`, which is not a channel: did you mean `daily`?".to_owned(),
        ),
        (
            r#"{"version":"1.2.3","channel":"stable"}"#,
            "`channel` is `stable`, which is not a channel: expected `release`, `preview`, `daily`"
                .to_owned(),
        ),
        (
            r#"{"version":"1.2.3","channel":""}"#,
            "`channel` is nothing, which is not a channel: expected `release`, `preview`, `daily`".to_owned(),
        ),
        (
            r#"{"version":"1.2.3","channel":" daily"}"#,
            "`channel` is ` daily`, which is not a channel: did you mean `daily`?".to_owned(),
        ),
        (r#"{"release_branch":"a/../x"}"#, format!("`release_branch` is `a/../x`, {branch}")),
        (r#"{"release_branch":"a b"}"#, format!("`release_branch` is `a b`, {branch}")),
        (
            r#"{"version":"1.2.3","product":"a\u001b[31m"}"#,
            r"`product` is `a\u{1b}[31m`, which holds a control character".to_owned(),
        ),
        (
            r#"{}"#,
            "neither `version` nor `release_branch` is given: one of them must say what to build".to_owned(),
        ),
        (
            r#"{"channel":"daily"}"#,
            "neither `version` nor `release_branch` is given: one of them must say what to build".to_owned(),
        ),
        (
            r#"{"version":null}"#,
            "neither `version` nor `release_branch` is given: one of them must say what to build".to_owned(),
        ),
    ] {
        assert_eq!(refused(spec), want, "{spec}");
    }
    let long = format!(r#"{{"version":"1.2.3","image":"{}"}}"#, "a".repeat(257));
    assert_eq!(refused(&long), "`image` has 257 bytes, more than the 256 that are read");
}

#[test]
fn wrong_types_and_duplicates_are_refused_with_their_place() {
    for (spec, want) in [
        (r#"{"version":123}"#, "`version` is the number 123, expected a text at line 1 column 15"),
        (r#"{"version":-1}"#, "`version` is the number -1, expected a text at line 1 column 14"),
        (r#"{"version":1.5}"#, "`version` is a fraction, expected a text at line 1 column 15"),
        (r#"{"version":true}"#, "`version` is `true`, expected a text at line 1 column 16"),
        (r#"{"version":["1.2.3"]}"#, "`version` is an array, expected a text at line 1 column 21"),
        (r#"{"version":{"a":[{}]}}"#, "`version` is an object, expected a text at line 1 column 22"),
        (r#"{"release_branch":5}"#, "`release_branch` is the number 5, expected a text at line 1 column 20"),
        (r#"{"version":"1.2.3","sha":5}"#, "`sha` is the number 5, expected a text at line 1 column 27"),
        (
            r#"{"version":"1.2.3","build_number":1.5}"#,
            "`build_number` is a fraction, expected a text or an integer at line 1 column 38",
        ),
        (r#"{"version":"1.2.3","version":"2.0.0"}"#, "`version` is given twice at line 1 column 28"),
        (r#"{"version":"1.2.3","x":1,"x":2}"#, "`x` is given twice at line 1 column 28"),
        (r#"{"version":"1.2.3","v\u0065rsion":"2.0.0"}"#, "`version` is given twice at line 1 column 33"),
    ] {
        assert_eq!(refused(spec), want, "{spec}");
    }
}

#[test]
fn what_is_not_a_json_object_is_refused() {
    for (spec, want) in [
        ("", "the payload is empty: expected an object like `{\"version\": \"2026.06.0\"}`"),
        (" \n", "the payload is empty: expected an object like `{\"version\": \"2026.06.0\"}`"),
        ("\"x\"", "the payload is `\"x\"`, expected an object like `{\"version\": \"2026.06.0\"}`"),
        ("null", "the payload is `null`, expected an object like `{\"version\": \"2026.06.0\"}`"),
        ("5", "the payload is `5`, expected an object like `{\"version\": \"2026.06.0\"}`"),
        ("[]\n", "the payload is `[]`, expected an object like `{\"version\": \"2026.06.0\"}`"),
        ("2026.05.0", "the payload `2026.05.0` is not JSON: trailing characters at line 1 column 8"),
        ("daily", "the payload `daily` is not JSON: expected value at line 1 column 1"),
        (
            r#"{"version":"1.2.3"} x"#,
            r#"the payload `{"version":"1.2.3"} x` is not JSON: trailing characters at line 1 column 21"#,
        ),
        (
            r#"{"version":"1.2.3","#,
            r#"the payload `{"version":"1.2.3",` is not JSON: EOF while parsing a value at line 1 column 19"#,
        ),
        (
            r#"{"version":"1.2.3",}"#,
            r#"the payload `{"version":"1.2.3",}` is not JSON: trailing comma at line 1 column 20"#,
        ),
        (
            "{version:1.2.3}",
            "the payload `{version:1.2.3}` is not JSON: key must be a string at line 1 column 2: \
             were the quotes lost in the shell?",
        ),
        (
            "{\"version\":\"1.2.3\n\"}",
            r#"the payload `{"version":"1.2.3\n"}` is not JSON: control character (\u0000-\u001F) found while parsing a string at line 2 column 0"#,
        ),
    ] {
        assert_eq!(refused(spec), want, "{spec}");
    }
}

#[test]
fn unknown_fields_are_warnings_that_name_them() {
    let checked = accepted(
        r#"{"version":"1.2.3","stream":"daily","verison":"9.9.9","colour":{"deep":[1,{"a":null}]},"releaseBranch":1}"#,
    );
    assert_eq!(
        checked.warnings,
        [
            "the payload's field `stream` is unknown and ignored: did you mean `channel`?",
            "the payload's field `verison` is unknown and ignored: did you mean `version`?",
            "the payload's field `colour` is unknown and ignored",
            "the payload's field `releaseBranch` is unknown and ignored: did you mean `release_branch`?",
        ]
    );
    assert_eq!((checked.version.as_deref(), checked.channel), (Some("1.2.3"), None));
    let many: Vec<String> = (0..30).map(|n| format!(r#","zzz{n}":0"#)).collect();
    let warnings = accepted(&format!(r#"{{"version":"1.2.3"{}}}"#, many.concat())).warnings;
    assert_eq!(warnings.len(), 9);
    assert_eq!(warnings[8], "22 more fields of the payload are unknown and ignored");
}

#[test]
fn size_and_depth_are_bounded() {
    let huge = format!(r#"{{"version":"1.2.3","x":"{}"}}"#, "a".repeat(70_000));
    assert_eq!(refused(&huge), "the payload has 70026 bytes, more than the 65536 that are read");
    let deep = format!(r#"{{"version":"1.2.3","x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(accepted(&deep).warnings.len(), 1);
    let broken = format!(r#"{{"version":{}"#, "[".repeat(60_000));
    assert!(refused(&broken).contains("EOF while parsing"));
}

#[test]
fn no_cut_or_flipped_byte_of_a_payload_is_more_than_an_error() {
    let spec =
        r#"{"version":"2026.05.0-dev+185-gSHA","channel":"daily","image":"é","build_number":5,"x":[{}]}"#;
    for at in 0..spec.len() {
        if let Some(cut) = spec.get(..at) {
            assert!(check(cut).is_err(), "{cut}");
        }
        for bit in 0..8 {
            let mut flipped = spec.as_bytes().to_vec();
            flipped[at] ^= 1 << bit;
            let Ok(flipped) = String::from_utf8(flipped) else { continue };
            match check(&flipped) {
                Ok(checked) => {
                    assert!(checked.version.is_some_and(|v| v.is_ascii() && v.len() < 40), "{flipped}")
                }
                Err(Error::InvalidSpec(text)) => assert!(!text.contains(char::is_control), "{text:?}"),
                Err(other) => panic!("{flipped}: {other:?}"),
            }
        }
    }
}
