//! Cuts the program that Cargo has linked into the form and the chunks beyond it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wasm_split_cli_support::{Options, transform};

use super::binaryen::{self, FEATURES, texts};
use super::{Result, read, read_text, write};

/// The chunks. What several share is in the first of them, which each other needs.
pub const NAMES: [&str; 4] = ["context", "attachments", "screens", "engines"];

/// What the splitter makes imports of.
const IMPORTS: &str = "\"__wasm_split\"";

/// Code that belongs to a chunk, by the beginning of its path. The splitter follows every reference, so one from the form would bring it back.
const BEYOND_THE_FORM: &[&str] = &[
    "deskbell::components::prose::",
    "deskbell::engines::",
    "deskbell::screens::answers::",
    "deskbell::screens::attachments::",
    "deskbell::screens::fields::",
    "deskbell::screens::incidents::",
    "deskbell::screens::outbox::",
    "deskbell::screens::preview::",
    "deskbell::screens::tickets::",
    "deskbell::texts::text",
    "deskbell::screens::document::json",
    "deskbell::screens::document::redact",
    "deskbell::screens::document::secrets",
    "domain::context::document::",
    "markdown::blocks",
    "markdown::inlines",
    "markdown::parse",
    "ranking::",
    "redaction::",
];

/// The program, cut.
pub struct Cut {
    /// The form, not yet processed by `wasm-bindgen`.
    pub form: PathBuf,
    /// The name and the files of each chunk.
    pub chunks: Vec<(&'static str, Vec<PathBuf>)>,
}

/// Cuts a program into a folder. One with relocations has to be given (`build.rs`).
pub fn cut(program: &Path, folder: &Path) -> Result<Cut> {
    let bytes = read(program)?;
    let form = folder.join("form.wasm");
    let mut options = Options::new(&bytes);
    options.output_dir = folder;
    options.main_out_path = &form;
    let split = transform(options).map_err(|error| format!("cannot split {}: {error:?}", program.display()))?;
    let mut parts: BTreeMap<String, Vec<String>> = split.prefetch_map.into_iter().collect();
    let mut needed = Vec::new();
    for name in NAMES {
        needed.push((name, parts.remove(name).ok_or(format!("the program has no chunk {name}"))?));
    }
    if let Some(name) = parts.into_keys().next() {
        return Err(format!("the program has a chunk {name}, which is missing from `chunks::NAMES`"));
    }
    let path = |file: String| folder.join(file).with_extension("wasm");
    let chunks =
        placed(needed).into_iter().map(|(name, files)| (name, files.into_iter().map(path).collect())).collect();
    Ok(Cut { form, chunks })
}

/// The files of each chunk, if these are the files that each needs.
fn placed(needed: Vec<(&'static str, Vec<String>)>) -> Vec<(&'static str, Vec<String>)> {
    let mut users: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, files) in &needed {
        for file in files {
            users.entry(file.clone()).or_default().insert(name);
        }
    }
    let mut chunks: Vec<(&'static str, Vec<String>)> = needed.into_iter().map(|(name, _)| (name, Vec::new())).collect();
    for (file, users) in users {
        let only = if users.len() == 1 { users.first() } else { None };
        let index = only.and_then(|user| chunks.iter().position(|(name, _)| name == user)).unwrap_or_default();
        if let Some((_, files)) = chunks.get_mut(index) {
            files.push(file);
        }
    }
    chunks
}

/// Makes one module of several that import the same things.
pub fn merge(files: &[PathBuf], into: &Path) -> Result<()> {
    if let [file] = files {
        return write(into, &read(file)?);
    }
    let names: Vec<String> = (0..files.len()).map(|index| format!("part{index}")).collect();
    let mut arguments = Vec::new();
    for (file, name) in files.iter().zip(&names) {
        arguments.extend([file.as_os_str(), name.as_ref()]);
    }
    arguments.extend(texts(&FEATURES));
    // Until the imports are joined, each part has a memory of its own.
    arguments.extend(texts(&["--enable-multimemory", "-g", "-S", "-o"]));
    arguments.push(into.as_os_str());
    binaryen::start("wasm-merge", &arguments)?;
    write(into, joined(&read_text(into)?).as_bytes())?;
    binaryen::run("wasm-as", into, &[&FEATURES[..], &["-g"]].concat())
}

/// A module in binaryen's text format with the first of equal imports in place of all.
fn joined(module: &str) -> String {
    let mut first = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut out = String::with_capacity(module.len());
    for line in module.lines() {
        if let Some((name, kind)) = import(line) {
            match first.get(name) {
                Some(known) => {
                    names.insert(kind, *known);
                    continue;
                }
                None => first.insert(name, kind),
            };
        }
        out.push_str(line);
        out.push('\n');
    }
    renamed(&out, &names)
}

/// The name of what a line imports from the program, and what the module calls it.
fn import(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix(" (import ")?.strip_prefix(IMPORTS)?.strip_prefix(" \"")?;
    let (name, rest) = rest.split_once("\" (")?;
    let (_, local) = rest.split_once(' ')?;
    Some((name, local.split([' ', ')']).next()?))
}

/// The text with other names in place of some.
fn renamed(text: &str, names: &BTreeMap<&str, &str>) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive([' ', '(', ')', '\n']) {
        let name = word.trim_end_matches([' ', '(', ')', '\n']);
        match names.get(name) {
            Some(new_name) => {
                out.push_str(new_name);
                out.push_str(word.get(name.len()..).unwrap_or_default());
            }
            None => out.push_str(word),
        }
    }
    out
}

/// Refuses a form, in binaryen's text format, that has code of a chunk.
pub fn check(form: &str) -> Result<()> {
    let wandered: Vec<String> = form.lines().filter_map(function).map(path).filter(|path| is_beyond(path)).collect();
    if wandered.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the form contains code that belongs to a chunk; something in it refers to:\n  {}",
        wandered.join("\n  ")
    ))
}

