//! The language table: every text that a customer sees in the panel.
//!
//! English is compiled in. The other languages are JSON files beside this one, by the name of the text, packed into arrays in the order of
//! [`Text::ALL`] for the widget to fetch. A text may contain placeholders (`{n}`), and texts with a count have one form for each plural
//! category (`one=… |other=…`, CLDR's categories). The texts of modules besides the form, and the labels of a ticket's members, are in a
//! separate table, `labels`, English as well.

#[cfg(not(target_arch = "wasm32"))]
mod labels;
#[cfg(not(target_arch = "wasm32"))]
mod scripts;

#[cfg(not(target_arch = "wasm32"))]
use std::collections::BTreeMap;

use markdown::find::find;

/// A text of any of the tables.
pub trait Phrase: Copy {
    /// Its name in the language files and in the configuration.
    fn key(self) -> &'static str;
    /// Its English text.
    fn english(self) -> &'static str;
}

/// Declares texts: variant, name in the language files, English.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($variant:ident, $key:literal, $english:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every text, in the order of the packed tables.
            pub const ALL: &[$name] = &[$($name::$variant),+];
            // Each is one string of lines: a table of slices would cost the widget eight bytes more for every text.
            const KEYS: &str = concat!($($key, "\n"),+);
            const ENGLISH: &str = concat!($($english, "\n"),+);

            /// Its name in the language files and in the configuration.
            pub fn key(self) -> &'static str {
                line($name::KEYS, self as usize)
            }

            /// Its English text.
            pub fn english(self) -> &'static str {
                line($name::ENGLISH, self as usize)
            }
        }

        impl Phrase for $name {
            fn key(self) -> &'static str {
                self.key()
            }

            fn english(self) -> &'static str {
                self.english()
            }
        }
    };
}

