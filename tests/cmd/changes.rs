//! The change-aware matrix: `--changed-files-from` and `--base-ref`.

use std::{path::Path, process::Command};

use bakery_tests::{Finished, Program, Project};

const YAML: &str = "
repository: {url: https://git.example/images}
images:
  - name: app
    versions:
      - {name: 1.1.0, latest: true, os: [{name: Ubuntu 24.04}]}
      - {name: 1.0.0, os: [{name: Ubuntu 22.04}]}
  - name: other
    versions: [{name: 2.0.0, os: [{name: Ubuntu 24.04}]}]
";

fn versions(done: &Finished) -> Vec<String> {
    assert_eq!(done.code, 0, "{}", done.stderr);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&done.stdout).expect("standard output is JSON");
    rows.iter().map(|row| row["version"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_list_of_changed_files_narrows_the_rows() {
    let project = Project::new(YAML);
    for (list, want) in [
        ("app/1.0.0/Containerfile.ubuntu2204\n", &["1.0.0"][..]),
        ("app/scripts/x.sh\n", &["1.1.0", "1.0.0"]),
        ("README.md\n", &[]),
        ("Makefile\n", &["1.1.0", "1.0.0", "2.0.0"]),
        ("other/2.0.0/x\napp/1.1.0/y\n", &["1.1.0", "2.0.0"]),
    ] {
        let file = project.write("changed.txt", list);
        let done = Program::bakery()
            .cwd(project.path())
            .args(["ci", "matrix", "--changed-files-from", &file.to_string_lossy()])
            .run();
        assert_eq!(versions(&done), want, "{list}");
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .output();
    assert!(status.expect("git is there").status.success(), "{arguments:?}");
}

#[test]
fn a_base_revision_narrows_the_rows_to_what_the_branch_changed() {
    let project = Project::new(YAML);
    project.write("app/1.0.0/Containerfile", "FROM scratch\n");
    git(project.path(), &["init", "-q"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "-qm", "one"]);
    git(project.path(), &["checkout", "-qb", "work"]);
    project.write("app/1.0.0/Containerfile", "FROM scratch\nCOPY x /\n");
    git(project.path(), &["commit", "-qam", "two"]);
    let run = |arguments: &[&str]| {
        Program::bakery().cwd(project.path()).args(["ci", "matrix"]).args(arguments).run()
    };
    assert_eq!(versions(&run(&["--base-ref", "main"])), ["1.0.0"]);

    // A change of bakery.yaml is compared by what it means.
    project.write("bakery.yaml", format!("# a comment\n{}", YAML.replace("name: 2.0.0", "name: 2.1.0")));
    git(project.path(), &["commit", "-qam", "three"]);
    assert_eq!(versions(&run(&["--base-ref", "main"])), ["1.0.0", "2.1.0"]);

    // A revision that git does not know gives the full matrix, with a warning.
    let done = run(&["--base-ref", "nowhere"]);
    assert_eq!(versions(&done).len(), 3);
    assert!(done.stderr.contains("nowhere"), "{}", done.stderr);
}

#[test]
fn a_folder_outside_git_is_an_error_for_a_base_revision() {
    let project = Project::new(YAML);
    let done = Program::bakery().cwd(project.path()).args(["ci", "matrix", "--base-ref", "main"]).run();
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{}", done.stderr);
    assert!(done.stderr.contains("git"), "{}", done.stderr);
}
