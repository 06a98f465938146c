//! `POST …/hooks/{destination}`: what a destination tells by itself.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::super::app::App;
use super::super::clock;
use super::super::delivery::{Heard, NotHeard, inbound};
use super::super::problem::Refusal;
use super::body;
use crate::domain::problem::FieldError;

/// How long it is remembered what was told: longer than its signature is good for, whichever clock is ahead.
const REMEMBERED: Duration = Duration::from_secs(20 * 60);

/// Takes it in, before it is answered.
pub async fn answer(
    State(app): State<Arc<App>>,
    Path((name, destination)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let to = app.site(&name).and_then(|site| site.destinations.get(&destination));
    let body = body::bytes(body, to.map_or(body::BODY_MAX, |to| to.hook_bytes_max())).await;
    super::site(&app, &name)?;
    let to = to.ok_or_else(|| Refusal::NotFound(": no destination".into()))?;
    let heard = to.hear(&headers, &body?).map_err(|reason| {
        tracing::warn!(site = name, destination, %reason, "what was told is not heard");
        match reason {
            NotHeard::NoHook => Refusal::NotFound(format!(": {reason}")),
            NotHeard::Unsigned => Refusal::Unsigned,
            NotHeard::Unreadable(what) => {
                Refusal::InvalidJson(FieldError { pointer: String::new(), detail: what.into() })
            }
        }
    })?;
    match heard {
        Heard::Changed { remote, updated_at, invocation } => {
            let now = clock::timestamp();
            let forget = clock::written(now.checked_sub(REMEMBERED).unwrap_or(now));
            let queue = (name.as_str(), destination.as_str());
            let updated_at = updated_at.map(clock::written);
            let changed = (remote.as_str(), updated_at.as_deref());
            if app.store.told(queue, &invocation, changed, &clock::written(now), &forget).await?
                && let Some(line) = app.lines.line(&name, &destination)
            {
                line.look();
            }
        }
        Heard::Mail { ticket, mail } => {
            let ticket = app.store.ticket(&ticket).await?.filter(|ticket| ticket.site == name);
            let ticket = ticket.ok_or_else(|| Refusal::NotFound(": no ticket".into()))?;
            inbound::take_in(&app, &ticket, &destination, mail).await?;
        }
        Heard::Nothing("") => {}
        Heard::Nothing(why) => tracing::warn!(site = name, destination, why, "what was told is for nobody"),
    }
    Ok(StatusCode::NO_CONTENT)
}
