//! The basic enums of tickets: kind, severity, priority, status, and the groups of the context.

use wire::words;

words! {
    /// The kind of a ticket.
    Kind else Question {
        /// A question.
        Question = "question",
        /// Something does not work.
        Bug = "bug",
        /// A wish or an opinion.
        Feedback = "feedback",
    }
}

words! {
    /// How severe a ticket is. The form explains each value.
    Severity else Low {
        /// The product is down or unusable, or data was lost or leaked.
        Critical = "critical",
        /// An important feature does not work at all.
        High = "high",
        /// A feature does not work as it should.
        Medium = "medium",
        /// A question, a wish, a small flaw.
        Low = "low",
    }
}

words! {
    /// The customer's priority, from the plan.
    Priority else Low {
        /// Answered first.
        High = "high",
        /// Answered in regular time.
        Medium = "medium",
        /// Answered last.
        Low = "low",
    }
}

words! {
    /// The outcome of a question that was shown.
    Outcome else Shown {
        /// It was in the list.
        Shown = "shown",
        /// It was opened.
        Opened = "opened",
        /// It was opened and did not help.
        Unhelpful = "unhelpful",
    }
}

words! {
    /// The status of a ticket.
    Status else Open {
        /// Open.
        Open = "open",
        /// Solved.
        Solved = "solved",
    }
}

impl Kind {
    /// The severity of a ticket of this kind until the customer selects another.
    pub fn default_severity(self) -> Severity {
        match self {
            Kind::Bug => Severity::Medium,
            Kind::Question | Kind::Feedback => Severity::Low,
        }
    }
}

words! {
    /// A group of the context. The site and the customer can withhold each of them.
    Group {
        /// The page.
        Page = "page",
        /// The customer.
        User = "user",
        /// The build of the product.
        Application = "application",
        /// Browser, system and screen.
        Device = "device",
        /// Errors on the page.
        Errors = "errors",
        /// Requests that failed or were slow.
        Requests = "requests",
        /// What the customer did.
        Breadcrumbs = "breadcrumbs",
        /// Links to other tools.
        Links = "links",
        /// Values that the host declared.
        PageValues = "page_values",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_variants_match_one_to_one() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(*kind));
        }
        for severity in Severity::ALL {
            assert_eq!(Severity::from_word(severity.word()), Some(*severity));
            assert_eq!(serde_json::to_string(severity).unwrap(), format!("\"{severity}\""));
        }
        assert_eq!(Kind::from_word("complaint"), None);
    }

    #[test]
    fn bugs_are_medium_and_other_kinds_low_by_default() {
        assert_eq!(Kind::Bug.default_severity(), Severity::Medium);
        assert_eq!(Kind::Question.default_severity(), Severity::Low);
        assert_eq!(Kind::Feedback.default_severity(), Severity::Low);
    }
}
