//! Chooses the Zendesk user who is the author for an unverified customer.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::braces::make_inert;
use crate::client::{Body, Client, Request};
use crate::refusal::{NAME_MAX, shorten};
use crate::{EXTERNAL_ID_PREFIX, Zendesk};
use deskbell_core::ports::StoredTicket;
use deskbell_core::ports::destination::Failure;
use deskbell_core::rules::comment;

/// The cached users of an account.
#[derive(Debug, Default)]
pub struct People {
    own_user_id: OnceCell<u64>,
}

impl People {
    /// The user that the gateway is logged in as.
    pub async fn own_user_id(&self, client: &Client) -> Result<u64, Failure> {
        // Without it the author would be whoever the sender claims to be, so nothing is sent until it is known. That is no fault of the ticket.
        let unknown =
            |reason: String| Failure::away(format!("Zendesk does not return the user of the gateway: {reason}"));
        let fetch = async || match client.read("/api/v2/users/me").await {
            Ok(user) => {
                let id = user.pointer("/user/id").and_then(Value::as_u64);
                id.ok_or_else(|| unknown("the response has no id".into()))
            }
            Err(Failure::Never(reason)) => Err(unknown(reason)),
            Err(failure) => Err(failure),
        };
        self.own_user_id.get_or_try_init(fetch).await.copied()
    }
}

/// A user without an address who represents the sender of a ticket, the same each time. If there can be none, a sentence for the inbox says
/// why.
pub async fn alias(zendesk: &Zendesk, ticket: &StoredTicket) -> Result<Result<u64, String>, Failure> {
    let mut user = json!({"user": {
        "external_id": format!("{EXTERNAL_ID_PREFIX}{}", ticket.id),
        "name": format!("{} (not verified)", shorten(&comment::claimed_name(ticket), NAME_MAX - 20)),
        "skip_verify_email": true,
    }});
    make_inert(&mut user);
    let request = Request { body: Body::Json(&user), ..Request::post("/api/v2/users/create_or_update") };
    let answer = zendesk.client.send(&request).await?;
    let id = answer.body.pointer("/user/id").and_then(Value::as_u64);
    Ok(id.filter(|_| answer.status.is_success()).ok_or_else(|| {
        let status = answer.status.as_u16();
        format!(
            "the requester is the user of the gateway, because a user without an address cannot be created \
             ({status}): {}",
            answer.message()
        )
    }))
}
