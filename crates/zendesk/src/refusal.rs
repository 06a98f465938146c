//! Parses Zendesk's refusals of a ticket, and repairs it: a named part is repaired or left out, and nothing else. If none is named, the
//! optional parts are left out one at a time, each put back before the next.
//!
//! The formats are those that Zendesk documents and that people have reported: `details` by field, whose descriptions begin with their subject
//! ("Requester: Email: … is not properly formatted"), a text that names an attribute, and a list of errors with pointers.

use serde_json::{Map, Value, json};

use crate::account::TicketField;

/// Optional parts, in the order in which they are left out if none is named.
pub const OPTIONAL: &[&str] = &[
    "ticket_form_id",
    "brand_id",
    "group_id",
    "assignee_id",
    "recipient",
    "priority",
    "type",
    "tags",
    "via_followup_source_id",
    "custom_fields",
];
/// How many fields are left out one at a time; more are left out together.
const FIELDS_ALONE_MAX: usize = 10;
/// The longest name of a user in Zendesk, in characters.
pub const NAME_MAX: usize = 255;
/// The longest subject if a refusal does not say, in characters.
const SUBJECT_MAX: usize = 150;
/// The longest comment if a refusal does not say, in characters.
const BODY_MAX: usize = 65_535;

/// The subject of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The requester.
    Requester,
    /// The requester's name.
    RequesterName,
    /// The requester's address.
    RequesterEmail,
    /// The author in Zendesk.
    Author,
    /// The subject of the ticket.
    Subject,
    /// The body of the comment.
    Body,
    /// The upload tokens, which are valid for an hour and for one use.
    Files,
    /// A custom field.
    Field(u64),
    /// Another member of the ticket.
    Member(&'static str),
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The refused part; none if it is not named.
    pub part: Option<Part>,
    /// Zendesk's message.
    pub message: String,
    /// Zendesk's code, such as `InvalidValue`; empty if there is none.
    code: String,
}

impl Fault {
    /// Whether a user is suspended there.
    pub fn is_suspension(&self) -> bool {
        let concerns_person =
            matches!(self.part, Some(Part::Requester | Part::RequesterName | Part::RequesterEmail | Part::Author))
                || self.message.starts_with("Requester");
        concerns_person && (contains(&self.message, "suspended") || contains(&self.code, "suspended"))
    }

    /// The allowed number of characters; none if it is not about a length.
    fn limit(&self) -> Option<usize> {
        let mut numbers =
            self.message.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<usize>().ok());
        numbers.next_back().filter(|limit| self.is_length() && *limit > 0)
    }

    fn is_length(&self) -> bool {
        self.code == "ValueTooLong" || contains(&self.message, "too long") || contains(&self.message, "maximum")
    }
}

/// The errors in a response; empty if it names none.
pub fn faults(answer: &Value, ticket: &Map<String, Value>, account_fields: &[TicketField]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (key, errors) in answer.get("details").and_then(Value::as_object).into_iter().flatten() {
        for error in as_items(errors) {
            let message = error.as_str().or_else(|| text(error, "description")).or_else(|| text(error, "message"));
            let message = message.unwrap_or_default().to_string();
            let part = part_of_detail(key, error, &message, ticket, account_fields);
            faults.push(Fault { part, message, code: text(error, "error").unwrap_or_default().into() });
        }
    }
    for error in answer.get("errors").map(as_items).into_iter().flatten() {
        let message =
            error.as_str().or_else(|| text(error, "detail")).or_else(|| text(error, "title")).unwrap_or_default();
        let pointer = error.pointer("/source/pointer").and_then(Value::as_str).unwrap_or_default();
        let part = part_of_pointer(pointer).or_else(|| part_of_text(message, ticket, account_fields));
        faults.push(Fault { part, message: message.into(), code: text(error, "code").unwrap_or_default().into() });
    }
    if !faults.is_empty() {
        return faults;
    }
    let texts = ["/error/message", "/description", "/message", "/error_description", "/error"];
    let message = texts.into_iter().find_map(|pointer| answer.pointer(pointer)?.as_str()).unwrap_or_default();
    if message.is_empty() {
        return faults;
    }
    let code = text(answer, "error").unwrap_or_default().to_string();
    vec![Fault { part: part_of_text(message, ticket, account_fields), message: message.into(), code }]
}

