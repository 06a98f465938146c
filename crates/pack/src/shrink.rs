//! Makes the module and its glue smaller than the tools before it leave them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Result, locations, order, read, read_text, write};

/// Shrinks a module to what its glue calls. `glue` is the glue without unused exports, not yet minified.
///
/// Measured together, this saves a sixth of the gzip size. Code that is reached only through unused exports or only through the table of
/// functions is dropped. Every panic becomes the same panic, because messages are shown nowhere, so code that prepares them is dropped too.
/// Glue functions that are not imported are dropped, and the others get short names. Similar functions are placed next to each other. Source
/// locations of panics are removed.
pub fn shrink(wasm: &Path, name: &str, glue: &str) -> Result<String> {
    let outside: Vec<String> = called(glue).into_iter().map(|name| format!("export {name}")).collect();
    let mut graph = vec![json!({"name": "outside", "reaches": outside, "root": true})];
    graph.extend(called(glue).into_iter().map(|name| json!({"name": format!("export {name}"), "export": name})));
    let graph_file = wasm.with_extension("graph.json");
    write(&graph_file, json!(graph).to_string().as_bytes())?;
    binaryen("wasm-metadce", wasm, &[&format!("--graph-file={}", graph_file.display()), "-g"])?;
    std::fs::remove_file(&graph_file).map_err(|error| format!("cannot remove {}: {error}", graph_file.display()))?;

    edited(wasm, |module| Ok(without_bodies(module)))?;
    optimize(wasm, &["-g"])?;
    let mut shorter = String::new();
    edited(wasm, |module| {
        let (module, glue) = renamed(module, name, &without_imports(glue, module));
        shorter = glue;
        Ok(module)
    })?;
    optimize(wasm, &["--strip-target-features", "--strip-producers"])?;
    // Without names, functions are numbered, with shorter numbers for those that are called more often.
    binaryen("wasm-dis", wasm, &[])?;
    write(wasm, order::by_similarity(&read_text(wasm)?).as_bytes())?;
    binaryen("wasm-as", wasm, &FEATURES)?;
    // An optimisation that the assembler lacks: values stay on the stack instead of in a local.
    binaryen("wasm-opt", wasm, &[&FEATURES[..], &["--optimize-level=2", "--shrink-level=1", "--vacuum"]].concat())?;
    write(wasm, &locations::blanked(read(wasm)?)?)?;
    Ok(shorter)
}

/// Edits a module in binaryen's text format.
fn edited(wasm: &Path, edit: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    binaryen("wasm-dis", wasm, &[])?;
    write(wasm, edit(&read_text(wasm)?)?.as_bytes())?;
    binaryen("wasm-as", wasm, &[&FEATURES[..], &["-g"]].concat())
}

fn optimize(wasm: &Path, more: &[&str]) -> Result<()> {
    // Long functions compress worse than calls. Low in memory is the far end of the stack.
    let size = ["-Os", "--one-caller-inline-max-function-size=30", "--low-memory-unused"];
    binaryen("wasm-opt", wasm, &[&FEATURES[..], &size, more].concat())
}

/// The WebAssembly features that the compiler uses. The text format does not record them.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Parts of the names of functions that are reached only for a panic message, or only from an export of `wasm-streams`, a crate that the
/// framework links for requests which it would make itself. The table of functions, which does not tell who calls them, keeps them all. Short
/// functions must not be listed: the compiler merges identical ones.
const UNREACHED: [&str; 2] = ["::future_to_promise::{{closure}}", "JsValue as core::fmt::Debug>::fmt"];

/// Parts of the names of functions that only prepare a panic.
const PANICS: [&str; 9] = [
    "::panicking::panic",
    "::panicking::assert_failed",
    "::option::expect_failed",
    "::option::unwrap_failed",
    "::result::unwrap_failed",
    "::slice_index_fail",
    "::len_mismatch_fail",
    "::panic_already_borrowed",
    "::panic_already_mutably_borrowed",
];

/// The panic that replaces all of them: it has no arguments. A module without it, which has no hook to call either, traps.
const PANIC: &str = "::cell::lazy::panic_poisoned";

/// Parts of the names of functions that format with `core::fmt`: the first is the entry point and returns whether it failed; the others are
/// reached from it alone.
const FORMATS: [&str; 5] =
    ["]::fmt::write\"", "::fmt::Formatter>::", "::fmt::Display>::fmt", "::fmt::Debug>::fmt", "::fmt::Write"];
/// A shorter function, in characters of the text format, may be shared with others of the same body.
const LONG: usize = 400;

