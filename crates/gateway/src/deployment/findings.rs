//! Findings, one per line.

use std::fmt;

use deskbell_core::ports::destination::Finding;

/// The findings of a check.
#[derive(Debug, Default)]
pub struct CheckReport(Vec<Finding>);

impl CheckReport {
    /// Findings in the order in which they were made.
    pub fn new(findings: Vec<Finding>) -> CheckReport {
        CheckReport(findings)
    }

    /// Whether no finding is bad.
    pub fn is_good(&self) -> bool {
        self.0.iter().all(|finding| finding.is_good)
    }

    /// The bad findings.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|finding| !finding.is_good).map(|finding| finding.message.as_str())
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            f.write_str(&line(finding))?;
        }
        Ok(())
    }
}

/// The line of a finding.
pub fn line(Finding { is_good, message }: &Finding) -> String {
    format!("{} {message}", if *is_good { "good" } else { "BAD " })
}

/// A good finding.
pub fn good(message: impl Into<String>) -> Finding {
    Finding { is_good: true, message: message.into() }
}

/// A bad finding and its fix; the fix is empty if it cannot be known from here.
pub fn bad(message: impl Into<String>, fix: &str) -> Finding {
    let message = message.into();
    Finding { is_good: false, message: if fix.is_empty() { message } else { format!("{message} -> {fix}") } }
}
