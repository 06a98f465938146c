//! Brings what is due to its destination, each destination for itself.
//!
//! A try is noted before it is made, and while it is made the delivery is nobody else's. What fails alone waits alone, longer from time to
//! time; where everything fails, the destination is away and everything waits, so that after it the oldest goes first.

use std::collections::HashMap;
use std::convert::Infallible;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{self, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::lines::Line;
use super::{Delivered, Destination, Failure, Parcel, ParcelFile};
use crate::gateway::app::App;
use crate::gateway::store::{Delivery, DueDelivery, StoreError, Tried, What};
use crate::gateway::{clock, pauses};

/// For how long a delivery that is being made is nobody else's. Short, because of who is killed meanwhile, and renewed.
const LEASE: Duration = Duration::from_secs(30);
const RENEW: Duration = Duration::from_secs(10);
/// The longest that a try may take.
const PATIENCE: Duration = Duration::from_secs(4 * 60);
/// How often it is looked what another gateway on the same database has left behind.
const LOOK: Duration = Duration::from_secs(60);
/// The longest that a destination that is away is left alone where it does not say how long.
const AWAY_LONGEST: Duration = Duration::from_secs(60);
/// How many things have to fail one after the other until the destination is to blame.
const STREAK: usize = 3;
/// For how long something is tried.
pub const GIVEN_UP: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// What has failed since something got through.
#[derive(Debug, Default)]
struct Streak {
    /// How often.
    failures: u32,
    /// The deliveries that were blamed for it.
    blamed: Vec<i64>,
    /// Until when nothing is tried.
    until: Option<Timestamp>,
    /// Whether the destination has said so.
    asked: bool,
    /// Those that were blamed while it was the destination's fault.
    recovered: Vec<i64>,
}

/// Brings everything to its destination for as long as it runs.
pub async fn run(app: Arc<App>) -> Infallible {
    tell_gone(&app).await;
    let mut running = JoinSet::new();
    for (site, of) in &app.settings.sites {
        for (name, to) in &of.destinations {
            let Some(line) = app.lines.line(site, name).cloned() else { continue };
            let (app, site, name, to) = (app.clone(), site.clone(), name.clone(), to.clone());
            running.spawn(async move { work(&app, (&site, &name), &to, &line).await });
        }
    }
    while let Some(Err(error)) = running.join_next().await {
        tracing::error!(%error, "nothing is brought to a destination any more");
    }
    std::future::pending().await
}

/// Tells of what waits for destinations that the configuration names no more.
async fn tell_gone(app: &App) {
    for queue in app.store.queues().await.unwrap_or_default() {
        if app.lines.line(&queue.site, &queue.destination).is_none() {
            let (site, destination, waiting) = (queue.site, queue.destination, queue.waiting);
            tracing::warn!(
                site,
                destination,
                waiting,
                "the configuration names this destination no more, and what waits for it is brought nowhere; name it again"
            );
        }
    }
}

async fn work(app: &Arc<App>, queue: (&str, &str), to: &Arc<dyn Destination>, line: &Line) -> Infallible {
    let (mut woken, mut streak, mut tries) = (line.woken(), Streak::default(), Tries::default());
    let mut renew = interval(RENEW);
    renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        woken.mark_unchanged();
        // One at a time until something gets through.
        let most = if streak.failures > 0 { 1 } else { to.at_once() as usize };
        let room = most.saturating_sub(tries.running.len());
        let wait = match begin(app, queue, to, &mut streak, room as u32, &mut tries).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(site = queue.0, destination = queue.1, %error, "nothing is delivered");
                LOOK
            }
        };
        tokio::select! {
            Some(done) = tries.running.join_next_with_id() => {
                // Together with all that have come to an end meanwhile.
                let mut all = vec![done];
                all.extend(std::iter::from_fn(|| tries.running.try_join_next_with_id()));
                let mut ended = Vec::new();
                for done in all {
                    match done {
                        Ok((task, one)) => {
                            tries.ids.remove(&task);
                            ended.push(one);
                        }
                        // It is tried again when it is nobody's any more.
                        Err(error) => {
                            tries.ids.remove(&error.id());
                            tracing::error!(site = queue.0, destination = queue.1, %error, "a delivery broke off");
                        }
                    }
                }
                if let Err(error) = settle(app, line, &mut streak, ended).await {
                    tracing::error!(site = queue.0, destination = queue.1, %error, "what became of deliveries is not kept");
                }
            }
            _ = renew.tick(), if !tries.ids.is_empty() => {
                let ids: Vec<i64> = tries.ids.values().copied().collect();
                if let Err(error) = app.store.set_due(&ids, &lease(clock::timestamp())).await {
                    tracing::warn!(site = queue.0, destination = queue.1, %error, "what is being delivered is not kept from others");
                }
            }
            _ = woken.changed(), if room > 0 => {}
            () = tokio::time::sleep(wait.min(LOOK)) => {}
        }
    }
}

