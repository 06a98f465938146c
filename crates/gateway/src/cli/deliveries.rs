//! `deskbell deliveries`.

use std::process::ExitCode;

use clap::{ArgGroup, Subcommand, ValueEnum};
use deskbell_core::ids::{DeliveryId, DestinationName, Reference, SiteKey};
use deskbell_core::ports::{Delivery, DeliveryFilter, DeliveryKind, DeliveryState, QUEUE_COUNT_MAX, QueueStatus};
use serde::Serialize;
use serde_json::{Value, json};

use super::options::{DatabaseOptions, Page};
use super::output::{minute, note, print_json, print_line, print_table};
use gateway::GatewayError;
use gateway::commands::OpenData;
use gateway::commands::deliveries::{self, DeliveryList};

#[derive(Subcommand)]
pub enum Deliveries {
    /// List what destinations have not received: pending deliveries and dead letters, oldest first.
    ///
    /// The first table has the destinations, the second one the deliveries.
    List(ListDeliveries),
    /// Send dead letters again. A running gateway notices it within seconds.
    ///
    /// They are attempted as if they had just been queued, with what is queued behind them. The audit log notes it.
    Retry(RetryDeliveries),
}

/// Whether deliveries are attempted.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateOption {
    /// Attempts are made.
    Pending,
    /// Dead letters: no further attempt unless somebody requests one.
    Dead,
}

#[derive(clap::Args)]
pub struct ListDeliveries {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Only pending deliveries, or only dead letters.
    #[arg(long, value_enum)]
    state: Option<StateOption>,
    /// Only this site.
    #[arg(long, value_name = "SITE")]
    site: Option<SiteKey>,
    /// Only destinations with this name.
    #[arg(long, value_name = "NAME")]
    destination: Option<DestinationName>,
    #[command(flatten)]
    page: Page,
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("letters").required(true).args(["ids", "all"]))]
pub struct RetryDeliveries {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The numbers of dead letters, as `deliveries list` shows them.
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// All dead letters. Those whose cause was not fixed come back.
    #[arg(long)]
    all: bool,
    /// With --all: only those of this site.
    #[arg(long, value_name = "SITE", requires = "all")]
    site: Option<SiteKey>,
    /// With --all: only those for destinations with this name.
    #[arg(long, value_name = "NAME", requires = "all")]
    destination: Option<DestinationName>,
}

pub async fn run_deliveries(command: Deliveries) -> Result<ExitCode, GatewayError> {
    match command {
        Deliveries::List(options) => list(options).await,
        Deliveries::Retry(options) => retry(options).await,
    }
}

