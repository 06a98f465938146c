//! Looks what was answered where tickets were brought to.
//!
//! A ticket is looked at when its destination tells that it has changed, when it is asked which have, and after something was brought
//! there. What is found is taken in once, whoever found it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::feed::{ChangeFeed, FeedError};
use super::lines::Line;
use super::{Answers, Failure, Found, Saying, orders};
use crate::domain::conversation::{Author, Message, Turn};
use crate::domain::ticket::Status;
use crate::gateway::app::App;
use crate::gateway::settings::Site;
use crate::gateway::store::{
    Act, Change, Changed, CurrentTicket, Decision, Deed, Delivery, DueLook, MessageSeal, NewMessage, State, StoreError,
    StoredTicket, What,
};
use crate::gateway::supervisor::supervise;
use crate::gateway::{attachments, clock, pauses};

/// For how long a ticket that is looked at is nobody else's. Who looks twice finds the same.
const LEASE: Duration = Duration::from_secs(2 * 60);
/// How many are taken at a time. Between them it is asked for changes, so that long work does not keep what is new from being found.
const AT_A_TIME: u32 = 5;
/// How often it is looked what another gateway on the same database has left behind.
const LOOK: Duration = Duration::from_secs(60);
/// How long after a look that failed the next one is.
const AGAIN: Duration = Duration::from_secs(30);
/// Looks until it is told to stop.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut workers = JoinSet::new();
    for (site, of) in &app.settings.sites {
        for (name, to) in &of.destinations {
            let Some(line) = app.lines.line(site, name).cloned().filter(|_| to.answers().is_some()) else { continue };
            let (app, site, name, to, stop) = (app.clone(), site.clone(), name.clone(), to.clone(), stop.clone());
            workers.spawn(async move {
                let start = || {
                    let (app, site, name, to) = (app.clone(), site.clone(), name.clone(), to.clone());
                    let (line, stop) = (line.clone(), stop.clone());
                    async move {
                        if let Some(answers) = to.answers() {
                            work(&app, (&site, &name), answers, &line, &stop).await;
                        }
                    }
                };
                supervise(&format!("sync {site}/{name}"), &stop, start).await;
            });
        }
    }
    while workers.join_next().await.is_some() {}
}

