//! `deskbell check` against a stand-in: reports differences, and how to fix them.

use std::process::Stdio;

use tempfile::TempDir;

use super::{mapping, site};
use crate::command::deskbell;
use crate::zendesk::Zendesk;
use crate::zendesk::account::{SEATS, SEVERITY};

/// Whether all is in order, and the output of the command.
async fn check(zendesk: &Zendesk, more: &str, arguments: &[&str]) -> (bool, String) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), site(zendesk, more)).unwrap();
    let arguments = [&["check", "--config", "deskbell.toml"], arguments].concat();
    let output = deskbell(folder.path(), &arguments).stderr(Stdio::inherit()).output().await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

/// An account with everything that the mapping names.
async fn fitting() -> Zendesk {
    let zendesk = Zendesk::start().await;
    zendesk.state().account.forms.iter_mut().for_each(|form| form.fields.push(SEATS));
    zendesk
}

#[tokio::test]
async fn check_of_a_matching_account_succeeds_and_leaves_nothing_behind() {
    let zendesk = fitting().await;
    let (good, report) = check(&zendesk, &mapping(), &[]).await;
    assert!(good && !report.contains("BAD"), "{report}");
    for line in
        ["logged in as Deskbell (admin)", "can read tickets", "can attach files", "groups.growth is Engineering"]
    {
        assert!(report.contains(line), "{line}: {report}");
    }
    let state = zendesk.state();
    assert_eq!((state.tickets.len(), state.uploads.len()), (0, 0));
}

#[tokio::test]
async fn check_reports_an_account_without_export_and_the_consequences() {
    let zendesk = fitting().await;
    zendesk.state().quirks.export_refused = true;
    let (good, report) = check(&zendesk, &mapping(), &[]).await;
    assert!(good && report.contains("cannot export changes, which Zendesk allows admins only"), "{report}");
    assert!(report.contains("read from the list of tickets, which is slower"), "{report}");
    {
        let mut state = zendesk.state();
        (state.quirks.export_refused, state.quirks.export_status) = (false, Some(422));
    }
    let (good, report) = check(&zendesk, &mapping(), &[]).await;
    assert!(!good && report.contains("BAD  changes cannot be exported: "), "{report}");
}

#[tokio::test]
async fn check_names_the_field_of_each_difference() {
    let zendesk = Zendesk::start().await;
    {
        let mut state = zendesk.state();
        state.account.groups.clear();
        let severity = state.account.fields.iter_mut().find(|field| field.id == SEVERITY).unwrap();
        severity.choices.retain(|(_, value)| value != "high");
        let seats = state.account.fields.iter_mut().find(|field| field.id == SEATS).unwrap();
        seats.active = false;
    }
    let more = format!("webhook_secret = \"x\"\n{}Eve = 5\n", mapping()).replace("plan_{plan}", "{fields.regio}");
    let (good, report) = check(&zendesk, &more, &[]).await;
    assert!(!good);
    for line in [
        format!(
            "BAD  fields.{SEVERITY} (Severity): has no choice with the tag \"high\"; add it in Zendesk, or set another"
        ),
        format!("BAD  fields.{SEATS} (Seats): not active; activate it, or remove it from the configuration"),
        format!("BAD  form_id: Bug report has no field [{SEATS}], so agents do not see it"),
        "BAD  groups.growth: there is no group".into(),
        "BAD  {fields.regio}: the form of the site has no field \"regio\"".into(),
        "BAD  assignees.Eve: there is no agent 5".into(),
        "BAD  webhook_secret: no webhook points to this destination; create one for ticket events, to https://GATEWAY/v1/sites/desk/hooks/desk".into(),
    ] {
        assert!(report.contains(&line), "{line}\nis not in\n{report}");
    }
}

#[tokio::test]
async fn check_says_who_mails_answers() {
    let zendesk = fitting().await;
    let with = |mails_requester: &str| format!("{mails_requester}{}", mapping());
    let mails = "the trigger \"Notify requester and CCs of comment update\" mails answers to the requester";
    for (setting, good, line) in [
        ("", true, format!("good {mails}, so the gateway does not; with mails_requester = true the panel says so")),
        ("mails_requester = true\n", true, format!("good {mails}")),
        (
            "mails_requester = false\n",
            false,
            format!("BAD  mails_requester = false, but {mails}, who gets each answer twice"),
        ),
    ] {
        let (is_good, report) = check(&zendesk, &with(setting), &[]).await;
        assert!(is_good == good && report.contains(&line), "{line}\nis not in\n{report}");
    }
    let finding = "good mails_requester is about customers whose address is signed";
    for (unverified, expected) in [("alias", true), ("contact", false)] {
        let (_, report) = check(&zendesk, &with(&format!("unverified = {unverified:?}\n")), &[]).await;
        assert_eq!(report.contains(finding), expected, "{report}");
    }
    // Those that remain mail new tickets to the requester, and comments to the assignee.
    zendesk.state().account.triggers.remove(1);
    for (setting, good, line) in [
        ("", true, "good no active trigger mails answers to the requester, and neither does the gateway"),
        (
            "mails_requester = false\n",
            true,
            "good no active trigger mails answers to the requester, so the gateway does",
        ),
        ("mails_requester = true\n", false, "BAD  mails_requester = true, but no active trigger mails answers"),
    ] {
        let (is_good, report) = check(&zendesk, &with(setting), &[]).await;
        assert!(is_good == good && report.contains(line), "{line}\nis not in\n{report}");
    }
}

#[tokio::test]
async fn check_explains_a_failed_login() {
    let zendesk = Zendesk::start().await;
    zendesk.state().account.client_secret = "another".into();
    let (good, report) = check(&zendesk, "", &[]).await;
    assert!(!good && report.contains("check url, client_id and its secret"), "{report}");
}

#[tokio::test]
async fn check_delivers_a_marked_test_ticket() {
    let zendesk = fitting().await;
    let (good, report) = check(&zendesk, &mapping(), &["--send"]).await;
    assert!(good, "{report}");
    let state = zendesk.state();
    let external = state.tickets.values().next().unwrap();
    assert!(external.comments[0].body.contains("\n\nThis is a test of Deskbell"));
    assert!(external.tags.iter().any(|tag| tag == "deskbell_test"), "{:?}", external.tags);
    assert!(report.contains(&format!("/agent/tickets/{}", external.id)), "{report}");
}