/// What is being delivered.
#[derive(Default)]
struct Tries {
    running: JoinSet<(DueDelivery, Result<Delivered, Failure>)>,
    /// What each task delivers.
    ids: HashMap<task::Id, i64>,
}

/// Begins with what is due, and gives the time until there may be more.
async fn begin(
    app: &Arc<App>,
    queue: (&str, &str),
    to: &Arc<dyn Destination>,
    streak: &mut Streak,
    room: u32,
    tries: &mut Tries,
) -> Result<Duration, StoreError> {
    let now = clock::timestamp();
    if let Some(until) = streak.until.filter(|until| *until > now) {
        return Ok(clock::left(until));
    }
    streak.asked = false;
    if room == 0 {
        return Ok(LOOK);
    }
    let due = app.store.take_deliveries(queue, &clock::written(now), &lease(now), room).await?;
    if due.is_empty() {
        let next = app.store.next_delivery(queue).await?.and_then(|next| next.parse().ok());
        return Ok(next.map_or(LOOK, clock::left));
    }
    for due in due {
        let (app, to) = (app.clone(), to.clone());
        let id = due.delivery.id;
        let task = tries.running.spawn(async move {
            let result = timeout(PATIENCE, bring(&app, to.as_ref(), &due)).await;
            (due, result.unwrap_or_else(|_| Err(Failure::later("it takes too long"))))
        });
        tries.ids.insert(task.id(), id);
    }
    Ok(LOOK)
}

/// Puts together what is to be brought, and brings it.
async fn bring(app: &App, to: &dyn Destination, due: &DueDelivery) -> Result<Delivered, Failure> {
    let failed = |error: StoreError| Failure::later(format!("it cannot be read here: {error}"));
    let Delivery { number, what, .. } = due.delivery;
    let Some(site) = app.site(&due.ticket.site) else { return Err(Failure::Never("its site is gone".into())) };
    let message = match what {
        What::Message => {
            let said = app.store.messages(&due.ticket.id, number.saturating_sub(1)).await.map_err(failed)?;
            let Some(message) = said.into_iter().find(|message| message.number == number) else {
                return Err(Failure::Never("what was said is gone".into()));
            };
            Some(message)
        }
        _ => None,
    };
    let kept = match what {
        What::Ticket | What::Message => app.store.attachments(&due.ticket.id).await.map_err(failed)?,
        What::Solved | What::Reopened => Vec::new(),
    };
    let files: Vec<ParcelFile> = kept
        .iter()
        .filter(|kept| kept.number == Some(number))
        .map(|kept| ParcelFile {
            name: kept.name.clone(),
            media: kept.media,
            size: kept.size,
            path: app.folder.path(kept),
        })
        .collect();
    let parcel = Parcel {
        site,
        delivery: &due.delivery,
        ticket: &due.ticket,
        message: message.as_ref(),
        files: &files,
        place: due.place.as_ref(),
    };
    to.deliver(&parcel).await
}

