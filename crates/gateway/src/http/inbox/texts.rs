//! The texts about accounts and sessions in the languages of the inbox.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use maud::{Markup, html};

use crate::http::language::accepted_language;
use deskbell_core::ids::AgentId;
use deskbell_core::ports::{AuditKind, LoginMethod, NewAuditEntry, Role};

/// Declares the table of texts: a text that a language lacks does not compile.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// The texts of a language. `{name}` stands for a name; what is between backticks is shown as code.
        #[derive(Debug)]
        pub struct Texts {
            /// The tag of the language.
            pub tag: &'static str,
            /// Whether it is written from right to left.
            pub is_rtl: bool,
            $($(#[$doc])* pub $name: &'static str,)+
        }

        #[cfg(test)]
        impl Texts {
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

texts! {
    inbox, pages, tickets, answers, deliveries, given_up, sessions, audit_log, log_out, all_tickets,
    login_title, your_name, your_name_if_shared, inbox_token, personal_token, any_token, log_in, log_in_at, or_with_token,
    invalid_name, wrong_token, too_many_attempts, needs_https, how_to_get_https,
    provider_unreachable, provider_busy, provider_failed, login_expired, login_refused, no_role_title, no_role,
    logged_in_title, proceed,
    logged_out_title, sessions_end, your_text, log_in_in_new_tab,
    forbidden_title, forbidden,
    unavailable_title, unavailable, unavailable_with_text, written_text, send_again,
    sessions_lead, your_sessions, all_sessions, no_sessions,
    agent, role, login, since, last_used, from, browser, this_session, end_session, end_session_of, unknown,
    by_provider, by_personal_token, by_shared_token, by_command,
    role_agent, role_lead, role_administrator, all_sites,
    audit_lead, no_entries, everybody, only, time, action, ticket, site,
    did_log_in, was_refused, did_log_out, did_end_session, did_read_ticket, did_erase_ticket, did_erase_tickets, did_export_tickets,
    did_resend, did_resend_all, did_resend_all_to,
    did_add_site, did_change_site, did_remove_site,
    first_page, older,
}

impl Texts {
    /// A role and its name.
    pub fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Agent => self.role_agent,
            Role::Lead => self.role_lead,
            Role::Administrator => self.role_administrator,
        }
    }

    /// How an agent logged in.
    pub fn method(&self, method: LoginMethod) -> &'static str {
        match method {
            LoginMethod::Oidc => self.by_provider,
            LoginMethod::PersonalToken => self.by_personal_token,
            LoginMethod::SharedToken => self.by_shared_token,
        }
    }

    /// How an agent came in, if their name alone may be that of somebody else: with the shared token, or by a command.
    pub fn origin(&self, agent: &AgentId) -> Option<&'static str> {
        match agent.as_str().split_once(':') {
            Some(("shared", _)) => Some(self.by_shared_token),
            Some(("command", _)) => Some(self.by_command),
            _ => None,
        }
    }

    /// What was done.
    pub fn done(&self, entry: &NewAuditEntry) -> String {
        let detail = entry.detail.as_str();
        match entry.kind {
            AuditKind::LoggedIn => {
                filled(self.did_log_in, LoginMethod::from_word(detail).map_or(detail, |method| self.method(method)))
            }
            AuditKind::LoginRefused => self.was_refused.into(),
            AuditKind::LoggedOut => self.did_log_out.into(),
            AuditKind::SessionEnded => filled(self.did_end_session, detail),
            AuditKind::TicketRead => self.did_read_ticket.into(),
            AuditKind::TicketErased => self.did_erase_ticket.into(),
            AuditKind::TicketsErased => filled(self.did_erase_tickets, detail),
            AuditKind::TicketsExported => filled(self.did_export_tickets, detail),
            AuditKind::DeliveryResent if detail.is_empty() => self.did_resend_all.into(),
            AuditKind::DeliveryResent if entry.ticket.is_empty() => filled(self.did_resend_all_to, detail),
            AuditKind::DeliveryResent => filled(self.did_resend, detail),
            AuditKind::SiteAdded => self.did_add_site.into(),
            AuditKind::SiteChanged => self.did_change_site.into(),
            AuditKind::SiteRemoved => self.did_remove_site.into(),
        }
    }
}

