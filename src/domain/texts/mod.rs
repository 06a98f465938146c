//! The language table: every text that a person sees in the panel.
//!
//! English is compiled in; the other languages are JSON files beside this one, by the name of the text, packed into arrays
//! in the order of [`Text::ALL`] for the widget to fetch. A text may hold placeholders (`{n}`), and where it counts
//! something, one form a plural category (`one=… |other=…`, CLDR's categories).

use super::find::find;

/// Declares the texts: variant, name in the language files, English.
macro_rules! texts {
    ($($variant:ident, $key:literal, $english:literal;)+) => {
        /// A text of the panel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Text { $($variant),+ }

        impl Text {
            /// Every text, in the order of the packed tables.
            pub const ALL: &[Text] = &[$(Text::$variant),+];
            // Each is one text of lines: a table of slices would cost the widget eight bytes more for every text.
            const KEYS: &str = concat!($($key, "\n"),+);
            const ENGLISH: &str = concat!($($english, "\n"),+);
        }
    };
}

texts! {
    Help, "help", "Help";
    Close, "close", "Close";
    Back, "back", "Back";
    BoxLabel, "box_label", "What do you need?";
    BoxHint, "box_hint", "Describe it in your own words";
    FormFailed, "form_failed", "The help form does not work here right now. Your text stays in the box.";
    WriteEmail, "write_email", "Write an e-mail";
    CopyText, "copy_text", "Copy the text";
    Copied, "copied", "Copied";
    SendTicket, "send_ticket", "Send a ticket";
    Suggestions, "suggestions", "People asked this before";
    HitsFound, "hits_found", "one={n} question that matches|other={n} questions that match";
    Solved, "solved", "Solved";
    Answers, "answers", "one={n} answer|other={n} answers";
    SearchFailed, "search_failed", "We couldn't search the community just now. You can send a ticket all the same.";
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
    Severity, "severity", "How bad is it?";
    SeverityCritical, "severity_critical", "Critical";
    SeverityHigh, "severity_high", "High";
    SeverityMedium, "severity_medium", "Medium";
    SeverityLow, "severity_low", "Low";
    MeansCritical, "means_critical", "The product is down or unusable, or data was lost or leaked.";
    MeansHigh, "means_high", "An important feature does not work at all.";
    MeansMedium, "means_medium", "A feature does not work as it should.";
    MeansLow, "means_low", "A question, a wish, a small flaw.";
    Name, "name", "Your name";
    Email, "email", "Your e-mail address";
    NeedMessage, "need_message", "Please write what happened.";
    MessageTooLong, "message_too_long", "The message is too long. Please shorten it to {n} characters.";
    NeedName, "need_name", "Please tell us your name.";
    NeedEmail, "need_email", "Please tell us your e-mail address, so that we can answer.";
    EmailInvalid, "email_invalid", "This does not look like an e-mail address. It should look like name@example.com.";
    ListComma, "list_comma", ", ";
    SendsAlong, "sends_along", "We send along: {list}.";
    SendsPage, "sends_page", "this page";
    SendsUser, "sends_user", "who you are";
    SendsErrors, "sends_errors", "one={n} error|other={n} errors";
    SendsBrowser, "sends_browser", "your browser";
    SendsIntro, "sends_intro", "This goes along with your ticket. Switch off what you want to keep to yourself.";
    SendsNothing, "sends_nothing", "Nothing but your message is sent.";
    SendsRequests, "sends_requests", "one={n} failed request|other={n} failed requests";
    SendsSteps, "sends_steps", "one=your last step|other=your last {n} steps";
    Look, "look", "Look at it";
    Withheld, "withheld", "You keep this to yourself.";
    WhatWeSend, "what_we_send", "What we send";
    WithMessage, "with_message", "With your message";
    SearchSwitch, "search_switch", "Search while I type";
    SearchesAt, "searches_at", "Your words are sent to {host}, which looks for questions that match.";
    AddSince, "add_since", "Add what happened since you began to write";
    CopyAsText, "copy_as_text", "Copy as text";
    CopyAsJson, "copy_as_json", "Copy as JSON";
    SecretFound, "secret_found", "“{secret}” looks like a secret. Support does not need it.";
    HideSecret, "hide_secret", "Hide it";
    Consent, "consent", "Support may look into my account to solve this.";
    IsPage, "is_page", "Page";
    IsUser, "is_user", "You";
    IsApplication, "is_application", "Application";
    IsDevice, "is_device", "Browser and device";
    IsErrors, "is_errors", "Errors";
    IsRequests, "is_requests", "Failed and slow requests";
    IsBreadcrumbs, "is_breadcrumbs", "Last steps";
    IsLinks, "is_links", "Links to other tools";
    IsPageValues, "is_page_values", "Values of the page";
    IsUrl, "is_url", "Address";
    IsTitle, "is_title", "Title";
    IsReferrer, "is_referrer", "Came from";
    IsCanonical, "is_canonical", "Canonical address";
    IsOpenMs, "is_open_ms", "Open for, ms";
    IsRoutes, "is_routes", "Pages";
    IsTimings, "is_timings", "Load times, ms";
    IsFirstByte, "is_first_byte", "First byte";
    IsDomReady, "is_dom_ready", "Document ready";
    IsLoaded, "is_loaded", "Loaded";
    IsFirstPaint, "is_first_paint", "First paint";
    IsLargestPaint, "is_largest_paint", "Largest paint";
    IsInteraction, "is_interaction", "Slowest interaction";
    IsLayoutShift, "is_layout_shift", "Layout shift";
    IsId, "is_id", "Id";
    IsName, "is_name", "Name";
    IsEmail, "is_email", "E-mail";
    IsPlan, "is_plan", "Plan";
    IsRole, "is_role", "Role";
    IsOrganization, "is_organization", "Organization";
    IsAttributes, "is_attributes", "More";
    IsVerified, "is_verified", "Verified";
    IsRelease, "is_release", "Release";
    IsEnvironment, "is_environment", "Environment";
    IsBuild, "is_build", "Build";
    IsTenant, "is_tenant", "Tenant";
    IsRegion, "is_region", "Region";
    IsFlags, "is_flags", "Flags";
    IsBrowser, "is_browser", "Browser";
    IsSystem, "is_system", "System";
    IsModel, "is_model", "Model";
    IsUserAgent, "is_user_agent", "User agent";
    IsViewport, "is_viewport", "Viewport";
    IsScreen, "is_screen", "Screen";
    IsPixelRatio, "is_pixel_ratio", "Pixel ratio";
    IsTouchPoints, "is_touch_points", "Touch points";
    IsLanguages, "is_languages", "Languages";
    IsTimeZone, "is_time_zone", "Time zone";
    IsMemory, "is_memory", "Memory, GiB";
    IsCores, "is_cores", "Processors";
    IsConnection, "is_connection", "Network";
    IsSaveData, "is_save_data", "Saves data";
    IsOnline, "is_online", "Online";
    IsTheme, "is_theme", "Theme";
    IsContrast, "is_contrast", "Contrast";
    IsReducedMotion, "is_reduced_motion", "Less motion";
    IsStorage, "is_storage", "May store";
    IsCookies, "is_cookies", "May set cookies";
    IsSource, "is_source", "Source";
    IsMessage, "is_message", "Message";
    IsStack, "is_stack", "Stack";
    IsLocation, "is_location", "Place";
    IsFirstAt, "is_first_at", "First seen";
    IsAt, "is_at", "Time";
    IsCount, "is_count", "How often";
    IsExtension, "is_extension", "From an extension";
    IsMethod, "is_method", "Method";
    IsStatus, "is_status", "Status";
    IsFailure, "is_failure", "Failure";
    IsDurationMs, "is_duration_ms", "Took, ms";
    IsSize, "is_size", "Bytes";
    IsHeaders, "is_headers", "Headers";
    IsKind, "is_kind", "Kind";
    IsPath, "is_path", "Path";
    IsLabel, "is_label", "Label";
    IsText, "is_text", "Text";
    IsUnanswered, "is_unanswered", "Without an answer";
    IsSince, "is_since", "Since then";
    IsWithheld, "is_withheld", "Kept back";
    IsGroup, "is_group", "Part";
    IsItems, "is_items", "Items";
    IsBy, "is_by", "By";
    IsCut, "is_cut", "Cut";
    IsFrozenAt, "is_frozen_at", "Recorded";
    IsVersion, "is_version", "Version";
    IsContext, "is_context", "Context";
    IsTopic, "is_topic", "Topic";
    IsSeverity, "is_severity", "Severity";
    IsContact, "is_contact", "Contact";
    IsQuestions, "is_questions", "Questions shown";
    IsOutcome, "is_outcome", "Outcome";
    IsVia, "is_via", "Sent from";
    IsConsent, "is_consent", "Consent";
    IsLocale, "is_locale", "Language";
    IsCreatedAt, "is_created_at", "Written";
    IsClient, "is_client", "Sent by";
    AnswersTo, "answers_to", "Answers go to {email}.";
    Send, "send", "Send";
    Sending, "sending", "Sending…";
    WithinHours, "within_hours", "one=First answer within {n} business hour|other=First answer within {n} business hours";
    WithinDays, "within_days", "one=First answer within {n} business day|other=First answer within {n} business days";
    FromCommunity, "from_community", "The first answer is automatic and points to community questions.";
    Question, "question", "Community question";
    QuestionLoading, "question_loading", "Loading the answers…";
    QuestionFailed, "question_failed", "We couldn't load this question.";
    NoAnswers, "no_answers", "Nobody has answered this yet.";
    Accepted, "accepted", "Accepted answer";
    Staff, "staff", "Team";
    SolvedIt, "solved_it", "Solved it";
    StillNeedHelp, "still_need_help", "Still need help";
    OpenInTab, "open_in_tab", "Open in a new tab";
    Thanks, "thanks", "Good that it helped";
    ThanksDetail, "thanks_detail", "Nothing was sent. The panel is here when you need it again.";
    Done, "done", "Done";
    ReceiptTitle, "receipt_title", "We have it";
    ReceiptReference, "receipt_reference", "Ticket {reference}";
    CopyReference, "copy_reference", "Copy";
    ReadEvery, "read_every", "We read every ticket.";
    FailOffline, "fail_offline", "You are offline. Your text is kept here; send it when you are back online.";
    FailUnreachable, "fail_unreachable", "We couldn't reach support. Something in this browser or network may block it. Your text is kept here.";
    FailTimedOut, "fail_timed_out", "Support did not answer in time, so we don't know whether the ticket arrived. Trying again cannot send it twice.";
    FailBusy, "fail_busy", "one=Too many tickets at once. Try again in {n} second.|other=Too many tickets at once. Try again in {n} seconds.";
    FailFault, "fail_fault", "Support has a fault, so we don't know whether the ticket arrived. Trying again cannot send it twice.";
    FailRefused, "fail_refused", "Support did not take the ticket: {reason}";
    TryAgain, "try_again", "Try again";
}