/// Keeps what became of tries, and what they say about the destination.
async fn settle(
    app: &App,
    line: &Line,
    streak: &mut Streak,
    ended: Vec<(DueDelivery, Result<Delivered, Failure>)>,
) -> Result<(), StoreError> {
    let now = clock::timestamp();
    let mut tries = Vec::new();
    for (due, result) in &ended {
        let tried = judge(streak, &due.delivery, result, now);
        note(line, streak, due, &tried);
        tries.push((&due.delivery, tried));
    }
    app.store.tried(&tries, &clock::written(now)).await?;
    if !streak.recovered.is_empty() {
        app.store.set_due(&take(&mut streak.recovered), &clock::now()).await?;
    }
    for (due, _) in &ended {
        app.lines.settle(&due.delivery.ticket);
    }
    line.look();
    Ok(())
}

/// What becomes of a try.
fn judge(streak: &mut Streak, delivery: &Delivery, result: &Result<Delivered, Failure>, now: Timestamp) -> Tried {
    let since = delivery.created_at.parse().unwrap_or(now);
    match result {
        Ok(Delivered { remote, place, told }) => {
            Tried::Delivered { remote: remote.clone(), place: place.clone(), told: told.join("\n") }
        }
        Err(Failure::Never(told)) => Tried::GivenUp { told: told.clone() },
        Err(Failure::Later { reason: told, after }) => {
            let again = pauses::next(delivery.failures + 1, since, GIVEN_UP, now, pauses::random());
            again.map_or(Tried::GivenUp { told: told.clone() }, |again| {
                let asked = after.and_then(|after| now.checked_add(after).ok());
                let due_at = clock::written(asked.map_or(again, |asked| asked.max(again)));
                Tried::Later { due_at, blamed: true, told: told.clone() }
            })
        }
        Err(Failure::Away { reason: told, after }) => {
            streak.failures = streak.failures.saturating_add(1);
            leave_alone(streak, *after, now);
            // Its place in the queue stays.
            let over = since.checked_add(GIVEN_UP).is_ok_and(|end| end < now);
            match over {
                true => Tried::GivenUp { told: told.clone() },
                false => Tried::Later { due_at: clock::written(now), blamed: false, told: told.clone() },
            }
        }
    }
}

/// What a try says about the destination, and to who reads the log.
fn note(line: &Line, streak: &mut Streak, due: &DueDelivery, tried: &Tried) {
    let DueDelivery { delivery: Delivery { site, destination, id, .. }, ticket, .. } = due;
    let reference = &ticket.reference;
    match tried {
        Tried::Later { blamed: true, told, .. } => {
            tracing::warn!(site, destination, reference, told, "a delivery failed, and is tried again");
            streak.failures = streak.failures.saturating_add(1);
            streak.blamed.push(*id);
            if streak.blamed.len() >= STREAK {
                leave_alone(streak, None, clock::timestamp());
                line.set_away(Some(told.clone()));
            }
            return;
        }
        Tried::Later { told, .. } => {
            tracing::warn!(site, destination, told, "nothing gets through, and everything waits");
            line.set_away(Some(told.clone()));
            return;
        }
        Tried::GivenUp { told } => {
            tracing::error!(site, destination, reference, told, "a delivery is given up; see the inbox");
            if line.away().is_some() {
                return;
            }
        }
        Tried::Delivered { told, .. } if !told.is_empty() => {
            tracing::warn!(site, destination, reference, told, "a delivery arrived without some of it");
        }
        Tried::Delivered { remote, .. } => tracing::info!(site, destination, reference, remote, "delivered"),
    }
    if line.away().is_some() {
        tracing::info!(site, destination, "it is there again");
    }
    let blamed = take(&mut streak.blamed);
    if blamed.len() >= STREAK {
        streak.recovered.extend(blamed);
    }
    // What was on its way together with what was refused says nothing about how long to wait.
    streak.failures = 0;
    if !streak.asked {
        streak.until = None;
    }
    line.set_away(None);
}

/// Lets nothing be tried for a while: as long as the destination says, or longer from time to time.
fn leave_alone(streak: &mut Streak, after: Option<Duration>, now: Timestamp) {
    let pause = after.unwrap_or_else(|| pauses::pause(streak.failures, AWAY_LONGEST, pauses::random()));
    streak.until = streak.until.max(now.checked_add(pause).ok());
    streak.asked |= after.is_some();
}

/// Until when what is taken now is nobody else's.
fn lease(now: Timestamp) -> String {
    clock::written(now.checked_add(LEASE).unwrap_or(now))
}
