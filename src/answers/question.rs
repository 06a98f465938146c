//! A question with its answers.

use crate::browser::{HtmlElement, Node};

use super::{Label, Labels};
use crate::browser::intl;
use crate::browser::nodes::Drawing;
use crate::markdown;
use ::markdown::safe_url;
use domain::question::{Answer, Question, question_kind};

/// The nodes of the question, its answers, and the link to its own page.
pub fn nodes(drawing: &mut Drawing, labels: &Labels, live: &HtmlElement, question: &Question) -> Vec<Node> {
    let title = drawing.text(&question.title);
    let mut nodes = vec![drawing.element("h3", &[("class", "asked")], vec![title])];
    nodes.push(markdown::nodes(drawing, &labels.markdown, live, &question.body));
    for one in &question.answers {
        nodes.push(answer(drawing, labels, live, one));
    }
    if question.answers.is_empty() && question.kind == question_kind() {
        let text = drawing.text(labels.get(Label::NoAnswers));
        nodes.push(drawing.element("p", &[("class", "hint")], vec![text]));
    }
    if let Some(url) = safe_url(&question.url) {
        nodes.push(markdown::outside(drawing, "hint", url, labels.get(Label::OpenInTab)));
    }
    nodes
}

fn answer(drawing: &mut Drawing, labels: &Labels, live: &HtmlElement, answer: &Answer) -> Node {
    let parts = [
        ("tag good", if answer.accepted { labels.get(Label::Accepted) } else { "" }),
        ("", &answer.author),
        ("tag", if answer.staff { labels.get(Label::Staff) } else { "" }),
        ("", &intl::day(&answer.created_at, &labels.lang)),
    ];
    let mut by = Vec::new();
    for (class, text) in parts {
        if !text.is_empty() {
            let text = drawing.text(text);
            by.push(drawing.element("span", &[("class", class)], vec![text]));
        }
    }
    let by = drawing.element("div", &[("class", "by")], by);
    let body = markdown::nodes(drawing, &labels.markdown, live, &answer.body);
    let class = if answer.accepted { "answer accepted" } else { "answer" };
    drawing.element("article", &[("class", class)], vec![by, body])
}