async fn work(app: &App, queue: (&str, &str), answers: &dyn Answers, line: &Line, stop: &CancellationToken) {
    let (mut woken, mut failures, mut not_before) = (line.looks(), 0_u32, Timestamp::MIN);
    let mut feed = ChangeFeed::default();
    while !stop.is_cancelled() {
        woken.mark_unchanged();
        let now = clock::timestamp();
        let wait = if not_before > now {
            clock::left(not_before)
        } else {
            match sync(app, queue, answers, &mut feed, stop).await {
                Ok(wait) => {
                    failures = 0;
                    wait
                }
                Err(Trouble::Destination(failure)) => {
                    failures += 1;
                    let asked = if let Failure::Away { after, .. } = &failure { *after } else { None };
                    let pause = asked.unwrap_or_else(|| pauses::pause(failures, LOOK, pauses::random()));
                    not_before = clock::timestamp().checked_add(pause).unwrap_or(now);
                    tracing::warn!(site = queue.0, destination = queue.1, %failure, "answers cannot be read");
                    pause
                }
                Err(Trouble::Store(error)) => {
                    tracing::error!(site = queue.0, destination = queue.1, %error, "answers are not read");
                    AGAIN
                }
            }
        };
        tokio::select! {
            _ = timeout(wait.min(LOOK), woken.changed()) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Why it was not looked.
enum Trouble {
    Destination(Failure),
    Store(StoreError),
}

impl From<FeedError> for Trouble {
    fn from(error: FeedError) -> Trouble {
        match error {
            FeedError::Destination(failure) => Trouble::Destination(failure),
            FeedError::Store(error) => Trouble::Store(error),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::Store(error)
    }
}

/// Reads which tickets have changed, looks at all that are due, and gives the time until there is more to do.
async fn sync(
    app: &App,
    queue: (&str, &str),
    answers: &dyn Answers,
    feed: &mut ChangeFeed,
    stop: &CancellationToken,
) -> Result<Duration, Trouble> {
    while !stop.is_cancelled() {
        let wait = feed.read(app.store.as_ref(), queue, answers).await?;
        if !look_at_due(app, queue, answers, stop).await? {
            let next = app.store.next_look(queue).await?.and_then(|next| next.parse::<Timestamp>().ok());
            return Ok(next.map_or(wait, |next| clock::left(next).min(wait)));
        }
    }
    Ok(LOOK)
}

/// Looks at some of the tickets that are due; `false` where none is.
async fn look_at_due(
    app: &App,
    queue: (&str, &str),
    answers: &dyn Answers,
    stop: &CancellationToken,
) -> Result<bool, Trouble> {
    let now = clock::timestamp();
    let until = clock::written(now.checked_add(LEASE).unwrap_or(now));
    let due = app.store.take_looks(queue, &clock::written(now), &until, AT_A_TIME).await?;
    let (any, mut trouble) = (!due.is_empty(), None);
    for one in due {
        // Where the destination has trouble the others wait for it to end; where the gateway stops, for the next start.
        let looked = match trouble.is_some() || stop.is_cancelled() {
            true => Ok(Looked::again(AGAIN)),
            false => look_at(app, queue.1, answers, &one).await,
        };
        let (site, reference) = (queue.0, &one.ticket.reference);
        let looked = match looked {
            Ok(looked) => looked,
            Err(Trouble::Destination(Failure::Never(reason))) => {
                tracing::warn!(site, reference, reason, "a ticket cannot be looked at");
                Looked::default()
            }
            Err(Trouble::Store(error @ StoreError::Damaged { .. })) => {
                tracing::error!(site, reference, %error, "ticket unreadable, not synced");
                Looked::default()
            }
            Err(Trouble::Destination(failure)) => {
                trouble = Some(failure);
                Looked::again(AGAIN)
            }
            Err(trouble) => return Err(trouble),
        };
        let now = clock::timestamp();
        let again = looked.again.and_then(|again| now.checked_add(again).ok()).map(clock::written);
        let seen = looked.seen.map(clock::written);
        app.store.looked(&one.ticket.id, queue.1, &until, again.as_deref(), seen.as_deref()).await?;
    }
    trouble.map_or(Ok(any), |failure| Err(Trouble::Destination(failure)))
}

/// What became of a look at a ticket.
#[derive(Debug, Default)]
struct Looked {
    /// The time after which it is looked at again; none where nothing is expected.
    again: Option<Duration>,
    /// Up to which change of it all is known.
    seen: Option<Timestamp>,
}

impl Looked {
    fn again(after: Duration) -> Looked {
        Looked { again: Some(after), seen: None }
    }
}

/// Looks at one ticket.
async fn look_at(app: &App, name: &str, answers: &dyn Answers, due: &DueLook) -> Result<Looked, Trouble> {
    let before = deliveries(app, &due.ticket.id, name).await?;
    let news = answers.news(&due.place).await.map_err(Trouble::Destination)?;
    // Only now, because something may have been brought there meanwhile.
    let brought = deliveries(app, &due.ticket.id, name).await?;
    let said = app.store.messages(&due.ticket.id, 0).await?;
    let is_ours = |found: &Found| {
        brought.iter().any(|one| match one.state {
            State::Delivered => !one.remote.is_empty() && one.remote == found.saying.remote,
            // It may have arrived without anybody knowing.
            State::Waiting | State::GivenUp => {
                let is_this = |said: &Message| said.author == found.saying.author && said.body.trim() == found.written;
                said.iter().any(|said| said.number == one.number && is_this(said))
            }
        })
    };
    for found in news.said.into_iter().filter(|found| !is_ours(found)) {
        if app.store.said(&due.ticket.id, &key(name, &found.saying)).await?.is_none() {
            let (saying, files) = gather(app, answers, &due.ticket, found).await?;
            take_in(app, &due.ticket, name, &saying, files).await?;
        }
    }
    // What is still on its way there knows better than what was there before it, and so does what arrived while it was looked.
    let after = deliveries(app, &due.ticket.id, name).await?;
    if waits(&before) || waits(&after) {
        return Ok(Looked::again(AGAIN));
    }
    if before.len() != after.len() {
        return Ok(Looked::again(Duration::ZERO));
    }
    stand(app, &due.ticket, name, (news.status, news.turn)).await?;
    Ok(Looked { again: None, seen: news.updated_at })
}

async fn deliveries(app: &App, ticket: &str, name: &str) -> Result<Vec<Delivery>, StoreError> {
    let all = app.store.deliveries(ticket).await?;
    Ok(all.into_iter().filter(|one| one.destination == name).collect())
}

fn waits(deliveries: &[Delivery]) -> bool {
    deliveries.iter().any(|one| one.state == State::Waiting)
}

/// Brings the files that go along with what was said; what cannot be brought is named in it.
async fn gather(
    app: &App,
    answers: &dyn Answers,
    ticket: &StoredTicket,
    found: Found,
) -> Result<(Saying, Vec<String>), Trouble> {
    let Found { mut saying, files, .. } = found;
    let mut ids = Vec::new();
    let Some(site) = app.site(&ticket.site) else { return Ok((saying, ids)) };
    for file in files {
        let brought = match answers.file(&file, site.config.attachments.max_bytes as usize).await {
            Ok(bytes) => {
                attachments::bring(app, site, ticket, &file.name, bytes).await.map_err(|error| error.to_string())
            }
            Err(Failure::Never(reason)) => Err(reason),
            // The whole is looked at again, so that it comes with its files.
            Err(failure) => return Err(Trouble::Destination(failure)),
        };
        match brought {
            Ok(id) => ids.push(id),
            Err(reason) => {
                tracing::warn!(reference = ticket.reference, reason, "a file that was said elsewhere is not here");
                let name = file.name.replace(|c: char| c.is_control() || "\\`*_[]<>#!".contains(c), " ");
                saying.body = format!("{}\n\n({name})", saying.body.trim_end()).trim_start().to_string();
            }
        }
    }
    Ok((saying, ids))
}

/// The key of what was said; no key of a client has a space.
pub fn key(from: &str, saying: &Saying) -> String {
    format!("{from} {}", saying.remote)
}

/// Takes in what was said there with files that are here; the same is taken in once.
pub async fn take_in(
    app: &App,
    ticket: &StoredTicket,
    from: &str,
    saying: &Saying,
    files: Vec<String>,
) -> Result<(), StoreError> {
    let key = key(from, saying);
    let seal = MessageSeal { key: &key, body: Sha256::digest(&saying.body).into() };
    let deliveries = orders(app.site(&ticket.site), What::Message, saying.author, Some(from));
    let decide = |current: &CurrentTicket| {
        let message = NewMessage {
            author: saying.author,
            name: saying.name.clone(),
            body: saying.body.clone(),
            at: saying.at.clone(),
            attachments: files.clone(),
        };
        Change { message: Some(message), deliveries: deliveries.clone(), ..update_with(current, saying) }.into()
    };
    if let Changed::Written(ticket, _) = app.store.change(&ticket.id, &clock::now(), Some(seal), &decide).await? {
        app.lines.wake(&ticket.site);
        app.live.changed(*ticket);
    }
    Ok(())
}

/// A ticket about which something was said there.
fn update_with(current: &CurrentTicket, saying: &Saying) -> Change {
    let mut change = current.unchanged();
    let handling = &mut change.ticket.handling;
    handling.updated_at = handling.updated_at.clone().max(saying.at.clone());
    match saying.author {
        Author::Customer => {
            handling.turn = Turn::Support;
            change.ticket.status = Status::Open;
        }
        Author::Support | Author::Automatic => {
            handling.turn = Turn::Customer;
            handling.answered_at.get_or_insert_with(|| saying.at.clone());
        }
    }
    change
}

/// Lets a ticket stand where it stands there.
async fn stand(app: &App, ticket: &StoredTicket, from: &str, there: (Status, Turn)) -> Result<(), StoreError> {
    let at = clock::now();
    let decide = |current: &CurrentTicket| stood(current, app.site(&ticket.site), from, there, &at);
    if let Changed::Written(ticket, _) = app.store.change(&ticket.id, &at, None, &decide).await? {
        app.lines.wake(&ticket.site);
        app.live.changed(*ticket);
    }
    Ok(())
}

/// What changes where a ticket stands elsewhere than at a destination; nothing where it stands there.
fn stood(
    current: &CurrentTicket,
    site: Option<&Site>,
    from: &str,
    (status, turn): (Status, Turn),
    at: &str,
) -> Decision {
    let was = &current.ticket;
    if was.status == status && was.handling.turn == turn {
        return Decision::Nothing;
    }
    let mut change = current.unchanged();
    (change.ticket.status, change.ticket.handling.turn) = (status, turn);
    if was.status != status {
        let (act, what) = match status {
            Status::Solved => (Act::Solved, What::Solved),
            Status::Open => (Act::Reopened, What::Reopened),
        };
        change.ticket.handling.updated_at = at.into();
        change.activity = Some(Deed { operator: from.into(), act, text: String::new(), at: at.into() });
        change.deliveries = orders(site, what, Author::Support, Some(from));
    }
    change.into()
}
