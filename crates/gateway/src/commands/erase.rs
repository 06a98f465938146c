//! `deskbell erase`.

use super::actor::current_user;
use super::{DataError, OpenData};
use crate::wire_up;
use deskbell_core::use_cases::agents::Audited;
use deskbell_core::use_cases::privacy::{Erased, Selection};

/// Erases the tickets of a selection, which the audit log notes before, or counts them only. Works while a gateway runs.
pub async fn run(data: &OpenData, selection: &Selection, confirmed: bool) -> Result<Erased, DataError> {
    if confirmed {
        record(data, selection).await?;
    }
    let erase = wire_up::erase_selection(data.store(), &data.files).await?;
    Ok(erase.erase(selection, confirmed).await?)
}

async fn record(data: &OpenData, selection: &Selection) -> Result<(), DataError> {
    let user = current_user();
    let Selection::Ticket(name) = selection else {
        let action = Audited::TicketsErased(selection.site(), selection.word());
        return Ok(data.audit().record(&user, "", action).await?);
    };
    // Without a ticket, the erasure says so.
    if let Some(head) = data.store().ticket_head(name).await? {
        data.audit().record(&user, "", Audited::TicketErased(&head.site, &head.reference)).await?;
    }
    Ok(())
}
