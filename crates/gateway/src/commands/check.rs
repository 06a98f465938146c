//! `deskbell check`: compares the configured destinations with what they report about themselves and, on request, sends each a test ticket; says
//! where customers cannot get links to their tickets.

use std::fmt;
use std::time::{Duration, Instant};

use url::Url;
use uuid::Uuid;

use crate::wire_up::{SiteMails, is_this_computer};
use deskbell_core::clock;
use deskbell_core::destinations::Destinations;
use deskbell_core::ids::{DeliveryId, DestinationName, Reference, SiteKey, TicketId};
use deskbell_core::ports::destination::{ClaimHold, DeliveryContents, Destination, Finding};
use deskbell_core::ports::{Delivery, DeliveryKind, DeliveryState, StoredTicket};
use deskbell_core::random;
use deskbell_core::site::{Site, Sites};
use domain::context::{Context, User};
use domain::reference;
use domain::ticket::{Client, Contact, Kind, NewTicket, Severity};

/// The message of a test ticket.
const TEST: &str =
    "This is a test of Deskbell, sent by an administrator with `deskbell check --send`. No answer is needed.";
/// The requester of a test ticket: an address that nobody can have (RFC 2606).
const TESTER: &str = "deskbell-test@example.com";

/// The findings, one per destination.
#[derive(Debug, Default)]
pub struct CheckReport {
    found: Vec<(SiteKey, DestinationName, Vec<Finding>)>,
    /// The sites that send no mail.
    without_mail: Vec<SiteKey>,
}

impl CheckReport {
    /// Whether no destination has a problem.
    pub fn is_good(&self) -> bool {
        self.found.iter().all(|(_, _, findings)| findings.iter().all(|finding| finding.is_good))
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.found.is_empty() {
            f.write_str("no site has destinations or sends mail; tickets stay in the gateway's own inbox")?;
        }
        for (index, (site, destination, findings)) in self.found.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{site}, {destination}:")?;
            for Finding { is_good, message } in findings {
                write!(f, "\n  {} {message}", if *is_good { "good" } else { "BAD " })?;
            }
        }
        for site in &self.without_mail {
            write!(
                f,
                "\nnote: {site} sends no mail, so its customers cannot ask for a link to their tickets on another device; see \
                 [sites.{site}.mail]"
            )?;
        }
        Ok(())
    }
}

/// Checks every destination.
pub async fn check(sites: &Sites, mails: &SiteMails, destinations: &Destinations, send: bool) -> CheckReport {
    let mut checked = CheckReport::default();
    for site in sites.iter() {
        let name = &site.key;
        if let Some(mail) = mails.get(name) {
            let bounces_to = mail.bounces.as_ref().and_then(|to| destinations.get(name, to));
            let return_path = bounces_to.and_then(|to| to.return_path(&TicketId::new(Uuid::nil())));
            let return_path = return_path.and_then(|address| address.parse().ok());
            let sender = return_path.as_ref().unwrap_or(&mail.smtp.from.email);
            let server = ::mail::mail_server(&mail.smtp.server, sender).await;
            checked.found.push((name.clone(), "mail".into(), vec![server, check_links(mail.url.as_ref())]));
        } else {
            checked.without_mail.push(name.clone());
        }
        for (destination, to) in destinations.in_site(name) {
            let hook = format!("/v1/sites/{name}/hooks/{destination}");
            let mut findings = to.check(&site.config, &hook).await;
            if send {
                findings.push(test(site, destination, to.as_ref()).await);
            }
            checked.found.push((name.clone(), destination.clone(), findings));
        }
    }
    checked
}

/// Whether a site that sends mail, with this public address of the gateway, can mail links that open tickets on another device.
fn check_links(url: Option<&Url>) -> Finding {
    let (is_good, message) = match url {
        None => {
            let reason =
                "customers cannot ask for a link to their tickets on another device, and answers are not mailed";
            (true, format!("url is not set: {reason}"))
        }
        Some(url) if url.host_str().is_some_and(is_this_computer) => (
            false,
            format!("url is {url}, which nobody can open on another device; set the public address of the gateway"),
        ),
        Some(url) => (true, format!("mails links to {url}")),
    };
    Finding { is_good, message }
}

