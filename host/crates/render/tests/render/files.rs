//! Which files a template folder becomes, and what each of them knows.

use bakery_render::{File, Rendered};

use crate::support::{PLAIN, VARIANTS, config, folder, rendered, tree};

fn paths(rendered: &Rendered) -> Vec<&str> {
    rendered.tree.files.iter().map(|file| file.path.as_str()).collect()
}

fn content<'r>(rendered: &'r Rendered, path: &str) -> &'r str {
    std::str::from_utf8(&rendered.tree.file(path).unwrap().bytes).unwrap()
}

#[test]
fn containerfiles_fan_out_and_everything_else_is_there_once() {
    let rendered = rendered(
        VARIANTS,
        &[
            ("Containerfile.ubuntu2404.jinja2", "{{ Image.Variant }} {{ Image.OS.Codename }}"),
            ("Containerfile.ubuntu2204.jinja2", ""),
            ("Containerfile.debian13.jinja2", "{{ raise('not rendered') }}"),
            ("Containerfile.jinja2", "{{ Image.Variant }} {{ Image.OS is defined }}"),
            ("Containerfile.static", "as it is  \n"),
            ("Containerfiles/x.jinja2", "{{ raise('not rendered') }}"),
            ("sub/Containerfile.ubuntu2404.jinja2", "{{ Image.Variant is defined }}"),
            ("a.txt.j2", "{{ Image.Name }}"),
            ("b.txt.jinja", "{{ Image.OS is defined }}"),
            ("conf/.hidden", "{{ not rendered }} \t\n\n"),
            ("test/goss.yaml.jinja2", "port: {{ port }}"),
        ],
    )
    .unwrap();
    assert_eq!(
        paths(&rendered),
        [
            "Containerfile.min",
            "Containerfile.static",
            "Containerfile.std",
            "Containerfile.ubuntu2204.min",
            "Containerfile.ubuntu2204.std",
            "Containerfile.ubuntu2404.min",
            "Containerfile.ubuntu2404.std",
            "a.txt.j2",
            "b.txt.jinja",
            "conf/.hidden",
            "sub/Containerfile.ubuntu2404",
            "test/goss.yaml",
        ]
    );
    assert_eq!(rendered.skipped, ["Containerfile.debian13.jinja2", "Containerfiles/x.jinja2"]);
    for (path, want) in [
        ("Containerfile.ubuntu2404.std", "Standard noble\n"),
        ("Containerfile.ubuntu2404.min", "Minimal noble\n"),
        ("Containerfile.std", "Standard False\n"),
        ("Containerfile.static", "as it is  \n"),
        ("sub/Containerfile.ubuntu2404", "False\n"),
        ("a.txt.j2", "connect\n"),
        ("b.txt.jinja", "False\n"),
        ("conf/.hidden", "{{ not rendered }} \t\n\n"),
        ("test/goss.yaml", "port: 3939\n"),
    ] {
        assert_eq!(content(&rendered, path), want, "{path}");
    }
}

#[test]
fn without_variants_every_containerfile_is_rendered_and_knows_no_system() {
    let rendered = rendered(
        PLAIN,
        &[
            (
                "Containerfile.ubuntu2404.jinja2",
                "{{ Image.OS is defined }} {{ Image.DownloadURL is defined }}",
            ),
            ("Containerfile.rocky9.jinja2", ""),
        ],
    )
    .unwrap();
    assert_eq!(paths(&rendered), ["Containerfile.rocky9", "Containerfile.ubuntu2404"]);
    assert_eq!(content(&rendered, "Containerfile.ubuntu2404"), "False False\n");
}