/// The texts that the loader shows before the widget is there, in the order in which it is given them.
pub const LOADER: &[Text] = &[Text::Help, Text::Close, Text::BoxLabel, Text::FormFailed];

/// A language that comes with Deskbell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its tag (BCP 47), of one subtag.
    pub tag: &'static str,
    /// Whether it is written from right to left.
    pub rtl: bool,
    /// Its file: a JSON object from the name of a text to the text. English has none.
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

impl Text {
    /// Its name in the language files and in the configuration.
    pub fn key(self) -> &'static str {
        line(Text::KEYS, self as usize)
    }

    /// The text of a name, if there is one.
    pub fn from_key(key: &str) -> Option<Text> {
        Text::KEYS.split('\n').position(|known| known == key).and_then(|index| Text::ALL.get(index)).copied()
    }

    /// In English.
    pub fn english(self) -> &'static str {
        line(Text::ENGLISH, self as usize)
    }
}

fn line(lines: &'static str, number: usize) -> &'static str {
    lines.split('\n').nth(number).unwrap_or_default()
}

/// The form of a counting text for a plural category (`one`, `few`, …); `other` where the language has no such form.
pub fn plural<'a>(text: &'a str, category: &str) -> &'a str {
    let form = |category: &str| text.split('|').find_map(|form| form.strip_prefix(category)?.strip_prefix('='));
    form(category).or_else(|| form("other")).unwrap_or(text)
}

