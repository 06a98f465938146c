//! The actions of agents, over a store.

#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use deskbell_core::fixtures;
use deskbell_core::ids::{QueueName, SiteKey};
use deskbell_core::ports::{Bus, Conversations, StoredTicket, SubmissionExtras, SubmissionKey, Tickets};
use deskbell_core::use_cases::mail::{Codes, MailAnswers};
use deskbell_core::use_cases::tickets::{Action, ActionOutcome, HandleTicket};
use store_sqlite::SqliteStore;

/// Records announced changes.
#[derive(Default)]
struct Announcements(Mutex<Vec<&'static str>>);

impl Announcements {
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Bus for Announcements {
    fn ticket_changed(&self, _ticket: StoredTicket) {
        self.0.lock().unwrap().push("ticket changed");
    }

    fn deliveries_due(&self, _site: &SiteKey) {
        self.0.lock().unwrap().push("deliveries due");
    }

    fn mail_due(&self, _site: &SiteKey) {
        self.0.lock().unwrap().push("mail due");
    }

    fn polls_due(&self, _queue: &QueueName) {
        self.0.lock().unwrap().push("polls due");
    }
}

#[tokio::test]
async fn customers_see_answers_at_once_and_never_internal_notes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("test.db")).await.unwrap());
    let ticket = fixtures::stored();
    let key = SubmissionKey { key: "k".into(), body: [0; 32], session: None };
    store.submit(&ticket, &key, SubmissionExtras::default()).await.unwrap();
    let announcements = Arc::new(Announcements::default());
    let answers = MailAnswers::new(Default::default(), Arc::default(), Codes::new(&[1; 32]));
    let handle = HandleTicket::new(store.clone(), Arc::default(), Arc::default(), announcements.clone(), answers);

    let note = Action::Note("Seen before.".into());
    assert_eq!(handle.act(&ticket, "Ana", note).await.unwrap(), ActionOutcome::Done);
    assert_eq!(announcements.take(), ["deliveries due"]);

    let answer = |text: &str| Action::Answer { text: text.into(), key: "1".into(), solved: false };
    assert_eq!(handle.act(&ticket, "Ana", answer("Try again.")).await.unwrap(), ActionOutcome::Done);
    assert_eq!(announcements.take(), ["deliveries due", "ticket changed"]);
    assert_eq!(handle.act(&ticket, "Ana", answer("Try again.")).await.unwrap(), ActionOutcome::Done);
    assert_eq!(handle.act(&ticket, "Ana", answer("Try later.")).await.unwrap(), ActionOutcome::KeyReused);
    assert_eq!(announcements.take(), [""; 0]);
    let texts: Vec<String> =
        store.messages(&ticket.id, 0).await.unwrap().into_iter().map(|message| message.body).collect();
    assert_eq!(texts, ["Try again."]);
}
