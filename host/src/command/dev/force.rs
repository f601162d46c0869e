//! Which images are built although they are there: `--force`, and the variable that scripts set.

use std::collections::BTreeSet;

use crate::{
    cli::env,
    command::{Failed, project::Project},
};

/// Images that are built in any case.
pub(super) enum Force {
    All,
    Named(BTreeSet<String>),
}

impl Force {
    /// What the flag says, else the variable.
    ///
    /// # Errors
    /// A name is no image of the project.
    pub(super) fn read(flag: Option<&str>, project: &Project) -> Result<Self, Failed> {
        let images: Vec<&str> = project.config.images.iter().map(|image| image.name.as_str()).collect();
        let variable = env::FORCE_REBUILD.read();
        match flag {
            // Without a name the flag has an empty one.
            Some(text) => Self::parse("--force", if text.is_empty() { "all" } else { text }, &images),
            None => Self::parse(env::FORCE_REBUILD.name, variable.as_deref().unwrap_or("false"), &images),
        }
    }

    fn parse(from: &str, text: &str, images: &[&str]) -> Result<Self, Failed> {
        match text {
            // An image of that name cannot be meant alone.
            "true" | "all" | "1" => return Ok(Self::All),
            "false" | "0" => return Ok(Self::Named(BTreeSet::new())),
            _ => {}
        }
        let named: BTreeSet<String> =
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        match named.iter().find(|name| !images.contains(&name.as_str())) {
            None => Ok(Self::Named(named)),
            Some(wrong) => Err(Failed::because(format!("{from}: there is no image `{wrong}`"))
                .hint(format!("the images are {}", images.join(", ")))),
        }
    }

    pub(super) fn takes(&self, image: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(image),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_some_and_none_can_be_forced() {
        let takes = |text: &str| {
            let force = Force::parse("--force", text, &["a", "b"]).unwrap();
            (force.takes("a"), force.takes("b"))
        };
        for all in ["true", "all", "1", "a, b"] {
            assert_eq!(takes(all), (true, true), "{all}");
        }
        assert_eq!(takes("b"), (false, true));
        assert_eq!(takes("false"), (false, false));
        assert!(Force::parse("--force", "a,c", &["a", "b"]).is_err());
    }
}