texts! {
/// A text of the panel.
Text {
    Help, "help", "Help";
    Close, "close", "Close";
    Back, "back", "Back";
    BoxLabel, "box_label", "What do you need?";
    BoxHint, "box_hint", "Describe it in your own words";
    FormFailed, "form_failed", "Help isn't available right now.";
    Copied, "copied", "Copied";
    SendTicket, "send_ticket", "Send a ticket";
    Suggestions, "suggestions", "These may help";
    HitsFound, "hits_found", "one={n} result|other={n} results";
    Solved, "solved", "Solved";
    Answers, "answers", "one={n} answer|other={n} answers";
    SearchFailed, "search_failed", "We couldn't search for answers just now. You can still send a ticket.";
    NoHits, "no_hits", "No answers match. Try other words, or send a ticket.";
    NoAnswerSend, "no_answer_send", "No answer? Send a ticket";
    NearHint, "near_hint", "Answers that may help appear here as you write.";
    MoreHits, "more_hits", "one={n} more|other={n} more";
    JustNow, "just_now", "Just now: {error}";
    AskedAbout, "asked_about", "one={n} related answer|other={n} related answers";
    AboutThisPage, "about_this_page", "About this page";
    Recent, "recent", "Recent searches";
    KindDoc, "kind_doc", "Documentation";
    KindTutorial, "kind_tutorial", "Tutorial";
    KindIssue, "kind_issue", "Issue";
    Votes, "votes", "one={n} vote|other={n} votes";
    VoteThere, "vote_there", "Already requested: vote for it";
    CommunityFirst, "community_first", "The community answers questions like this one first. It may already be answered:";
    CommunityAsk, "community_ask", "The community answers questions like this one first.";
    Links, "links", "More help";
    MessageLabel, "message_label", "What happened?";
    MessageLeft, "message_left", "one={n} character left|other={n} characters left";
    MessageOver, "message_over", "one={n} character too many|other={n} characters too many";
    Kind, "kind", "What is it?";
    KindQuestion, "kind_question", "Question";
    KindBug, "kind_bug", "Bug";
    KindFeedback, "kind_feedback", "Feedback";
    Topic, "topic", "Topic";
    TopicNone, "topic_none", "Not sure";
    Severity, "severity", "Severity";
    SeverityCritical, "severity_critical", "Critical";
    SeverityHigh, "severity_high", "High";
    SeverityMedium, "severity_medium", "Medium";
    SeverityLow, "severity_low", "Low";
    MeansCritical, "means_critical", "The product is down or unusable, or data was lost or leaked.";
    MeansHigh, "means_high", "An important feature does not work at all.";
    MeansMedium, "means_medium", "A feature does not work as it should.";
    MeansLow, "means_low", "A question, a request or a minor flaw.";
    Name, "name", "Your name";
    Email, "email", "Your e-mail address";
    NeedMessage, "need_message", "Please describe what happened.";
    MessageTooLong, "message_too_long", "The message is too long. Please shorten it to {n} characters.";
    NeedName, "need_name", "Please enter your name.";
    NeedEmail, "need_email", "Please enter your e-mail address.";
    EmailInvalid, "email_invalid", "Please enter an e-mail address like name@example.com.";
    ListComma, "list_comma", ", ";
    SendsAlong, "sends_along", "Also sent: {list}.";
    SendsPage, "sends_page", "this page";
    SendsUser, "sends_user", "who you are";
    SendsErrors, "sends_errors", "one={n} error|other={n} errors";
    SendsBrowser, "sends_browser", "your browser";
    SendsNothing, "sends_nothing", "Sent: what you entered.";
    SendsRequests, "sends_requests", "one={n} failed request|other={n} failed requests";
    SendsSteps, "sends_steps", "one=your last step|other=your last {n} steps";
    Look, "look", "Review";
    WhatWeSend, "what_we_send", "What we send";
    SecretFound, "secret_found", "“{secret}” looks confidential. Support doesn't need it.";
    HideSecret, "hide_secret", "Hide it";
    SendingAs, "sending_as", "Sending as {email}.";
    AnswersTo, "answers_to", "Answers go to {email}.";
    AnswersHere, "answers_here", "You'll find our answer here, under Your tickets.";
    AnswersMailed, "answers_mailed", "If you don't read it here soon, we'll e-mail it to {email}.";
    AnswersConfirmed, "answers_confirmed", "If you don't read it here soon, we'll e-mail it to {email}, once you've confirmed that address.";
    AnswersAlso, "answers_also", "You'll also get it by e-mail at {email}.";
    Send, "send", "Send";
    Sending, "sending", "Sending…";
    WithinHours, "within_hours", "one=First answer within {n} business hour|other=First answer within {n} business hours";
    WithinDays, "within_days", "one=First answer within {n} business day|other=First answer within {n} business days";
    AnswerBy, "answer_by", "First answer by {time}";
    YourTickets, "your_tickets", "Your tickets";
    NewMessages, "new_messages", "one={n} new message|other={n} new messages";
    SeeConversation, "see_conversation", "See the conversation";
    FromCommunity, "from_community", "The first reply is automatic and points you to the community.";
    Question, "question", "Community question";
    QuestionLoading, "question_loading", "Loading the answers…";
    QuestionFailed, "question_failed", "We couldn't load this question.";
    NoAnswers, "no_answers", "No answers yet.";
    Accepted, "accepted", "Accepted answer";
    Staff, "staff", "Team";
    SolvedIt, "solved_it", "Solved it";
    StillNeedHelp, "still_need_help", "Still need help";
    OpenInTab, "open_in_tab", "Open in a new tab";
    CopyCode, "copy_code", "Copy code";
    ShowPicture, "show_picture", "Show the picture: {name}";
    ShowAPicture, "show_a_picture", "Show the picture";
    Thanks, "thanks", "Glad that helped";
    ThanksDetail, "thanks_detail", "No ticket was sent. Help is here whenever you need it.";
    Done, "done", "Done";
    ReceiptTitle, "receipt_title", "Ticket sent";
    ReceiptReference, "receipt_reference", "Ticket {reference}";
    CopyReference, "copy_reference", "Copy";
    ReadEvery, "read_every", "We read every ticket.";
    FailUnreachable, "fail_unreachable", "We couldn't reach support. Please try again.";
    FailRefused, "fail_refused", "Support couldn't accept the ticket: {reason}";
    TryAgain, "try_again", "Try again";
    NotSentYet, "not_sent_yet", "Not sent yet";
    WaitToBeSent, "wait_to_be_sent", "one={n} message not sent yet|other={n} messages not sent yet";
    MaybeSent, "maybe_sent", "May have been sent";
    WaitToBeKnown, "wait_to_be_known", "one={n} message needs your attention|other={n} messages need your attention";
}
}