/// The items of a list, or the single value in its place.
fn as_items(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn part_of_detail(
    key: &str,
    error: &Value,
    message: &str,
    ticket: &Map<String, Value>,
    account_fields: &[TicketField],
) -> Option<Part> {
    let id = error.get("ticket_field_id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
    if let Some(id) = id {
        // Subject, description, group and the like are fields as well, with ids of their own.
        return match text(error, "ticket_field_type").and_then(part_of_field_type) {
            Some(part) => Some(part),
            None => Some(Part::Field(id)),
        };
    }
    if let Ok(id) = key.parse() {
        return Some(Part::Field(id));
    }
    let of_key = || (key != "base").then(|| part_of_name(key)).flatten();
    let field_key = || text(error, "field_key").and_then(part_of_name);
    let part_named = part_of_text(message, ticket, account_fields).or_else(of_key).or_else(field_key)?;
    Some(match part_named {
        Part::Requester => part_of_person(message, ticket),
        part => part,
    })
}

/// The pointers in a list of errors, such as `/ticket/requester/email`.
fn part_of_pointer(pointer: &str) -> Option<Part> {
    let names: Vec<&str> = pointer.split('/').filter(|name| !name.is_empty()).collect();
    match names.as_slice() {
        [.., "requester", "name"] => Some(Part::RequesterName),
        [.., "requester", "email"] => Some(Part::RequesterEmail),
        [.., "comment", "uploads"] | [.., "comment", "uploads", _] => Some(Part::Files),
        [.., "comment", "author_id"] => Some(Part::Author),
        names => names.iter().find_map(|name| part_of_name(name)),
    }
}

/// The part that a text is about: by the words before its colons, the attribute that it names, or the title of a field.
fn part_of_text(message: &str, ticket: &Map<String, Value>, account_fields: &[TicketField]) -> Option<Part> {
    let title = |field: &&TicketField| {
        !field.title.is_empty() && message.strip_prefix(field.title.as_str()).is_some_and(|rest| rest.starts_with(':'))
    };
    // Custom fields first: one may be called "Type".
    if let Some(field) = account_fields.iter().find(|field| holds_field(ticket, field.id) && title(field)) {
        return Some(Part::Field(field.id));
    }
    let label = message.split_once(':').map(|(label, _)| label).and_then(part_of_name);
    let attribute = || {
        let (before, _) = message.split_once(" attribute")?;
        let path = before.rsplit(' ').next()?.replace(['[', ']', '.'], "/");
        part_of_pointer(&path)
    };
    let part = label.or_else(attribute);
    match part {
        Some(Part::Requester) => Some(part_of_person(message, ticket)),
        Some(part) => Some(part),
        None if contains(message, "upload") || contains(message, "attachment") => Some(Part::Files),
        None => {
            let names_field = |field: &&TicketField| !field.title.is_empty() && message.contains(field.title.as_str());
            let field = account_fields.iter().filter(|field| holds_field(ticket, field.id)).find(names_field);
            field.map(|field| Part::Field(field.id))
        }
    }
}

/// The part of a user that a text is about.
fn part_of_person(message: &str, ticket: &Map<String, Value>) -> Part {
    let email = ticket.get("requester").and_then(|requester| text(requester, "email")).unwrap_or_default();
    let names_address = !email.is_empty() && message.contains(email);
    let labels: Vec<String> = message.split(':').skip(1).map(|label| label.trim().to_lowercase()).collect();
    match labels.first().map(String::as_str) {
        Some("name") => Part::RequesterName,
        Some("email" | "e-mail" | "email address") => Part::RequesterEmail,
        _ if names_address => Part::RequesterEmail,
        _ => Part::Requester,
    }
}

fn part_of_field_type(kind: &str) -> Option<Part> {
    match kind {
        "FieldSubject" => Some(Part::Subject),
        "FieldDescription" => Some(Part::Body),
        "FieldPriority" => Some(Part::Member("priority")),
        "FieldTicketType" => Some(Part::Member("type")),
        "FieldGroup" => Some(Part::Member("group_id")),
        "FieldAssignee" => Some(Part::Member("assignee_id")),
        "FieldStatus" | "FieldCustomStatus" => Some(Part::Member("status")),
        _ => None,
    }
}

fn part_of_name(name: &str) -> Option<Part> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    Some(match name.trim_end_matches("_id").trim_end_matches(':') {
        "requester" => Part::Requester,
        "name" | "requester.name" => Part::RequesterName,
        "email" | "requester.email" => Part::RequesterEmail,
        "author" | "submitter" | "comment.author" => Part::Author,
        "subject" | "raw_subject" => Part::Subject,
        "description" | "comment" | "body" | "comment.body" | "html_body" => Part::Body,
        "upload" | "uploads" | "attachment" | "attachments" | "comment.uploads" => Part::Files,
        "priority" => Part::Member("priority"),
        "type" | "ticket_type" => Part::Member("type"),
        "status" | "custom_status" => Part::Member("status"),
        "group" => Part::Member("group_id"),
        "assignee" => Part::Member("assignee_id"),
        "brand" => Part::Member("brand_id"),
        "form" | "ticket_form" => Part::Member("ticket_form_id"),
        "recipient" => Part::Member("recipient"),
        "tag" | "tags" | "current_tags" | "set_tags" => Part::Member("tags"),
        "external" => Part::Member("external_id"),
        "metadata" => Part::Member("metadata"),
        "follow_up" | "followup" | "via_followup_source" => Part::Member("via_followup_source_id"),
        _ => return None,
    })
}

/// What to do about a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The ticket was changed.
    Changed,
    /// Use a requester without an address, because of Zendesk's message.
    Anonymous(String),
    /// Upload the files again.
    UploadAgain,
    /// Send no files, because of Zendesk's message.
    WithoutFiles(String),
    /// Give up, with the reason.
    GiveUp(String),
}

