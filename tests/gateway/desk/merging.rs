//! Tickets that an agent merges in Zendesk: the conversation continues in the other ticket, as far as it is the customer's.

use deskbell_core::clock;
use deskbell_core::ids::{ExternalId, QueueName, TicketId};
use serde_json::json;

use super::conversing::{begun, customer, listening, support};
use super::{Desk, HOOK_SECRET, full, until};
use crate::zendesk::control::{Arriving, Channel, Person, Side, new_comment};
use crate::zendesk::merges::Merging;

/// Another ticket of the same requester.
fn another(desk: &Desk, external_id: u64, body: &str) -> u64 {
    let requester = desk.zendesk.state().tickets[&external_id].requester;
    let id = arrives(desk, &format!("ada-{external_id}@example.com"), body);
    desk.zendesk.set_requester(id, requester);
    id
}

/// A ticket of another person by mail.
fn arrives(desk: &Desk, email: &str, body: &str) -> u64 {
    let requester = Person { name: "Eve".into(), email: email.into() };
    let arriving = Arriving { via: Channel::Email, requester, subject: "Export".into(), body: body.into() };
    desk.zendesk.ticket_arrives(&arriving).unwrap()
}

async fn notes(desk: &Desk, id: &str) -> Vec<String> {
    let activities = desk.gateway.app.store.activities(&TicketId::new(id)).await.unwrap();
    activities.into_iter().map(|activity| activity.text).filter(|text| text.contains("merged")).collect()
}

#[tokio::test]
async fn the_panel_continues_with_the_merged_ticket() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    let other = another(&desk, external_id, "The same by mail.");
    desk.zendesk.comment(other, &new_comment(Side::Agent, "Said before, to the mail.")).unwrap();
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "We look at it.")).unwrap();
    desk.zendesk.merge(external_id, &Merging { into: other, public: true, ..Merging::default() }).unwrap();
    desk.zendesk.comment(other, &new_comment(Side::Agent, "It is fixed.")).unwrap();
    let read = [customer("One"), support("We look at it."), support("It is fixed.")];
    until(async || desk.messages(&id).await == read).await;
    assert_eq!(desk.status(&id).await, "open", "nobody has solved it");
    until(async || notes(&desk, &id).await.len() == 1).await;
    // The customer's next reply is added there, and creates no follow-up ticket.
    assert_eq!(desk.reply(&id, "r1", "Thank you.").await.status, 201);
    {
        let state = desk.zendesk.state();
        assert_eq!(state.tickets.len(), 2);
        let last = state.tickets[&other].comments.last().unwrap();
        assert!(last.body.ends_with("Thank you."), "{}", last.body);
    }
    // And changes there apply here.
    desk.zendesk.set_status(other, "solved").unwrap();
    until(async || desk.status(&id).await == "solved").await;
    assert_eq!(desk.messages(&id).await.len(), 4);
}

#[tokio::test]
async fn replies_before_the_merge_is_known_reach_the_merged_ticket() {
    let (desk, id, external_id) = begun("").await;
    let other = another(&desk, external_id, "The same by mail.");
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "We look at it.")).unwrap();
    let merging =
        Merging { into: other, source_comment: Some("Both are about the same.".into()), ..Merging::default() };
    desk.zendesk.merge(external_id, &merging).unwrap();
    assert_eq!(desk.reply(&id, "r1", "Hello?").await.status, 201);
    {
        let state = desk.zendesk.state();
        assert_eq!(state.tickets.len(), 2, "no ticket follows the closed one up");
        assert!(state.tickets[&other].comments.last().unwrap().body.ends_with("Hello?"));
    }
    desk.zendesk.comment(other, &new_comment(Side::Agent, "It is fixed.")).unwrap();
    desk.gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().wake_polls();
    // The order is that in which it was found.
    until(async || {
        let read = desk.messages(&id).await;
        read.len() == 4 && read.contains(&support("We look at it.")) && read.contains(&support("It is fixed."))
    })
    .await;
    assert_eq!(desk.status(&id).await, "open");
}

