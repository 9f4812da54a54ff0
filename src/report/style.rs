use console::Style as Paint;

use crate::model::Outcome;

/// Whether a report may use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With ANSI colours.
    Coloured,
}

impl Style {
    /// Text in the colour of an outcome.
    pub fn outcome(self, outcome: Outcome, text: &str) -> String {
        let paint = match outcome {
            Outcome::Passed => Paint::new().green(),
            Outcome::Failed => Paint::new().red().bold(),
            Outcome::Errored => Paint::new().red(),
            Outcome::Infrastructure => Paint::new().yellow(),
            Outcome::Skipped | Outcome::Empty | Outcome::Cancelled => Paint::new().dim(),
        };
        self.apply(&paint, text)
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.apply(&Paint::new().bold(), text)
    }

    /// Text of less weight.
    pub fn faint(self, text: &str) -> String {
        self.apply(&Paint::new().dim(), text)
    }

    fn apply(self, paint: &Paint, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => paint.clone().force_styling(true).apply_to(text).to_string(),
        }
    }
}
