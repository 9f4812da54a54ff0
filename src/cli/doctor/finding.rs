use crate::model::Outcome;
use crate::report::Style;

/// One thing that was looked at.
pub struct Finding {
    pub light: Light,
    /// What was looked at.
    what: &'static str,
    /// What was seen.
    seen: String,
    /// What to do, where something is to be done.
    advice: String,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Well.
    Green,
    /// It works, but.
    Amber,
    /// It does not work.
    Red,
}

impl Finding {
    pub fn green(what: &'static str, seen: &str) -> Self {
        Self::new(Light::Green, what, seen, "")
    }

    pub fn amber(what: &'static str, seen: &str, advice: &str) -> Self {
        Self::new(Light::Amber, what, seen, advice)
    }

    pub fn red(what: &'static str, seen: &str, advice: &str) -> Self {
        Self::new(Light::Red, what, seen, advice)
    }

    fn new(light: Light, what: &'static str, seen: &str, advice: &str) -> Self {
        Self {
            light,
            what,
            seen: seen.to_owned(),
            advice: advice.to_owned(),
        }
    }

    /// A line, and one more where something is to be done.
    pub fn show(&self, style: Style) -> String {
        let (outcome, word) = match self.light {
            Light::Green => (Outcome::Passed, "ok   "),
            Light::Amber => (Outcome::Skipped, "look "),
            Light::Red => (Outcome::Failed, "MEND "),
        };
        let word = style.outcome(outcome, word);
        let seen = self.seen.replace('\n', "\n                    ");
        let mut text = format!("{word} {:13} {seen}\n", self.what);
        if !self.advice.is_empty() {
            text.push_str(&format!("                    → {}\n", self.advice));
        }
        text
    }
}
