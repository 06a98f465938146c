//! Taking tickets in: once for every key, on disk before it is acknowledged.

mod claims;

use serde_path_to_error::{Path, Segment};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::app::App;
use super::clock;
use super::problem::Refusal;
use super::settings::Site;
use super::store::{Placed, Seal, Sealed, StoredTicket};
use crate::domain::problem::FieldError;
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
    let new = parse(body)?;
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

fn parse(body: &[u8]) -> Result<NewTicket, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let ticket = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let wrong = FieldError { pointer: pointer(error.path()), detail: error.inner().to_string() };
        // Data that is JSON but not a ticket breaks a rule like any other.
        if error.inner().is_data() { Refusal::Invalid(vec![wrong]) } else { Refusal::InvalidJson(wrong) }
    })?;
    deserializer
        .end()
        .map_err(|error| Refusal::InvalidJson(FieldError { pointer: String::new(), detail: error.to_string() }))?;
    Ok(ticket)
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> (bool, FieldError) {
        match parse(body.as_bytes()) {
            Err(Refusal::Invalid(mut errors)) => (true, errors.remove(0)),
            Err(Refusal::InvalidJson(error)) => (false, error),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let (data, error) = refusal(r#"{"kind":"complaint"}"#);
        assert!(data && error.pointer == "/kind" && error.detail.contains("expected one of `question`"), "{error:?}");
        let (data, error) = refusal(r#"{"kind":"bug","context":{"page_values":{"a/b~c":1}}}"#);
        assert!(data && error.pointer == "/context/page_values/a~1b~0c", "{error:?}");
        let (data, error) = refusal(r#"{"questions":[{"source":"#);
        assert!(!data && error.pointer == "/questions/0/source", "{error:?}");
        let (data, _) = refusal("");
        assert!(!data);
    }
}
