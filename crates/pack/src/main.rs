//! Lays out what ships. Trunk runs it on the folder that it has just filled.
//!
//! The widget's glue, WebAssembly and language tables go into a folder named after their content, which may be cached for ever. The loader
//! beside it is small and short-lived, and knows the folder and the integrity of what it fetches from there. A page with an earlier loader
//! needs that one's folder, so the last ones stay beside the new one.

// For an integration test Cargo builds every binary, for wasm32 as well, where this one has nothing to do.
#![cfg_attr(target_arch = "wasm32", no_main)]
#![cfg(not(target_arch = "wasm32"))]

mod binaryen;
mod chunks;
mod glue;
mod locations;
mod optimize;
mod order;
mod program;
mod sizes;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::texts::{self, LANGUAGES, Text};
use program::Program;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, String>;

/// How many earlier builds stay, for pages that were opened before this one.
const EARLIER_BUILDS: usize = 2;

/// What shipped JavaScript must not contain, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("innerHTML", HTML_STRING),
    ("outerHTML", HTML_STRING),
    ("insertAdjacentHTML", HTML_STRING),
    ("document.write", HTML_STRING),
    ("eval(", "pages forbid code made from strings"),
    ("new Function", "pages forbid code made from strings"),
];
const HTML_STRING: &str = "pages with Trusted Types block it: create nodes instead. In a Leptos view it is generated \
    for an element with only literal text and attributes: take the text from the language table, or write one \
    attribute as an expression";

