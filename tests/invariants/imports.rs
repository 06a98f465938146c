//! Imports inside of a crate: no circles between sibling folders, and no large ones between files.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;

use super::{Source, root, sources};

/// The most files that may import each other in a circle. A folder whose files share the types of its `mod.rs` is one.
const CIRCLE_MAX: usize = 8;

/// Crates whose files still form larger circles.
const TANGLED: [&str; 1] = ["src"];

/// A module, as the names on the path to it; the crate root has none.
type Module = Vec<String>;

/// The imports of each module.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_large_circle_of_files_import_each_other() {
    let mut large: Vec<String> = Vec::new();
    for folder in crates() {
        let imports = imports(&sources(&folder, "rs"), &folder);
        large.extend(circles(&imports).into_iter().filter(|circle| circle.len() > CIRCLE_MAX).map(|circle| {
            let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            format!("{folder}: {} files: {}", names.len(), names.join(", "))
        }));
    }
    assert!(large.is_empty(), "{large:#?}");
}

#[test]
fn sibling_folders_do_not_import_each_other_in_a_circle() {
    let mut found: Vec<String> = Vec::new();
    for folder in crates() {
        let imports = imports(&sources(&folder, "rs"), &folder);
        let parents: BTreeSet<Module> =
            imports.keys().filter_map(|module| Some(module.split_last()?.1.to_vec())).collect();
        for parent in parents {
            for circle in circles(&between_folders(&imports, &parent)) {
                let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
                found.push(format!("{folder}: {}", names.join(", ")));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn circles_are_found() {
    let files = [
        ("src/lib.rs", "mod a; mod b; mod c;"),
        ("src/a/mod.rs", "mod inner; use crate::{b::B, c};"),
        ("src/a/inner.rs", "fn f() -> super::A {} #[cfg(test)] mod tests { use crate::c::C; }"),
        ("src/b/mod.rs", "mod deep;"),
        ("src/b/deep.rs", "fn f() { crate::a::f(self::x, std::mem::take) } type T = super::super::c::C;"),
        ("src/c.rs", "use std::fmt;"),
    ];
    let files = files.map(|(name, text)| Source { name: name.into(), text: text.into() });
    let imports = imports(&files, "src");
    let module = |name: &str| -> Module { name.split("::").map(String::from).collect() };
    let imported = |name: &str| imports[&module(name)].iter().map(|module| module.join("::")).collect::<Vec<_>>();
    assert_eq!(imported("a"), ["b", "c"]);
    assert_eq!(imported("a::inner"), ["a"]);
    assert_eq!(imported("b::deep"), ["a", "c"]);
    assert_eq!(circles(&between_folders(&imports, &[])), [vec![module("a"), module("b")]]);
    assert!(circles(&imports).is_empty());
}

/// The source folders of the crates that are checked.
fn crates() -> Vec<String> {
    let members = std::fs::read_dir(root().join("crates")).unwrap();
    let names = members.map(|entry| format!("crates/{}/src", entry.unwrap().file_name().to_str().unwrap()));
    names.chain(["src".into()]).filter(|folder| !TANGLED.contains(&folder.as_str())).collect()
}

/// Reads the imports of the files of a crate, without tests. Macros are not expanded.
fn imports(files: &[Source], folder: &str) -> Imports {
    let module_of = |source: &Source| -> Module {
        let path = source.name.strip_prefix(folder).unwrap().trim_start_matches('/').trim_end_matches(".rs");
        let mut names: Module = path.split('/').map(String::from).collect();
        if names.last().is_some_and(|name| name == "mod" || name == "lib") {
            names.pop();
        }
        names
    };
    let is_test = |source: &Source| source.name.ends_with("tests.rs") || source.name.contains("/tests/");
    let files: Vec<(Module, &Source)> =
        files.iter().filter(|source| !is_test(source)).map(|source| (module_of(source), source)).collect();
    let known: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    files
        .into_iter()
        .map(|(module, source)| {
            let file = syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.name));
            let mut found = Found { module: &module, known: &known, imports: BTreeSet::new() };
            found.visit_file(&file);
            let Found { imports, .. } = found;
            (module, imports)
        })
        .collect()
}

/// The imports found in a file.
struct Found<'a> {
    module: &'a Module,
    known: &'a BTreeSet<Module>,
    imports: BTreeSet<Module>,
}

impl Found<'_> {
    /// Adds the module that a path names, if it is another one of this crate.
    fn add(&mut self, path: &[String]) {
        let Some(first) = path.first() else { return };
        let up = path.iter().take_while(|name| *name == "super").count();
        let (base, rest) = match first.as_str() {
            "crate" => (&[][..], &path[1..]),
            "self" => (&self.module[..], &path[1..]),
            "super" => (&self.module[..self.module.len().saturating_sub(up)], &path[up..]),
            // A child module, by its name alone.
            _ if self.known.contains(&[&self.module[..], &path[..1]].concat()) => (&self.module[..], path),
            _ => return,
        };
        let mut named = [base, rest].concat();
        while !self.known.contains(&named) && named.pop().is_some() {}
        if !named.is_empty() && named != *self.module {
            self.imports.insert(named);
        }
    }

    fn add_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                self.add_tree(&[prefix, &[path.ident.to_string()]].concat(), &path.tree);
            }
            syn::UseTree::Name(name) => self.add(&[prefix, &[name.ident.to_string()]].concat()),
            syn::UseTree::Rename(name) => self.add(&[prefix, &[name.ident.to_string()]].concat()),
            syn::UseTree::Glob(_) => self.add(prefix),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(prefix, tree)),
        }
    }
}

impl<'a> Visit<'a> for Found<'_> {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&names);
        syn::visit::visit_path(self, path);
    }

    /// Tests may import anything.
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.path.is_ident("cfg") && list.tokens.to_string() == "test")
        };
        if !module.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

/// The imports between the sibling folders in a parent, with all that is in them.
fn between_folders(imports: &Imports, parent: &[String]) -> Imports {
    let is_folder =
        |child: &[String]| imports.keys().any(|module| module.len() > child.len() && module.starts_with(child));
    let child_of = |module: &[String]| -> Option<Module> {
        let child = module.get(..=parent.len())?;
        (child.starts_with(parent) && is_folder(child)).then(|| child.to_vec())
    };
    let mut between = Imports::new();
    for (module, imported) in imports {
        let Some(child) = child_of(module) else { continue };
        let others = imported.iter().filter_map(|module| child_of(module)).filter(|other| *other != child);
        between.entry(child.clone()).or_default().extend(others);
    }
    between
}

/// The strongly connected groups of more than one module, each sorted.
fn circles(imports: &Imports) -> Vec<Vec<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|module| (module, reachable(imports, module))).collect();
    let mut circles: BTreeSet<Vec<Module>> = BTreeSet::new();
    for (module, others) in &reached {
        let circle: Vec<Module> = others
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(module)))
            .map(|other| (*other).clone())
            .collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// The modules that a module imports, directly or indirectly.
fn reachable<'a>(imports: &'a Imports, from: &Module) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = imports.get(from).into_iter().flatten().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(imports.get(module).into_iter().flatten());
        }
    }
    reached
}
