//! Makes the program smaller with the tools of binaryen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use super::binaryen::{self, FEATURES};
use super::{Result, chunks, glue, locations, order, read, read_text, write};

/// What chunks import from the form besides its memory: the table of functions, and the stack's end.
const SHARED: [&str; 3] = ["memory", "__indirect_function_table", "__wasm_split_shared0"];

/// Long functions compress worse than calls. Low in memory is the far end of the stack.
const SIZE: [&str; 5] = [
    "-Os",
    "--one-caller-inline-max-function-size=30",
    "--low-memory-unused",
    "--strip-target-features",
    "--strip-producers",
];

/// Shrinks the form to what is reached from its chunks and from the exports that its glue uses, and gives its imports other names. Refuses it if
/// it has code of a chunk.
pub fn form(wasm: &Path, exports: &BTreeSet<&str>, imports: &BTreeMap<&str, String>) -> Result<()> {
    let exports: BTreeSet<&str> = exports.iter().copied().chain(SHARED).collect();
    let outside: Vec<String> = exports.iter().map(|name| format!("export {name}")).collect();
    let mut graph = vec![json!({"name": "outside", "reaches": outside, "root": true})];
    graph.extend(exports.iter().map(|name| json!({"name": format!("export {name}"), "export": name})));
    let graph_file = wasm.with_extension("graph.json");
    write(&graph_file, json!(graph).to_string().as_bytes())?;
    binaryen::run(
        "wasm-metadce",
        wasm,
        &[&FEATURES[..], &[&format!("--graph-file={}", graph_file.display()), "-g"]].concat(),
    )?;
    binaryen::run("wasm-opt", wasm, &[&FEATURES[..], &SIZE, &["-g"]].concat())?;
    binaryen::run("wasm-dis", wasm, &[])?;
    let text = read_text(wasm)?;
    chunks::check(&text)?;
    finish(wasm, &glue::renamed(&text, imports))
}

/// Shrinks a chunk.
pub fn chunk(wasm: &Path) -> Result<()> {
    binaryen::run("wasm-opt", wasm, &[&FEATURES[..], &SIZE].concat())?;
    binaryen::run("wasm-dis", wasm, &[])?;
    finish(wasm, &read_text(wasm)?)
}

/// Puts a module in binaryen's text format into its last order and form.
fn finish(wasm: &Path, text: &str) -> Result<()> {
    write(wasm, order::by_similarity(text).as_bytes())?;
    binaryen::run("wasm-as", wasm, &FEATURES)?;
    // An optimisation that the assembler lacks: values stay on the stack instead of in a local.
    binaryen::run(
        "wasm-opt",
        wasm,
        &[&FEATURES[..], &["--optimize-level=2", "--shrink-level=1", "--vacuum"]].concat(),
    )?;
    write(wasm, &locations::blanked(read(wasm)?)?)
}
