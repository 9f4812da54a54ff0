use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::model::plural;
use crate::spec::{Problem, Problems};

/// Problems drawn with their lines; whoever has more mends these first.
const SHOWN: usize = 25;

/// Every problem of a matrix file with its line and the text underlined.
pub fn render(problems: &Problems, renderer: &Renderer) -> String {
    let mut text = String::new();
    for problem in problems.0.iter().take(SHOWN) {
        text.push_str(&renderer.render(&report(problem)));
        text.push_str("\n\n");
    }
    let count = plural(problems.0.len() as u64, "problem");
    let shown = match problems.0.len() {
        0..=SHOWN => String::new(),
        _ => format!(", the first {SHOWN} shown"),
    };
    text.push_str(&format!("{count}{shown}; nothing was run"));
    text
}

fn report(problem: &Problem) -> Vec<Group<'_>> {
    let text = &*problem.file.text;
    let snippet = Snippet::source(text)
        .path(&*problem.file.name)
        .annotation(AnnotationKind::Primary.span(within(&problem.span, text)))
        .annotations(problem.other.iter().map(|(span, label)| {
            AnnotationKind::Context
                .span(within(span, text))
                .label(label.as_str())
        }));
    let title = Level::ERROR.primary_title(problem.message.as_str());
    let mut group = Group::with_title(title).element(snippet);
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// The part of a place that is one line: a table is underlined where it begins.
fn within(span: &std::ops::Range<usize>, text: &str) -> std::ops::Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let line = text[start..end]
        .find('\n')
        .map_or(end, |newline| start + newline);
    start..line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{MatrixText, Releases, parse};

    fn rendered(text: &str) -> String {
        let file = MatrixText::new("mine.toml", text);
        let problems = parse(&file, &Releases::shipped(), &|_| Err("no file".to_owned()));
        render(&problems.expect_err("it is wrong"), &Renderer::plain())
    }

    #[test]
    fn a_slip_is_underlined_and_the_right_word_is_near() {
        let text =
            rendered("pyhtons = \"newest\"\npythons = \"newest\"\ndatabases = [\"sqlite\"]\n");
        assert!(text.contains("--> mine.toml:1:1"), "{text}");
        assert!(text.contains("^^^^^^^"), "{text}");
        assert!(text.contains("did you mean pythons?"), "{text}");
    }

    #[test]
    fn both_places_of_a_repetition_are_shown() {
        let text = rendered("pythons = \"newest\"\ndatabases = [\"sqlite\", \"sqlite\"]\n");
        assert!(text.contains("first here"), "{text}");
    }
}