fn main() -> ExitCode {
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("pack: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn pack() -> Result<()> {
    let stage = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
    let stage = stage.ok_or("TRUNK_STAGING_DIR is not set: Trunk runs this program as a hook, so run `trunk build`")?;
    let release = std::env::var("TRUNK_PROFILE").is_ok_and(|profile| profile == "release");
    let version = env!("CARGO_PKG_VERSION");
    let folder = stage.join("deskbell-new");
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;

    for language in LANGUAGES {
        let table = texts::table(*language)?;
        if !language.file.is_empty() {
            write(&folder.join(format!("{}.json", language.tag)), json!(table.panel).to_string().as_bytes())?;
        }
        write(
            &folder.join(format!("{}.plain.json", language.tag)),
            json!(texts::plain_form_texts(&table)).to_string().as_bytes(),
        )?;
        write(&folder.join(format!("{}.labels.json", language.tag)), json!(table.labels).to_string().as_bytes())?;
    }

    let style = |name: &str| esbuild(release, &[&format!("style/{name}.css"), "--bundle"]);
    let program = Program::build(&stage, &folder, release)?;
    let style_define = [format!("--define:SCREENS_CSS={}", json!(style("screens")?))];
    let screens = script(&folder, release, "screens", &style_define)?;
    let tickets = script(&folder, release, "tickets", &[])?;
    let editor = [format!("--define:SHOT_CSS={}", json!(style("shot")?))];
    let shot = script(&folder, release, "shot", &editor)?;
    let zendesk = script(&folder, release, "zendesk", &[])?;
    let recovery = script(&folder, release, "recovery", &[])?;
    let tools = script(&folder, release, "tools", &[])?;
    let collect = script(&folder, release, "collect", &[])?;
    let options = script(&folder, release, "options", &[])?;
    let known = [
        format!("--define:TOOLS_INTEGRITY={}", json!(integrity(tools.as_bytes()))),
        format!("--define:COLLECT_INTEGRITY={}", json!(integrity(collect.as_bytes()))),
        format!("--define:RECOVERY_INTEGRITY={}", json!(integrity(recovery.as_bytes()))),
        format!("--define:ZENDESK_INTEGRITY={}", json!(integrity(zendesk.as_bytes()))),
        format!("--define:OPTIONS_INTEGRITY={}", json!(integrity(options.as_bytes()))),
        format!("--define:SHOT_INTEGRITY={}", json!(integrity(shot.as_bytes()))),
        format!("--define:SCREENS_INTEGRITY={}", json!(integrity(screens.as_bytes()))),
        format!("--define:TICKETS_INTEGRITY={}", json!(integrity(tickets.as_bytes()))),
    ];
    let modules = script(&folder, release, "modules", &known)?;
    let known = [
        format!("--define:VERSION={}", json!(version)),
        format!("--define:MODULES_INTEGRITY={}", json!(integrity(modules.as_bytes()))),
        format!("--define:PANEL_CSS={}", json!(style("panel")?)),
        format!("--define:RTL={}", right_to_left()),
        format!("--define:CHUNKS={}", program.chunks),
    ];
    let (widget, wasm) = program.bundle(&folder, release, &known)?;

    let known = [
        format!("--define:VERSION={}", json!(version)),
        format!("--define:PLAIN_CSS={}", json!(style("plain")?)),
        format!("--define:RTL={}", right_to_left()),
    ];
    let plain = script(&folder, release, "plain", &known)?;
    let known = [
        format!("--define:LAUNCHER_CSS={}", json!(style("launcher")?)),
        format!("--define:PLAIN_INTEGRITY={}", json!(integrity(plain.as_bytes()))),
    ];
    let host = script(&folder, release, "host", &known)?;

    let build = content_hash(&folder)?;
    let named = stage.join(format!("deskbell-{build}"));
    std::fs::rename(&folder, &named).map_err(|error| format!("cannot rename {}: {error}", named.display()))?;

    // No charset option: a classic script is read in the page's encoding, so it has to be ASCII.
    let known = [
        format!("--define:VERSION={}", json!(version)),
        format!("--define:BUILD={}", json!(build)),
        format!("--define:WIDGET_INTEGRITY={}", json!(integrity(widget.as_bytes()))),
        format!("--define:WASM_INTEGRITY={}", json!(integrity(&wasm))),
        format!("--define:HOST_INTEGRITY={}", json!(integrity(host.as_bytes()))),
        format!("--define:FIRST_CSS={}", json!(style("first")?)),
        format!("--define:TEXTS={}", loader_texts()?),
        format!("--define:RTL={}", right_to_left()),
    ];
    // A classic script has no `import.meta.url`.
    let classic = ["loader/deskbell.js", "--bundle", "--format=iife", "--define:import.meta.url=\"\""];
    let loader = esbuild(release, &[&classic[..], &texts_of(&known)].concat())?;
    write(&stage.join("deskbell.js"), loader.as_bytes())?;
    let module = ["loader/module.js", "--bundle", "--format=esm"];
    let module = esbuild(release, &[&module[..], &texts_of(&known)].concat())?;
    write(&stage.join("deskbell.mjs"), module.as_bytes())?;
    write(&stage.join("deskbell.d.mts"), &read(Path::new("loader/deskbell.d.mts"))?)?;
    write(&stage.join("deskbell.d.ts"), &read(Path::new("loader/deskbell.d.ts"))?)?;
    for (name, script) in [
        ("widget.js", &widget),
        ("modules.js", &modules),
        ("plain.js", &plain),
        ("host.js", &host),
        ("shot.js", &shot),
        ("zendesk.js", &zendesk),
        ("recovery.js", &recovery),
        ("tools.js", &tools),
        ("collect.js", &collect),
        ("options.js", &options),
        ("screens.js", &screens),
        ("tickets.js", &tickets),
        ("deskbell.js", &loader),
        ("deskbell.mjs", &module),
    ] {
        if let Some((word, reason)) = forbidden(script) {
            return Err(format!("{name} contains `{word}`; {reason}"));
        }
    }
    if !release {
        return Ok(());
    }
    sizes::compress(&stage)?;
    match std::env::var_os("TRUNK_DIST_DIR") {
        Some(dist) => keep_earlier(Path::new(&dist), &stage),
        None => Ok(()),
    }
}

/// The name of a folder with this content: the first 16 hexadecimal digits of a hash of its files and their names.
fn content_hash(folder: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for path in entries(folder)? {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let bytes = read(&path)?;
        // With their lengths, so that no byte can move from one file to the next.
        hash.update(format!("{name}\n{}\n", bytes.len()));
        hash.update(bytes);
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Copies the folders of the last builds, by build time, from the folder that Trunk is about to replace.
fn keep_earlier(dist: &Path, stage: &Path) -> Result<()> {
    let is_build = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        path.is_dir() && name.starts_with("deskbell-") && !stage.join(name).exists()
    };
    let built = |path: &PathBuf| std::fs::metadata(path.join("widget.js")).and_then(|file| file.modified()).ok();
    let mut earlier: Vec<PathBuf> = entries(dist)?.into_iter().filter(is_build).collect();
    earlier.sort_by_key(|path| std::cmp::Reverse(built(path)));
    for folder in earlier.iter().take(EARLIER_BUILDS) {
        let copy = stage.join(folder.file_name().unwrap_or_default());
        copy_folder(folder, &copy).map_err(|error| format!("cannot store {}: {error}", folder.display()))?;
    }
    Ok(())
}

/// Copies the files of a folder with their modification times.
fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        std::fs::copy(entry.path(), &copy)?;
        std::fs::File::options().write(true).open(&copy)?.set_modified(entry.metadata()?.modified()?)?;
    }
    Ok(())
}

