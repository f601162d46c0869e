//! What upstreams answer about the rows of a matrix. Where no row depends on them, nothing is made and nothing is asked.

use std::sync::Arc;

use bakery_core::{
    plan::{Facts, Questions},
    port::SourceCall,
};

use crate::{
    cli::{DevTargets, Network},
    command::{Failed, project::Project, resolve},
    report::Talker,
    wiring::Edge,
};

/// Asks upstreams, unless nobody is to be asked.
pub(super) fn answers(
    questions: &Questions,
    targets: &DevTargets,
    project: &Project,
    talker: &Arc<Talker>,
) -> Result<Facts, Failed> {
    let needed = questions.matrices.iter().find(|matrix| !matrix.axes.is_empty());
    let image = needed.and_then(|matrix| project.config.images.get(matrix.image));
    if let (Some(image), None) = (image, targets.remote.registries()?) {
        return Err(Failed::because(format!(
            "upstreams say which versions the matrix of `{}` has, and --offline asks nobody",
            image.name
        ))
        .hint(
            "leave the image out with --image-name, or name its versions under `dependencies` in bakery.yaml",
        ));
    }
    let edge = Edge::new(&Network::new(&targets.upstreams), &project.folder, talker)?;
    resolve::answers(&edge, questions, SourceCall::default())
}
