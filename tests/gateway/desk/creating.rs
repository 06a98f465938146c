//! Tickets as Zendesk gets them.

use serde_json::{Value, json};

use super::{desk, full, mapping, until};
use crate::zendesk::account::{BRAND, BUG_FORM, ENGINEERING, FORM, GRACE, RETIRED, SEATS, SEVERITY};
use crate::zendesk::quirks::{UnknownChoices, UnknownFields};
use deskbell_core::ids::{QueueName, TicketId};

const FILE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";

#[tokio::test]
async fn tickets_are_created_at_once_with_all_fields() {
    let desk = desk(&mapping()).await;
    desk.file(FILE, "log.txt", b"one line\n").await;
    let mut ticket = full("The export stops.\nEvery time.");
    ticket["attachments"] = json!([FILE]);
    let answer = desk.post("key", &ticket).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let (receipt, external) = (answer.json(), desk.only());
    let reference = receipt["reference"].as_str().unwrap();
    assert_eq!(external["external_id"], format!("deskbell:{}", receipt["id"].as_str().unwrap()));
    assert_eq!(external["subject"], format!("The export stops. [{reference}]"));
    // An option is a tag as well.
    assert_eq!(
        external["tags"],
        json!(["deskbell", "plan_unverified_scale", "severity_high", "deskbell_unverified", "high"])
    );
    for (part, value) in [
        ("priority", json!("high")),
        ("type", json!("incident")),
        ("ticket_form_id", json!(BUG_FORM)),
        ("brand_id", json!(BRAND)),
        ("group_id", json!(ENGINEERING)),
        ("assignee_id", json!(GRACE)),
        ("status", json!("open")),
    ] {
        assert_eq!(external[part], value, "{part}");
    }
    assert_eq!(field(&external, SEVERITY), "high");
    assert_eq!(field(&external, SEATS), "12");
    let first = &external["comments"][0];
    // The customer is not signed.
    assert_eq!(first["public"], false);
    let body = first["body"].as_str().unwrap();
    assert!(
        body.starts_with("[Not verified] ") && body.contains("\n\nThe export stops.\nEvery time.\n\n---"),
        "{body}"
    );
    for line in [
        &format!("Reference: {reference}"),
        "Topic: Billing",
        "Person: Ada, u-7, not verified",
        "Organization: Acme, o-1",
        "Page: https://app.example.com/billing",
        "Error: TypeError: x is undefined (3 times)",
        "Field: Seats: 12",
    ] {
        assert!(body.lines().any(|candidate| candidate == line), "{line} is not in {body}");
    }
    let files: Vec<&str> =
        first["attachments"].as_array().unwrap().iter().map(|file| file["file_name"].as_str().unwrap()).collect();
    assert_eq!(files, ["log.txt", "deskbell-context.json"]);
    let state = desk.zendesk.state();
    let context = state.attachments.values().find(|file| file.name == "deskbell-context.json").unwrap();
    let context: Value = serde_json::from_slice(&context.bytes).unwrap();
    assert_eq!(context["errors"][0]["message"], "x is undefined");
}