fn is_beyond(path: &str) -> bool {
    BEYOND_THE_FORM.iter().any(|beginning| path.trim_start_matches('<').starts_with(beginning))
}

/// The name of the function that begins in a line.
fn function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(" (func $")?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([' ', ')']).next(),
    }
}

/// A name without the hashes after the names of crates, `core[4f1c]::fmt`.
fn path(name: &str) -> String {
    let mut path = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        let hash = after.split(']').next().unwrap_or_default();
        path.push_str(before);
        match hash.chars().all(|digit| digit.is_ascii_hexdigit()) && before.ends_with(char::is_alphanumeric) {
            true => rest = after.get(hash.len() + 1..).unwrap_or_default(),
            false => {
                path.push('[');
                rest = after;
            }
        }
    }
    path + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_imports_are_merged() {
        let module = r#"(module
 (import "__wasm_split" "memory" (memory $mimport$0 17))
 (import "__wasm_split" "memory" (memory $mimport$0_1 17))
 (import "__wasm_split" "__indirect_function_table" (table $timport$0 9 funcref))
 (import "__wasm_split" "other" (global $gimport$0 (mut i32)))
 (func $a
  (i32.store $mimport$0_1
   (global.get $gimport$0)
   (i32.load $mimport$0 (local.get $mimport$0_12)))
 )
)
"#;
        let one = r#"(module
 (import "__wasm_split" "memory" (memory $mimport$0 17))
 (import "__wasm_split" "__indirect_function_table" (table $timport$0 9 funcref))
 (import "__wasm_split" "other" (global $gimport$0 (mut i32)))
 (func $a
  (i32.store $mimport$0
   (global.get $gimport$0)
   (i32.load $mimport$0 (local.get $mimport$0_12)))
 )
)
"#;
        assert_eq!(joined(module), one);
    }

    #[test]
    fn what_several_chunks_need_is_in_the_first() {
        let files = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let needed =
            vec![("first", files(&["a", "b"])), ("second", files(&["a", "c", "d"])), ("third", files(&["c", "e"]))];
        let expected = vec![("first", files(&["a", "b", "c"])), ("second", files(&["d"])), ("third", files(&["e"]))];
        assert_eq!(placed(needed), expected);
    }

    #[test]
    fn forms_with_code_of_a_chunk_are_refused() {
        let form = |name: &str| format!("(module\n (func ${name} (param $0 i32)\n  (nop)\n )\n)\n");
        assert_eq!(check(&form("\"deskbell[3cf2a0]::screens::home::view\"")), Ok(()));
        assert_eq!(check(&form("\"core[1]::ptr::drop_in_place::<redaction[2]::Rules>\"")), Ok(()));
        for name in
            ["\"redaction[2b]::scan::all\"", "ranking::Index::find", "\"<redaction::Kind as core::fmt::Debug>::fmt\""]
        {
            let refused = check(&form(name)).unwrap_err();
            assert!(refused.contains("redaction::") || refused.contains("ranking::Index::find"), "{refused}");
        }
    }
}
