//! What templates know: the variables of a version, and of one Containerfile. The names are those that the
//! predecessor's templates use.

use bakery_core::{
    model::{BuildOs, OsFamily},
    plan::VersionFolder,
};
use minijinja::Value;

use crate::outputs::Output;

/// The variables for one file.
pub(crate) fn context(folder: &VersionFolder<'_>, output: &Output<'_>) -> Value {
    let mut variables = vec![
        ("Image", image(folder, output)),
        (
            "Path",
            map([
                ("Base", Value::from(".")),
                ("Image", Value::from(folder.image_path())),
                ("Version", Value::from(folder.path())),
            ]),
        ),
        (
            "Dependencies",
            map(folder.dependencies.iter().map(|dependency| {
                (dependency.name.as_str(), dependency.versions.iter().map(String::as_str).collect::<Value>())
            })),
        ),
    ];
    // Last, so that a project's own word wins, also over `Image`.
    for (key, value) in folder.values {
        variables.retain(|(name, _)| name != key);
        variables.push((key, Value::from(value.as_str())));
    }
    map(variables)
}

fn image(folder: &VersionFolder<'_>, output: &Output<'_>) -> Value {
    let mut image = vec![
        ("Name", Value::from(folder.image.name.as_str())),
        ("DisplayName", Value::from(folder.image.display_name.as_str())),
        ("Version", Value::from(folder.version.as_str())),
        ("IsDevelopmentVersion", Value::from(folder.dev)),
    ];
    if let Some(variant) = output.variant {
        image.push(("Variant", Value::from(variant.name.as_str())));
    }
    if let Some(system) = output.system {
        image.push(("OS", os(&BuildOs::parse(&system.os.name))));
        if let Some(url) = folder.download_url(system) {
            image.push(("DownloadURL", Value::from(url)));
        }
    }
    map(image)
}

fn os(os: &BuildOs) -> Value {
    let family = match os.family {
        OsFamily::Debian => "debian",
        OsFamily::Redhat => "rhel",
        OsFamily::Other => "unknown",
    };
    map([
        ("Name", Value::from(os.name)),
        ("Family", Value::from(family)),
        ("Version", Value::from(os.version)),
        ("Codename", os.codename.map_or_else(|| Value::from(()), Value::from)),
    ])
}

fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    Value::from_pairs(entries)
}
