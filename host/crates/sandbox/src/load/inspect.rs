//! What a component asks for and offers, read from its bytes without running or compiling any of it.

use wasmparser::{Parser, Payload};

/// The interfaces of a component, in its own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What it may call: its whole reach.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
}

/// Reads the imports and exports of a component.
///
/// # Errors
/// The sentence why the bytes are not a component.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, String> {
    let mut found = Inspection::default();
    let mut depth = 0usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| error.to_string())? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    found.imports.push(import.map_err(|error| error.to_string())?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    found.exports.push(export.map_err(|error| error.to_string())?.name.name.to_owned());
                }
            }
            Payload::Version { encoding: wasmparser::Encoding::Module, .. } if depth == 0 => {
                return Err("this is a core module, not a component".to_owned());
            }
            _ => {}
        }
    }
    Ok(found)
}