/// A ticket to be sent, and what was refused of it so far.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The ticket, without the named parts that were left out.
    pub ticket: Map<String, Value>,
    /// The named parts that were left out, a sentence each.
    pub left_out: Vec<String>,
    /// The body to use if the full one is refused: only the customer's message.
    plain_body: String,
    names: u8,
    subjects: u8,
    bodies: u8,
    files: u8,
    /// The parts to leave out one at a time, and the current one.
    guesses: Option<(Vec<Guess>, usize)>,
    message: String,
}

/// A part to leave out if Zendesk does not say what it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Guess {
    Field(u64),
    Member(&'static str),
    Everything,
}

impl Draft {
    /// A ticket that was not refused yet.
    pub fn new(ticket: Map<String, Value>, plain_body: String) -> Draft {
        let (left_out, message) = (Vec::new(), String::new());
        Draft { ticket, left_out, plain_body, names: 0, subjects: 0, bodies: 0, files: 0, guesses: None, message }
    }

    /// The ticket to send next.
    pub fn current(&self) -> Value {
        let mut ticket = self.ticket.clone();
        match self.current_guess() {
            Some(Guess::Field(id)) => {
                remove_field(&mut ticket, *id);
            }
            Some(Guess::Member(name)) => {
                ticket.remove(*name);
            }
            Some(Guess::Everything) => OPTIONAL.iter().for_each(|name| {
                ticket.remove(*name);
            }),
            None => {}
        }
        Value::Object(ticket)
    }