texts! {
/// A text of the screen that shows what is sent (`src/screens/preview`).
PreviewText {
    Intro, "sends_intro", "This is sent with your ticket. Turn off anything you'd rather not share.";
    Open, "sends_open", "Show";
    Withheld, "withheld", "Not sent.";
    WithMessage, "with_message", "With your message";
    SearchSwitch, "search_switch", "Search while I type";
    SearchesAt, "searches_at", "What you type goes to {host} to find matching questions.";
    AddSince, "add_since", "Include what happened since you started writing";
    CopyAsText, "copy_as_text", "Copy as text";
    CopyAsJson, "copy_as_json", "Copy as JSON";
}
}

texts! {
/// A text of what a site adds: incidents, custom fields, consent.
SiteText {
    ConsentAsk, "consent_ask", "Support may access my account to solve this.";
    Incident, "incident", "Incident";
    Maintenance, "maintenance", "Maintenance";
    MoreAbout, "incident_more", "More details";
    HaveToo, "incident_have", "I'm affected too";
    Noted, "incident_noted", "Noted. You don't need to send a ticket.";
    NotNoted, "incident_not_noted", "We couldn't reach support. Please try again.";
    Affected, "incident_affected", "one={n} affected|other={n} affected";
    Optional, "field_optional", "{label} (optional)";
    Choose, "field_choose", "Please choose";
    NeedAnswer, "field_needed", "Please answer this.";
    NeedNumber, "field_number", "Please enter a number, such as 12 or 1.5.";
}
}

texts! {
/// A text of the screens for tickets and conversations (`src/screens/tickets`).
TicketsText {
    Loading, "tickets_loading", "Loading…";
    Failed, "tickets_failed", "We couldn't load this just now.";
    Again, "tickets_again", "Try again";
    More, "tickets_more", "Show more";
    Nothing, "tickets_none", "No tickets sent from this browser yet.";
    Gone, "ticket_gone", "We can't find this ticket.";
    Open, "ticket_open", "Open";
    Solved, "ticket_solved", "Solved";
    New, "ticket_new", "one={n} new|other={n} new";
    Due, "ticket_due", "First answer by {time}";
    Since, "ticket_since", "Last message {time}";
    You, "message_you", "You";
    Support, "message_support", "Support";
    Automatic, "message_automatic", "Automatic reply";
    Arrived, "message_arrived", "A new answer has arrived.";
    Reply, "reply", "Your reply";
    SendReply, "reply_send", "Send";
    SendingReply, "reply_sending", "Sending…";
    ReplySent, "reply_sent", "Sent";
    ReplyEmpty, "reply_empty", "Please write something first.";
    Solve, "ticket_solve", "Mark as solved";
    Reopen, "ticket_reopen", "Reopen";
    ReopensBy, "ticket_reopens", "This ticket is solved. Replying reopens it.";
    ReplyWaits, "reply_waits", "Not sent yet. It's saved here and will be sent automatically.";
    Refused, "reply_refused", "Support couldn't accept your reply: {reason}";
    Alike, "alike", "You may have sent this already";
    AlikeHint, "alike_hint", "Adding it to an open ticket keeps everything in one place.";
    AddTo, "alike_add", "Add to this ticket";
    Adding, "alike_adding", "Adding…";
    SendNew, "alike_new", "Send as a new ticket";
    Withheld, "confirm", "You have an answer.";
    ConfirmSent, "confirm_soon", "To read answers here, enter the code from our e-mail. No e-mail? Request a new code.";
    ConfirmUnsent, "confirm_unsent", "To read answers here, request a code. We'll send it to the e-mail address you gave.";
    ConfirmRow, "confirm_row", "Enter the code to read the answer";
    Code, "confirm_code", "Code from the e-mail";
    ConfirmCode, "confirm_send_code", "Confirm";
    SendCode, "confirm_first_code", "Send a code";
    NewCode, "confirm_new_code", "Send a new code";
    CodeEmpty, "confirm_empty", "Please enter the code first.";
    CodeWrong, "confirm_wrong", "That's not the right code. Please check the latest e-mail.";
    CodeOver, "confirm_over", "No code is valid right now. Please request a new one.";
    CodeTried, "confirm_tried", "Too many wrong codes were entered, so the code is no longer valid. Please request a new one.";
    CodeSent, "confirm_sent", "We've sent a new code. It may take a few minutes; please check your spam folder too.";
    CodeSoon, "confirm_wait", "We've just sent you a code. Please wait a minute before requesting another.";
    CodeQuota, "confirm_quota", "We can't send any more codes today. Please try again tomorrow.";
    CodesMax, "confirm_max", "We can't send any more codes for this ticket. Please send a new ticket.";
    CodeLater, "confirm_later", "We can't send another code right now. Please try again later.";
    AddressConfirmed, "confirm_done", "Thanks, your address is confirmed.";
}
}

