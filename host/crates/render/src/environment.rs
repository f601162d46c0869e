//! The template engine, set up so that it reads templates as Jinja does. Each line here is a difference that real
//! templates show.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, syntax::SyntaxConfig};

use crate::{filters, limits, sources::Sources};

/// An engine for these texts. `printed` counts the bytes that expressions printed, also into variables.
pub(crate) fn environment(
    sources: Arc<Sources>,
    printed: Arc<AtomicUsize>,
) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.set_recursion_limit(limits::DEPTH);
    environment.set_fuel(Some(limits::FUEL));
    // Errors then say which variable was undefined, and which part of the text failed.
    environment.set_debug(true);
    environment.set_formatter(move |out, state, value| {
        let length = value.as_str().map_or(0, str::len);
        if printed.fetch_add(length, Ordering::Relaxed) > 4 * limits::OUTPUT {
            return Err(Error::new(ErrorKind::InvalidOperation, "prints too much"));
        }
        minijinja::escape_formatter(out, state, value)
    });
    filters::add(&mut environment);
    environment.set_loader(move |name| {
        let Some(text) = sources.get(name) else { return Ok(None) };
        match &text.source {
            Ok(source) => Ok(Some(source.prepared.clone())),
            Err(unfit) => {
                let message = format!("`{}` {}", text.file, unfit.message);
                Err(Error::new(ErrorKind::InvalidOperation, message))
            }
        }
    });
    Ok(environment)
}