    /// What the accepted ticket lacks, a sentence each.
    pub fn missing(&self) -> Vec<String> {
        let guess_note = self.current_guess().map(|guess| {
            let subject = match guess {
                Guess::Field(id) => format!("the field {id} was"),
                Guess::Member("custom_fields") => "all fields were".into(),
                Guess::Member(name) => format!("{name} was"),
                Guess::Everything => format!("{} were", self.optional().join(", ")),
            };
            format!("{subject} left out, because Zendesk replied: {}", self.message)
        });
        self.left_out.iter().cloned().chain(guess_note).collect()
    }

    /// Repairs the ticket after a refusal. `message` is Zendesk's whole message.
    pub fn mend(&mut self, faults: &[Fault], message: &str, account_fields: &[TicketField]) -> Repair {
        self.message = message.into();
        if let Some(fault) = faults.iter().find(|fault| fault.is_suspension()) {
            return Repair::GiveUp(format!("the requester is suspended in Zendesk: {}", fault.message));
        }
        let mut changed = false;
        let mut repair = None;
        for fault in faults {
            match self.mend_part(fault, account_fields) {
                Some(Repair::Changed) => changed = true,
                Some(next) => repair = repair.or(Some(next)),
                None => {}
            }
        }
        if let Some(repair) = repair {
            return repair;
        }
        if !changed {
            changed = self.drop_unknown_fields(account_fields);
        }
        if changed || self.guess_next() {
            return Repair::Changed;
        }
        match self.ticket.contains_key("requester") {
            true => Repair::Anonymous(message.into()),
            false => Repair::GiveUp(format!("even without all optional parts: {message}")),
        }
    }

    fn mend_part(&mut self, fault: &Fault, account_fields: &[TicketField]) -> Option<Repair> {
        let message = &fault.message;
        let changed = match fault.part.as_ref()? {
            Part::Requester | Part::RequesterEmail if self.ticket.contains_key("requester") => {
                return Some(Repair::Anonymous(message.clone()));
            }
            Part::Requester | Part::RequesterEmail => {
                let removed = self.ticket.remove("requester_id").is_some();
                removed
                    .then(|| format!("the requester was rejected and replaced by the user of the gateway: {message}"))
            }
            Part::RequesterName => return self.mend_name(fault),
            Part::Author => {
                let names = ["submitter_id", "requester", "requester_id"];
                let is_named = self.ticket.contains_key("submitter_id") || self.author().is_some();
                if is_named {
                    for name in names {
                        self.ticket.remove(name);
                    }
                    self.comment().map(|comment| comment.remove("author_id"));
                }
                is_named.then(|| format!("the author was rejected and replaced by the user of the gateway: {message}"))
            }
            Part::Subject => self.mend_subject(fault),
            Part::Body => self.mend_body(fault),
            Part::Files => {
                let has_files = self.comment().is_some_and(|comment| comment.contains_key("uploads"));
                self.files += 1;
                return match self.files {
                    _ if !has_files => None,
                    1 => Some(Repair::UploadAgain),
                    _ => Some(Repair::WithoutFiles(message.clone())),
                };
            }
            Part::Field(id) => self.mend_field(*id, fault, account_fields),
            Part::Member("tags") => self.mend_tags(message),
            Part::Member(name) => self.ticket.remove(*name).map(|_| format!("{name} was rejected: {message}")),
        };
        self.left_out.push(changed?);
        Some(Repair::Changed)
    }

