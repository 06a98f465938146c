//! Runs the commands of binaryen.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::Result;

/// The WebAssembly features that the compiler uses. The text format does not record them.
pub const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Runs a command on a module, in place.
pub fn run(command: &str, wasm: &Path, arguments: &[&str]) -> Result<()> {
    let command_line = [&[wasm.as_os_str()][..], &texts(arguments), &texts(&["-o"]), &[wasm.as_os_str()]].concat();
    start(command, &command_line)
}

/// Runs a command with all its arguments.
pub fn start(command: &str, arguments: &[&OsStr]) -> Result<()> {
    let local = Path::new("loader/node_modules/.bin").join(command);
    let program = if local.exists() { local } else { command.into() };
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("cannot start {command} ({error}): run `npm ci` in loader"))?;
    if output.status.success() {
        return Ok(());
    }
    let module = arguments.first().copied().unwrap_or_default();
    Err(format!("{command} rejected {}: {}", module.display(), String::from_utf8_lossy(&output.stderr)))
}

/// Arguments that are texts.
pub fn texts<'a>(arguments: &[&'a str]) -> Vec<&'a OsStr> {
    arguments.iter().map(|text| OsStr::new(*text)).collect()
}
