//! A submission in the store `outbox`.

use wire::{Read, Source};

use super::super::draft::{AttachmentRef, Form, Target};
use super::super::hash::StableHash;
use super::super::ids::{AttachmentId, CustomerId, Revision, TicketId};
use super::super::submission::{Cause, Submission};
use super::{draft_of, form, json, json_left_behind, key, left_behind, number_of, object, time, whole};
use crate::problem::Problem;

const CAUSES: [(&str, Cause); 11] = [
    ("offline", Cause::Offline),
    ("unreachable", Cause::Unreachable),
    ("blocked", Cause::Blocked),
    ("timed-out", Cause::TimedOut),
    ("busy", Cause::Busy),
    ("fault", Cause::Fault),
    ("missing", Cause::AttachmentsMissing),
    ("full", Cause::NoRoom),
    ("no-room", Cause::StorageFull),
    ("unauthorised", Cause::Unauthorised),
    ("unsure", Cause::Unsure),
];

/// Reads a submission and its site.
pub fn read<S: Source>(stored: &S) -> Option<(String, Submission)> {
    let sent = stored.text_of("body");
    let body = S::parse(&sent).unwrap_or_else(|| stored.get("body"));
    let path = stored.text_of("path");
    let target = target(&path)?;
    let owner = CustomerId(stored.text_of("user"));
    let members = match stored.get("members").as_text() {
        Some(members) => members,
        None => members(&body),
    };
    let written = stored.get("ticket");
    let mut form = match &target {
        _ if !written.entries().is_empty() => form::read(&written, &stored.get("frozen")),
        Target::NewTicket => form::read(&body, &stored.get("frozen")),
        Target::Reply(_) => Form::default(),
    };
    form.text = stored.text_of("text");
    let names = stored.get("names").items();
    let name = |nth: usize| names.get(nth).map(Source::text).unwrap_or_default();
    let files = stored.get("files").items();
    let files = files.iter().enumerate();
    let refusal = Some(Problem::read(&stored.get("refused"))).filter(|problem| !problem.code.is_empty());
    let stamp = stamp(stored);
    let is_own = stored.get("stamp").as_number().is_some_and(|written| written as u64 == stamp);
    let mut submission = Submission {
        key: key(stored, "key"),
        draft: draft_of(stored),
        revision: if is_own { Revision(whole(stored, "revision")) } else { Revision(stamp) },
        // Replies of anonymous customers are marked as signed, too.
        is_signed: stored.get("signed").is_true() && !owner.is_empty(),
        owner,
        session: stored.text_of("session"),
        written_in: match stored.get("written_in").as_text() {
            Some(ticket) if ticket.is_empty() => Target::NewTicket,
            Some(ticket) => Target::Reply(TicketId(ticket)),
            None => target.clone(),
        },
        target,
        form,
        message: body.text_of("message"),
        members,
        visit: stored.text_of("visit"),
        verbatim: String::new(),
        attachments: files.map(|(nth, id)| AttachmentRef { id: AttachmentId(id.text()), name: name(nth) }).collect(),
        left_behind: left_behind(stored),
        submitted_at: time(stored, "at"),
        confirmed_at: time(stored, "said"),
        attempts: stored.get("tries").number() as u32,
        pause_ms: whole(stored, "wait"),
        due_at: time(stored, "next"),
        cause: CAUSES.iter().find(|(word, _)| *word == stored.text_of("cause")).map(|(_, cause)| *cause),
        // An earlier version does not record that an attempt begins.
        may_have_arrived: refusal.is_none() && (!is_own || stored.get("may_have_arrived").is_true()),
        refusal,
    };
    if submission.body() != sent {
        submission.verbatim = sent;
    }
    Some((stored.text_of("site"), submission)).filter(|(_, submission)| !submission.key.is_empty())
}

fn target(path: &str) -> Option<Target> {
    let rest = path.strip_prefix("/tickets")?;
    if rest.is_empty() {
        return Some(Target::NewTicket);
    }
    let ticket = rest.strip_prefix('/')?.strip_suffix("/messages")?;
    Some(Target::Reply(TicketId(ticket.into())))
}

/// The path that a submission is posted to, below the site's address at the gateway.
pub fn path(target: &Target) -> String {
    match target {
        Target::NewTicket => "/tickets".into(),
        Target::Reply(ticket) => ["/tickets/", &ticket.0, "/messages"].concat(),
    }
}