#[cfg(not(target_arch = "wasm32"))]
texts! {
/// A text of the gateway: of automatic replies, in Markdown; of what agents copy elsewhere; and of the help page.
GatewayText {
    Perhaps, "automatic_perhaps", "Thanks for your message. The community answers questions like this one first. One of these may help:";
    Nothing, "automatic_nothing", "Thanks for your message. The community answers questions like this one first.";
    Ask, "automatic_ask", "You can ask it here: {link}";
    Human, "automatic_human", "If none of this helps, reply here and one of us will read it.";
    WeHaveIt, "paste_we_have_it", "We have your ticket {reference} and will answer there, because it has the details we need to help you.";
    NeedsScript, "help_needs_script", "This page needs JavaScript. Please turn it on, or contact support by e-mail.";
    LinkTitle, "help_link_title", "Ticket {reference}";
    LinkAsk, "help_link_ask", "Press the button to read this ticket and its answers here.";
    LinkOpen, "help_link_open", "Read the ticket";
    LinkReadOnly, "help_link_read_only", "To reply, use the help menu where the ticket was sent. The code from the e-mail shows the answers there too; please don't share it.";
    LinkNotValid, "help_link_not_valid", "This link is not valid or has expired. You can request a new one in the help menu where the ticket was sent.";
    AccessTitle, "access_title", "Your tickets on this device";
    AccessAsk, "access_ask", "Enter the e-mail address that you gave when you wrote to us. We'll e-mail you a link that shows your tickets and our answers here.";
    AccessAddress, "access_address", "E-mail address";
    AccessSend, "access_send", "E-mail me a link";
    AccessRequested, "access_requested", "If you wrote to us with this address, you'll get an e-mail with a link in a few minutes. The link works once, within {minutes} minutes. If nothing arrives, check the spelling and your spam folder; an address gets only a few links a day.";
    AccessNoAddress, "access_no_address", "Please enter an e-mail address, such as you@example.com.";
    AccessOpenAsk, "access_open_ask", "Press the button to read your tickets here. The link works only once.";
    AccessOpen, "access_open", "Read my tickets";
    AccessKeep, "access_keep", "Keep reading and answering on this device";
    AccessKeepHint, "access_keep_hint", "For {days} days. Please don't choose this on a device that others use too.";
    AccessKept, "access_kept", "You can read and answer these tickets on this device for {days} days.";
    AccessForget, "access_forget", "Forget these tickets on this device";
    AccessForgetAsk, "access_forget_ask", "If a link has opened tickets on this device, you can end that here. Tickets that were sent from this device stay.";
    AccessForgotten, "access_forgotten", "The tickets that a link has opened on this device aren't shown here any more. Those that were sent from this device are still in the help menu.";
    AccessNotValid, "access_not_valid", "This link doesn't work any more. A link works once, within {minutes} minutes, and opening one ends the others. You can ask for another here.";
    AccessNone, "access_none", "There are no tickets for this address any more.";
    AccessSome, "access_some", "These are {n} of your tickets. The others don't fit on this page.";
    AccessReadOnly, "access_read_only", "Once you close this page, you need another link to read your tickets here. To reply, use the help menu where a ticket was sent.";
    AccessContinue, "access_continue", "Answer, and follow your tickets in this browser";
    AccessOther, "access_other", "Read tickets that you sent from another device";
    HelpFailed, "help_failed", "That didn't work";
    HelpTryAgain, "help_try_again", "Please go back and try again in a few minutes.";
    NoHelpHere, "help_not_here", "There is no help page with this name. Please check the address.";
    MailSubject, "mail_subject", "We have your ticket {reference}";
    MailHello, "mail_hello", "Hello,";
    MailHelloName, "mail_hello_name", "Hello {name},";
    MailWeHaveIt, "mail_we_have_it", "We have received your message as ticket {reference}. Please mention it whenever you contact us about this.";
    MailDue, "mail_due", "You will get a first answer by {time}.";
    MailWhere, "mail_where", "You'll find the answer where you wrote to us: in the help menu, under “{tickets}”.";
    MailAnswered, "mail_answered", "You can also reply to this e-mail.";
    MailNotAnswered, "mail_not_answered", "This e-mail was sent automatically. Replies to it are not read.";
    MailWrote, "mail_wrote", "You wrote on {time}:";
    MailCode, "mail_code", "To read it there, enter this code: {code}. It is valid until {time}.";
    MailLink, "mail_link", "Or read the ticket in your browser: {link}";
    MailOpen, "mail_open", "Read the ticket and its answers in your browser: {link}";
    MailSent, "mail_sent", "The message was sent on {time}.";
    MailNotYours, "mail_not_yours", "If you did not write to us, someone else has entered your address. You can ignore this e-mail; please don't share the code.";
    MailNotYou, "mail_not_you", "If you did not write this, someone has mistyped their address. You don't need to do anything.";
    AccessMailSubject, "access_mail_subject", "The link to your tickets";
    AccessMailAsk, "access_mail_ask", "Somebody, probably you, has asked for a link to the tickets that were sent with this address. Open it on the device on which you want to read them:";
    AccessMailLife, "access_mail_life", "The link works once, within {minutes} minutes.";
    AccessMailNotYou, "access_mail_not_you", "If you didn't ask for it, you don't need to do anything. Please don't pass the link on: whoever opens it can read your tickets.";
    AnswerReply, "mail_answer_reply", "To answer, reply to this e-mail, or write in the help menu, under “{tickets}”.";
    AnswerNoReply, "mail_answer_no_reply", "To answer, write in the help menu, under “{tickets}”. Replies to this e-mail are not read.";
    AnswerFiles, "mail_answer_files", "These files are not attached. You'll find them in the help menu: {names}";
    AnswerWhy, "mail_answer_why", "You get this e-mail because you wrote to us: ticket {reference}.";
    AnswerStop, "mail_answer_stop", "Stop e-mails about this ticket:";
    UnsubscribeAsk, "unsubscribe_ask", "Press the button to stop e-mails about this ticket. You'll still find our answers in the help menu.";
    UnsubscribeButton, "unsubscribe_button", "Stop e-mails";
    Unsubscribed, "unsubscribe_done", "You won't get any more e-mails about this ticket. You'll find our answers in the help menu.";
    UnsubscribeNotValid, "unsubscribe_not_valid", "This link is not valid. Please use the one in an e-mail about your ticket.";
    MailTime, "mail_time", "{year}-{month}-{day}, {time} ({zone})";
    SendHere, "paste_send_here", "Please send it here, so that we get the details we need to help you: {link}";
}
}