    fn mend_name(&mut self, fault: &Fault) -> Option<Repair> {
        let Fault { message, .. } = fault;
        let Some(requester) = self.ticket.get_mut("requester").and_then(Value::as_object_mut) else {
            return Some(Repair::Anonymous(message.clone())).filter(|_| self.ticket.contains_key("requester"));
        };
        let name = requester.get("name").and_then(Value::as_str).unwrap_or_default();
        let email = requester.get("email").and_then(Value::as_str).unwrap_or_default();
        let shortened = shorten(name, fault.limit().unwrap_or(NAME_MAX));
        let local: String =
            email.split('@').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        let replacement =
            if local.is_empty() || local == name { "Unknown".to_string() } else { cut_to(&local, NAME_MAX) };
        self.names += 1;
        let (name, note) = match self.names {
            1 if fault.is_length() && shortened != name => {
                (shortened, format!("the name of the requester was shortened: {message}"))
            }
            1 | 2 => (replacement, format!("the name of the requester was rejected: {message}")),
            _ => return Some(Repair::Anonymous(message.clone())),
        };
        requester.insert("name".into(), json!(name));
        self.left_out.push(note);
        Some(Repair::Changed)
    }

    fn mend_subject(&mut self, fault: &Fault) -> Option<String> {
        let message = &fault.message;
        let subject = self.ticket.get("subject")?.as_str()?.to_string();
        self.subjects += 1;
        // The reference is at its end.
        let reference = subject.rfind('[').and_then(|start| subject.get(start..)).unwrap_or(&subject).to_string();
        let limit = fault.limit().unwrap_or(SUBJECT_MAX);
        let (mended, note) = match self.subjects {
            1 if fault.is_length() && subject.chars().count() > limit => {
                let title = subject.strip_suffix(reference.as_str()).unwrap_or_default().trim_end();
                let room = limit.saturating_sub(reference.chars().count() + 1);
                (Some(format!("{} {reference}", cut_to(title, room))), "the subject was shortened")
            }
            1 | 2 if subject != reference => (Some(reference), "the subject was rejected"),
            _ => (None, "the subject was rejected"),
        };
        match mended {
            Some(mended) => self.ticket.insert("subject".into(), json!(mended)),
            None => self.ticket.remove("subject"),
        };
        Some(format!("{note}: {message}"))
    }

    fn mend_body(&mut self, fault: &Fault) -> Option<String> {
        let (limit, plain_body) = (fault.limit().unwrap_or(BODY_MAX), self.plain_body.clone());
        self.bodies += 1;
        let step = self.bodies;
        let comment = self.comment()?;
        let body = comment.get("body")?.as_str()?.to_string();
        let mended = match step {
            1 if fault.is_length() => shorten(&body, limit),
            1 => body.chars().filter(|c| *c == '\n' || !c.is_control() && u32::from(*c) < 0x1_0000).collect(),
            2 => shorten(&plain_body, limit),
            _ => return None,
        };
        let mended = if mended == body { shorten(&plain_body, limit) } else { mended };
        if mended == body || mended.trim().is_empty() {
            return None;
        }
        comment.insert("body".into(), json!(mended));
        Some(format!(
            "the text was rejected and shortened; the attached file has the complete context: {}",
            fault.message
        ))
    }

    fn mend_field(&mut self, id: u64, fault: &Fault, account_fields: &[TicketField]) -> Option<String> {
        let fields = self.ticket.get_mut("custom_fields").and_then(Value::as_array_mut)?;
        let entry = fields.iter_mut().find(|field| field.get("id").and_then(Value::as_u64) == Some(id))?;
        let value = entry.get("value").cloned().unwrap_or_default();
        if let (Some(text), Some(limit)) = (value.as_str(), fault.limit())
            && text.chars().count() > limit
        {
            let shortened = shorten(text, limit);
            entry.as_object_mut()?.insert("value".into(), json!(shortened));
            return Some(format!("the field {id} was shortened: {}", fault.message));
        }
        let field = account_fields.iter().find(|field| field.id == id);
        remove_field(&mut self.ticket, id);
        Some(match field.map(|field| (field, field.value_of(&as_text(&value)))) {
            Some((_, Err(reason))) => reason,
            Some((field, Ok(_))) => format!("the field {id} ({}) was rejected: {}", field.title, fault.message),
            None => format!("the field {id} was rejected: {}", fault.message),
        })
    }

