//! What a client asks of the token server, and what it gets.
//! It decides nothing.

use serde_json::{Value, json};

use crate::script::TokenField;

/// A question to the token server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenRequest {
    /// Name and password, if given.
    pub(crate) basic: Option<(String, String)>,
    /// An identity token, if given.
    pub(crate) refresh_token: Option<String>,
    /// `service`.
    pub(crate) service: Option<String>,
    /// Every `scope`, in order.
    pub(crate) scopes: Vec<String>,
    /// Whether an identity token is wanted too.
    pub(crate) offline: bool,
}

/// A token, ready to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenAnswer {
    pub(crate) token: String,
    pub(crate) expires_in: Option<u64>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) field: TokenField,
}

impl TokenAnswer {
    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({});
        if self.field != TokenField::AccessToken {
            body["token"] = json!(self.token);
        }
        if self.field != TokenField::Token {
            body["access_token"] = json!(self.token);
        }
        if let Some(seconds) = self.expires_in {
            body["expires_in"] = json!(seconds);
        }
        if let Some(refresh) = &self.refresh_token {
            body["refresh_token"] = json!(refresh);
        }
        body
    }
}