/// A text with a name in it.
pub fn filled(text: &str, name: &str) -> String {
    text.replace("{name}", name)
}

/// A text whose parts between backticks are code.
pub fn with_code(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code dir="ltr" { (part) } } @else { (part) }
        }
    }
}

/// The texts in the language of a request's browser.
#[derive(Clone, Copy, Debug)]
pub struct PageTexts(pub &'static Texts);

impl<S: Sync> FromRequestParts<S> for PageTexts {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<PageTexts, Self::Rejection> {
        let tag = accepted_language(&parts.headers).map_or(ENGLISH.tag, |language| language.tag);
        Ok(PageTexts(ALL.into_iter().find(|texts| texts.tag == tag).unwrap_or(&ENGLISH)))
    }
}

/// The languages.
const ALL: [&Texts; 3] = [&ENGLISH, &GERMAN, &ARABIC];

/// English, in which all other pages are.
pub static ENGLISH: Texts = Texts {
    tag: "en",
    is_rtl: false,
    inbox: "Inbox",
    pages: "Pages of the inbox",
    tickets: "Tickets",
    answers: "Answers",
    deliveries: "Deliveries",
    given_up: "given up",
    sessions: "Sessions",
    audit_log: "Audit log",
    log_out: "Log out",
    all_tickets: "All tickets",
    login_title: "Log in to the inbox",
    your_name: "Your name, as customers see it with your answers",
    your_name_if_shared: "Your name, as customers see it with your answers; only for the shared inbox token",
    inbox_token: "Inbox token",
    personal_token: "Your token",
    any_token: "Your token, or the shared inbox token",
    log_in: "Log in",
    log_in_at: "Log in with {name}",
    or_with_token: "Or log in with a token",
    invalid_name: "Please enter your name, in 1 to 80 visible characters.",
    wrong_token: "Wrong token.",
    too_many_attempts: "Too many failed logins. Try again in a minute.",
    needs_https: "As far as the gateway can tell, this page was loaded without HTTPS. Your browser will not keep the session.",
    how_to_get_https: "Open it over HTTPS. If a proxy terminates HTTPS, have it send `X-Forwarded-Proto` and list it in the gateway's configuration under `[proxy] trusted`. On a network where nobody can listen in, `[inbox] insecure_http = true` allows sessions over HTTP.",
    provider_unreachable: "{name} cannot be reached right now. Try again in a minute; the gateway's log gives the reason.",
    provider_busy: "Too many logins at once. Try again in a few seconds.",
    provider_failed: "The gateway could not verify the login at {name}. Try again; if it happens again, the gateway's log gives the reason.",
    login_expired: "This login took too long or began in another browser. Please start again.",
    login_refused: "{name} did not complete the login. Please start again.",
    no_role_title: "No access to this inbox",
    no_role: "{name} knows you, but none of your groups has a role in this inbox. Ask an administrator.",
    logged_in_title: "You are logged in",
    proceed: "Continue to the inbox",
    logged_out_title: "You were logged out",
    sessions_end: "Sessions end after twelve hours, or when an administrator ends them. Nothing was sent.",
    your_text: "Your text, to copy:",
    log_in_in_new_tab: "Log in in a new tab",
    forbidden_title: "Not allowed",
    forbidden: "Your role does not include this. Nothing was changed. If you need it, ask an administrator.",
    unavailable_title: "The inbox is not available right now",
    unavailable_with_text: "The database does not answer, so this may not have been saved. Your text is still here: look at the ticket in a minute, and send it again if it is missing.",
    written_text: "Your text",
    send_again: "Send again",
    unavailable: "The database does not answer. Reload this page in a minute. If you were changing something, go back, and check first whether it was saved.",
    sessions_lead: "Each is a browser that is logged in. Ending a session logs that browser out.",
    your_sessions: "Your sessions",
    all_sessions: "All agents",
    no_sessions: "No sessions.",
    agent: "Agent",
    role: "Role",
    login: "Login",
    since: "Since",
    last_used: "Last used",
    from: "Address",
    browser: "Browser",
    this_session: "This session",
    end_session: "End",
    end_session_of: "the session of {name}",
    unknown: "Unknown",
    by_provider: "Identity provider",
    by_personal_token: "Personal token",
    by_shared_token: "Shared token",
    by_command: "Command line",
    role_agent: "Agent",
    role_lead: "Lead",
    role_administrator: "Administrator",
    all_sites: "all sites",
    audit_lead: "Logins, reads of sensitive tickets, erasures, exports and resent deliveries, latest first",
    no_entries: "No entries.",
    everybody: "Show all agents",
    only: "Only {name}",
    time: "Time",
    action: "Action",
    ticket: "Ticket",
    site: "Site",
    did_log_in: "Logged in ({name})",
    was_refused: "Login refused: no role",
    did_log_out: "Logged out",
    did_end_session: "Ended a session of {name}",
    did_read_ticket: "Read a sensitive ticket",
    did_erase_ticket: "Erased a ticket",
    did_erase_tickets: "Erased tickets with `--{name}`",
    did_export_tickets: "Exported tickets with `--{name}`",
    did_resend: "Sent a delivery to {name} again",
    did_resend_all: "Sent all deliveries again",
    did_resend_all_to: "Sent all deliveries to {name} again",
    did_add_site: "Added the site to the database",
    did_change_site: "Changed the site in the database",
    did_remove_site: "Removed the site from the database",
    first_page: "Latest",
    older: "Older",
};

static GERMAN: Texts = Texts {
    tag: "de",
    is_rtl: false,
    inbox: "Posteingang",
    pages: "Seiten des Posteingangs",
    tickets: "Tickets",
    answers: "Antworten",
    deliveries: "Zustellungen",
    given_up: "aufgegeben",
    sessions: "Sitzungen",
    audit_log: "Protokoll",
    log_out: "Abmelden",
    all_tickets: "Alle Tickets",
    login_title: "Beim Posteingang anmelden",
    your_name: "Ihr Name, wie Kunden ihn bei Ihren Antworten sehen",
    your_name_if_shared: "Ihr Name, wie Kunden ihn bei Ihren Antworten sehen; nur für das gemeinsame Token",
    inbox_token: "Token des Posteingangs",
    personal_token: "Ihr Token",
    any_token: "Ihr Token oder das gemeinsame Token",
    log_in: "Anmelden",
    log_in_at: "Mit {name} anmelden",
    or_with_token: "Oder mit einem Token anmelden",
    invalid_name: "Bitte geben Sie Ihren Namen mit 1 bis 80 sichtbaren Zeichen ein.",
    wrong_token: "Falsches Token.",
    too_many_attempts: "Zu viele fehlgeschlagene Anmeldungen. Versuchen Sie es in einer Minute noch einmal.",
    needs_https: "Soweit das Gateway es erkennt, wurde diese Seite ohne HTTPS geladen. Ihr Browser wird die Sitzung nicht behalten.",
    how_to_get_https: "Öffnen Sie die Seite über HTTPS. Wenn ein Proxy HTTPS beendet, muss er `X-Forwarded-Proto` senden und in der Konfiguration des Gateways unter `[proxy] trusted` stehen. In einem Netz, in dem niemand mithören kann, erlaubt `[inbox] insecure_http = true` Sitzungen über HTTP.",
    provider_unreachable: "{name} ist gerade nicht erreichbar. Versuchen Sie es in einer Minute noch einmal; der Grund steht im Log des Gateways.",
    provider_busy: "Zu viele Anmeldungen zugleich. Versuchen Sie es in einigen Sekunden noch einmal.",
    provider_failed: "Das Gateway konnte die Anmeldung bei {name} nicht bestätigen. Versuchen Sie es noch einmal; wenn es wieder geschieht, steht der Grund im Log des Gateways.",
    login_expired: "Diese Anmeldung hat zu lange gedauert oder begann in einem anderen Browser. Bitte beginnen Sie von vorn.",
    login_refused: "{name} hat die Anmeldung nicht abgeschlossen. Bitte beginnen Sie von vorn.",
    no_role_title: "Kein Zugang zu diesem Posteingang",
    no_role: "{name} kennt Sie, aber keine Ihrer Gruppen hat in diesem Posteingang eine Rolle. Wenden Sie sich an die Administration.",
    logged_in_title: "Sie sind angemeldet",
    proceed: "Weiter zum Posteingang",
    logged_out_title: "Sie wurden abgemeldet",
    sessions_end: "Sitzungen enden nach zwölf Stunden oder wenn die Administration sie beendet. Es wurde nichts gesendet.",
    your_text: "Ihr Text zum Kopieren:",
    log_in_in_new_tab: "In einem neuen Tab anmelden",
    forbidden_title: "Nicht erlaubt",
    forbidden: "Ihre Rolle umfasst das nicht. Es wurde nichts geändert. Wenn Sie es brauchen, wenden Sie sich an die Administration.",
    unavailable_title: "Der Posteingang ist gerade nicht verfügbar",
    unavailable_with_text: "Die Datenbank antwortet nicht; vielleicht wurde dies nicht gespeichert. Ihr Text steht noch hier: Sehen Sie in einer Minute im Ticket nach, und senden Sie ihn noch einmal, wenn er dort fehlt.",
    written_text: "Ihr Text",
    send_again: "Erneut senden",
    unavailable: "Die Datenbank antwortet nicht. Laden Sie diese Seite in einer Minute neu. Wenn Sie gerade etwas geändert haben, gehen Sie zurück, und prüfen Sie zuerst, ob es gespeichert wurde.",
    sessions_lead: "Jede ist ein angemeldeter Browser. Wenn Sie eine Sitzung beenden, wird dieser Browser abgemeldet.",
    your_sessions: "Ihre Sitzungen",
    all_sessions: "Alle Agents",
    no_sessions: "Keine Sitzungen.",
    agent: "Agent",
    role: "Rolle",
    login: "Anmeldung",
    since: "Seit",
    last_used: "Zuletzt benutzt",
    from: "Adresse",
    browser: "Browser",
    this_session: "Diese Sitzung",
    end_session: "Beenden",
    end_session_of: "die Sitzung von {name}",
    unknown: "Unbekannt",
    by_provider: "Identitätsanbieter",
    by_personal_token: "Persönliches Token",
    by_shared_token: "Gemeinsames Token",
    by_command: "Befehlszeile",
    role_agent: "Agent",
    role_lead: "Leitung",
    role_administrator: "Administration",
    all_sites: "alle Sites",
    audit_lead: "Anmeldungen, gelesene sensible Tickets, Löschungen, Exporte und erneute Zustellungen, neueste zuerst",
    no_entries: "Keine Einträge.",
    everybody: "Alle Agents anzeigen",
    only: "Nur {name}",
    time: "Zeit",
    action: "Vorgang",
    ticket: "Ticket",
    site: "Site",
    did_log_in: "Hat sich angemeldet ({name})",
    was_refused: "Anmeldung abgelehnt: keine Rolle",
    did_log_out: "Hat sich abgemeldet",
    did_end_session: "Hat eine Sitzung von {name} beendet",
    did_read_ticket: "Hat ein sensibles Ticket gelesen",
    did_erase_ticket: "Hat ein Ticket gelöscht",
    did_erase_tickets: "Hat Tickets mit `--{name}` gelöscht",
    did_export_tickets: "Hat Tickets mit `--{name}` exportiert",
    did_resend: "Hat eine Zustellung an {name} erneut gesendet",
    did_resend_all: "Hat alle Zustellungen erneut gesendet",
    did_resend_all_to: "Hat alle Zustellungen an {name} erneut gesendet",
    did_add_site: "Hat die Site zur Datenbank hinzugefügt",
    did_change_site: "Hat die Site in der Datenbank geändert",
    did_remove_site: "Hat die Site aus der Datenbank entfernt",
    first_page: "Neueste",
    older: "Ältere",
};

static ARABIC: Texts = Texts {
    tag: "ar",
    is_rtl: true,
    inbox: "صندوق الوارد",
    pages: "صفحات صندوق الوارد",
    tickets: "التذاكر",
    answers: "الإجابات",
    deliveries: "عمليات التسليم",
    given_up: "متوقفة",
    sessions: "الجلسات",
    audit_log: "سجل التدقيق",
    log_out: "تسجيل الخروج",
    all_tickets: "كل التذاكر",
    login_title: "تسجيل الدخول إلى صندوق الوارد",
    your_name: "اسمك كما يراه العملاء مع ردودك",
    your_name_if_shared: "اسمك كما يراه العملاء مع ردودك؛ للرمز المشترك فقط",
    inbox_token: "رمز صندوق الوارد",
    personal_token: "رمزك",
    any_token: "رمزك أو الرمز المشترك",
    log_in: "تسجيل الدخول",
    log_in_at: "تسجيل الدخول عبر {name}",
    or_with_token: "أو سجّل الدخول برمز",
    invalid_name: "أدخل اسمك من فضلك، من حرف واحد إلى 80 حرفًا مرئيًا.",
    wrong_token: "الرمز غير صحيح.",
    too_many_attempts: "محاولات تسجيل دخول فاشلة كثيرة جدًا. أعد المحاولة بعد دقيقة.",
    needs_https: "حسب ما تستطيع البوابة معرفته، حُمّلت هذه الصفحة دون HTTPS. لن يحتفظ متصفحك بالجلسة.",
    how_to_get_https: "افتحها عبر HTTPS. إذا كان وسيط ينهي اتصال HTTPS فاجعله يرسل `X-Forwarded-Proto` وأضفه في إعدادات البوابة تحت `[proxy] trusted`. في شبكة لا يستطيع أحد التنصت عليها، يسمح `[inbox] insecure_http = true` بالجلسات عبر HTTP.",
    provider_unreachable: "يتعذر الوصول إلى {name} الآن. أعد المحاولة بعد دقيقة؛ السبب في سجل البوابة.",
    provider_busy: "عمليات تسجيل دخول كثيرة جدًا في آنٍ واحد. أعد المحاولة بعد بضع ثوانٍ.",
    provider_failed: "تعذر على البوابة التحقق من تسجيل الدخول لدى {name}. أعد المحاولة؛ إذا تكرر ذلك فالسبب في سجل البوابة.",
    login_expired: "استغرق تسجيل الدخول هذا وقتًا طويلًا أو بدأ في متصفح آخر. ابدأ من جديد من فضلك.",
    login_refused: "لم يُكمل {name} تسجيل الدخول. ابدأ من جديد من فضلك.",
    no_role_title: "لا وصول إلى صندوق الوارد هذا",
    no_role: "يعرفك {name}، لكن لا دور لأي من مجموعاتك في صندوق الوارد هذا. اسأل أحد المسؤولين.",
    logged_in_title: "تم تسجيل دخولك",
    proceed: "المتابعة إلى صندوق الوارد",
    logged_out_title: "تم تسجيل خروجك",
    sessions_end: "تنتهي الجلسات بعد اثنتي عشرة ساعة أو عندما ينهيها مسؤول. لم يُرسل شيء.",
    your_text: "نصك، للنسخ:",
    log_in_in_new_tab: "تسجيل الدخول في تبويب جديد",
    forbidden_title: "غير مسموح",
    forbidden: "لا يشمل دورك هذا الإجراء. لم يتغير شيء. إذا كنت تحتاجه فاسأل أحد المسؤولين.",
    unavailable_title: "صندوق الوارد غير متاح الآن",
    unavailable_with_text: "قاعدة البيانات لا تستجيب، لذلك ربما لم يُحفظ هذا. نصك ما زال هنا: راجع التذكرة بعد دقيقة، وأرسله مرة أخرى إن لم تجده فيها.",
    written_text: "نصك",
    send_again: "إرسال مرة أخرى",
    unavailable: "قاعدة البيانات لا تستجيب. أعد تحميل هذه الصفحة بعد دقيقة. إذا كنت تغيّر شيئًا فارجع إليه، وتحقق أولًا مما إذا كان قد حُفظ.",
    sessions_lead: "كل جلسة متصفح مسجّل الدخول. إنهاء الجلسة يسجّل خروج ذلك المتصفح.",
    your_sessions: "جلساتك",
    all_sessions: "كل الوكلاء",
    no_sessions: "لا توجد جلسات.",
    agent: "الوكيل",
    role: "الدور",
    login: "طريقة الدخول",
    since: "منذ",
    last_used: "آخر استخدام",
    from: "العنوان",
    browser: "المتصفح",
    this_session: "هذه الجلسة",
    end_session: "إنهاء",
    end_session_of: "جلسة {name}",
    unknown: "غير معروف",
    by_provider: "موفّر الهوية",
    by_personal_token: "رمز شخصي",
    by_shared_token: "الرمز المشترك",
    by_command: "سطر الأوامر",
    role_agent: "وكيل",
    role_lead: "قائد فريق",
    role_administrator: "مسؤول",
    all_sites: "كل المواقع",
    audit_lead: "عمليات الدخول وقراءة التذاكر الحساسة والمحو والتصدير وإعادة الإرسال، الأحدث أولًا",
    no_entries: "لا توجد قيود.",
    everybody: "إظهار كل الوكلاء",
    only: "{name} فقط",
    time: "الوقت",
    action: "الإجراء",
    ticket: "التذكرة",
    site: "الموقع",
    did_log_in: "سجّل الدخول ({name})",
    was_refused: "رُفض الدخول: لا دور",
    did_log_out: "سجّل الخروج",
    did_end_session: "أنهى جلسة {name}",
    did_read_ticket: "قرأ تذكرة حساسة",
    did_erase_ticket: "محا تذكرة",
    did_erase_tickets: "محا تذاكر باستخدام `--{name}`",
    did_export_tickets: "صدّر تذاكر باستخدام `--{name}`",
    did_resend: "أعاد إرسال تسليم إلى {name}",
    did_resend_all: "أعاد إرسال كل عمليات التسليم",
    did_resend_all_to: "أعاد إرسال كل عمليات التسليم إلى {name}",
    did_add_site: "أضاف الموقع إلى قاعدة البيانات",
    did_change_site: "غيّر الموقع في قاعدة البيانات",
    did_remove_site: "أزال الموقع من قاعدة البيانات",
    first_page: "الأحدث",
    older: "الأقدم",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_panel_has_its_texts_with_the_same_placeholders() {
        for language in domain::texts::LANGUAGES {
            let texts = ALL.into_iter().find(|texts| texts.tag == language.tag).unwrap();
            assert_eq!(texts.is_rtl, language.rtl, "{}", language.tag);
            for ((name, english), (_, text)) in ENGLISH.all().into_iter().zip(texts.all()) {
                assert!(!text.is_empty(), "{}: {name}", language.tag);
                assert_eq!(text.contains("{name}"), english.contains("{name}"), "{}: {name}", language.tag);
                assert_eq!(text.matches('`').count(), english.matches('`').count(), "{}: {name}", language.tag);
            }
        }
    }

    #[test]
    fn code_within_a_text_is_marked_and_escaped() {
        assert_eq!(with_code("Set `a < b` now").into_string(), "Set <code dir=\"ltr\">a &lt; b</code> now");
    }
}
