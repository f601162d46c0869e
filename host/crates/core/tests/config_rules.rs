//! What `bakery.yaml` may say and what it then means: one test for each rule and default.
//! What is refused stands in `bad_config/`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise and says so")]

use bakery_core::config::{
    Config, Constraint, Image, MatrixValue, PublishSettings, Registry, RetrySettings, TagFilter, load,
};
use bakery_core::model::Platform;

const HEAD: &str = "repository:\n  url: github.com/example/images\n";

/// Loads a file that must be accepted; the number of warnings comes with it.
fn accept(text: &str) -> (Config, usize) {
    match load("bakery.yaml", text.as_bytes(), false) {
        Ok(loaded) => (loaded.config, loaded.warnings.list().len()),
        Err(errors) => panic!("{text}\n{}", errors.render(false)),
    }
}

fn refused(text: &str) -> bool {
    load("bakery.yaml", text.as_bytes(), false).is_err()
}

/// The only image of a file whose image `app` holds `body`, written as a flow map.
fn image(body: &str) -> Image {
    let text = format!("{HEAD}images:\n  - {{name: app, {body}}}\n");
    accept(&text).0.images.into_iter().next().unwrap()
}

fn bases(registries: &[Registry]) -> Vec<String> {
    let name = |registry: &Registry| match &registry.repository {
        Some(repository) => format!("{} -> {repository}", registry.base_url()),
        None => registry.base_url(),
    };
    registries.iter().map(name).collect()
}

#[test]
fn only_the_repository_is_required() {
    let (config, warnings) = accept(HEAD);
    assert!(config.images.is_empty() && config.registries.is_empty() && config.sources.is_empty());
    assert_eq!(warnings, 1);
    assert_eq!(config.repository.vendor, "Posit Software, PBC");
    assert_eq!(config.repository.maintainer.to_string(), "Posit Docker Team <docker@posit.co>");
}

#[test]
fn web_addresses_get_a_scheme_and_are_normalised() {
    for (written, want) in [
        ("github.com/example/images", "https://github.com/example/images"),
        ("http://github.com/x", "http://github.com/x"),
        ("HTTPS://GitHub.com/X", "https://github.com/X"),
        ("example.com", "https://example.com/"),
        ("localhost:8080/x", "https://localhost:8080/x"),
        ("'https://h/a b'", "https://h/a%20b"),
        ("https://h/é", "https://h/%C3%A9"),
    ] {
        assert_eq!(accept(&format!("repository:\n  url: {written}\n")).0.repository.url, want);
        assert_eq!(image(&format!("documentationUrl: {written}")).documentation_url.as_deref(), Some(want));
    }
}

#[test]
fn people_are_text_or_maps_and_authors_are_unique_and_sorted() {
    let text = "repository:\n  url: example.com\n  maintainer: {name: Team, email: team@Example.COM}\n  authors:\n    \
                - zoe <zoe@example.com>\n    - Adam <adam@example.com>\n    - {name: zoe, email: zoe@example.com}\n    \
                - bob@example.com\n    - '\"Posit, Inc\" <inc@example.com>'\n";
    let repository = accept(text).0.repository;
    assert_eq!(repository.maintainer.to_string(), "Team <team@example.com>");
    let authors: Vec<_> = repository.authors.iter().map(ToString::to_string).collect();
    assert_eq!(
        authors,
        [
            "Adam <adam@example.com>",
            "bob <bob@example.com>",
            "Posit, Inc <inc@example.com>",
            "zoe <zoe@example.com>"
        ]
    );
}

#[test]
fn registries_are_unique_and_sorted_by_base_url() {
    let text = format!(
        "{HEAD}registries:\n  - {{host: ghcr.io, namespace: b}}\n  - {{host: ghcr.io, namespace: a}}\n  - {{host: docker.io}}\n  - {{host: ghcr.io, namespace: b}}\n"
    );
    let (config, warnings) = accept(&text);
    assert_eq!(bases(&config.registries), ["docker.io", "ghcr.io/a", "ghcr.io/b"]);
    assert_eq!(warnings, 2, "one for the registry, one for the missing images");
}

