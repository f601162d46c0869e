//! With `buildah`, whose images lie in a folder of the test.

use bakery_tests::{Answer, Program, Upstream, publish::Shelf as _};
use libtest_mimic::Failed;

use crate::world::{IMAGES, World, done};

/// `buildah` with a store of the test's own, and without what a container may lack.
fn with_buildah(world: &World, command: Program) -> Result<Program, Failed> {
    let place = world.place.path().join("store");
    std::fs::create_dir_all(&place)?;
    let config = place.join("storage.conf");
    let folder = place.display();
    std::fs::write(
        &config,
        format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{folder}/root\"\nrunroot = \"{folder}/run\"\n"),
    )?;
    let command = command.env("CONTAINERS_STORAGE_CONF", &config).env("BUILDAH_ISOLATION", "chroot");
    Ok(command.args(["--builder", "buildah"]))
}

pub(crate) fn two_platforms() -> Result<(), Failed> {
    let world = World::new(IMAGES)?;
    for architecture in ["amd64", "arm64"] {
        done(&with_buildah(&world, world.platform(architecture, &["--jobs", "2"]))?.run())?;
    }
    assert!(world.registry.tags("temp/app/tmp").is_empty(), "what is pushed by digest has no tag");
    world.publish(&[])?;
    let label = ("org.opencontainers.image.description", "costs ${HOME} and %{ nothing }");
    world.look(&["app:1.1.0", "app:1.0.0", "app:latest", "app:1.1.0-ubuntu-24.04"], label)
}

pub(crate) fn tags() -> Result<(), Failed> {
    let world = World::new(IMAGES)?;
    let arguments = ["build", "--push", "--image-platform", "amd64", "--image-version", "1.0.0"];
    done(&with_buildah(&world, world.bakery(&arguments))?.run())?;
    let mut tags: Vec<String> = world.registry.tags("images/app").into_keys().collect();
    tags.sort();
    assert_eq!(tags, ["1.0.0", "1.0.0-ubuntu-24.04"]);
    let several = with_buildah(&world, world.bakery(&["build"]))?.run();
    assert_eq!(several.code, 1);
    assert!(several.stderr.contains("--image-platform"), "{}", several.stderr);
    std::fs::write(
        world.project.path().join("app/1.0.0/Containerfile.ubuntu2404"),
        "FROM scratch\nCOPY nowhere /\n",
    )?;
    let failed = with_buildah(&world, world.bakery(&[&arguments[..], &["--retry", "3"]].concat()))?.run();
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(failed.stderr.contains("nowhere"), "{}", failed.stderr);
    assert!(!failed.stderr.contains("follows in"), "not tried again: {}", failed.stderr);
    let left = std::fs::read_dir(world.place.path())?.count();
    assert_eq!(left, 1, "the store alone");
    Ok(())
}

const VERSION: &str = "2026.05.0-dev+185-g2222222";

pub(crate) fn dispatched() -> Result<(), Failed> {
    let world = World::new(
        "
  - name: connect
    devVersions:
      - sourceType: channel
        product: connect
        channel: daily
        os: [{name: Ubuntu 24.04, primary: true, platforms: [linux/amd64, linux/arm64]}]
",
    )?;
    world.project.write(
        "connect/template/Containerfile.ubuntu2404.jinja2",
        "FROM scratch\nLABEL rendered=\"{{ Image.Version }}\"\nCOPY bakery.yaml /\n",
    );
    let upstream = Upstream::start();
    let package = |architecture: &str| {
        format!(
            r#"{{"platform": "ubuntu24/{architecture}", "version": "{VERSION}", "url": "https://cdn.posit.co/connect/2026.05/c_{}~ubuntu24_{architecture}.deb"}}"#,
            VERSION.replace('+', "%2B")
        )
    };
    let answer = format!(
        r#"{{"generated": "2026-05-20T06:00:00", "packages": [{}, {}]}}"#,
        package("amd64"),
        package("arm64")
    );
    upstream.on("/connect/latest-packages.json", Answer::ok(answer));
    let mirror = format!("https://cdn.posit.co/={}/", upstream.url());
    let spec = format!(r#"{{"version": "{VERSION}", "channel": "daily"}}"#);
    for architecture in ["amd64", "arm64"] {
        let command = world.platform(architecture, &["--dev-spec", &spec, "--mirror", &mirror]);
        done(&with_buildah(&world, command)?.run())?;
    }
    let litter = std::fs::read_dir(world.project.path().join("connect"))?.count();
    assert_eq!(litter, 1, "the templates alone");
    let asked = upstream.log().len();
    world.publish(&["--dev-spec", &spec])?;
    assert_eq!(upstream.log().len(), asked, "publishing asks no upstream");
    let tags = world.registry.tags("images/connect");
    let version = "connect:2026.05.0-dev-185-g2222222";
    world.look(&[version], ("rendered", VERSION))?;
    world.look(&[version], ("org.opencontainers.image.version", VERSION))?;
    assert!(tags.contains_key("daily"), "the upstream's newest moves the channel's tag: {tags:?}");
    Ok(())
}
