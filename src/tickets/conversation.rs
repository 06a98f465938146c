//! One ticket: its messages with author and time, and the reply.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Screen, confirm, markdown, paragraph, reply, said};
use crate::browser::http::Answer;
use crate::browser::nodes::Drawing;
use crate::browser::timer::spawn;
use crate::browser::{Node, dom, intl, line};
use domain::attachment::Attachment;
use domain::conversation::{Author, Message, Messages, Patch, Summary};
use domain::texts::TicketsText;
use domain::ticket::Status;
use wire::Read;

/// The state of a conversation between two drawings.
#[derive(Default)]
pub struct State {
    /// The parts of the screen, once they are drawn.
    pub parts: RefCell<Option<Parts>>,
    /// Whether it is solved.
    pub solved: Cell<bool>,
    /// The number of the last message that is drawn.
    last: Cell<u32>,
    /// The number of the last message that the customer has read, as reported to the gateway.
    read: Cell<u32>,
    /// Whether replies are withheld until an address is confirmed.
    unconfirmed: Cell<bool>,
    /// The state of the confirmation.
    pub confirm: confirm::State,
    /// The state of the reply.
    pub reply: reply::State,
}

/// The elements that change.
#[derive(Clone)]
pub struct Parts {
    about: Node,
    pub confirm: Node,
    messages: Node,
    /// The error of a reply, and the buttons below it.
    pub reply: reply::Parts,
}

/// Fetches new messages, and draws them.
pub async fn load(screen: &Rc<Screen>) {
    let path = ["/", &screen.id].concat();
    let ticket = screen.get(&path).await;
    if let Answer::Http { status: 200, body: Some(ticket), .. } = &ticket {
        let (state, unconfirmed) = (&screen.conversation, Summary::read(ticket).unconfirmed);
        if state.unconfirmed.replace(unconfirmed) && !unconfirmed {
            // Messages that were withheld belong between those that are drawn.
            state.parts.take();
            state.last.set(0);
        }
    }
    let first = screen.conversation.parts.borrow().is_none();
    let after = if first { String::new() } else { "?after=".to_string() + &screen.conversation.last.get().to_string() };
    let messages = read_on(screen, &[path.as_str(), "/messages"].concat(), after).await;
    if !screen.is_shown() {
        return;
    }
    match (ticket, messages) {
        (Answer::Http { status: 200, body: Some(ticket), .. }, Some(messages)) => {
            draw(screen, &Summary::read(&ticket), &messages);
        }
        // What is shown stays, except for a user who may not read it any more.
        (Answer::Http { status: 401 | 404, .. }, _) => {
            screen.conversation.parts.take();
            screen.say(TicketsText::Gone);
        }
        _ if first => screen.fail(TicketsText::Failed),
        _ => {}
    }
}

/// All messages after a number, page by page; none if a page could not be fetched.
async fn read_on(screen: &Rc<Screen>, path: &str, mut after: String) -> Option<Messages> {
    let mut all = Messages::default();
    loop {
        let Answer::Http { status: 200, body: Some(body), .. } = screen.get(&[path, &after].concat()).await else {
            return None;
        };
        let page = Messages::read(&body);
        let last = page.messages.last().map(|last| last.number);
        all.read_until = page.read_until;
        all.messages.extend(page.messages);
        match last {
            Some(last) if page.more && screen.is_shown() => after = "?after=".to_string() + &last.to_string(),
            _ => return Some(all),
        }
    }
}

fn draw(screen: &Rc<Screen>, ticket: &Summary, new: &Messages) {
    let Some(mut drawing) = Drawing::new() else { return };
    let state = &screen.conversation;
    let solved = ticket.status == Status::Solved;
    let first = state.parts.borrow().is_none();
    let changed = state.solved.replace(solved) != solved;
    if first {
        let text = drawing.text(&ticket.title);
        let title = drawing.element("h3", &[("class", "asked"), ("tabindex", "-1")], vec![text]);
        let [about, confirm, messages] =
            ["by", "", "messages"].map(|class| drawing.element("div", &[("class", class)], vec![]));
        let (below, reply) = reply::nodes(screen, &mut drawing);
        drawing.put(&screen.place, vec![title.clone(), about.clone(), messages.clone(), confirm.clone(), below]);
        if state.confirm.succeeded.replace(false) {
            dom::focus_node(&title);
        }
        screen.drawn.replace(Vec::new());
        state.parts.replace(Some(Parts { about, confirm, messages, reply }));
        state.read.set(new.read_until);
    }
    let Some(parts) = state.parts.borrow().clone() else { return };
    drawing.fill(&parts.about, about(screen, &drawing, ticket));
    confirm::draw(screen, &parts.confirm, ticket);
    if first || changed {
        reply::draw(screen);
    }
    let mut unread = None;
    let [mut heard, mut own] = [false; 2];
    for message in new.messages.iter().filter(|message| first || message.number > state.last.get()) {
        let drawn = self::message(screen, &mut drawing, message);
        let is_new = message.author != Author::Customer && message.number > new.read_until;
        let drawn = drawing.element("div", &[("class", if is_new { "new" } else { "" })], vec![drawn]);
        drawing.add(&parts.messages, &drawn);
        heard |= !first && message.author != Author::Customer;
        own |= !first && message.author == Author::Customer;
        if is_new || first {
            unread = unread.filter(|_| is_new && first).or(Some(drawn));
        }
        state.last.set(state.last.get().max(message.number));
    }
    screen.drawn.borrow_mut().push(drawing);
    if let Some(unread) = unread {
        dom::show(&unread);
    }
    if heard {
        screen.announce(TicketsText::Arrived);
    }
    if own {
        reply::arrived(screen);
    }
    if dom::is_seen(&screen.place) {
        mark_read(screen);
    }
}