/// The texts that the loader shows before the widget has loaded, in the order in which the loader gets them.
pub const LOADER: &[Text] = &[Text::Help, Text::Close, Text::BoxLabel, Text::FormFailed];

/// The names of the texts of the plain form, its own and shared ones.
#[cfg(not(target_arch = "wasm32"))]
pub const PLAIN: &[&str] = &[
    "plain_lead",
    "name",
    "email",
    "need_message",
    "need_name",
    "need_email",
    "send",
    "waiting_sending",
    "plain_offline",
    "plain_unknown",
    "waiting_refused",
    "waiting_again",
    "waiting_copy",
    "copied",
    "receipt_title",
    "receipt_reference",
    "read_every",
    "done",
    "refused_invalid",
    "secret_found",
];

/// A language that Deskbell includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its tag (BCP 47), of one subtag.
    pub tag: &'static str,
    /// Whether it is written from right to left.
    pub rtl: bool,
    /// The content of its file: a JSON object from names to texts. English has none.
    #[cfg(not(target_arch = "wasm32"))]
    pub file: &'static str,
}

/// Every language, English first.
pub const LANGUAGES: &[Language] = &[
    Language {
        tag: "en",
        rtl: false,
        #[cfg(not(target_arch = "wasm32"))]
        file: "",
    },
    Language {
        tag: "ar",
        rtl: true,
        #[cfg(not(target_arch = "wasm32"))]
        file: include_str!("ar.json"),
    },
    Language {
        tag: "de",
        rtl: false,
        #[cfg(not(target_arch = "wasm32"))]
        file: include_str!("de.json"),
    },
];