    /// Leaves out the tags that a refusal names, or else all of them.
    fn mend_tags(&mut self, message: &str) -> Option<String> {
        let tags = self.ticket.get_mut("tags").and_then(Value::as_array_mut)?;
        let is_named = |tag: &Value| tag.as_str().is_some_and(|tag| message.contains(tag));
        let named_tags: Vec<String> = tags.iter().filter(|tag| is_named(tag)).map(as_text).collect();
        tags.retain(|tag| !is_named(tag));
        if named_tags.is_empty() || tags.is_empty() {
            self.ticket.remove("tags");
        }
        let names = if named_tags.is_empty() { String::new() } else { format!(" ({})", named_tags.join(", ")) };
        Some(format!("tags{names} were rejected: {message}"))
    }

    /// Leaves out the fields that the account does not have any more.
    fn drop_unknown_fields(&mut self, account_fields: &[TicketField]) -> bool {
        let fields = self.ticket.get("custom_fields").and_then(Value::as_array).cloned().unwrap_or_default();
        if account_fields.is_empty() {
            return false;
        }
        let mut dropped = false;
        for field in fields {
            let Some(id) = field.get("id").and_then(Value::as_u64) else { continue };
            let value = field.get("value").map(as_text).unwrap_or_default();
            let reason = match account_fields.iter().find(|field| field.id == id) {
                None => Some(format!("there is no field {id} in Zendesk")),
                Some(field) => field.value_of(&value).err(),
            };
            if let Some(reason) = reason {
                remove_field(&mut self.ticket, id);
                self.left_out.push(reason);
                dropped = true;
            }
        }
        dropped
    }

    fn current_guess(&self) -> Option<&Guess> {
        self.guesses.as_ref().and_then(|(guesses, index)| guesses.get(*index))
    }

    /// Goes on to the next part that is left out alone; `false` if there is none.
    fn guess_next(&mut self) -> bool {
        match &mut self.guesses {
            Some((_, index)) => *index += 1,
            None => self.guesses = Some((self.candidates(), 0)),
        }
        self.current_guess().is_some()
    }

    fn candidates(&self) -> Vec<Guess> {
        let fields = self.ticket.get("custom_fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let fields_alone =
            fields.iter().take(FIELDS_ALONE_MAX).filter_map(|field| field.get("id")?.as_u64()).map(Guess::Field);
        let is_single = fields.len() == 1;
        let optional = self.optional().into_iter().filter(|name| *name != "custom_fields" || !is_single);
        let mut guesses: Vec<Guess> = fields_alone.chain(optional.map(Guess::Member)).collect();
        if guesses.len() > 1 {
            guesses.push(Guess::Everything);
        }
        guesses
    }

    fn optional(&self) -> Vec<&'static str> {
        OPTIONAL.iter().filter(|name| self.ticket.contains_key(**name)).copied().collect()
    }

    fn comment(&mut self) -> Option<&mut Map<String, Value>> {
        self.ticket.get_mut("comment").and_then(Value::as_object_mut)
    }

    fn author(&self) -> Option<&Value> {
        self.ticket.get("comment")?.get("author_id")
    }
}

/// A text of at most this many characters, with a mark if it was cut.
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max { text.into() } else { cut_to(text, max.saturating_sub(1)) + "…" }
}

fn cut_to(text: &str, max: usize) -> String {
    text.chars().take(max).collect::<String>().trim_end().into()
}

fn contains(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(word)
}

fn holds_field(ticket: &Map<String, Value>, id: u64) -> bool {
    let fields = ticket.get("custom_fields").and_then(Value::as_array);
    fields.is_some_and(|fields| fields.iter().any(|field| field.get("id").and_then(Value::as_u64) == Some(id)))
}

fn remove_field(ticket: &mut Map<String, Value>, id: u64) {
    if let Some(fields) = ticket.get_mut("custom_fields").and_then(Value::as_array_mut) {
        fields.retain(|field| field.get("id").and_then(Value::as_u64) != Some(id));
    }
}

/// A value as a string: a number here may be one there, or its string.
pub fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