#[test]
fn an_effective_list_is_the_override_alone_or_the_extras_and_then_the_parent_s() {
    let text = format!(
        "{HEAD}registries: [{{host: global.example}}]\nimages:\n  - name: inherits\n    versions: [{{name: '1', os: [{{name: Debian 12}}]}}]\n  \
         - name: adds\n    extraRegistries: [{{host: z.example}}, {{host: a.example, repository: other}}, {{host: global.example}}]\n    \
         versions:\n      - {{name: '1', os: [{{name: Debian 12}}], extraRegistries: [{{host: own.example}}]}}\n      \
         - {{name: '2', os: [{{name: Debian 12}}], overrideRegistries: [{{host: only.example}}]}}\n  \
         - name: replaces\n    overrideRegistries: [{{host: r.example}}]\n    extraRegistries: []\n    \
         devVersions: [{{sourceType: dependency, dependency: R, os: [{{name: Debian 12}}]}}]\n    \
         matrix: {{values: {{a: b}}, os: [{{name: Debian 12}}], extraRegistries: [{{host: m.example}}]}}\n"
    );
    let images = accept(&text).0.images;
    assert_eq!(bases(&images[0].registries), ["global.example"]);
    assert_eq!(bases(&images[0].versions[0].registries), ["global.example"]);
    let image = ["a.example -> other", "global.example", "z.example"];
    assert_eq!(bases(&images[1].registries), image);
    assert_eq!(bases(&images[1].versions[0].registries), [["own.example"].as_slice(), &image].concat());
    assert_eq!(bases(&images[1].versions[1].registries), ["only.example"]);
    assert_eq!(bases(&images[2].registries), ["r.example"]);
    assert_eq!(bases(&images[2].dev_versions[0].registries), ["r.example"]);
    assert_eq!(bases(&images[2].matrix.as_ref().unwrap().registries), ["m.example", "r.example"]);
}

#[test]
fn an_image_s_names_follow_from_its_name_or_are_written() {
    let text = format!(
        "{HEAD}images:\n  - name: Posit Connect-init\n  - {{name: b, displayName: B!, subpath: x/y, description: d, buildTarget: final}}\n"
    );
    let images = accept(&text).0.images;
    assert_eq!(
        (images[0].display_name.as_str(), images[0].subpath.as_str()),
        ("Posit Connect Init", "posit-connect-init")
    );
    assert_eq!((images[0].description.as_deref(), images[0].build_target.as_deref()), (None, None));
    assert_eq!((images[1].display_name.as_str(), images[1].subpath.as_str()), ("B!", "x/y"));
    assert_eq!(
        (images[1].description.as_deref(), images[1].build_target.as_deref()),
        (Some("d"), Some("final"))
    );
}

#[test]
fn variants_get_an_ending_and_a_tag_text() {
    let variants = image("variants: [{name: Standard v1.0, primary: true}, {name: Minimal, extension: Min, tagDisplayName: M.in}]").variants;
    let facts: Vec<_> =
        variants.iter().map(|v| (v.primary, v.extension.as_str(), v.tag_display_name.as_str())).collect();
    assert_eq!(facts, [(true, "standardv10", "standard-v1.0"), (false, "Min", "M.in")]);
}