#[tokio::test]
async fn merges_into_tickets_of_others_show_nothing_and_notify_agents() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    let other = arrives(&desk, "eve@example.com", "My card 4242 is refused.");
    desk.zendesk.merge(external_id, &Merging { into: other, public: true, ..Merging::default() }).unwrap();
    desk.zendesk.comment(other, &new_comment(Side::Agent, "Dear Eve, your card is fine.")).unwrap();
    until(async || notes(&desk, &id).await.len() == 1).await;
    desk.quiet().await;
    assert_eq!(desk.messages(&id).await, [customer("One")]);
    assert_eq!(desk.status(&id).await, "open");
    // The customer's own conversation continues independently.
    assert_eq!(desk.reply(&id, "r1", "Hello?").await.status, 201);
    let next = {
        let state = desk.zendesk.state();
        assert_eq!(state.tickets.len(), 3);
        assert!(state.tickets[&other].comments.iter().all(|one| !one.body.contains("Hello?")));
        *state.tickets.keys().next_back().unwrap()
    };
    desk.zendesk.comment(next, &new_comment(Side::Agent, "Hello.")).unwrap();
    until(async || desk.messages(&id).await == [customer("One"), customer("Hello?"), support("Hello.")]).await;
}

#[tokio::test]
async fn texts_merged_into_a_customers_ticket_are_not_shown() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    let other = arrives(&desk, "eve@example.com", "My card 4242 is refused.");
    desk.zendesk.merge(other, &Merging { into: external_id, public: true, ..Merging::default() }).unwrap();
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "It is fixed.")).unwrap();
    until(async || desk.messages(&id).await.len() == 2).await;
    assert_eq!(desk.messages(&id).await, [customer("One"), support("It is fixed.")]);
}

#[tokio::test]
async fn chains_of_merges_are_followed_up_to_a_limit() {
    let (desk, id, external_id) = begun("").await;
    let (second, third) = (another(&desk, external_id, "Again."), another(&desk, external_id, "And again."));
    desk.zendesk.merge(external_id, &Merging { into: second, ..Merging::default() }).unwrap();
    desk.zendesk.comment(second, &new_comment(Side::Agent, "Between.")).unwrap();
    desk.zendesk.merge(second, &Merging { into: third, ..Merging::default() }).unwrap();
    desk.zendesk.comment(third, &new_comment(Side::Agent, "At the end.")).unwrap();
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    desk.zendesk.comment(third, &new_comment(Side::Agent, "Hello?")).unwrap();
    desk.gateway
        .app
        .store
        .mark_changed(&QueueName::new(&"desk".into(), &"desk".into()), &changed(external_id))
        .await
        .unwrap();
    desk.gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().wake_polls();
    let read = [customer("One"), support("Between."), support("At the end."), support("Hello?")];
    until(async || desk.messages(&id).await == read).await;
    // A cycle, which Zendesk does not create, ends.
    {
        let mut state = desk.zendesk.state();
        let ticket = state.tickets.get_mut(&third).unwrap();
        (ticket.status, ticket.tags) = ("closed".into(), vec!["closed_by_merge".into()]);
        let mut notice = ticket.comments[0].clone();
        (notice.id, notice.body) =
            (u64::MAX >> 12, format!("This request was closed and merged into request #{external_id}."));
        notice.source = json!({ "from": {}, "to": {}, "rel": "merge" });
        ticket.comments.push(notice);
    }
    assert_eq!(desk.reply(&id, "r1", "It is back.").await.status, 201);
    assert_eq!(desk.zendesk.state().tickets.len(), 4, "it follows the last one up");
}

#[tokio::test]
async fn two_tickets_of_a_customer_may_share_an_external_ticket() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    let second = desk.post("key2", &full("Two")).await.json()["id"].as_str().unwrap().to_string();
    let other = *desk.zendesk.state().tickets.keys().next_back().unwrap();
    let requester = desk.zendesk.state().tickets[&external_id].requester;
    desk.zendesk.set_requester(other, requester);
    desk.zendesk.merge(external_id, &Merging { into: other, public: true, ..Merging::default() }).unwrap();
    desk.zendesk.comment(other, &new_comment(Side::Agent, "For both.")).unwrap();
    until(async || desk.messages(&id).await == [customer("One"), support("For both.")]).await;
    until(async || desk.messages(&second).await == [customer("Two"), support("For both.")]).await;
    assert_eq!(desk.reply(&id, "r1", "Thanks.").await.status, 201);
    assert!(desk.zendesk.state().tickets[&other].comments.last().unwrap().body.ends_with("Thanks."));
}

fn changed(external_id: u64) -> Vec<deskbell_core::ports::ChangedTicket> {
    let updated_at = clock::now();
    vec![deskbell_core::ports::ChangedTicket { external_id: ExternalId::new(external_id.to_string()), updated_at }]
}