fn line(lines: &'static str, number: usize) -> &'static str {
    lines.split('\n').nth(number).unwrap_or_default()
}

/// The form of a text for a plural category (`one`, `few`, …); `other` if the language has no such form.
pub fn plural<'a>(text: &'a str, category: &str) -> &'a str {
    let form = |category: &str| text.split('|').find_map(|form| form.strip_prefix(category)?.strip_prefix('='));
    form(category).or_else(|| form("other")).unwrap_or(text)
}

/// Fills a text's placeholder, which occurs once.
pub fn fill(text: &str, placeholder: &str, value: &str) -> String {
    let parts =
        find(text, placeholder).and_then(|start| Some((text.get(..start)?, text.get(start + placeholder.len()..)?)));
    parts.map_or_else(|| text.to_string(), |(before, after)| [before, value, after].concat())
}

/// All texts in a language.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug)]
pub struct Table {
    /// The texts of the panel, in the order of [`Text::ALL`].
    pub panel: Vec<String>,
    /// The texts of the modules besides the form, by name, including the labels of a ticket's members. The modules fetch them.
    pub labels: BTreeMap<String, String>,
    /// The texts of the gateway, in the order of [`GatewayText::ALL`].
    pub gateway: Vec<String>,
}

/// The table of a language.
#[cfg(not(target_arch = "wasm32"))]
pub fn table(language: Language) -> Result<Table, String> {
    if language.file.is_empty() {
        let labels = labels::labels().chain(module_texts());
        return Ok(Table {
            panel: Text::ENGLISH.lines().map(str::to_string).collect(),
            labels: labels.map(|(name, english)| (name.to_string(), english.to_string())).collect(),
            gateway: GatewayText::ENGLISH.lines().map(str::to_string).collect(),
        });
    }
    let mut texts: BTreeMap<String, String> =
        serde_json::from_str(language.file).map_err(|error| format!("{}: {error}", language.tag))?;
    let mut take = |key: &str| texts.remove(key).ok_or(format!("{}: {key} is missing", language.tag));
    let panel = Text::KEYS.lines().map(&mut take).collect::<Result<_, String>>()?;
    let gateway = GatewayText::KEYS.lines().map(&mut take).collect::<Result<_, String>>()?;
    let keys_by_name = labels::labels().map(|(name, _)| (name, [labels::PREFIX, name].concat()));
    let keys_by_name = keys_by_name.chain(module_texts().map(|(name, _)| (name, name.to_string())));
    let labels = keys_by_name.map(|(name, key)| Ok((name.to_string(), take(&key)?))).collect::<Result<_, String>>()?;
    match texts.keys().next() {
        Some(unknown) => Err(format!("{}: {unknown} is no text", language.tag)),
        None => Ok(Table { panel, labels, gateway }),
    }
}