#[test]
fn operating_systems_are_unique_and_sorted_and_a_lone_one_is_primary() {
    let version = |os: &str| image(&format!("versions: [{{name: '1', os: {os}}}]")).versions.remove(0);
    let lone = version("[{name: Ubuntu 24.04, primary: false}]").os;
    assert!(lone[0].primary);
    assert_eq!(lone[0].platforms, [Platform::LinuxAmd64]);
    assert_eq!(
        (lone[0].extension.as_str(), lone[0].tag_display_name.as_str()),
        ("ubuntu2404", "ubuntu-24.04")
    );
    let two = version("[{name: Ubuntu 24.04, primary: true, platforms: [linux/arm64, linux/amd64, linux/arm64]}, {name: Debian 12}, {name: Ubuntu 24.04}]").os;
    let facts: Vec<_> = two.iter().map(|os| (os.name.as_str(), os.primary)).collect();
    assert_eq!(facts, [("Debian 12", false), ("Ubuntu 24.04", true)]);
    assert_eq!(two[1].platforms, [Platform::LinuxArm64, Platform::LinuxAmd64]);
    let same_name = version("[{name: A, extension: x, primary: true}, {name: A, extension: y}]").os;
    assert_eq!(same_name.len(), 2, "another extension makes another operating system");
    assert!(version("[]").os.is_empty());
}

#[test]
fn artifact_urls_keep_their_variables() {
    let url = "https://cdn.example.com/${CHANNEL}/app_$TARGETARCH.deb";
    let version =
        image(&format!("versions: [{{name: '1', os: [{{name: A, artifactDownloadURL: '{url}'}}]}}]"))
            .versions;
    assert_eq!(version[0].os[0].artifact_download_url.as_deref(), Some(url));
}

#[test]
fn versions_have_defaults() {
    let versions = image("versions: [{name: 2026.03.1 Beta, os: [{name: A}]}, {name: '1.10', subpath: d, latest: true, os: [{name: A}], values: {k: v, n: '1.10'}, buildTarget: t}]").versions;
    assert_eq!((versions[0].subpath.as_str(), versions[0].latest), ("2026.03.1-beta", false));
    assert_eq!(
        (versions[1].name.as_str(), versions[1].subpath.as_str(), versions[1].latest),
        ("1.10", "d", true)
    );
    assert_eq!(versions[1].values["n"], "1.10");
    assert_eq!(versions[1].build_target.as_deref(), Some("t"));
}

#[test]
fn pinned_dependencies_are_one_several_or_a_list() {
    let version = &image(
        "versions: [{name: '1', os: [{name: A}], dependencies: [{dependency: R, version: '4.5.1, 4.4.3 '}, \
         {dependency: python, versions: [3.13.7]}, {dependency: quarto, version: 1.8.25, prerelease: true}]}]",
    )
    .versions[0];
    let facts: Vec<_> =
        version.dependencies.iter().map(|d| (d.name.as_str(), d.versions.join("|"))).collect();
    assert_eq!(
        facts,
        [("R", "4.5.1|4.4.3".into()), ("python", "3.13.7".into()), ("quarto", "1.8.25".into())]
    );
}