/// The members of a body without message and attachments.
fn members(body: &impl Source) -> String {
    let entries = body.entries().into_iter().filter(|(name, _)| name != "message" && name != "attachments");
    let members: Vec<String> = entries.map(|(name, value)| [&json(&name), ":", &value.to_json()].concat()).collect();
    if members.is_empty() { String::new() } else { ["{", &members.join(","), "}"].concat() }
}

/// Stands for what an earlier version changes in a submission.
fn stamp(stored: &impl Source) -> u64 {
    let numbers: Vec<u64> = ["said", "tries", "wait", "next"].iter().map(|name| whole(stored, name)).collect();
    let texts = [stored.text_of("cause"), stored.text_of("body"), stored.get("refused").text_of("code")];
    let lists: Vec<Vec<String>> = ["files", "names", "lost", "stopped"]
        .iter()
        .map(|name| stored.get(name).items().iter().map(Source::text).collect())
        .collect();
    stamp_of(&numbers, &texts, &lists)
}

fn stamp_of(numbers: &[u64], texts: &[String], lists: &[Vec<String>]) -> u64 {
    let hash = numbers.iter().fold(StableHash::new(0), |hash, number| hash.number(*number)).texts(texts);
    number_of(lists.iter().fold(hash, |hash, list| hash.texts(list)))
}

/// Writes a submission. An earlier version takes what has no draft for a reply.
pub fn write(site: &str, submission: &Submission) -> String {
    let ids: Vec<&str> = submission.attachments.iter().map(|file| file.id.0.as_str()).collect();
    let names: Vec<&str> = submission.attachments.iter().map(|file| file.name.as_str()).collect();
    let left_behind = json_left_behind(&submission.left_behind);
    let cause = submission.cause.and_then(|cause| CAUSES.iter().find(|(_, known)| *known == cause));
    let cause = match (&submission.refusal, cause) {
        (Some(_), _) => "refused",
        (None, Some((word, _))) => word,
        (None, None) => "",
    };
    let (draft, written_in) = (
        if submission.target == Target::NewTicket { submission.draft.0.as_str() } else { "" },
        match &submission.written_in {
            Target::NewTicket => "",
            Target::Reply(ticket) => ticket.0.as_str(),
        },
    );
    let body = submission.body();
    let stamp = written_stamp(submission, cause, &body);
    let mut members = vec![
        ("key", json(&submission.key.0)),
        ("site", json(site)),
        ("user", json(&submission.owner.0)),
        ("signed", json(&submission.is_signed)),
        ("session", json(&submission.session)),
        ("path", json(&path(&submission.target))),
        ("body", json(&body)),
        ("files", json(&ids)),
        ("names", json(&names)),
        ("draft", json(draft)),
        ("text", json(submission.text())),
        ("at", json(&submission.submitted_at.0)),
        ("said", json(&submission.confirmed_at.0)),
        ("tries", json(&submission.attempts)),
        ("wait", json(&submission.pause_ms)),
        ("next", json(&submission.due_at.0)),
        ("cause", json(cause)),
        ("refused", submission.refusal.as_ref().map(json).unwrap_or_default()),
        ("visit", json(&submission.visit)),
        ("revision", json(&submission.revision.0)),
        ("stamp", json(&stamp)),
        ("ticket", form::write(&submission.form, &submission.attachments)),
        ("frozen", submission.form.snapshot.clone()),
        ("members", json(&submission.members)),
        ("written_in", json(written_in)),
        ("may_have_arrived", json(&submission.may_have_arrived)),
    ];
    members.extend(left_behind);
    object(&members)
}

/// The stamp of what is written.
fn written_stamp(submission: &Submission, cause: &str, body: &str) -> u64 {
    use super::super::attachment::LeftBehindReason::{Blocked, Missing};
    let times = [submission.confirmed_at.0, submission.attempts.into(), submission.pause_ms, submission.due_at.0];
    let code = submission.refusal.as_ref().map(|problem| problem.code.clone()).unwrap_or_default();
    let left = |reason| {
        let of_reason = submission.left_behind.iter().filter(|left| left.reason == reason);
        of_reason.map(|left| left.name.clone()).collect::<Vec<String>>()
    };
    let lists = [
        submission.attachments.iter().map(|file| file.id.0.clone()).collect(),
        submission.attachments.iter().map(|file| file.name.clone()).collect(),
        left(Missing),
        left(Blocked),
    ];
    stamp_of(&times, &[cause.to_string(), body.to_string(), code], &lists)
}
