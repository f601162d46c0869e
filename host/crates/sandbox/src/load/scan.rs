//! Looks at a component before anything compiles it: what kind of file it is, whether it is valid, and whether its
//! shape makes compilers slow. Compile time grows with the square of some counts, so a bound on bytes bounds nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bakery_core::port::{Failure, FailureKind};
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload, Validator};

use crate::engine;

/// Functions of all modules together.
const FUNCTIONS: u32 = 50_000;

/// Blocks inside each other, in one function.
const NESTING: usize = 1_000;

/// Locals times branch targets of one function.
const CROSSINGS: u64 = 1_000_000;

/// Entries of all branch tables together.
const BRANCHES: u64 = 1_000_000;

/// Sections of all modules and components together.
const SECTIONS: u32 = 100_000;

/// Refuses files that are something else than a component, by how they begin.
///
/// # Errors
/// What the file is, and what to do.
pub(super) fn check_kind(path: &str, wasm: &[u8]) -> Result<(), Failure> {
    let refuse = |what: &str, hint: &str| {
        let message = format!("component `{path}` is {what}");
        Err(Failure::new(FailureKind::InvalidInput, path, message).with_hint(hint))
    };
    match wasm {
        [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00, ..] => Ok(()),
        [0x00, b'a', b's', b'm', 0x01, 0x00, 0x00, 0x00, ..] => {
            refuse("a core module", "make a component of it with `wasm-tools component new`")
        }
        [0x00, b'a', b's', b'm', ..] => refuse(
            "of a WebAssembly version that this bakery does not read",
            "build it with a toolchain for components of the 2024 preview or later",
        ),
        [0x7f, b'E', b'L', b'F', ..] => refuse(
            "compiled native code, which is never loaded from a file",
            "name the `.wasm` file that it was compiled from",
        ),
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [b'P', b'K', ..] => {
            refuse("a compressed file", "unpack it and name the `.wasm` file inside")
        }
        [] => refuse("an empty file", "build it again"),
        text if text.trim_ascii_start().starts_with(b"(") => {
            refuse("WebAssembly text", "translate it with `wasm-tools parse`")
        }
        _ => refuse("not a WebAssembly component", "name a `.wasm` file that holds a component"),
    }
}

/// Refuses components that are invalid, use what the engine has switched off, or are bombs for the compiler.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn check_structure(path: &str, wasm: &[u8]) -> Result<(), Failure> {
    let refuse = |message: String, hint: &str| {
        Err(Failure::new(FailureKind::InvalidInput, path, format!("component `{path}` {message}"))
            .with_hint(hint))
    };
    // A reader that panics on hostile bytes has happened to others; it must not end the run.
    let scanned = catch_unwind(AssertUnwindSafe(|| {
        let mut shape = Shape::default();
        shape.scan(wasm)?;
        Validator::new_with_features(engine::features()).validate_all(wasm).map_err(Found::Invalid)?;
        Ok(())
    }));
    match scanned {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Found::Bomb(what))) => refuse(
            format!("would take too long to compile: {what}"),
            "split what its compiler has put together",
        ),
        Ok(Err(Found::Invalid(error))) => {
            let at = error.offset();
            refuse(
                format!("is not valid: {} at byte {at} of {}", error.message(), wasm.len()),
                "it may be damaged, or use a feature that is switched off here: build it again",
            )
        }
        Err(_panic) => refuse("cannot be read: the reader panicked".to_owned(), "build it again"),
    }
}

enum Found {
    Invalid(BinaryReaderError),
    Bomb(String),
}

impl From<BinaryReaderError> for Found {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(error)
    }
}

/// Counts over the whole file, nested modules and components included.
#[derive(Default)]
struct Shape {
    functions: u32,
    branches: u64,
    sections: u32,
}

impl Shape {
    fn scan(&mut self, wasm: &[u8]) -> Result<(), Found> {
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            self.sections += 1;
            if self.sections > SECTIONS.saturating_add(self.functions) {
                return Err(Found::Bomb(format!("it has more than {SECTIONS} sections")));
            }
            match payload {
                Payload::CodeSectionStart { count, .. } => {
                    self.functions = self.functions.saturating_add(count);
                    if self.functions > FUNCTIONS {
                        return Err(Found::Bomb(format!("it has more than {FUNCTIONS} functions")));
                    }
                }
                Payload::CodeSectionEntry(body) => self.scan_function(&body)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn scan_function(&mut self, body: &FunctionBody<'_>) -> Result<(), Found> {
        let mut locals = 0u64;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        let mut operators = body.get_operators_reader()?;
        // One entry per open block: whether something jumps to its end.
        let mut open = vec![false];
        let mut targets = 0u64;
        while !operators.eof() {
            match operators.read()? {
                Operator::Block { .. } => open.push(false),
                // A loop is a target at its beginning, an `if` where its arms meet.
                Operator::Loop { .. } | Operator::If { .. } => {
                    targets += 1;
                    open.push(false);
                }
                Operator::End => targets += u64::from(open.pop().unwrap_or_default()),
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                    mark(&mut open, relative_depth)
                }
                Operator::BrTable { targets: table } => {
                    self.branches += u64::from(table.len()) + 1;
                    if self.branches > BRANCHES {
                        return Err(Found::Bomb(format!(
                            "its branch tables have more than {BRANCHES} entries"
                        )));
                    }
                    mark(&mut open, table.default());
                    for target in table.targets() {
                        mark(&mut open, target?);
                    }
                }
                _ => {}
            }
            if open.len() > NESTING {
                return Err(Found::Bomb(format!(
                    "a function has more than {NESTING} blocks inside each other"
                )));
            }
            if locals.saturating_mul(targets) > CROSSINGS {
                return Err(Found::Bomb(format!(
                    "a function has {locals} locals and more than {} branch targets; \
                     their product may be at most {CROSSINGS}",
                    targets - 1
                )));
            }
        }
        Ok(())
    }
}

fn mark(open: &mut [bool], depth: u32) {
    let place = usize::try_from(depth).ok().and_then(|depth| open.len().checked_sub(depth + 1));
    if let Some(block) = place.and_then(|place| open.get_mut(place)) {
        *block = true;
    }
}
