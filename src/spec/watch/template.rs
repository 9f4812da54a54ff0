use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

use crate::spec::Place;

/// So many steps may a template take: a loop over a notice takes a few hundred.
const FUEL: u64 = 200_000;

/// Words for a notice, with parts of it in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    first: Place,
    last: usize,
}

/// Why a template says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: template: {problem}")]
pub struct TemplateError {
    /// The line of the file.
    pub place: Place,
    /// What is wrong there.
    pub problem: String,
}

impl Template {
    /// A template whose text is on these lines of a file.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: &str, first: Place, last: usize) -> Result<Self, TemplateError> {
        let template = Self {
            text: text.to_owned(),
            first,
            last,
        };
        let environment = environment();
        match environment.template_from_str(&template.text) {
            Ok(_) => Ok(template),
            Err(error) => Err(template.wrong(&error)),
        }
    }

    /// What it says of a notice.
    ///
    /// # Errors
    /// When it names what is not there, or goes on without end.
    pub fn render(&self, notice: &serde_json::Value) -> Result<String, TemplateError> {
        let environment = environment();
        environment
            .render_str(&self.text, Value::from(Serde(notice)))
            .map_err(|error| self.wrong(&error))
    }

    fn wrong(&self, error: &Error) -> TemplateError {
        let down = error.line().unwrap_or(1).saturating_sub(1);
        let line = (self.first.line + down).min(self.last);
        let what = error.kind().to_string();
        TemplateError {
            place: Place {
                line,
                ..self.first.clone()
            },
            problem: match error.detail() {
                Some(detail) => format!("{what}: {detail}"),
                None => what,
            },
        }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // It is text; who needs more than that escapes what comes out.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    // It says which word is undefined.
    environment.set_debug(true);
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, TemplateError> {
        let first = Place {
            file: "f.toml".into(),
            line: 10,
        };
        Template::new(text, first, 12)
    }

    fn render(text: &str) -> Result<String, TemplateError> {
        let notice = serde_json::json!({
            "headline": "main <failed>", "link": null, "red": [{ "cell": "a" }, { "cell": "b" }],
        });
        template(text).and_then(|template| template.render(&notice))
    }

    #[test]
    fn parts_of_a_notice_stand_in_its_words_as_they_are() {
        let text = "{{ headline }}{% for cell in red %} {{ cell.cell }}{% endfor %}\
                    {% if link %} at {{ link }}{% endif %}";
        assert_eq!(render(text).expect("right"), "main <failed> a b");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, word) in [
            ("\n{{ headlin }}", 11, "headlin"),
            ("{{ red[7].cell }}", 10, "undefined"),
            ("\n\n{% if %}", 12, "syntax"),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
                10,
                "fuel",
            ),
        ] {
            let error = render(text).expect_err(text);
            assert_eq!(error.place.line, line, "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
