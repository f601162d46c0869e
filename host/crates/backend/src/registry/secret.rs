//! Secrets and what they are for. Nothing here can be displayed, by construction.

/// Text that must not be seen. It has neither `Display` nor `Debug`:
///
/// ```compile_fail
/// println!("{:?}", bakery_backend::registry::Secret::new("password".to_owned()));
/// ```
///
/// ```compile_fail
/// println!("{}", bakery_backend::registry::Secret::new("password".to_owned()));
/// ```
///
/// Nor has anything that holds one:
///
/// ```compile_fail
/// println!("{:?}", bakery_backend::registry::Credential::Anonymous);
/// ```
///
/// It can be made, and handed on:
///
/// ```
/// use bakery_backend::registry::{Credential, Secret};
/// let secret = Secret::new("password".to_owned());
/// let _ = Credential::Password { username: "bakery".to_owned(), secret };
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for a header or a form and for nothing else.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// What is known about a registry's access.
#[derive(Clone)]
pub enum Credential {
    /// Nothing.
    Anonymous,
    /// A name and a password, or what stands in for one.
    Password {
        /// Name.
        username: String,
        /// Password.
        secret: Secret,
    },
    /// A token that buys tokens (OAuth2 refresh token).
    IdentityToken {
        /// Name, often empty.
        username: String,
        /// The token.
        secret: Secret,
    },
    /// A token that the registry itself takes.
    RegistryToken(Secret),
}
