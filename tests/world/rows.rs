//! Tables of real input: TOML files with one `[[row]]` for each case.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One case of a table.
#[derive(Debug, Deserialize)]
pub struct Row<T> {
    /// The name, unique in its table; a failing test prints it.
    pub name: String,
    /// The evidence for this input: an address, an RFC with its section, or a public report.
    pub source: String,
    #[serde(flatten)]
    pub case: T,
}

#[derive(Deserialize)]
struct Table<T> {
    row: Vec<Row<T>>,
}

/// Reads a table. Panics if a row has no source, or has the name or the input of another row.
pub fn read<T: DeserializeOwned>(table: &str) -> Vec<Row<T>> {
    let rows: Vec<Row<T>> = parse(table);
    let inputs: Vec<Row<toml::Table>> = parse(table);
    let (mut names, mut seen) = (HashSet::new(), HashSet::new());
    for Row { name, source, case } in inputs {
        assert!(!source.trim().is_empty(), "row {name:?} has no source");
        assert!(seen.insert(case.to_string()), "row {name:?} says what another row says");
        assert!(names.insert(name.clone()), "two rows are called {name:?}");
    }
    rows
}

fn parse<T: DeserializeOwned>(table: &str) -> Vec<Row<T>> {
    toml::from_str::<Table<T>>(table).unwrap_or_else(|error| panic!("the table cannot be read: {error}")).row
}

/// Runs `check` for every row and reports all failures together, by name.
pub fn check_all<T>(rows: &[Row<T>], check: impl Fn(&T) -> Result<(), String>) {
    let failures: Vec<String> =
        rows.iter().filter_map(|row| check(&row.case).err().map(|error| format!("{}: {error}", row.name))).collect();
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

#[test]
fn a_table_needs_unique_names_and_sources() {
    #[derive(Debug, Deserialize)]
    struct Case {
        input: String,
    }
    let table = "[[row]]\nname = \"a\"\nsource = \"RFC 2047, section 2\"\ninput = \"x\"\n";
    let rows = read::<Case>(table);
    assert_eq!(rows[0].case.input, "x");
    let other = |from: &str, to: &str| format!("{table}{}", table.replace(from, to));
    assert_eq!(read::<Case>(&other("\"x\"", "\"y\"").replacen("\"a\"", "\"b\"", 1)).len(), 2);
    assert!(std::panic::catch_unwind(|| read::<Case>(&other("\"x\"", "\"y\""))).is_err(), "one name twice");
    assert!(std::panic::catch_unwind(|| read::<Case>(&other("\"a\"", "\"b\""))).is_err(), "one input twice");
    assert!(std::panic::catch_unwind(|| read::<Case>(&table.replace("RFC 2047, section 2", " "))).is_err());
}
