//! What happened on the page, step by step: what the person did, and the requests that went wrong meanwhile.

use super::words;
use domain::context::{Breadcrumb, BreadcrumbKind, Context, RequestRecord};

/// One step.
pub struct Step<'a> {
    /// When.
    pub at: &'a str,
    /// What was done: `Clicked`.
    pub did: &'static str,
    /// To what.
    pub what: String,
    /// Where in the document; empty where that says nothing.
    pub path: &'a str,
    /// How it looks.
    pub style: StepStyle,
}

/// What kind of step it is, to the eye.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StepStyle {
    /// The person did something.
    Plain,
    /// The page went elsewhere, or away, or came back.
    Quiet,
    /// Something went wrong.
    Error,
    /// A request.
    Request,
}

/// The steps, oldest first.
pub fn steps(context: &Context) -> Vec<Step<'_>> {
    let breadcrumbs = context.breadcrumbs.iter().map(of_breadcrumb);
    let mut steps: Vec<Step<'_>> = breadcrumbs.chain(context.requests.iter().map(of_request)).collect();
    // One clock writes all of them in one form, in which the later of two times is the larger text.
    steps.sort_by(|one, other| one.at.cmp(other.at));
    steps
}

fn of_breadcrumb(breadcrumb: &Breadcrumb) -> Step<'_> {
    let Breadcrumb { at, kind, role, name, path } = breadcrumb;
    let quoted = match name.is_empty() {
        true => role.clone(),
        false => format!("{role} “{name}”").trim_start().to_string(),
    };
    let (did, what, style) = match (kind, name.as_str()) {
        (BreadcrumbKind::Click, _) => ("Clicked", quoted, StepStyle::Plain),
        (BreadcrumbKind::Submit, _) => ("Submitted", quoted, StepStyle::Plain),
        (BreadcrumbKind::Navigation, _) => ("Went to", name.clone(), StepStyle::Quiet),
        (BreadcrumbKind::Visibility, "hidden") => ("Left the tab", String::new(), StepStyle::Quiet),
        (BreadcrumbKind::Visibility, "visible") => ("Returned to the tab", String::new(), StepStyle::Quiet),
        (BreadcrumbKind::Visibility, _) => ("Page", name.clone(), StepStyle::Quiet),
        (BreadcrumbKind::Network, _) => ("Network", name.clone(), StepStyle::Quiet),
        (BreadcrumbKind::Error, _) => ("Error", name.clone(), StepStyle::Error),
    };
    Step { at, did, what, path, style }
}

fn of_request(request: &RequestRecord) -> Step<'_> {
    let what = format!("{} {}: {}", request.method, request.url, words::answer(request));
    Step { at: &request.at, did: "Request", what: what.trim_start().into(), path: "", style: StepStyle::Request }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_stand_among_what_was_done() {
        let breadcrumb = |at: &str, kind, role: &str, name: &str| Breadcrumb {
            at: at.into(),
            kind,
            role: role.into(),
            name: name.into(),
            path: String::new(),
        };
        let context = Context {
            breadcrumbs: vec![
                breadcrumb("1", BreadcrumbKind::Click, "button", "Save"),
                breadcrumb("3", BreadcrumbKind::Error, "", "TypeError: x"),
                breadcrumb("4", BreadcrumbKind::Visibility, "", "hidden"),
                breadcrumb("5", BreadcrumbKind::Click, "", ""),
            ],
            requests: vec![RequestRecord {
                at: "2".into(),
                method: "POST".into(),
                url: "/a".into(),
                status: 504,
                ..Default::default()
            }],
            ..Context::default()
        };
        let told: Vec<String> = steps(&context).iter().map(|step| format!("{} {}", step.did, step.what)).collect();
        assert_eq!(
            told,
            [
                "Clicked button “Save”",
                "Request POST /a: 504 Gateway Timeout",
                "Error TypeError: x",
                "Left the tab ",
                "Clicked "
            ]
        );
    }
}