/// The status of the ticket.
fn about(screen: &Screen, drawing: &Drawing, ticket: &Summary) -> Vec<Node> {
    let words = &screen.words;
    let (class, text) = match ticket.status {
        Status::Open => ("tag", TicketsText::Open),
        Status::Solved => ("tag good", TicketsText::Solved),
    };
    let mut about = vec![said(drawing, "span", "", &ticket.reference), said(drawing, "span", class, &words.said(text))];
    if let Some(due) = &ticket.due_at {
        let due = words.filled(TicketsText::Due, "{time}", &intl::moment(due, &words.lang));
        about.push(said(drawing, "span", "", &due));
    }
    about
}

fn message(screen: &Screen, drawing: &mut Drawing, message: &Message) -> Node {
    let words = &screen.words;
    let author = match message.author {
        Author::Customer => words.said(TicketsText::You),
        Author::Support if !message.name.is_empty() => message.name.clone(),
        Author::Support => words.said(TicketsText::Support),
        Author::Automatic => words.said(TicketsText::Automatic),
    };
    let mut by = vec![said(drawing, "strong", "", &author)];
    let support = words.said(TicketsText::Support);
    if message.author == Author::Support && author != support {
        by.push(said(drawing, "span", "tag", &support));
    }
    by.push(said(drawing, "span", "", &intl::moment(&message.at, &words.lang)));
    let by = drawing.element("div", &[("class", "by")], by);
    // Customers write plain text, not Markdown.
    let (class, body) = match message.author {
        Author::Customer => ("answer mine", paragraph(drawing, "written", &message.body)),
        _ => ("answer", markdown::nodes(drawing, &screen.labels, &screen.live, &message.body)),
    };
    // A message has its own direction, its author's name that of the panel.
    let body = drawing.element("div", &[("dir", "auto")], vec![body]);
    let mut parts = vec![by, body];
    parts.extend(message.attachments.iter().map(|file| self::file(screen, drawing, file)));
    drawing.element("article", &[("class", class)], parts)
}

/// An attachment of a message; a press downloads it.
fn file(screen: &Screen, drawing: &Drawing, file: &Attachment) -> Node {
    let href = [screen.line.base(), file.url.clone()].concat();
    let name = drawing.text(&file.name);
    let attributes = [("href", href.as_str()), ("target", "_blank"), ("rel", "noopener noreferrer")];
    let link = drawing.element("a", &attributes, vec![name]);
    let size = said(drawing, "span", "hint", &screen.line.sized(file.size));
    let space = drawing.text(" ");
    drawing.element("p", &[("class", "attached")], vec![link, space, size])
}

/// Reports to the gateway what was read. If that fails, the next time does it.
fn mark_read(screen: &Rc<Screen>) {
    let state = &screen.conversation;
    let last = state.last.get();
    if state.read.replace(last) >= last {
        return;
    }
    let screen = screen.clone();
    spawn(async move {
        let patch = Patch { status: None, read_until: Some(last) };
        if change(&screen, &patch).await.is_none() {
            screen.conversation.read.set(0);
        }
    });
}

/// Changes a ticket. Returns it after the change, or none if that is unknown.
pub async fn change(screen: &Screen, patch: &Patch) -> Option<Summary> {
    // Serialising plain data into memory cannot fail.
    let body = serde_json::to_string(patch).unwrap_or_default();
    let answer = line::ask(&screen.line, "PATCH", &["/", &screen.id].concat(), &body).await;
    screen.line.touched();
    match answer {
        Answer::Http { status: 200, body: Some(body), .. } => Some(Summary::read(&body)),
        _ => None,
    }
}