/// Bundles a script of `loader` without WebAssembly into the folder.
fn script(folder: &Path, release: bool, name: &str, known: &[String]) -> Result<String> {
    let entry = format!("loader/{name}.js");
    let bundle = [entry.as_str(), "--bundle", "--format=esm", "--charset=utf8"];
    let script = esbuild(release, &[&bundle[..], &texts_of(known)].concat())?;
    write(&folder.join(format!("{name}.js")), script.as_bytes())?;
    Ok(script)
}

fn texts_of(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// The texts that the loader shows itself, by language, in the order of [`texts::LOADER`].
fn loader_texts() -> Result<Value> {
    let mut languages = serde_json::Map::new();
    for language in LANGUAGES {
        let table = texts::table(*language)?.panel;
        let texts_shown = texts::LOADER.iter().filter_map(|name| {
            Text::ALL.iter().zip(&table).find_map(|(text, shown)| (text == name).then_some(shown.as_str()))
        });
        languages.insert(language.tag.to_string(), texts_shown.collect());
    }
    Ok(Value::Object(languages))
}

fn right_to_left() -> Value {
    LANGUAGES.iter().filter(|language| language.rtl).map(|language| language.tag).collect()
}

fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(bytes)))
}

/// The first forbidden text in a script, with the reason.
fn forbidden(script: &str) -> Option<(&'static str, &'static str)> {
    let contains_word = |word: &str| {
        script.match_indices(word).any(|(index, _)| {
            let before = script.get(..index).and_then(|head| head.chars().next_back());
            !before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
        })
    };
    FORBIDDEN.iter().copied().find(|(word, _)| contains_word(word))
}

/// Runs esbuild and returns its output.
fn esbuild(release: bool, arguments: &[&str]) -> Result<String> {
    let local = Path::new("loader/node_modules/.bin/esbuild");
    let program = if local.exists() { local } else { Path::new("esbuild") };
    let mut command = Command::new(program);
    command.args(["--target=es2022", "--legal-comments=none", "--log-level=warning"]).args(arguments);
    if release {
        command.arg("--minify");
    }
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cannot start esbuild ({error}): run `npm ci` in loader"))?;
    if !output.status.success() {
        return Err(format!("esbuild failed on {}", arguments.first().unwrap_or(&"")));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("esbuild's output is not UTF-8: {error}"))
}