/// A text with its placeholder, which stands in it once, filled.
pub fn fill(text: &str, placeholder: &str, value: &str) -> String {
    let around = find(text, placeholder).and_then(|at| Some((text.get(..at)?, text.get(at + placeholder.len()..)?)));
    around.map_or_else(|| text.to_string(), |(before, after)| [before, value, after].concat())
}

/// The table of a language as the widget reads it: the texts in the order of [`Text::ALL`].
#[cfg(not(target_arch = "wasm32"))]
pub fn table(language: Language) -> Result<Vec<String>, String> {
    if language.file.is_empty() {
        return Ok(Text::ENGLISH.lines().map(str::to_string).collect());
    }
    let mut texts: std::collections::BTreeMap<String, String> =
        serde_json::from_str(language.file).map_err(|error| format!("{}: {error}", language.tag))?;
    let table: Result<Vec<String>, String> =
        Text::KEYS.lines().map(|key| texts.remove(key).ok_or(format!("{}: {key} is missing", language.tag))).collect();
    match texts.keys().next() {
        Some(unknown) => Err(format!("{}: {unknown} is no text", language.tag)),
        None => table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn every_language_is_complete_and_keeps_the_placeholders() {
        for language in LANGUAGES {
            let table = table(*language).unwrap();
            assert_eq!(table.len(), Text::ALL.len());
            for (text, translated) in Text::ALL.iter().zip(table) {
                assert!(!translated.trim().is_empty(), "{} {}", language.tag, text.key());
                let english = text.english();
                if english.contains("|other=") {
                    assert!(translated.contains("other="), "{} {}", language.tag, text.key());
                    let form = plural(&translated, "other");
                    assert_eq!(
                        placeholders(form),
                        placeholders(plural(english, "other")),
                        "{} {}",
                        language.tag,
                        text.key()
                    );
                } else {
                    assert_eq!(placeholders(&translated), placeholders(english), "{} {}", language.tag, text.key());
                }
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let keys: BTreeSet<&str> = Text::ALL.iter().map(|text| text.key()).collect();
        assert_eq!(keys.len(), Text::ALL.len());
    }

    #[test]
    fn a_count_takes_its_form() {
        let text = Text::HitsFound.english();
        assert_eq!(fill(plural(text, "one"), "{n}", "1"), "1 question that matches");
        assert_eq!(fill(plural(text, "few"), "{n}", "3"), "3 questions that match");
    }
}
