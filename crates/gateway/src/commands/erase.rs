//! `deskbell erase`.

use super::{DataError, DataPaths};
use crate::wire_up;
use deskbell_core::ports::Store;
use deskbell_core::use_cases::privacy::{Erased, Selection};

/// Erases the tickets of a selection, or counts them only. Works while a gateway runs.
pub async fn run(data: &DataPaths, selection: &Selection, confirmed: bool) -> Result<Erased, DataError> {
    let (store, files) = data.open().await?;
    let erase = wire_up::erase_selection(&store, &files).await?;
    let erased = erase.erase(selection, confirmed).await;
    store.close().await;
    Ok(erased?)
}
