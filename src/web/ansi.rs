//! Lines of a log as HTML: colours as classes, everything else as text.

use console::AnsiCodeIterator;

use super::words::escaped;

/// Classes of the eight colours, in their order.
const COLOURS: [&str; 8] = ["k", "r", "g", "y", "b", "m", "c", "w"];

/// What text looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    colour: Option<&'static str>,
    is_bold: bool,
}

/// A line with its colours.
pub fn html(line: &str) -> String {
    let mut html = String::with_capacity(line.len() + 16);
    let mut look = Look::default();
    for (text, is_code) in AnsiCodeIterator::new(line) {
        if is_code {
            look.obey(text);
        } else if look == Look::default() {
            html.push_str(&escaped(text));
        } else {
            let bold = if look.is_bold { " bold" } else { "" };
            let colour = look.colour.unwrap_or("none");
            html.push_str(&format!(
                "<span class=\"a-{colour}{bold}\">{}</span>",
                escaped(text)
            ));
        }
    }
    html
}

impl Look {
    /// Obeys a code that says how text looks; others say where, or what else to do.
    fn obey(&mut self, code: &str) {
        let inner = code
            .strip_prefix("\u{1b}[")
            .and_then(|code| code.strip_suffix('m'));
        let Some(inner) = inner else { return };
        let mut numbers = inner.split(';').map(|word| word.parse().unwrap_or(0_usize));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.is_bold = true,
                22 => self.is_bold = false,
                30..=37 => self.colour = Some(COLOURS[number - 30]),
                90..=97 => self.colour = Some(COLOURS[number - 90]),
                39 => self.colour = None,
                // One of many colours: what follows says which.
                38 | 48 => {
                    let more = if numbers.next() == Some(2) { 3 } else { 1 };
                    for _ in 0..more {
                        numbers.next();
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_classes_and_text_is_text() {
        assert_eq!(
            html("\u{1b}[1;31mFAIL\u{1b}[0m <b>"),
            "<span class=\"a-r bold\">FAIL</span> &lt;b&gt;"
        );
        assert_eq!(html("\u{1b}[38;5;31mx\u{1b}[39m"), "x");
        assert_eq!(html("plain"), "plain");
    }

    #[test]
    fn what_is_no_colour_does_nothing() {
        for line in [
            "\u{1b}[2Jx",
            "\u{1b}[",
            "\u{1b}[999999999999999999999mx",
            "\u{1b}]0;t\u{7}x",
        ] {
            let html = html(line);
            assert!(!html.contains('\u{1b}'), "{html:?}");
        }
    }
}