#[tokio::test]
async fn test_tickets_have_no_assignee_and_no_priority() {
    let desk = desk(&mapping()).await;
    let mut ticket = full("I try it out");
    ticket["test"] = json!(true);
    let receipt = desk.post("key", &ticket).await.json();
    let external = desk.only();
    assert_eq!(external["subject"], format!("[Test] I try it out [{}]", receipt["reference"].as_str().unwrap()));
    assert!(external["tags"].as_array().unwrap().contains(&json!("deskbell_test")), "{}", external["tags"]);
    for part in ["priority", "group_id", "assignee_id"] {
        assert_eq!(external[part], Value::Null, "{part}");
    }
    let stored = desk.gateway.app.store.ticket(&TicketId::new(receipt["id"].as_str().unwrap())).await.unwrap().unwrap();
    assert_eq!((stored.handling.team.as_str(), stored.handling.assignee.as_str()), ("growth", ""));
    // Fields without an effect on alerts are as usual.
    assert_eq!((&external["type"], &external["ticket_form_id"]), (&json!("incident"), &json!(BUG_FORM)));
    assert_eq!(field(&external, SEVERITY), "high");
    assert_eq!(desk.reply(receipt["id"].as_str().unwrap(), "r", "And once more").await.status, 201);
    assert_eq!(desk.only()["comments"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn repeated_submissions_get_the_same_response_and_one_external_ticket() {
    let desk = desk("").await;
    let ticket = full("One");
    let (one, again) = tokio::join!(desk.post("key", &ticket), desk.post("key", &ticket));
    let again = if again.status == 409 { desk.post("key", &ticket).await } else { again };
    let one = if one.status == 409 { desk.post("key", &ticket).await } else { one };
    assert_eq!((one.status.as_u16(), one.json()), (201, again.json()));
    desk.only();
}

#[tokio::test]
async fn values_unknown_to_the_account_are_left_out_and_reported() {
    let refuse = |quirks: &mut crate::zendesk::quirks::Quirks| {
        quirks.unknown_choices = UnknownChoices::Refuse;
        quirks.unknown_fields = UnknownFields::Refuse;
    };
    let odd = format!(
        "form_id = 5\nbrand_id = 6\nassignees = {{ Ana = 7 }}\ngroups = {{ growth = 8 }}\ntags = []\n[sites.desk.destinations.desk.fields]\n\
         {SEVERITY} = {{ from = \"{{severity}}\", choices = {{ high = \"nothing\" }} }}\n{RETIRED} = \"{{kind}}\"\n99 = \"{{kind}}\""
    );
    for strict in [false, true] {
        let desk = desk(&odd).await;
        if strict {
            desk.zendesk.quirks(refuse);
        }
        assert_eq!(desk.post("key", &full("One")).await.status, 201, "{strict}");
        let external = desk.only();
        assert_eq!((&external["subject"].as_str().unwrap()[..4], field(&external, SEVERITY)), ("One ", Value::Null));
        let stored = desk.gateway.tickets().await;
        let reason = desk.gateway.app.store.deliveries(&stored[0].id).await.unwrap()[0].reason.clone();
        for part in ["has no choice \"nothing\"", "is not active", "no field 99", "form", "group", "assignee", "brand"]
        {
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_removed_option_affects_only_its_field() {
    let desk = desk(&mapping()).await;
    assert_eq!(desk.post("1", &full("One")).await.status, 201);
    desk.zendesk.quirks(|quirks| quirks.unknown_choices = UnknownChoices::Refuse);
    {
        let mut state = desk.zendesk.state();
        let severity = state.account.fields.iter_mut().find(|field| field.id == SEVERITY).unwrap();
        severity.choices.retain(|(_, value)| value != "high");
    }
    let answer = desk.post("2", &full("Two")).await;
    assert_eq!(answer.status, 201);
    let id = answer.json()["id"].as_str().unwrap().to_string();
    let reason = desk.gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].reason.clone();
    assert!(reason.contains("has no choice \"high\"") && !reason.contains('\n'), "{reason}");
    let state = desk.zendesk.state();
    let external = state.tickets.values().next_back().unwrap();
    assert_eq!((external.group, external.form, external.tags.len()), (Some(ENGINEERING), Some(BUG_FORM), 4));
    assert_eq!(external.fields.get(&SEATS), Some(&json!("12")));
}

#[tokio::test]
async fn replaced_forms_are_reported() {
    let desk = desk("form_id = 5").await;
    desk.zendesk.quirks(|quirks| quirks.form_substitution = true);
    assert_eq!(desk.post("key", &full("One")).await.status, 201);
    assert_eq!(desk.only()["ticket_form_id"], FORM);
    let stored = desk.gateway.tickets().await;
    let reason = desk.gateway.app.store.deliveries(&stored[0].id).await.unwrap()[0].reason.clone();
    assert!(reason.contains("ticket_form_id"), "{reason}");
}

#[tokio::test]
async fn files_that_zendesk_rejects_are_listed_and_the_ticket_is_created() {
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| quirks.upload_limit = 100);
    desk.file(FILE, "log.txt", &[b'x'; 500]).await;
    let mut ticket = full("One");
    ticket["attachments"] = json!([FILE]);
    assert_eq!(desk.post("key", &ticket).await.status, 201);
    let body = desk.only()["comments"][0]["body"].as_str().unwrap().to_string();
    assert!(body.contains("Files that are not attached here: log.txt, deskbell-context.json"), "{body}");
}

#[tokio::test]
async fn rejected_tokens_are_renewed() {
    let desk = desk("").await;
    assert_eq!(desk.post("1", &full("One")).await.status, 201);
    desk.zendesk.state().tokens.clear();
    assert_eq!(desk.post("2", &full("Two")).await.status, 201);
    assert_eq!(desk.zendesk.state().grants, 2);
}

#[tokio::test]
async fn tickets_wait_while_logins_fail() {
    let desk = desk("").await;
    desk.zendesk.state().account.client_secret = "another".into();
    let answer = desk.post("key", &full("One")).await;
    assert_eq!(answer.status, 202);
    let away = || desk.gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().unreachable();
    assert!(away().unwrap().contains("issued no token"), "{:?}", away());
    desk.zendesk.state().account.client_secret = "secret".into();
    until(async || desk.zendesk.state().tickets.len() == 1).await;
    desk.quiet().await;
    assert_eq!(away(), None);
    // A repetition finds it where it was delivered.
    assert_eq!(desk.post("key", &full("One")).await.status, 201);
}

fn field(ticket: &Value, id: u64) -> Value {
    let fields = ticket["custom_fields"].as_array().unwrap();
    fields.iter().find(|field| field["id"] == id).map_or(Value::Null, |field| field["value"].clone())
}
