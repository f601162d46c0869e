//! Development versions from templates: rendered before a build, gone after it, whatever ends it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise and says so")]

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, time::Duration};

use bakery_tests::{Finished, Program, Project};

const YAML: &str = "
repository: {url: https://git.example/images}
templates: {macros: [macros]}
images:
  - name: manager
    variants: [{name: Standard, extension: std, primary: true}]
    devVersions:
      - sourceType: channel
        product: package-manager
        channel: daily
        values: {port: '4242'}
        os: [{name: Ubuntu 24.04, platforms: [linux/amd64, linux/arm64]}]
  - name: other
    devVersions:
      - {sourceType: channel, product: package-manager, channel: daily, os: [{name: Ubuntu 24.04}]}
";

const CONTAINERFILE: &str = "\
{%- import \"apt.j2\" as apt -%}
{%- import \"ours.j2\" as ours -%}
FROM scratch
ARG VERSION=\"{{ Image.Version }}\"
COPY {{ Path.Version }}/conf /conf
RUN curl -o /tmp/p.deb \"{{ Image.DownloadURL }}\"
{{ apt.run_install(files=\"/tmp/packages.txt\") }}
{{ ours.expose(port) }}
";

const VERSION: &str = "2026.05.0-daily+12";
const FOLDER: &str = "manager/.dev-2026.05.0-daily+12";

/// A project with templates, and a `docker` that notes what it finds.
struct World {
    project: Project,
    beside: tempfile::TempDir,
}

impl World {
    fn new(containerfile: &str) -> Self {
        let project = Project::new(YAML);
        project.write("manager/template/Containerfile.ubuntu2404.jinja2", containerfile);
        project.write("manager/template/conf/app.conf.jinja2", "port={{ port }}  \n\n");
        project.write("macros/ours.j2", "{% macro expose(port) %}EXPOSE {{ port }}{% endmacro %}");
        let beside = tempfile::tempdir().unwrap();
        let (from, to) = (project.path().display().to_string(), beside.path().display().to_string());
        let docker = beside.path().join("docker");
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *build*--file*) ;; *) exit 0 ;; esac\n/bin/cp -R '{from}/manager' '{to}/seen'\n\
             if [ -e '{to}/fail' ]; then echo 'ERROR: process did not complete successfully: exit code: 1' >&2; exit 1; fi\n\
             if [ -e '{to}/hold' ]; then echo held >&2; exec /bin/sleep 300; fi\n"
        );
        std::fs::write(&docker, script).unwrap();
        std::fs::set_permissions(&docker, Permissions::from_mode(0o755)).unwrap();
        Self { project, beside }
    }

    fn tell_docker(&self, word: &str) {
        std::fs::write(self.beside.path().join(word), "").unwrap();
    }

    fn command(&self, more: &[&str]) -> Program {
        let path = format!("{}:/usr/bin:/bin", self.beside.path().display());
        Program::bakery()
            .cwd(self.project.path())
            .env("PATH", path)
            .args(["build", "--image-name", "^manager$"])
            .arg("--dev-spec", format!(r#"{{"version": "{VERSION}", "channel": "daily"}}"#))
            .args(more)
    }

    /// A build with the docker of this world.
    fn building(&self, more: &[&str]) -> Program {
        self.command(&["--builder", "docker", "--strategy", "build"]).args(more)
    }

    fn build(&self) -> Finished {
        self.building(&[]).run()
    }

    /// What docker found in a folder of the image.
    fn seen(&self, name: &str) -> String {
        let folder = FOLDER.strip_prefix("manager/").unwrap();
        let file = self.beside.path().join("seen").join(folder).join(name);
        std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// What is in the image's folder beside its templates.
    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.project.path().join("manager")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "template");
        names.sort();
        names
    }
}

#[test]
fn a_dispatched_version_is_rendered_with_its_pin_and_its_download() {
    let world = World::new(CONTAINERFILE);
    let done = world.build();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(
        world.seen("Containerfile.ubuntu2404.std"),
        format!(
            "FROM scratch\nARG VERSION=\"{VERSION}\"\nCOPY {FOLDER}/conf /conf\n\
             RUN curl -o /tmp/p.deb \"https://cdn.posit.co/package-manager/deb/$TARGETARCH/rstudio-pm_{}_$TARGETARCH.deb\"\n\
             RUN apt-get update -yqq && \\\n    \
             xargs -a /tmp/packages.txt apt-get install -yqq --no-install-recommends && \\\n    \
             apt-get clean -yqq && \\\n    rm -rf /var/lib/apt/lists/*\nEXPOSE 4242\n",
            VERSION.replace('+', "%2B"),
        )
    );
    assert_eq!(world.seen("conf/app.conf"), "port=4242\n");
    assert_eq!(world.left(), [""; 0]);
    assert!(!world.project.path().join("other").exists(), "only what is selected is rendered");
}

#[test]
fn a_failed_build_leaves_no_folder() {
    let world = World::new(CONTAINERFILE);
    world.tell_docker("fail");
    let done = world.build();
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(world.seen("Containerfile.ubuntu2404.std").contains("EXPOSE"));
    assert_eq!(world.left(), [""; 0]);
}

#[test]
fn a_signal_leaves_no_folder() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let world = World::new(CONTAINERFILE);
        world.tell_docker("hold");
        let run = world.building(&[]).start();
        assert!(run.says("held", Duration::from_secs(60)), "{}", run.stderr());
        assert_eq!(world.left().len(), 2, "the folder and its marker");
        run.signal(signal);
        let done = run.finish();
        assert_eq!(done.code, code, "{}", done.stderr);
        assert_eq!(world.left(), [""; 0], "{signal}");
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let world = World::new(CONTAINERFILE);
    world.tell_docker("hold");
    let run = world.building(&[]).start();
    assert!(run.says("held", Duration::from_secs(60)), "{}", run.stderr());
    let second = world.build();
    assert_eq!(second.code, 1, "{}", second.stderr);
    let busy = format!("`{FOLDER}` is in use by another run of bakery (process {})", run.id());
    assert!(second.stderr.contains(&busy), "{}", second.stderr);
    run.signal("KILL");
    let killed = run.finish();
    assert_eq!(killed.code, 137);
    assert_eq!(world.left().len(), 2, "nobody was there to remove it");
    std::fs::remove_file(world.beside.path().join("hold")).unwrap();
    std::fs::remove_dir_all(world.beside.path().join("seen")).unwrap();
    std::fs::write(world.project.path().join(FOLDER).join("stale"), "old").unwrap();
    let next = world.build();
    assert_eq!(next.code, 0, "{}", next.stderr);
    let told = format!("removed `{FOLDER}`, which a run that ended early had left");
    assert!(next.stderr.contains(&told), "{}", next.stderr);
    assert!(!world.beside.path().join("seen").join(".dev-2026.05.0-daily+12/stale").exists());
    assert_eq!(world.left(), [""; 0]);
}

#[test]
fn no_clean_keeps_the_folder_and_a_later_run_uses_it_again() {
    let world = World::new(CONTAINERFILE);
    let done = world.building(&["--no-clean"]).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(world.project.path().join(FOLDER).join("Containerfile.ubuntu2404.std").is_file());
    std::fs::remove_dir_all(world.beside.path().join("seen")).unwrap();
    let done = world.build();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(world.left(), [""; 0]);
}

#[test]
fn a_plan_writes_nothing() {
    let world = World::new("{{ raise('a plan renders nothing') }}");
    let done = world.command(&["--plan"]).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains(&format!("{FOLDER}/Containerfile.ubuntu2404.std")), "{}", done.stdout);
    assert_eq!(world.left(), [""; 0]);
}

#[test]
fn a_template_that_fails_is_shown_and_nothing_is_built() {
    let world = World::new("FROM scratch\nRUN {{ Image.DownloadUrl }}\n");
    world.project.write("manager/template/conf/broken.jinja2", "{% if %}");
    let done = world.build();
    assert_eq!(done.code, 1, "{}", done.stderr);
    for part in [
        "manager/template/Containerfile.ubuntu2404.jinja2:2:8",
        "RUN {{ Image.DownloadUrl }}",
        "`Image.DownloadUrl` is undefined",
        "variant `Standard`",
        "manager/template/conf/broken.jinja2:1:",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in\n{}", done.stderr);
    }
    assert_eq!(world.left(), [""; 0]);
    assert!(!world.beside.path().join("seen").exists());
}

#[test]
fn what_the_user_made_stays() {
    let world = World::new(CONTAINERFILE);
    world.project.write(&format!("{FOLDER}/mine"), "mine");
    let done = world.build();
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("bakery did not make it"), "{}", done.stderr);
    assert_eq!(world.left(), [".dev-2026.05.0-daily+12"]);
    assert_eq!(std::fs::read_to_string(world.project.path().join(FOLDER).join("mine")).unwrap(), "mine");
}

#[test]
fn an_image_without_templates_is_told() {
    let world = World::new(CONTAINERFILE);
    std::fs::remove_dir_all(world.project.path().join("manager/template")).unwrap();
    let done = world.build();
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains("there is no folder `manager/template`"), "{}", done.stderr);
}
