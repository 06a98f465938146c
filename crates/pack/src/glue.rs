//! The JavaScript that `wasm-bindgen` writes beside the program.

use std::collections::BTreeSet;

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
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    glue.split("wasm.").skip(1).map(|rest| rest.split(|c| !is_part_of_name(c)).next().unwrap_or_default()).collect()
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
    fn every_way_into_the_program_is_guarded() {
        let glue = "x\nfunction wasm_bindgen__convert__closures__1(a) {}\nfunction other() {}";
        let guarded = guarded(glue);
        assert!(guarded.starts_with(glue));
        assert!(
            guarded.ends_with("\nwasm_bindgen__convert__closures__1 = guard(wasm_bindgen__convert__closures__1);\n")
        );
    }
}
