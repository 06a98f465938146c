//! Makes the widget's program and its chunks of what Cargo has linked.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Result, chunks, esbuild, glue, integrity, optimize, read, read_text, texts_of, write};

/// The program, cut and with its glue.
pub struct Program {
    /// The glue that `wasm-bindgen` has written, with its guard.
    glue: PathBuf,
    /// The form.
    wasm: PathBuf,
    /// What the loader knows of the chunks: by name the files that each needs, and by file their integrity.
    pub chunks: Value,
    /// The folder of everything that is not shipped.
    work: PathBuf,
}

impl Program {
    /// Cuts the program that Trunk has just built, and writes the chunks into the folder.
    pub fn build(stage: &Path, folder: &Path, release: bool) -> Result<Program> {
        // Trunk runs `wasm-bindgen` on the whole program.
        for leftover in ["widget.js", "widget_bg.wasm"] {
            remove(&stage.join(leftover))?;
        }
        let work = stage.join("program");
        std::fs::create_dir_all(&work).map_err(|error| format!("cannot create {}: {error}", work.display()))?;
        let cut = chunks::cut(&linked(release)?, &work)?;
        let (mut needs, mut files) = (serde_json::Map::new(), serde_json::Map::new());
        // The files of the first chunk, which has what the others share.
        let mut shared: Vec<String> = Vec::new();
        for (name, mut parts) in cut.chunks {
            let mut needed = shared.clone();
            if release {
                let chunk = work.join(name).with_extension("wasm");
                chunks::merge(&parts, &chunk)?;
                optimize::chunk(&chunk)?;
                parts = vec![chunk];
            }
            for part in parts {
                let (bytes, file) = (read(&part)?, part.file_name().unwrap_or_default());
                write(&folder.join(file), &bytes)?;
                needed.push(file.to_string_lossy().into());
                files.insert(file.to_string_lossy().into(), json!(integrity(&bytes)));
            }
            if shared.is_empty() {
                shared.clone_from(&needed);
            }
            needs.insert(name.to_string(), json!(needed));
        }
        bind(&cut.form, &work)?;
        let (glue, wasm) = (work.join("widget.js"), work.join("widget_bg.wasm"));
        write(&glue, glue::guarded(&read_text(&glue)?).as_bytes())?;
        Ok(Program { glue, wasm, chunks: json!({"chunks": needs, "files": files}), work })
    }

    /// Bundles the glue with its script in `loader`, shrinks the form to what that uses, and writes both into the folder. Returns them.
    pub fn bundle(self, folder: &Path, release: bool, known: &[String]) -> Result<(String, Vec<u8>)> {
        // The last three let esbuild see that the glue's classes, which nobody instantiates, can be dropped. Without a finalization registry,
        // closures end when Rust drops them, and here all of them are dropped.
        let bundle = [
            "--bundle",
            "--format=esm",
            "--charset=utf8",
            "--define:Symbol.dispose=undefined",
            "--define:FinalizationRegistry=undefined",
            "--minify-syntax",
        ];
        let alias = format!("--alias:program:glue={}", self.glue.display());
        let mut arguments = vec!["loader/widget.js", alias.as_str()];
        arguments.extend(texts_of(known));
        let mut script = esbuild(false, &[&arguments, &bundle[..]].concat())?;
        if release {
            let glue = read_text(&self.glue)?;
            let imports = glue::short_names(&glue);
            optimize::form(&self.wasm, &glue::called(&script), &imports)?;
            write(&self.glue, glue::renamed(&glue, &imports).as_bytes())?;
            script = esbuild(true, &[&arguments, &bundle[..]].concat())?;
        }
        let module = read(&self.wasm)?;
        write(&folder.join("widget.js"), script.as_bytes())?;
        write(&folder.join("widget.wasm"), &module)?;
        std::fs::remove_dir_all(&self.work)
            .map_err(|error| format!("cannot remove {}: {error}", self.work.display()))?;
        Ok((script, module))
    }
}

/// The program as Cargo has linked it, with its relocations. Cargo has built this program into the same folder.
fn linked(release: bool) -> Result<PathBuf> {
    let this_program =
        std::env::current_exe().map_err(|error| format!("cannot find Cargo's target folder: {error}"))?;
    let target = this_program.parent().and_then(Path::parent).ok_or("cannot find Cargo's target folder")?;
    let profile = if release { "widget" } else { "debug" };
    Ok(target.join("wasm32-unknown-unknown").join(profile).join("widget.wasm"))
}

/// Writes the form and its glue into a folder.
fn bind(form: &Path, folder: &Path) -> Result<()> {
    let output = Command::new("wasm-bindgen")
        // The chunks need the table of functions, which is dropped otherwise.
        .args(["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name", "widget", "--out-dir"])
        .arg(folder)
        .arg(form)
        .output();
    let output = output.map_err(|error| format!("cannot start wasm-bindgen ({error}): run make, which installs it"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("wasm-bindgen failed on the form: {}", String::from_utf8_lossy(&output.stderr)))
}

fn remove(file: &Path) -> Result<()> {
    if !file.exists() {
        return Ok(());
    }
    std::fs::remove_file(file).map_err(|error| format!("cannot remove {}: {error}", file.display()))
}