#[test]
fn constraints_are_accepted_and_refused_as_in_the_predecessor_s_table() {
    let text = |rule: &str| {
        format!(
            "{HEAD}images:\n  - {{name: app, dependencyConstraints: [{{dependency: R, constraint: {rule}}}]}}\n"
        )
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    for (rule, latest, count, min, max) in [
        ("{latest: true}", true, Some(1), None, None),
        ("{latest: true, count: 2}", true, Some(2), None, None),
        ("{latest: true, count: '2'}", true, Some(2), None, None),
        ("{latest: true, min: '4.3'}", true, None, Some("4.3"), None),
        ("{latest: true, min: 4.3}", true, None, Some("4.3"), None),
        ("{latest: true, min: 4.10}", true, None, Some("4.10"), None),
        ("{latest: true, min: '4.3.9'}", true, None, Some("4.3.9"), None),
        ("{latest: true, min: 4}", true, None, Some("4"), None),
        ("{max: '4.4'}", false, None, None, Some("4.4")),
        ("{max: '4.4', count: 1}", false, Some(1), None, Some("4.4")),
        ("{max: '4.4.1'}", false, None, None, Some("4.4.1")),
        ("{max: 4}", false, None, None, Some("4")),
        ("{max: '4.4', min: '4.2'}", false, None, Some("4.2"), Some("4.4")),
        ("{max: '4.4', min: '4.4'}", false, None, Some("4.4"), Some("4.4")),
        ("{max: '4', min: '4.2'}", false, None, Some("4.2"), Some("4")),
        ("{max: '4.4.2', count: 2}", false, Some(2), None, Some("4.4.2")),
        ("{latest: false}", false, None, None, None),
        ("{latest: false, count: 1}", false, Some(1), None, None),
        ("{latest: true, max: null}", true, Some(1), None, None),
    ] {
        let want = Constraint { latest, count, min: owned(min), max: owned(max) };
        assert_eq!(accept(&text(rule)).0.images[0].dependency_constraints[0].constraint, want, "{rule}");
    }
    for rule in [
        "{}",
        "null",
        "[]",
        "latest",
        "{min: '4.3'}",
        "{count: 2}",
        "{latest: true, max: '4.4'}",
        "{latest: false, max: '4.4'}",
        "{latest: true, count: 2, min: '4'}",
        "{max: '4.4', count: 2, min: '4'}",
        "{latest: true, count: 0}",
        "{latest: true, count: -1}",
        "{latest: true, count: 1.5}",
        "{max: '4.3', min: '4.4'}",
        "{max: abc}",
        "{max: [4]}",
        "{latest: perhaps}",
        "{latest: true, least: 4}",
    ] {
        assert!(refused(&text(rule)), "{rule}");
    }
}

#[test]
fn constraints_of_an_image_with_a_matrix_are_ignored() {
    let image = image(
        "dependencyConstraints: [{dependency: R, constraint: {latest: true}}], matrix: {values: {a: b}, os: [{name: A}]}",
    );
    assert!(image.dependency_constraints.is_empty());
}

#[test]
fn prereleases_exist_for_quarto_and_positron_only() {
    let text = |name: &str| {
        format!(
            "{HEAD}images:\n  - {{name: app, dependencyConstraints: [{{dependency: {name}, prerelease: true, constraint: {{latest: true}}}}]}}\n"
        )
    };
    for name in ["quarto", "positron"] {
        assert!(accept(&text(name)).0.images[0].dependency_constraints[0].prerelease);
    }
    for name in ["R", "python"] {
        assert!(refused(&text(name)), "{name}");
    }
}

#[test]
fn a_matrix_has_a_default_name_pattern_and_directory() {
    let matrix = |body: &str| image(&format!("matrix: {{os: [{{name: A}}], {body}}}")).matrix.unwrap();
    let full = matrix(
        "dependencyConstraints: [{dependency: python, constraint: {latest: true}}], dependencies: [{dependency: R, version: '4.5.1,4.4.3'}], values: {zeta: x, alpha: [y, z]}",
    );
    assert_eq!(
        full.name_pattern,
        "R{{ Dependencies.R }}-python{{ Dependencies.python }}-alpha{{ Values.alpha }}-zeta{{ Values.zeta }}"
    );
    assert_eq!(full.subpath, "matrix");
    let values = [
        ("zeta".to_owned(), MatrixValue::One("x".to_owned())),
        ("alpha".to_owned(), MatrixValue::Many(vec!["y".to_owned(), "z".to_owned()])),
    ];
    assert_eq!(full.values, values, "in file order");
    let named = matrix("values: {go: '1.24'}, namePattern: 'Go-{{ Values.go }}', subpath: m, buildTarget: t");
    assert_eq!((named.name_pattern.as_str(), named.subpath.as_str()), ("Go-{{ Values.go }}", "m"));
    assert_eq!(named.build_target.as_deref(), Some("t"));
}

#[test]
fn tag_patterns_are_none_unless_written() {
    assert_eq!(image("variants: []").tag_patterns, None);
    let patterns = image("tagPatterns: [{patterns: ['{{ Version }}-{{ OS }}', 'v{{ Version | stripMetadata | regexReplace(\"X\", \"y\") }}.x_1'], only: [latest, primaryOS]}, {patterns: [nightly]}]").tag_patterns.unwrap();
    assert_eq!(patterns[0].patterns.len(), 2);
    assert_eq!(patterns[0].only, [TagFilter::Latest, TagFilter::PrimaryOs]);
    assert!(patterns[1].only.is_empty());
    assert_eq!(image("tagPatterns: []").tag_patterns, Some(Vec::new()));
}

#[test]
fn secrets_and_options_are_kept_as_written() {
    let image = image(
        "buildSecrets: [{id: _a.b-c, envVar: _TOKEN1}], options: [{tool: goss, wait: '20', command: null}, \
         {tool: soci, enabled: true, span_size: 4194304, platforms: null, optimizations: [xattr]}, {tool: wizcli, projects: [a], depth: {b: 1}}]",
    );
    assert_eq!(
        (image.build_secrets[0].id.as_str(), image.build_secrets[0].env_var.as_str()),
        ("_a.b-c", "_TOKEN1")
    );
    let facts: Vec<_> = image
        .options
        .iter()
        .map(|options| (options.tool.as_str(), serde_json::to_string(&options.fields).unwrap()))
        .collect();
    assert_eq!(facts[0], ("goss", r#"{"command":null,"wait":20}"#.to_owned()));
    assert_eq!(
        facts[1],
        (
            "soci",
            r#"{"enabled":true,"span_size":4194304,"optimizations":["xattr"],"platforms":null}"#.to_owned()
        )
    );
    assert_eq!(facts[2], ("wizcli", r#"{"projects":["a"],"depth":{"b":1}}"#.to_owned()));
}

#[test]
fn anchors_aliases_and_merge_keys_are_followed_and_explicit_keys_win() {
    let text = format!(
        "{HEAD}x-os: &os\n  - {{name: Ubuntu 24.04, primary: true}}\n  - name: Debian 12\nx-base: &base {{latest: true, os: *os}}\nx-more: &more {{latest: false, buildTarget: more}}\n\
         images:\n  - name: app\n    versions:\n      - {{<<: *base, name: 1.0.0}}\n      - {{<<: [*more, *base], name: 2.0.0, buildTarget: own}}\n"
    );
    let (config, warnings) = accept(&text);
    assert_eq!(warnings, 0, "`x-` keys are the user's own");
    let versions = &config.images[0].versions;
    assert_eq!((versions[0].latest, versions[0].os.len()), (true, 2));
    assert_eq!((versions[1].latest, versions[1].os.len()), (false, 2), "the first map of the list wins");
    assert_eq!(versions[1].build_target.as_deref(), Some("own"));
}

#[test]
fn strings_of_every_style_and_line_end_are_read() {
    let text = format!(
        "\u{feff}{}",
        "repository:\r\n  url: example.com\r\nimages:\r\n  - name: !!str app\r\n    description: >-\r\n      two\r\n      lines # text\r\n    displayName: 'it''s'\r\n    subpath: \"a\\x62\" # b\r\n"
    );
    let image = &accept(&text).0.images[0];
    assert_eq!(image.description.as_deref(), Some("two lines # text"));
    assert_eq!((image.display_name.as_str(), image.subpath.as_str()), ("it's", "ab"));
}

#[test]
fn words_that_look_like_other_types_stay_text_where_yaml_1_2_says_so() {
    for word in ["yes", "on", "1:30", "2026-01-01", "2026.03.1", "1_000", "0b1", "v1", "<<x"] {
        assert_eq!(
            image(&format!("buildTarget: '{word}', description: {word}")).description.as_deref(),
            Some(word)
        );
    }
    for word in ["1.10", "1e3", "0o17", "010", ".5", "true", "0x1f", "-1", ".inf"] {
        assert!(refused(&format!("{HEAD}images:\n  - name: app\n    description: {word}\n")), "{word}");
    }
}

#[test]
fn unknown_keys_warn_and_are_errors_when_strict() {
    let text = format!(
        "{HEAD}images:\n  - name: app\n    devVersion: []\n    versions: [{{name: '1', os: [{{name: A, primry: true}}]}}]\n"
    );
    let (config, warnings) = accept(&text);
    assert_eq!(warnings, 2);
    assert!(config.images[0].dev_versions.is_empty());
    let errors = load("bakery.yaml", text.as_bytes(), true).unwrap_err();
    assert_eq!(errors.list().len(), 2);
    assert!(errors.list().iter().all(|error| error.code == "bakery::config::unknown_key"));
}

#[test]
fn diagnostics_know_their_file_and_place() {
    let errors = load("dir/bakery.yml", b"repository: {}\nimages: {}\n", false).unwrap_err();
    assert_eq!(errors.to_string(), "`dir/bakery.yml` has 2 errors");
    let facts: Vec<_> = errors.list().iter().map(|error| (error.file_name(), error.position())).collect();
    assert_eq!(
        facts,
        [("dir/bakery.yml".to_owned(), Some((1, 13))), ("dir/bakery.yml".to_owned(), Some((2, 9)))]
    );
    let hostile = load("a\u{1b}[31m\n::error::.yaml", b"", false).unwrap_err();
    assert_eq!(hostile.list()[0].file_name(), "a\\u{1b}[31m\\n::error::.yaml");
    assert!(!hostile.render(false).contains('\u{1b}'));
}

#[test]
fn publish_settings_are_read_with_their_units_and_absent_ones_stay_absent() {
    let settings =
        |body: &str| accept(&format!("{HEAD}images: [{{name: app}}]\npublish: {body}\n")).0.publish;
    let seconds = |n: f64| Some(std::time::Duration::from_secs_f64(n));
    assert_eq!(accept(HEAD).0.publish, PublishSettings::default());
    for empty in ["{}", "{waitTimeout: , retry: }", "{retry: {}}", ""] {
        assert_eq!(settings(empty), PublishSettings::default(), "{empty}");
    }
    for (written, want) in [("10m", 600.0), ("1h30m", 5400.0), ("90", 90.0), ("'45'", 45.0), ("0", 0.0)] {
        assert_eq!(settings(&format!("{{waitTimeout: {written}}}")).wait_timeout, seconds(want), "{written}");
    }
    let retry =
        settings("{retry: {attempts: 3, initialBackoff: 0.5, maxBackoff: '64', multiplier: 1}}").retry;
    let want = RetrySettings {
        attempts: Some(3),
        initial_backoff: seconds(0.5),
        max_backoff: seconds(64.0),
        multiplier: Some(1.0),
    };
    assert_eq!(retry, want);
}

#[test]
fn macro_folders_keep_their_order_and_lie_in_the_project() {
    let macros = |body: &str| accept(&format!("{HEAD}images: [{{name: app}}]\ntemplates: {body}\n"));
    let (config, warnings) = macros("{macros: [macros/, shared/macros]}");
    assert_eq!(config.templates.macros, ["macros/", "shared/macros"]);
    assert_eq!(warnings, accept(&format!("{HEAD}images: [{{name: app}}]\n")).1);
    for empty in ["{}", "{macros: []}", ""] {
        assert!(macros(empty).0.templates.macros.is_empty(), "{empty}");
    }
    let (config, more) = macros("{macros: [a, a], macro: x}");
    assert_eq!((config.templates.macros, more), (vec!["a".to_owned()], warnings + 2));
    for outside in ["/etc", "../x", "a/../../x", "~/x", "'C:/x'", "''", "1"] {
        let body = format!("{HEAD}images: [{{name: app}}]\ntemplates: {{macros: [{outside}]}}\n");
        assert!(refused(&body), "{outside}");
    }
}