/// A module in binaryen's text format in which functions that are never reached trap, and functions that prepare a panic panic at once.
fn without_bodies(module: &str) -> String {
    let panic = module.lines().filter_map(function).find(|name| name.contains(PANIC));
    let formatting = formatting(module);
    let mut out = String::with_capacity(module.len());
    let mut dropped = false;
    for line in module.lines() {
        dropped &= line != " )";
        if dropped {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        let Some(name) = function(line) else { continue };
        // The body that replaces it.
        let made = panic == Some(name) || name.contains("::panicking::panic_fmt");
        let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if formatting.contains(name) && name.contains(FORMATS[0]) {
            // The panic hook still requests a message, which is empty.
            out.push_str("  (i32.const 0)\n");
            dropped = true;
        } else if is(&UNREACHED) && !name.contains("drop_in_place") || formatting.contains(name) {
            out.push_str("  (unreachable)\n");
            dropped = true;
        } else if is(&PANICS) && !made && !name.contains("std[") {
            out.extend(panic.map(|panic| format!("  (call {panic})\n")));
            out.push_str("  (unreachable)\n");
            dropped = true;
        }
    }
    out
}

/// The functions that only format panic messages, which nobody reads: all that format, as long as only panics and these functions call them.
/// None in a module that formats texts of its own.
fn formatting(module: &str) -> BTreeSet<&str> {
    let is = |name: &str, parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let mut long = BTreeSet::new();
    for body in module.split("\n (func ").skip(1) {
        let name = label(body);
        let formats = is(name, &FORMATS);
        if formats && body.len() > LONG {
            long.insert(name);
        }
        let calls = || body.split("(call ").skip(1).map(label);
        if !formats && !is(name, &UNREACHED) && !is(name, &PANICS) && calls().any(|called| is(called, &FORMATS)) {
            return BTreeSet::new();
        }
    }
    long
}

/// The name of the function that begins in a line, with its quotes.
fn function(line: &str) -> Option<&str> {
    line.strip_prefix(" (func ").map(label)
}

/// The name that a text begins with, with its quotes.
fn label(text: &str) -> &str {
    let quoted = text.strip_prefix("$\"").and_then(|rest| rest.find('"')).map(|end| end + 3);
    let end = quoted.or_else(|| text.find([' ', ')', '\n'])).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The glue without the functions that the module, as text, does not import.
fn without_imports(glue: &str, module: &str) -> String {
    let mut out = String::with_capacity(glue.len());
    let mut end = None;
    for line in glue.lines() {
        if let Some(closing) = &end {
            if line == closing {
                end = None;
            }
            continue;
        }
        let name = line.trim_start().split_once(": function(").map_or("", |(name, _)| name);
        if name.starts_with("__wb") && line.ends_with('{') && !module.contains(&format!("\"{name}\"")) {
            let indent = line.len() - line.trim_start().len();
            end = Some(" ".repeat(indent) + "},");
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The module, as text, and its glue with short names for what they share.
fn renamed(module: &str, file: &str, glue: &str) -> (String, String) {
    let (mut module, mut glue) = (module.to_string(), glue.to_string());
    for (number, name) in hashed(&glue).into_iter().enumerate() {
        let short = format!("\"i{number}\"");
        module = module.replace(&format!("\"{name}\""), &short);
        glue = glue.replace(&format!("{name}: function("), &format!("{short}: function("));
    }
    let path = format!("\"./{file}_bg.js\"");
    (module.replace(&path, "\"w\""), glue.replace(&path, "\"w\""))
}

/// How many random digits follow a name.
const HASH: usize = 16;

/// The exports that the glue uses.
fn called(glue: &str) -> BTreeSet<&str> {
    glue.split("wasm.").skip(1).map(|rest| rest.split(|c| !is_part_of_name(c)).next().unwrap_or_default()).collect()
}

/// The names in the glue that end in random digits.
fn hashed(glue: &str) -> BTreeSet<String> {
    glue.split(|c| !is_part_of_name(c))
        .filter(|name| name.starts_with("__wb"))
        .filter(|name| {
            let digits = name.len().checked_sub(HASH).and_then(|at| Some((name.get(..at)?, name.get(at..)?)));
            digits.is_some_and(|(stem, digits)| {
                stem.ends_with('_') && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
            })
        })
        .map(str::to_string)
        .collect()
}

fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

/// Runs a command of binaryen on a module, in place.
fn binaryen(command: &str, wasm: &Path, arguments: &[&str]) -> Result<()> {
    let local = Path::new("loader/node_modules/.bin").join(command);
    let program = if local.exists() { local } else { command.into() };
    let output = Command::new(program).arg(wasm).args(arguments).arg("-o").arg(wasm).output();
    let output = output.map_err(|error| format!("cannot start {command} ({error}): run `npm ci` in loader"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command} refuses {}: {}", wasm.display(), String::from_utf8_lossy(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_glue_calls_is_found_once() {
        let glue = "wasm.mount(a); wasm.memory.buffer; x = wasm.mount; wasm.__wbindgen_start()";
        assert_eq!(called(glue).into_iter().collect::<Vec<_>>(), ["__wbindgen_start", "memory", "mount"]);
    }

    #[test]
    fn what_nothing_reaches_traps_and_every_panic_is_the_same() {
        let module = r#"(module
 (func $"core::cell::lazy::panic_poisoned"
  (call $"core::panicking::panic_fmt" (i32.const 8))
 )
 (func $"core::option::unwrap_failed" (param $0 i32)
  (call $"core::panicking::panic_fmt" (local.get $0))
  (unreachable)
 )
 (func $plain (param $0 i32) (result i32)
  (local.get $0)
 )
 (func $"js_sys::futures::future_to_promise::{{closure}}" (param $0 i32) (result i32)
  (local.get $0)
 )
)
"#;
        let shorter = r#"(module
 (func $"core::cell::lazy::panic_poisoned"
  (call $"core::panicking::panic_fmt" (i32.const 8))
 )
 (func $"core::option::unwrap_failed" (param $0 i32)
  (call $"core::cell::lazy::panic_poisoned")
  (unreachable)
 )
 (func $plain (param $0 i32) (result i32)
  (local.get $0)
 )
 (func $"js_sys::futures::future_to_promise::{{closure}}" (param $0 i32) (result i32)
  (unreachable)
 )
)
"#;
        assert_eq!(without_bodies(module), shorter);
        assert_eq!(
            without_bodies(&module.replace("panic_poisoned", "other")),
            shorter.replace("panic_poisoned", "other").replace("  (call $\"core::cell::lazy::other\")\n", "")
        );
    }

    #[test]
    fn what_only_formats_messages_of_panics_goes_and_what_formats_texts_stays() {
        let long = "  (nop)\n".repeat(LONG / 8);
        let module = |writer: &str| {
            format!(
                "(module\n (func $\"core[1]::fmt::write\" (result i32)\n{long}  (i32.const 1)\n )\n \
                 (func $\"<i32 as core[1]::fmt::Display>::fmt\" (result i32)\n  (call $\"<core[1]::fmt::Formatter>::pad\")\n )\n \
                 (func $\"<core[1]::fmt::Formatter>::pad\" (result i32)\n{long}  (i32.const 2)\n )\n \
                 (func ${writer}\n  (drop (call $\"core[1]::fmt::write\"))\n )\n)\n"
            )
        };
        let panics = module("core::panicking::panic_display");
        let shorter = without_bodies(&panics);
        assert!(shorter.contains("fmt::write\" (result i32)\n  (i32.const 0)\n )\n"), "{shorter}");
        assert!(shorter.contains("Formatter>::pad\" (result i32)\n  (unreachable)\n )\n"), "{shorter}");
        assert!(shorter.contains("  (call $\"<core[1]::fmt::Formatter>::pad\")"), "short ones stay: {shorter}");
        let texts = module("deskbell::widget::greet");
        assert_eq!(without_bodies(&texts), texts);
    }

    #[test]
    fn what_the_module_does_not_import_is_not_in_the_glue() {
        let glue = "x = {\n  __wbg_a: function(b) {\n    b({\n    });\n  },\n  __wbg_c: function() {\n  },\n};\n";
        let shorter = "x = {\n  __wbg_c: function() {\n  },\n};\n";
        assert_eq!(without_imports(glue, r#"(import "w" "__wbg_c""#), shorter);
        assert_eq!(without_imports(glue, r#""__wbg_a" "__wbg_c""#), glue);
    }

    #[test]
    fn only_names_that_end_in_random_digits_are_renamed() {
        let glue = "{__wbg_fetch_6835957cc060fb0e: function(){}, __wbindgen_malloc: 1, other_6835957cc060fb0e: 2}";
        assert_eq!(hashed(glue).into_iter().collect::<Vec<_>>(), ["__wbg_fetch_6835957cc060fb0e"]);
    }

    #[test]
    fn module_and_glue_have_the_same_short_names() {
        let name = "__wbg_fetch_6835957cc060fb0e";
        let module = format!(r#" (import "./widget_bg.js" "{name}" (func $"f {name}"))"#);
        let glue = format!("{{\"./widget_bg.js\": {{\n{name}: function(a) {{}}}}}}");
        let (module, glue) = renamed(&module, "widget", &glue);
        assert_eq!(module, format!(r#" (import "w" "i0" (func $"f {name}"))"#));
        assert_eq!(glue, "{\"w\": {\n\"i0\": function(a) {}}}");
    }
}
