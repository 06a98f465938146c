//! A mail to agents, with much of what only they may read.

use mail_in::reply_text::{KnownTexts, MARKER};

const NOTICE: &str = "[Not verified] The sender gave ada@example.com, but nobody has confirmed it. Your answers may be read by somebody else; do not share account details.";
const MESSAGE: &str = "The export stops.\nEvery time.";
const FACTS: &str = "Reference: DB-4K7Q9
Kind: bug
Severity: high
Topic: Billing
Team: growth
Person: Ada, u-7, ada@example.com, not verified
Organization: Acme, o-1
Plan: scale
Page: https://app.acme.example/exports?tab=all
Build: 2.4.0, 1234, production
Browser: Chrome 142, Windows 11
Error: TypeError: cannot read properties of undefined (3 times)
Request: GET https://api.acme.example/exports 500
Link: Admin, org 7, https://admin.acme.example/orgs/7
Link: Replay, https://replay.acme.example/s/0193c2a4?t=120
Came by: panel";

/// The mail in its current form, in a form without a marker, to a verified address, and a mail with only the message.
pub fn texts() -> [String; 4] {
    let words = format!("{MESSAGE}\n\n----------------------------------------\n{FACTS}");
    [format!("{MARKER}\n\n{NOTICE}\n\n{words}"), format!("{NOTICE}\n\n{words}"), words, MESSAGE.into()]
}

/// The parts that only agents may read.
pub fn private() -> Vec<String> {
    vec![NOTICE.into(), FACTS.into()]
}

/// What the gateway knows about its ticket.
pub fn known() -> KnownTexts {
    KnownTexts::new(&private(), [MESSAGE])
}