/// The entries of a folder by name; none if it does not exist.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| format!("cannot list {}: {error}", folder.display());
    let mut found = Vec::new();
    if folder.exists() {
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            found.push(entry.map_err(unreadable)?.path());
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|error| format!("{} is not UTF-8: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_strings_and_evaluated_code_are_found() {
        assert_eq!(forbidden("node.innerHTML=x").map(|(word, _)| word), Some("innerHTML"));
        assert_eq!(forbidden("(0,eval)(x);eval(x)").map(|(word, _)| word), Some("eval("));
        assert_eq!(forbidden("medieval(x);node.textContent=x"), None);
    }

    #[test]
    fn the_loader_gets_its_texts_in_every_language() {
        let texts = loader_texts().unwrap();
        assert_eq!(texts["en"][0], texts::LOADER[0].english());
        for language in LANGUAGES {
            assert_eq!(texts[language.tag].as_array().unwrap().len(), texts::LOADER.len());
        }
        assert_eq!(right_to_left(), json!(["ar"]));
    }

    #[test]
    fn the_plain_form_gets_its_texts() {
        let script = read_text(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../loader/plain.js"))).unwrap();
        for language in LANGUAGES {
            let table = texts::table(*language).unwrap();
            let texts = texts::plain_form_texts(&table);
            assert_eq!(texts.len(), texts::PLAIN.len(), "{}", language.tag);
            for name in texts::PLAIN {
                // The fields are labelled by their ids.
                assert!(script.contains(&format!("\"{name}\"")), "{name} is not used");
            }
        }
    }

    #[test]
    fn integrity_hashes_match_those_of_browsers() {
        let empty = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(integrity(b""), empty);
    }

    /// A folder with the files of a build.
    fn build_of(folder: &Path, files: &[(&str, &str)]) {
        std::fs::create_dir_all(folder).unwrap();
        for (name, content) in files {
            write(&folder.join(name), content.as_bytes()).unwrap();
        }
    }

    #[test]
    fn builds_are_named_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str, files: &[(&str, &str)]| {
            build_of(&folder.path().join(name), files);
            content_hash(&folder.path().join(name)).unwrap()
        };
        let first = named("a", &[("widget.js", "one"), ("widget.wasm", "two")]);
        assert!(first.len() == 16 && first.chars().all(|digit| digit.is_ascii_hexdigit()), "{first}");
        assert_eq!(named("b", &[("widget.wasm", "two"), ("widget.js", "one")]), first);
        assert_ne!(named("c", &[("widget.js", "one"), ("widget.wasm", "three")]), first);
        assert_ne!(named("d", &[("widget.js", "two"), ("widget.wasm", "one")]), first);
    }

    #[test]
    fn recent_builds_stay_for_open_pages() {
        let folder = tempfile::tempdir().unwrap();
        let (dist, stage) = (folder.path().join("dist"), folder.path().join("stage"));
        let age = |seconds: u64| std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
        for (nth, name) in ["deskbell-c", "deskbell-a", "deskbell-b", "deskbell-same"].into_iter().enumerate() {
            build_of(&dist.join(name), &[("widget.js", name)]);
            let file = std::fs::File::options().write(true).open(dist.join(name).join("widget.js")).unwrap();
            file.set_modified(age(nth as u64 * 60)).unwrap();
        }
        build_of(&dist.join("other"), &[("widget.js", "not a build")]);
        build_of(&stage.join("deskbell-same"), &[("widget.js", "new")]);
        keep_earlier(&dist, &stage).unwrap();
        let mut names: Vec<String> =
            entries(&stage).unwrap().iter().map(|path| path.file_name().unwrap().to_str().unwrap().into()).collect();
        names.sort();
        assert_eq!(names, ["deskbell-a", "deskbell-c", "deskbell-same"]);
        assert_eq!(read(&stage.join("deskbell-same/widget.js")).unwrap(), b"new");
        let (kept, previous) = (stage.join("deskbell-a/widget.js"), dist.join("deskbell-a/widget.js"));
        let modified_at = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!((read(&kept).unwrap(), modified_at(&kept)), (b"deskbell-a".to_vec(), modified_at(&previous)));
    }
}
