//! Tags and references: default sets, own patterns, filters, registries.

use bakery_core::{
    config::Config,
    plan::{self, Inclusion, PlanError, Selection, Target},
    port::SourceQuery,
};

use crate::support::{Upstream, answer, everything, images, select, targets};

/// `variant/os: tags`, one target per line.
fn listed(targets: &[Target]) -> String {
    let text = |target: &Target| {
        let identity = &target.identity;
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
        format!("{} {}: {}", part(&identity.variant), part(&identity.os), target.suffixes.join(" "))
    };
    targets.iter().map(text).collect::<Vec<_>>().join("\n")
}

const SYSTEMS: &str = "os: [{name: Ubuntu 24.04, primary: true}, {name: Debian 12}]";
const VARIANTS: &str =
    "variants: [{name: Standard, tagDisplayName: std, primary: true}, {name: Minimal, tagDisplayName: min}]";

fn plain(version: &str) -> Config {
    images(&format!("  - name: x\n    {VARIANTS}\n    versions: [{{{version}, {SYSTEMS}}}]\n"))
}

#[test]
fn a_latest_version_gets_the_default_set() {
    insta::assert_snapshot!(listed(&targets(&plain("name: 2026.04.0+526.pro2, latest: true"), &Selection::default())), @r"
    Minimal Debian 12: 2026.04.0-526.pro2-debian-12-min 2026.04.0-debian-12-min debian-12-min
    Minimal Ubuntu 24.04: 2026.04.0-526.pro2-min 2026.04.0-526.pro2-ubuntu-24.04-min 2026.04.0-min 2026.04.0-ubuntu-24.04-min min ubuntu-24.04-min
    Standard Debian 12: 2026.04.0-526.pro2-debian-12 2026.04.0-526.pro2-debian-12-std 2026.04.0-debian-12 2026.04.0-debian-12-std debian-12 debian-12-std
    Standard Ubuntu 24.04: 2026.04.0 2026.04.0-526.pro2 2026.04.0-526.pro2-std 2026.04.0-526.pro2-ubuntu-24.04 2026.04.0-526.pro2-ubuntu-24.04-std 2026.04.0-std 2026.04.0-ubuntu-24.04 2026.04.0-ubuntu-24.04-std latest std ubuntu-24.04 ubuntu-24.04-std
    ");
}

#[test]
fn another_version_gets_no_floating_tag() {
    insta::assert_snapshot!(listed(&targets(&plain("name: 1.0.0"), &Selection::default())), @r"
    Minimal Debian 12: 1.0.0-debian-12-min
    Minimal Ubuntu 24.04: 1.0.0-min 1.0.0-ubuntu-24.04-min
    Standard Debian 12: 1.0.0-debian-12 1.0.0-debian-12-std
    Standard Ubuntu 24.04: 1.0.0 1.0.0-std 1.0.0-ubuntu-24.04 1.0.0-ubuntu-24.04-std
    ");
}

#[test]
fn a_version_without_variant_and_system_has_short_tags_only() {
    let config = images("  - {name: x, versions: [{name: 1.0.0, latest: true}]}\n");
    assert_eq!(listed(&targets(&config, &Selection::default())), "- -: 1.0.0 latest");
}

/// The development version at the head, or one that the channel has left behind.
fn daily(head: &str) -> Vec<Target> {
    let config = images(&format!(
        "  - name: x\n    {VARIANTS}\n    devVersions: [{{sourceType: channel, product: workbench, channel: daily, pinned: substitute, {SYSTEMS}}}]\n"
    ));
    let source = |query: &SourceQuery| {
        let mut resolution = answer(query, "2025.04.0-daily+399.pro1");
        resolution.head = Some(head.to_owned());
        Ok(resolution)
    };
    let selection = Selection { dev_versions: Inclusion::Only, ..Selection::default() };
    let pins = [plan::Pin {
        at: plan::DevRef { image: 0, dev: 0 },
        version: Some("2025.04.0-daily+399.pro1".parse().unwrap()),
        branch: None,
    }];
    let builds =
        select(&config, &selection, &pins, &Upstream { source: &source, ..Upstream::default() }).unwrap();
    plan::targets(&builds).unwrap()
}

#[test]
fn a_development_version_at_the_head_moves_its_channel_s_tags() {
    insta::assert_snapshot!(listed(&daily("2025.04.0-daily+399.pro1")), @r"
    Minimal Debian 12: 2025.04.0-daily-399.pro1-debian-12-min 2025.04.0-daily-debian-12-min daily-debian-12-min
    Minimal Ubuntu 24.04: 2025.04.0-daily-399.pro1-min 2025.04.0-daily-399.pro1-ubuntu-24.04-min 2025.04.0-daily-min 2025.04.0-daily-ubuntu-24.04-min daily-min daily-ubuntu-24.04-min
    Standard Debian 12: 2025.04.0-daily-399.pro1-debian-12 2025.04.0-daily-399.pro1-debian-12-std 2025.04.0-daily-debian-12 2025.04.0-daily-debian-12-std daily-debian-12 daily-debian-12-std
    Standard Ubuntu 24.04: 2025.04.0-daily 2025.04.0-daily-399.pro1 2025.04.0-daily-399.pro1-std 2025.04.0-daily-399.pro1-ubuntu-24.04 2025.04.0-daily-399.pro1-ubuntu-24.04-std 2025.04.0-daily-std 2025.04.0-daily-ubuntu-24.04 2025.04.0-daily-ubuntu-24.04-std daily daily-std daily-ubuntu-24.04 daily-ubuntu-24.04-std
    ");
}

#[test]
fn an_older_development_version_moves_no_tag_that_others_share() {
    insta::assert_snapshot!(listed(&daily("2025.04.0-daily+404.pro4")), @r"
    Minimal Debian 12: 2025.04.0-daily-399.pro1-debian-12-min
    Minimal Ubuntu 24.04: 2025.04.0-daily-399.pro1-min 2025.04.0-daily-399.pro1-ubuntu-24.04-min
    Standard Debian 12: 2025.04.0-daily-399.pro1-debian-12 2025.04.0-daily-399.pro1-debian-12-std
    Standard Ubuntu 24.04: 2025.04.0-daily-399.pro1 2025.04.0-daily-399.pro1-std 2025.04.0-daily-399.pro1-ubuntu-24.04 2025.04.0-daily-399.pro1-ubuntu-24.04-std
    ");
}

#[test]
fn a_matrix_image_gets_the_matrix_set() {
    let config = images(
        "  - name: x\n    matrix:\n      os: [{name: Ubuntu 24.04, primary: true}, {name: Debian 12}]\n      \
         dependencies: [{dependency: R, versions: [4.5.2, 4.5.1, 4.4.3]}]\n",
    );
    insta::assert_snapshot!(listed(&targets(&config, &everything())), @r"
    - Debian 12: R4.4-debian-12 R4.4.3-debian-12
    - Ubuntu 24.04: R4.4 R4.4-ubuntu-24.04 R4.4.3 R4.4.3-ubuntu-24.04
    - Debian 12: R4.5.1-debian-12
    - Ubuntu 24.04: R4.5.1 R4.5.1-ubuntu-24.04
    - Debian 12: R4.5-debian-12 R4.5.2-debian-12 debian-12
    - Ubuntu 24.04: R4.5 R4.5-ubuntu-24.04 R4.5.2 R4.5.2-ubuntu-24.04 latest ubuntu-24.04
    ");
}

fn patterned(patterns: &str) -> Result<Vec<Target>, PlanError> {
    let config = images(&format!(
        "  - name: x\n    tagPatterns: {patterns}\n    {VARIANTS}\n    versions: [{{name: 2.0.0+1, latest: true, {SYSTEMS}}}, {{name: 1.0.0, {SYSTEMS}}}]\n"
    ));
    plan::targets(&select(&config, &Selection::default(), &[], &Upstream::default()).unwrap())
}

/// The tags of the primary target of the latest version, and how many targets have any.
fn own(patterns: &str) -> (String, usize) {
    let targets = patterned(patterns).unwrap();
    let primary = targets.iter().find(|t| t.latest && t.primary_os && t.primary_variant).unwrap();
    (primary.suffixes.join(" "), targets.iter().filter(|t| !t.suffixes.is_empty()).count())
}

#[test]
fn own_patterns_take_the_place_of_the_set_and_all_filters_must_hold() {
    for (patterns, tags, count) in [
        ("[{patterns: ['{{ Version }}']}]", "2.0.0-1", 8),
        ("[{patterns: ['{{ Version }}'], only: [all]}]", "2.0.0-1", 8),
        ("[{patterns: ['a'], only: [latest]}]", "a", 4),
        ("[{patterns: ['a'], only: [latest, primaryOS]}]", "a", 2),
        ("[{patterns: ['a'], only: [latest, primaryOS, primaryVariant]}]", "a", 1),
        ("[{patterns: ['a'], only: [all, latest]}]", "a", 8),
        ("[{patterns: ['a'], only: [latestPatch]}]", "", 0),
        ("[{patterns: ['a'], only: [channelLatest]}]", "a", 8),
        ("[{patterns: ['{{ Channel }}-x']}]", "", 0),
        ("[{patterns: ['x-{{ Channel | upper }}']}]", "x", 8),
        ("[{patterns: ['a', 'b', 'a']}]", "a b", 8),
        ("[{patterns: ['-._{{ Name }}_.-']}]", "x", 8),
        ("[{patterns: ['{{ \"+a b+\" }}']}]", "a-b-", 8),
        ("[{patterns: ['{{ \"\" }}', '{{ \"+\" }}']}]", "", 0),
        ("[{patterns: ['{{ OS | condense }}.{{ Variant }}']}]", "ubuntu2404.std", 8),
    ] {
        assert_eq!(own(patterns), (tags.to_owned(), count), "{patterns}");
    }
}

#[test]
fn a_pattern_that_gives_no_tag_is_refused_by_name() {
    let refused = |patterns: &str| patterned(patterns).unwrap_err();
    let error = refused("[{patterns: ['{{ Nothing }}']}]");
    assert_eq!(
        error.to_string(),
        "the tag pattern `{{ Nothing }}` of image `x` cannot be rendered: undefined value"
    );
    assert_eq!(error.code(), "bakery::plan::template");
    let error = refused("[{patterns: ['{{ \"a\" * 129 }}']}]");
    assert_eq!(
        error.to_string(),
        format!(
            "the tag `{}…` of image `x` has 129 characters, registries accept at most 128",
            "a".repeat(40)
        )
    );
}

#[test]
fn a_variant_s_patterns_are_added_for_that_variant() {
    let config = images(
        "  - name: x\n    variants: [{name: Standard, primary: true}, {name: Minimal, tagPatterns: [{patterns: ['slim']}]}]\n    versions: [{name: 1.0.0}]\n",
    );
    assert_eq!(
        listed(&targets(&config, &Selection::default())),
        "Minimal -: 1.0.0-minimal slim\nStandard -: 1.0.0 1.0.0-standard"
    );
}

#[test]
fn references_are_made_for_every_registry_and_sorted() {
    let references = |registries: &str| {
        let config = crate::support::config(format!(
            "repository: {{url: example.com/i}}\n{registries}images:\n  - {{name: x, versions: [{{name: 1.0.0, latest: true}}]}}\n"
        ));
        targets(&config, &Selection::default())[0].references.join(" ")
    };
    assert_eq!(references(""), "x:1.0.0 x:latest");
    assert_eq!(
        references("registries: [{host: quay.io}, {host: docker.io, namespace: posit}]\n"),
        "docker.io/posit/x:1.0.0 docker.io/posit/x:latest quay.io/x:1.0.0 quay.io/x:latest"
    );
    let config = images(
        "  - {name: x, overrideRegistries: [{host: ghcr.io, namespace: e, repository: x-preview}], versions: [{name: 1.0.0}]}\n",
    );
    assert_eq!(targets(&config, &Selection::default())[0].references, ["ghcr.io/e/x-preview:1.0.0"]);
}

#[test]
fn tags_by_component_nest_only_what_a_target_has() {
    let config = images(
        "  - {name: a, versions: [{name: 1.0.0}]}\n  - {name: b, versions: [{name: 1.0.0, os: [{name: Ubuntu 24.04}]}]}\n  \
         - {name: c, variants: [{name: V}], versions: [{name: 1.0.0}]}\n",
    );
    let tags = plan::tags_by_component(&targets(&config, &Selection::default()));
    insta::assert_snapshot!(tags, @r#"{"a":{"1.0.0":["ghcr.io/example/a:1.0.0"]},"b":{"1.0.0":{"Ubuntu 24.04":["ghcr.io/example/b:1.0.0","ghcr.io/example/b:1.0.0-ubuntu-24.04"]}},"c":{"1.0.0":{"V":["ghcr.io/example/c:1.0.0-v"]}}}"#);
    assert_eq!(plan::tags_by_component(&[]).to_string(), "{}");
    assert_eq!(plan::tags_by_uid(&[]).to_string(), "{}");
}