/// Longer than the delivery of a test ticket takes.
const TEST_MAX: Duration = Duration::from_secs(60 * 60);

/// Sends a test ticket to a destination.
async fn test(site: &Site, destination: &DestinationName, to: &dyn Destination) -> Finding {
    let ticket = ticket(&site.key);
    let delivery = Delivery {
        id: DeliveryId::new(0),
        site: site.key.clone(),
        destination: destination.clone(),
        ticket: ticket.id.clone(),
        kind: DeliveryKind::Ticket,
        number: 0,
        state: DeliveryState::Waiting,
        created_at: ticket.received_at,
        due_at: ticket.received_at,
        first_attempt_at: Some(ticket.received_at),
        settled_at: None,
        attempts: 1,
        failures: 0,
        external_id: String::new(),
        reason: String::new(),
    };
    let contents = DeliveryContents {
        config: &site.config,
        delivery: &delivery,
        ticket: &ticket,
        message: None,
        files: &[],
        external: None,
        now: clock::now(),
        hold: &ClaimHold::until(Instant::now() + TEST_MAX),
    };
    let reference = &ticket.reference;
    match to.deliver(&contents).await {
        Ok(delivered) => {
            let page = delivered.external.as_ref().and_then(|external| to.page(external));
            let link = Some(page.unwrap_or(delivered.external_id)).filter(|link| !link.is_empty());
            let link = link.map(|link| format!(": {link}")).unwrap_or_default();
            let missing_parts: String =
                delivered.not_delivered.iter().map(|reason| format!("; not delivered: {reason}")).collect();
            Finding {
                is_good: delivered.not_delivered.is_empty(),
                message: format!("delivered the test ticket {reference}{link}{missing_parts}"),
            }
        }
        Err(failure) => {
            Finding { is_good: false, message: format!("the test ticket {reference} was not delivered: {failure}") }
        }
    }
}

fn ticket(site: &SiteKey) -> StoredTicket {
    let new = NewTicket {
        kind: Kind::Question,
        topic: String::new(),
        severity: Severity::Low,
        message: TEST.into(),
        contact: Contact { name: "Deskbell test".into(), email: TESTER.into() },
        context: Context { user: Some(User { id: "deskbell-test".into(), ..User::default() }), ..Context::default() },
        questions: Vec::new(),
        attachments: Vec::new(),
        via: "test".into(),
        consent: None,
        fields: None,
        website: String::new(),
        automatic: false,
        test: true,
        locale: "en".into(),
        created_at: clock::now().to_string(),
        client: Client { name: "deskbell".into(), version: env!("CARGO_PKG_VERSION").into() },
    };
    // Nobody looks it up.
    let reference = reference::from_random(random::number().unwrap_or_default(), reference::LENGTH_MIN);
    StoredTicket::new(site.clone(), Reference::new(reference), new, clock::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_need_an_address_that_other_devices_can_open() {
        let checked = |url: &str| check_links(Url::parse(url).ok().as_ref());
        for url in ["http://localhost:8080/", "http://127.0.0.1/help/", "https://[::1]/"] {
            let Finding { is_good, message } = checked(url);
            assert!(!is_good && message.contains("set the public address of the gateway"), "{message}");
        }
        assert!(checked("https://help.example.com/").is_good);
        let missing = check_links(None);
        assert!(missing.is_good && missing.message.contains("customers cannot ask for a link"), "{}", missing.message);
    }

    #[test]
    fn sites_without_mail_are_named_because_their_customers_get_no_links() {
        let report = CheckReport { found: Vec::new(), without_mail: vec!["acme".into()] };
        assert!(report.is_good());
        let text = report.to_string();
        assert!(text.starts_with("no site has destinations") && text.contains("\nnote: acme sends no mail"), "{text}");
    }
}
