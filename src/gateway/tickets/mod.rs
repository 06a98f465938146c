//! Taking tickets in: once for every key, on disk before it is acknowledged.

mod claims;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::app::App;
use super::problem::Refusal;
use super::settings::Site;
use super::store::{Placed, Seal, Sealed, StoredTicket};
use super::{clock, json};
use crate::domain::reference;
use crate::domain::targets;
use crate::domain::ticket::{self, NewTicket, Receipt, Status};
use crate::domain::{config, context};

pub use claims::{Claim, Claims};

/// How often another reference is drawn. With a million tickets three in a hundred draws are taken.
const DRAWS: usize = 20;

/// Takes a ticket in, or answers again what it answered to the same body under the same key.
pub async fn take(
    app: &App,
    (name, site): (&str, &Site),
    key: String,
    session: Option<[u8; 32]>,
    body: &[u8],
) -> Result<Receipt, Refusal> {
    let seal = Seal { key, body: Sha256::digest(body).into(), session };
    // Before the body is judged: what was accepted once is not refused later, even if the rules have changed since.
    if let Some(held) = app.store.sealed(name, &seal.key).await? {
        return again(&held, &seal);
    }
    let new = json::parse::<NewTicket>(body)?;
    let errors = ticket::check(&new);
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    let _claim = app.claims.claim(name, &seal.key).ok_or(Refusal::InProgress)?;
    let mut stored = stored(name, site, new);
    for _ in 0..DRAWS {
        match app.store.place(&stored, &seal).await? {
            Placed::New => return Ok(receipt(&stored)),
            Placed::KeyTaken(held) => return again(&held, &seal),
            Placed::ReferenceTaken => stored.reference = draw(),
        }
    }
    tracing::error!("no free reference was found");
    Err(Refusal::Internal)
}

/// The answer where something is sealed under the key already.
fn again(held: &Sealed, seal: &Seal) -> Result<Receipt, Refusal> {
    if held.seal == *seal { Ok(receipt(&held.ticket)) } else { Err(Refusal::KeyReused) }
}

fn stored(name: &str, site: &Site, mut new: NewTicket) -> StoredTicket {
    let user = new.context.user.as_mut();
    let plan = user.map(|user| {
        // Nothing is signed yet, whatever the page says about itself.
        user.verified = false;
        user.plan.clone()
    });
    let plan = plan.filter(|_| site.config.trust_page);
    let priority = plan.and_then(|plan| config::priority_of(&site.config, &plan));
    // A page that could not read the configuration does not know what the site wants from nobody.
    context::drop_groups(&mut new.context, &site.config.context.off);
    StoredTicket {
        id: Uuid::now_v7().to_string(),
        site: name.into(),
        reference: draw(),
        status: Status::Open,
        priority,
        target: targets::target(&site.config.targets, new.severity, priority),
        due_at: None,
        received_at: clock::now(),
        ticket: new,
    }
}

fn receipt(ticket: &StoredTicket) -> Receipt {
    Receipt {
        id: ticket.id.clone(),
        reference: ticket.reference.clone(),
        status: ticket.status,
        due_at: ticket.due_at.clone(),
    }
}

fn draw() -> String {
    reference::from_random(Uuid::new_v4().as_u128() as u32)
}
