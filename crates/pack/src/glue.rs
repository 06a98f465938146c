//! The JavaScript that `wasm-bindgen` writes beside the program.

use std::collections::{BTreeMap, BTreeSet};

/// The digits of the hash at the end of an import's name.
const HASH: usize = 16;

/// Adds a guard to the glue around every call from the browser into the program. After a panic its hook has informed the customer; further
/// exceptions would only reach the error handlers of the page, and further calls would find broken state.
pub fn guarded(glue: &str) -> String {
    let mut guarded = glue.to_string();
    guarded.push_str(GUARD);
    for rest in glue.split("\nfunction wasm_bindgen__convert__closures").skip(1) {
        let name = rest.split('(').next().unwrap_or_default();
        let name = format!("wasm_bindgen__convert__closures{name}");
        guarded.push_str(&format!("{name} = guard({name});\n"));
    }
    guarded
}

const GUARD: &str = "
let panicked = false;
const guard = (call) => (...given) => {
  if (panicked) return;
  try {
    return call(...given);
  } catch (error) {
    panicked = error instanceof WebAssembly.RuntimeError;
  }
};
";

/// The exports of the program that the glue uses.
pub fn called(glue: &str) -> BTreeSet<&str> {
    glue.split("wasm.").skip(1).map(|rest| rest.split(|c| !is_part_of_name(c)).next().unwrap_or_default()).collect()
}

/// Short names for the functions that the program imports from the glue. `wasm-bindgen` ends each name with a hash, which does not compress, and
/// is in the glue as well as in the program.
pub fn short_names(glue: &str) -> BTreeMap<&str, String> {
    let mut names = BTreeMap::new();
    for name in words(glue).filter(|name| is_hashed(name)) {
        let next = names.len();
        names.entry(name).or_insert_with(|| format!("i{next}"));
    }
    names
}

/// The text with other names in place of some.
pub fn renamed(text: &str, names: &BTreeMap<&str, String>) -> String {
    words(text).map(|word| names.get(word).map_or(word, String::as_str)).collect()
}

/// The names in a text, and what is between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c| !is_part_of_name(c)).flat_map(|part| {
        let name = part.trim_end_matches(|c| !is_part_of_name(c));
        [name, part.get(name.len()..).unwrap_or_default()]
    })
}

fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

fn is_hashed(name: &str) -> bool {
    let hash = name.strip_prefix("__wb").and_then(|name| name.rsplit_once('_')).map_or("", |(_, hash)| hash);
    hash.len() == HASH && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_shortened_in_glue_and_program() {
        let glue =
            "{__wbg_abort_f78b99d80248bacb: function(e) {}, __wbindgen_cast_0000000000000001: f, __wbindgen_init: g}";
        let names = short_names(glue);
        assert_eq!(renamed(glue, &names), "{i0: function(e) {}, i1: f, __wbindgen_init: g}");
        let program = r#"(import "./widget_bg.js" "__wbg_abort_f78b99d80248bacb" (func $__wbg_abort_f78b99d80248bacb (param i32)))"#;
        assert_eq!(
            renamed(program, &names),
            r#"(import "./widget_bg.js" "i0" (func $__wbg_abort_f78b99d80248bacb (param i32)))"#
        );
    }

    #[test]
    fn exports_that_the_glue_calls_are_listed_once() {
        let glue = "wasm.mount(a); wasm.memory.buffer; x = wasm.mount; wasm.__wbindgen_start()";
        assert_eq!(called(glue).into_iter().collect::<Vec<_>>(), ["__wbindgen_start", "memory", "mount"]);
    }

    #[test]
    fn every_export_is_guarded() {
        let glue = "x\nfunction wasm_bindgen__convert__closures__1(a) {}\nfunction other() {}";
        let guarded = guarded(glue);
        assert!(guarded.starts_with(glue));
        assert!(
            guarded.ends_with("\nwasm_bindgen__convert__closures__1 = guard(wasm_bindgen__convert__closures__1);\n")
        );
    }
}
