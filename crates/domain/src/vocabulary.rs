//! The words that everything else is said with: what a ticket is, how bad it is, where it stands, what is collected for it.

use wire::words;

words! {
    /// What a ticket is.
    Kind else Question {
        /// The customer wants to know something.
        Question = "question",
        /// Something does not work.
        Bug = "bug",
        /// A wish or an opinion.
        Feedback = "feedback",
    }
}

words! {
    /// How bad it is; the meanings are texts, shown where it is chosen.
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
        /// Answered in the ordinary time.
        Medium = "medium",
        /// Answered when the others are.
        Low = "low",
    }
}

words! {
    /// What came of a question that was shown.
    Outcome else Shown {
        /// It stood in the list.
        Shown = "shown",
        /// It was opened.
        Opened = "opened",
        /// It was opened and did not help.
        Unhelpful = "unhelpful",
    }
}

words! {
    /// Where a ticket stands.
    Status else Open {
        /// It waits for support.
        Open = "open",
        /// It was answered for good.
        Solved = "solved",
    }
}

impl Kind {
    /// The severity that a ticket of this kind has until the customer chooses another.
    pub fn default_severity(self) -> Severity {
        match self {
            Kind::Bug => Severity::Medium,
            Kind::Question | Kind::Feedback => Severity::Low,
        }
    }
}

words! {
    /// A group of the context. The site and the customer can keep back each of them.
    Group {
        /// The page.
        Page = "page",
        /// Who uses it.
        User = "user",
        /// The build of the product.
        Application = "application",
        /// What it is used with.
        Device = "device",
        /// What went wrong.
        Errors = "errors",
        /// Requests that failed or were slow.
        Requests = "requests",
        /// What the person did.
        Breadcrumbs = "breadcrumbs",
        /// What other tools know.
        Links = "links",
        /// What the host declared.
        PageValues = "page_values",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_variants_are_one_to_one() {
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
    fn a_bug_is_medium_and_everything_else_low_until_someone_says_otherwise() {
        assert_eq!(Kind::Bug.default_severity(), Severity::Medium);
        assert_eq!(Kind::Question.default_severity(), Severity::Low);
        assert_eq!(Kind::Feedback.default_severity(), Severity::Low);
    }
}
