//! Sends what is due, one mail after the other, each site for itself.
//!
//! A try is noted before it is made. Where the gateway ends between the server's answer and the note that it is done, the mail is sent
//! again after [`LEASE`], with the same Message-ID: rather twice than never.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Mailer;
use super::letter::letter;
use super::message::message;
use super::post::{NotTaken, hand_over};
use crate::gateway::settings::Site;
use crate::gateway::store::{DueMail, Store, StoreError};
use crate::gateway::{clock, pauses};

/// For how long a mail that is being sent is nobody else's; longer than a server may take for it.
const LEASE: Duration = Duration::from_secs(5 * 60);
/// For how long it is tried. Later than this nobody waits for a receipt.
const GIVEN_UP: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it is looked what another gateway on the same database has left behind.
const LOOK: Duration = Duration::from_secs(60);

/// What became of a try.
enum Sent {
    Taken,
    Later(String),
    Never(String),
}

/// Sends the mail of the sites for as long as it runs. `woken` changes when there may be some.
pub async fn run(store: Arc<dyn Store>, sites: &BTreeMap<String, Site>, woken: watch::Receiver<()>) -> Infallible {
    let mut running = JoinSet::new();
    for (name, site) in sites {
        if let Some(mailer) = &site.mail {
            let (store, name, site, mailer, woken) =
                (store.clone(), name.clone(), site.clone(), mailer.clone(), woken.clone());
            running.spawn(async move { work(store.as_ref(), (&name, &site), &mailer, woken).await });
        }
    }
    while let Some(Err(error)) = running.join_next().await {
        tracing::error!(%error, "the mail of a site is sent no more");
    }
    std::future::pending().await
}

async fn work(
    store: &dyn Store,
    (name, site): (&str, &Site),
    mailer: &Mailer,
    mut woken: watch::Receiver<()>,
) -> Infallible {
    loop {
        woken.mark_unchanged();
        let wait = match send_due(store, (name, site), mailer).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(site = name, %error, "no mail is sent");
                LOOK
            }
        };
        let _ = timeout(wait.min(LOOK), woken.changed()).await;
    }
}

/// Sends all that is due, and gives the time until the next is.
async fn send_due(store: &dyn Store, (name, site): (&str, &Site), mailer: &Mailer) -> Result<Duration, StoreError> {
    loop {
        let now = clock::timestamp();
        let until = clock::written(now.checked_add(LEASE).unwrap_or(now));
        let Some(due) = store.take_mail(name, &clock::written(now), &until).await? else { break };
        let id = &due.ticket.id;
        let again = match send(site, mailer, &due).await {
            Sent::Taken => None,
            Sent::Later(reason) => {
                let now = clock::timestamp();
                let since = due.since.parse().unwrap_or(now);
                let again = pauses::next(due.tries, since, GIVEN_UP, now, pauses::random());
                let reference = &due.ticket.reference;
                match again {
                    Some(_) => {
                        tracing::warn!(site = name, reference, reason, "a mail could not be sent, and is tried again")
                    }
                    None => tracing::warn!(site = name, reference, reason, "a mail is given up after a day"),
                }
                again
            }
            Sent::Never(reason) => {
                tracing::warn!(site = name, reference = due.ticket.reference, reason, "a mail is given up");
                None
            }
        };
        match again {
            Some(again) => store.put_off_mail(id, &clock::written(again)).await?,
            None => store.end_mail(id, &clock::now()).await?,
        }
    }
    let next = store.next_mail(name).await?.and_then(|next| next.parse::<Timestamp>().ok());
    Ok(next.map_or(LOOK, clock::left))
}

async fn send(site: &Site, mailer: &Mailer, due: &DueMail) -> Sent {
    let letter = letter(site, &due.ticket, mailer.reply_to.is_some());
    let message = match message(mailer, &due.address, &due.ticket.id, letter) {
        Ok(message) => message,
        Err(error) => return Sent::Never(error.to_string()),
    };
    match hand_over(&mailer.server, message).await {
        Ok(()) => Sent::Taken,
        Err(NotTaken::Away(reason) | NotTaken::Later(reason)) => Sent::Later(reason),
        Err(NotTaken::TooLarge(reason) | NotTaken::Never(reason)) => Sent::Never(reason),
    }
}
