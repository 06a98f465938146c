//! What happened on the page, step by step: the customer's actions, and the requests that failed meanwhile.

use super::labels;
use domain::context::{Breadcrumb, BreadcrumbKind, Context, RequestRecord};

/// One step.
pub struct TimelineStep<'a> {
    /// The time.
    pub at: &'a str,
    /// The action: `Clicked`.
    pub action: &'static str,
    /// Its object.
    pub target: String,
    /// The path in the document; empty if it adds nothing.
    pub path: &'a str,
    /// Its appearance.
    pub style: StepStyle,
}

/// The appearance of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StepStyle {
    /// An action of the customer.
    Plain,
    /// A navigation, or a page that was hidden or shown.
    Quiet,
    /// An error.
    Error,
    /// A request.
    Request,
}

/// The steps, oldest first.
pub fn steps(context: &Context) -> Vec<TimelineStep<'_>> {
    let breadcrumbs = context.breadcrumbs.iter().map(of_breadcrumb);
    let mut steps: Vec<TimelineStep<'_>> = breadcrumbs.chain(context.requests.iter().map(of_request)).collect();
    // One clock writes all times in one form, so that they can be compared as text.
    steps.sort_by(|a, b| a.at.cmp(b.at));
    steps
}

fn of_breadcrumb(breadcrumb: &Breadcrumb) -> TimelineStep<'_> {
    let Breadcrumb { at, kind, role, name, path } = breadcrumb;
    let quoted = match name.is_empty() {
        true => role.clone(),
        false => format!("{role} “{name}”").trim_start().to_string(),
    };
    let (action, target, style) = match (kind, name.as_str()) {
        (BreadcrumbKind::Click, _) => ("Clicked", quoted, StepStyle::Plain),
        (BreadcrumbKind::Submit, _) => ("Submitted", quoted, StepStyle::Plain),
        (BreadcrumbKind::Navigation, _) => ("Went to", name.clone(), StepStyle::Quiet),
        (BreadcrumbKind::Visibility, "hidden") => ("Left the tab", String::new(), StepStyle::Quiet),
        (BreadcrumbKind::Visibility, "visible") => ("Returned to the tab", String::new(), StepStyle::Quiet),
        (BreadcrumbKind::Visibility, _) => ("Page", name.clone(), StepStyle::Quiet),
        (BreadcrumbKind::Network, _) => ("Network", name.clone(), StepStyle::Quiet),
        (BreadcrumbKind::Error, _) => ("Error", name.clone(), StepStyle::Error),
    };
    TimelineStep { at, action, target, path, style }
}

fn of_request(request: &RequestRecord) -> TimelineStep<'_> {
    let target = format!("{} {}: {}", request.method, request.url, labels::answer(request));
    TimelineStep {
        at: &request.at,
        action: "Request",
        target: target.trim_start().into(),
        path: "",
        style: StepStyle::Request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_sorted_into_the_steps() {
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
        let lines: Vec<String> =
            steps(&context).iter().map(|step| format!("{} {}", step.action, step.target)).collect();
        assert_eq!(
            lines,
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
