//! Finds rows that refer to rows that do not exist.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, query};

use super::super::error::{RowExt, store_error};
use super::origins::{ORIGINS, columns, name_of};
use deskbell_core::ports::{RowFault, StoreError, TABLES};

/// A foreign key.
pub struct ForeignKey {
    /// The table whose rows refer to others.
    pub table: String,
    /// The column that refers to them.
    pub column: String,
    /// Their table.
    pub parent: String,
    /// The column that identifies them.
    pub parent_column: String,
}

/// Rows that violate foreign keys; of each foreign key up to a limit.
pub async fn broken_references(connection: &mut SqliteConnection, limit: u32) -> Result<Vec<RowFault>, StoreError> {
    let mut faults = Vec::new();
    for key in violated_keys(connection).await? {
        faults.extend(broken_rows(connection, &key, limit).await?);
    }
    Ok(faults)
}

/// All foreign keys.
pub async fn foreign_keys(connection: &mut SqliteConnection) -> Result<Vec<ForeignKey>, StoreError> {
    let keys = "
        SELECT child.name, key.\"from\", key.\"table\", key.\"to\"
        FROM sqlite_schema AS child JOIN pragma_foreign_key_list(child.name) AS key
        WHERE child.type = 'table'
        ORDER BY 1, 2";
    read_keys(connection, keys).await
}

async fn violated_keys(connection: &mut SqliteConnection) -> Result<Vec<ForeignKey>, StoreError> {
    let violated = "
        SELECT violated.\"table\", key.\"from\", violated.parent, key.\"to\"
        FROM (SELECT DISTINCT \"table\", parent, fkid FROM pragma_foreign_key_check) AS violated
        JOIN pragma_foreign_key_list(violated.\"table\") AS key ON key.id = violated.fkid
        ORDER BY 1, 2";
    read_keys(connection, violated).await
}

async fn read_keys(connection: &mut SqliteConnection, select: &'static str) -> Result<Vec<ForeignKey>, StoreError> {
    let rows = query(select).fetch_all(connection).await.map_err(store_error)?;
    rows.iter()
        .map(|row| {
            Ok(ForeignKey {
                table: row.value(0)?,
                column: row.value(1)?,
                parent: row.value(2)?,
                parent_column: row.value(3)?,
            })
        })
        .collect()
}

async fn broken_rows(
    connection: &mut SqliteConnection,
    ForeignKey { table, column, parent, parent_column }: &ForeignKey,
    limit: u32,
) -> Result<Vec<RowFault>, StoreError> {
    let origin = ORIGINS.iter().find(|origin| origin.from == table);
    let moved = origin.and_then(|origin| TABLES.iter().find(|moved| moved.name == origin.table));
    let (Some(origin), Some(moved)) = (origin, moved) else { return Ok(Vec::new()) };
    // The check of SQLite names rows by numbers that most tables do not have.
    let select = format!(
        "SELECT {}, quote(\"{column}\") AS reference FROM \"{table}\" AS child
        WHERE \"{column}\" IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM \"{parent}\" AS parent WHERE parent.\"{parent_column}\" = child.\"{column}\")
        LIMIT {limit}",
        columns(moved, origin)
    );
    let rows = query(AssertSqlSafe(select)).fetch_all(connection).await.map_err(store_error)?;
    rows.iter()
        .map(|row| {
            Ok(RowFault {
                row: name_of(moved, origin, row),
                column: column.clone(),
                problem: format!("is {}, and {parent} has no such {parent_column}", row.value::<String>("reference")?),
                allowed: format!("the {parent_column} of a row of {parent}"),
            })
        })
        .collect()
}
