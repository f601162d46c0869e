//! What the tests share: a project, a fake `docker`, and a look at what is left. Asserts nothing about the product.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bakery_tests::{Finished, Program, Project};

/// Nothing takes so long here.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Images `app` with so many versions `1.0.N`, each with its Containerfile.
pub(crate) struct World {
    pub(crate) project: Project,
    /// Programs, notes of the fake and scratch spaces.
    pub(crate) place: tempfile::TempDir,
}

impl World {
    /// With so many versions, and a `docker` that does this for each build: a piece of a shell's script that can use
    /// `$uid`, `$metadata` and `$notes`.
    pub(crate) fn new(versions: usize, docker: &str) -> Self {
        let names: Vec<String> =
            (0..versions).map(|n| format!("{{name: 1.0.{n}, subpath: '{n}'}}")).collect();
        let world = Self::of(
            &format!(
                "  - {{name: app, buildSecrets: [{{id: token, envVar: MY_TOKEN}}], versions: [{}]}}\n",
                names.join(", ")
            ),
            docker,
        );
        for number in 0..versions {
            world.project.write(&format!("app/{number}/Containerfile"), "FROM scratch\n");
        }
        world
    }

    /// With these images.
    pub(crate) fn of(images: &str, docker: &str) -> Self {
        let project = Project::new(&format!(
            "repository: {{url: https://git.example/images}}\nregistries: [{{host: r.example}}]\nimages:\n{images}"
        ));
        let place = tempfile::tempdir().unwrap();
        for folder in ["bin", "notes", "scratch"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        let world = Self { project, place };
        world.program("docker", &script(&world.notes(), docker));
        world
    }

    /// Adds a program.
    pub(crate) fn program(&self, name: &str, text: &str) {
        let path = self.place.path().join("bin").join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn notes(&self) -> PathBuf {
        self.place.path().join("notes")
    }

    pub(crate) fn scratch(&self) -> PathBuf {
        self.place.path().join("scratch")
    }

    /// `bakery build`, in the project.
    pub(crate) fn build(&self, arguments: &[&str]) -> Program {
        let path = format!(
            "{}:{}",
            self.place.path().join("bin").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        Program::bakery()
            .cwd(self.project.path())
            .env("PATH", path)
            .env("BAKERY_SCRATCH_DIR", self.scratch())
            .arg("build", arguments.first().copied().unwrap_or("--clean"))
            .args(arguments.iter().skip(1))
    }

    /// Runs `bakery build` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.build(arguments).run()
    }

    /// The arguments of every call, in order of their beginning: one call per entry, one word per line.
    pub(crate) fn calls(&self) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.notes().join("calls")).unwrap_or_default();
        text.split("\u{1e}\n")
            .filter(|call| !call.is_empty())
            .map(|call| call.lines().map(str::to_owned).collect())
            .collect()
    }

    /// A note of the fake.
    pub(crate) fn note(&self, name: &str) -> String {
        std::fs::read_to_string(self.notes().join(name)).unwrap_or_default()
    }

    /// What lies in the project and in the folder of scratch spaces and did not before.
    pub(crate) fn litter(&self) -> Vec<String> {
        let names = |folder: &Path| -> Vec<String> {
            std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect()
        };
        let mut litter = names(self.project.path());
        litter.retain(|name| name != "bakery.yaml" && name != "app" && !name.ends_with("m.json"));
        litter.extend(names(&self.scratch()));
        litter
    }

    /// Waits until the fake has noted this.
    pub(crate) fn until_noted(&self, name: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.note(name);
            if text.ends_with('\n') {
                return text;
            }
            assert!(begun.elapsed() < SOON, "`{name}` is not noted");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Notes its arguments, then does what it is told. `buildx version` is answered and not noted.
fn script(notes: &Path, body: &str) -> String {
    format!(
        r#"#!/bin/sh
notes='{}'
if [ "$1 $2" = "buildx version" ]; then echo v0; exit 0; fi
printf '%s\n' "$@" $(printf '\036') >> "$notes/calls"
metadata=
previous=
for word in "$@"; do
    if [ "$previous" = --metadata-file ]; then metadata=$word; fi
    previous=$word
done
uid=${{metadata##*/}}
uid=${{uid%.json}}
{body}
"#,
        notes.display()
    )
}

/// Writes metadata about the one target.
pub(crate) const SAY_ONE: &str = r#"
if [ -n "$metadata" ]; then
    printf '{"image.name": "%s", "x.future": 1}' "$uid" > "$metadata"
fi
"#;

/// Whether a process is there and is more than an entry that nobody has collected.
pub(crate) fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits until none of these processes is left.
pub(crate) fn until_gone(pids: &str) {
    let begun = Instant::now();
    for pid in pids.split_whitespace() {
        while alive(pid) {
            assert!(begun.elapsed() < SOON, "process {pid} is left behind");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