#[test]
fn templates_know_the_version() {
    let all = "\
{{ Image }}
{{ Path }}
{{ Dependencies }}
{{ port }}
";
    let template = &[("Containerfile.ubuntu2204.jinja2", all), ("Containerfile.ubuntu2404.jinja2", all)];
    let rendered = rendered(VARIANTS, template).unwrap();
    let version = |os: &str, variant: &str, url: &str| {
        format!(
            "{{'Name': 'connect', 'DisplayName': 'Example Connect', 'Version': '2026.05.0-dev+185-gSHA', \
             'IsDevelopmentVersion': True, 'Variant': '{variant}', 'OS': {os}, 'DownloadURL': '{url}'}}\n\
             {{'Base': '.', 'Image': 'connect', 'Version': 'connect/.dev-2026.05.0-dev+185-gsha'}}\n\
             {{'python': ['3.14.6', '3.13.9'], 'R': ['4.6.1'], 'quarto': ['1.8.27']}}\n\
             3939\n"
        )
    };
    let jammy = "{'Name': 'ubuntu', 'Family': 'debian', 'Version': '22.04', 'Codename': 'jammy'}";
    let noble = "{'Name': 'ubuntu', 'Family': 'debian', 'Version': '24.04', 'Codename': 'noble'}";
    assert_eq!(
        content(&rendered, "Containerfile.ubuntu2204.min"),
        version(jammy, "Minimal", "https://cdn.example/ubuntu2204/connect_2026.05.0_amd64.deb")
    );
    assert_eq!(
        content(&rendered, "Containerfile.ubuntu2404.std"),
        version(noble, "Standard", "https://cdn.example/ubuntu2404/connect_2026.05.0_$TARGETARCH.deb")
    );
}

#[test]
fn a_system_without_codename_or_artifact_says_so() {
    let yaml =
        VARIANTS.replace("- {name: Ubuntu 22.04}", "- {name: Rocky Linux 9}\n          - {name: Fedora 40}");
    let config = config(&yaml);
    let mut folder = folder(&config);
    for system in &mut folder.systems {
        system.artifacts.clear();
    }
    let template = "{{ Image.OS }} {{ Image.DownloadURL is defined }}";
    let files = [("Containerfile.rockylinux9.jinja2", template), ("Containerfile.fedora40.jinja2", template)];
    let rendered = bakery_render::render(&folder, &tree("connect/template", &files), &[]).unwrap();
    assert_eq!(
        content(&rendered, "Containerfile.rockylinux9.std"),
        "{'Name': 'rocky', 'Family': 'rhel', 'Version': '9', 'Codename': None} False\n"
    );
    assert_eq!(
        content(&rendered, "Containerfile.fedora40.std"),
        "{'Name': 'unknown', 'Family': 'unknown', 'Version': '', 'Codename': None} False\n"
    );
    // Where no source answers a URL, `bakery.yaml` may.
    let yaml = yaml
        .replace("{name: Fedora 40}", "{name: Fedora 40, artifactDownloadURL: 'https://h/$TARGETARCH.rpm'}");
    let config = crate::support::config(&yaml);
    let mut folder = crate::support::folder(&config);
    folder.systems.iter_mut().for_each(|system| system.artifacts.clear());
    let files = [("Containerfile.fedora40.jinja2", "{{ Image.DownloadURL }}")];
    let rendered = bakery_render::render(&folder, &tree("connect/template", &files), &[]).unwrap();
    assert_eq!(content(&rendered, "Containerfile.fedora40.min"), "https://h/$TARGETARCH.rpm\n");
}

#[test]
fn permissions_carry_over() {
    let config = config(PLAIN);
    let file = |path: &str, mode| File { path: path.to_owned(), bytes: b"#!\xff".to_vec(), mode };
    let mut template = tree("connect/template", &[("run.sh.jinja2", "#!\n")]);
    template.files[0].mode = 0o750;
    template.files.push(file("bin/tool", 0o555));
    let rendered = bakery_render::render(&folder(&config), &template, &[]).unwrap();
    let modes: Vec<(&str, u32)> = rendered.tree.files.iter().map(|f| (f.path.as_str(), f.mode)).collect();
    assert_eq!(modes, [("bin/tool", 0o555), ("run.sh", 0o750)]);
    assert_eq!(rendered.tree.file("bin/tool").unwrap().bytes, b"#!\xff");
}

#[test]
fn templates_include_and_extend_each_other() {
    let rendered = rendered(
        PLAIN,
        &[
            ("x.jinja2", "{% extends 'sub/base.j2' %}{% block a %}{{ super() }}+{% include './part.txt' %}{% endblock %}"),
            ("sub/base.j2", "<{% block a %}base{% endblock %}>"),
            ("part.txt", "{{ Image.Name }}"),
        ],
    )
    .unwrap();
    assert_eq!(content(&rendered, "x"), "<base+connect>\n");
    assert_eq!(content(&rendered, "part.txt"), "{{ Image.Name }}", "no template by its name");
}