/// The texts of [`PLAIN`] in a language, by name.
#[cfg(not(target_arch = "wasm32"))]
pub fn plain_form_texts(table: &Table) -> BTreeMap<&str, &str> {
    let panel = Text::ALL.iter().zip(&table.panel).map(|(text, translation)| (text.key(), translation));
    let texts: BTreeMap<&str, &String> =
        panel.chain(table.labels.iter().map(|(key, translation)| (key.as_str(), translation))).collect();
    PLAIN.iter().filter_map(|key| Some((*key, texts.get(key)?.as_str()))).collect()
}

/// The texts of the modules besides the form, in English.
#[cfg(not(target_arch = "wasm32"))]
fn module_texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let tables = [
        (PreviewText::KEYS, PreviewText::ENGLISH),
        (SiteText::KEYS, SiteText::ENGLISH),
        (TicketsText::KEYS, TicketsText::ENGLISH),
    ];
    let texts = tables.into_iter().flat_map(|(keys, english)| keys.lines().zip(english.lines()));
    texts.chain(scripts::TEXTS.iter().copied())
}

/// A text of the gateway in the language that matches a language tag best.
#[cfg(not(target_arch = "wasm32"))]
pub fn text_in(tag: &str, text: GatewayText) -> String {
    let table = language(tag).and_then(|language| table(language).ok());
    let translated = table.and_then(|table| table.gateway.into_iter().nth(text as usize));
    translated.unwrap_or_else(|| text.english().to_string())
}

/// The language that matches a language tag best.
#[cfg(not(target_arch = "wasm32"))]
pub fn language(tag: &str) -> Option<Language> {
    let primary = tag.split('-').next().unwrap_or_default();
    let first = LANGUAGES.first().copied();
    LANGUAGES.iter().copied().find(|language| language.tag.eq_ignore_ascii_case(primary)).or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    fn is_complete(tag: &str, english: &[(&str, &str)], table: &[String]) {
        assert_eq!(table.len(), english.len());
        for ((key, english), translated) in english.iter().zip(table) {
            assert!(!translated.trim().is_empty(), "{tag} {key}");
            let counts = english.contains("|other=");
            assert!(!counts || translated.contains("other="), "{tag} {key}");
            let form = if counts { plural(translated, "other") } else { translated };
            let expected = if counts { plural(english, "other") } else { english };
            assert_eq!(placeholders(form), placeholders(expected), "{tag} {key}");
        }
    }

    #[test]
    fn every_language_is_complete_with_equal_placeholders() {
        let panel: Vec<_> = Text::ALL.iter().map(|text| (text.key(), text.english())).collect();
        let gateway: Vec<_> = GatewayText::ALL.iter().map(|text| (text.key(), text.english())).collect();
        for language in LANGUAGES {
            let table = table(*language).unwrap();
            assert!(table.labels.values().all(|label| !label.trim().is_empty()), "{}", language.tag);
            for (key, english) in module_texts() {
                is_complete(language.tag, &[(key, english)], &[table.labels[key].clone()]);
            }
            is_complete(language.tag, &panel, &table.panel);
            is_complete(language.tag, &gateway, &table.gateway);
        }
    }

    #[test]
    fn language_tags_fall_back_to_english() {
        for (tag, expected) in [("de-AT", "de"), ("DE", "de"), ("ar", "ar"), ("fr", "en"), ("", "en")] {
            assert_eq!(language(tag).unwrap().tag, expected, "{tag}");
        }
    }

    #[test]
    fn names_are_unique() {
        let keys: BTreeSet<&str> = Text::ALL.iter().map(|text| text.key()).collect();
        assert_eq!(keys.len(), Text::ALL.len());
    }

    #[test]
    fn counts_select_their_plural_form() {
        let text = Text::HitsFound.english();
        assert_eq!(fill(plural(text, "one"), "{n}", "1"), "1 result");
        assert_eq!(fill(plural(text, "few"), "{n}", "3"), "3 results");
    }
}