async fn list(options: ListDeliveries) -> Result<ExitCode, GatewayError> {
    let ListDeliveries { database, state, site, destination, page: Page { limit, after, json } } = options;
    let state = state.map(|state| match state {
        StateOption::Pending => DeliveryState::Waiting,
        StateOption::Dead => DeliveryState::DeadLetter,
    });
    let data = OpenData::open(&database.settings()?).await?;
    let filter = DeliveryFilter { state, site, destination };
    let found = deliveries::list(&data, &filter, after.map(DeliveryId::new), limit).await;
    data.close().await;
    let DeliveryList { queues, deliveries } = found?;
    let next = deliveries.last().map(|(last, _)| last.id).filter(|_| deliveries.len() == limit as usize);
    if json {
        let queues: Vec<Value> = queues.iter().map(queue_json).collect();
        let deliveries: Vec<JsonDelivery<'_>> = deliveries.iter().map(delivery_json).collect();
        print_json(&json!({ "destinations": queues, "deliveries": deliveries, "next": next }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if queues.is_empty() {
        print_line("every destination has received everything")?;
        return Ok(ExitCode::SUCCESS);
    }
    print_table(
        &["SITE", "DESTINATION", "PENDING", "OLDEST (UTC)", "DEAD"],
        &queues.iter().map(queue_row).collect::<Vec<_>>(),
    )?;
    print_line("")?;
    print_table(
        &["ID", "TICKET", "SITE", "DESTINATION", "ITEM", "STATE", "ATTEMPTS", "QUEUED (UTC)", "NEXT ATTEMPT", "REASON"],
        &deliveries.iter().map(delivery_row).collect::<Vec<_>>(),
    )?;
    if next.is_some() {
        note("there may be more; use --limit, or --json with --after");
    }
    Ok(ExitCode::SUCCESS)
}

async fn retry(options: RetryDeliveries) -> Result<ExitCode, GatewayError> {
    let RetryDeliveries { database, ids, all, site, destination } = options;
    let data = OpenData::open(&database.settings()?).await?;
    let count = if all {
        deliveries::retry_all(&data, &DeliveryFilter { state: None, site, destination }).await
    } else {
        let ids: Vec<DeliveryId> = ids.into_iter().map(DeliveryId::new).collect();
        deliveries::retry(&data, &ids).await
    };
    data.close().await;
    match count? {
        0 => print_line("there are no dead letters")?,
        1 => print_line("1 dead letter is queued again")?,
        count => print_line(&format!("{count} dead letters are queued again"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn count_text(count: u32) -> String {
    if count < QUEUE_COUNT_MAX { count.to_string() } else { format!("{QUEUE_COUNT_MAX}+") }
}

fn queue_row(queue: &QueueStatus) -> Vec<String> {
    vec![
        queue.name.site.to_string(),
        queue.name.destination.to_string(),
        count_text(queue.waiting),
        queue.since.map(minute).unwrap_or_default(),
        count_text(queue.dead_letters),
    ]
}

fn delivery_row((delivery, reference): &(Delivery, Reference)) -> Vec<String> {
    let is_dead = delivery.state == DeliveryState::DeadLetter;
    vec![
        delivery.id.to_string(),
        reference.to_string(),
        delivery.site.to_string(),
        delivery.destination.to_string(),
        item(delivery),
        state_text(delivery.state).into(),
        delivery.attempts.to_string(),
        minute(delivery.created_at),
        if is_dead { String::new() } else { minute(delivery.due_at) },
        delivery.reason.clone(),
    ]
}

/// What is delivered.
pub fn item(delivery: &Delivery) -> String {
    match delivery.kind {
        DeliveryKind::Message => format!("message {}", delivery.number),
        kind => kind.word().into(),
    }
}

/// A state in the words of this command.
pub fn state_text(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "pending",
        DeliveryState::Delivered => "delivered",
        DeliveryState::DeadLetter => "dead",
    }
}

fn queue_json(queue: &QueueStatus) -> Value {
    json!({
        "site": queue.name.site,
        "destination": queue.name.destination,
        "pending": queue.waiting,
        "oldest_at": queue.since,
        "dead": queue.dead_letters,
    })
}

/// A delivery with the reference of its ticket.
#[derive(Serialize)]
struct JsonDelivery<'a> {
    ticket: &'a Reference,
    #[serde(flatten)]
    delivery: Value,
}

fn delivery_json((delivery, reference): &(Delivery, Reference)) -> JsonDelivery<'_> {
    JsonDelivery { ticket: reference, delivery: delivery_fields(delivery) }
}

/// A delivery as JSON, without its ticket.
pub fn delivery_fields(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "site": delivery.site,
        "destination": delivery.destination,
        "kind": delivery.kind.word(),
        "message": (delivery.kind == DeliveryKind::Message).then_some(delivery.number),
        "state": state_text(delivery.state),
        "attempts": delivery.attempts,
        "created_at": delivery.created_at,
        "due_at": (delivery.state == DeliveryState::Waiting).then_some(delivery.due_at),
        "settled_at": delivery.settled_at,
        "external_id": delivery.external_id,
        "reason": delivery.reason,
    })
}
