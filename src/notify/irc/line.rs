/// A line of a server's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Who it comes from: a server, or `nick!user@host`.
    pub from: String,
    /// A word, or a number of three digits.
    pub command: String,
    /// What follows.
    pub words: Vec<String>,
}

impl Line {
    /// Reads a line, with tags or without.
    pub fn read(text: &str) -> Self {
        let mut line = Self::default();
        let mut rest = text.trim_end_matches(['\r', '\n']);
        if rest.starts_with('@') {
            rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
        }
        rest = rest.trim_start_matches(' ');
        if let Some(named) = rest.strip_prefix(':') {
            let (from, after) = named.split_once(' ').unwrap_or((named, ""));
            from.clone_into(&mut line.from);
            rest = after;
        }
        let (rest, last) = match rest.split_once(" :") {
            Some((rest, last)) => (rest, Some(last)),
            None => (rest, None),
        };
        let mut words = rest.split(' ').filter(|word| !word.is_empty());
        line.command = words.next().unwrap_or_default().to_uppercase();
        line.words = words.chain(last).map(str::to_owned).collect();
        line
    }

    /// The word at this place, or nothing.
    pub fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    /// What it says for people, which comes last.
    pub fn said(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }
}

/// Cuts text into lines of so many bytes at most: between words where there are some, never
/// within a character.
pub fn split(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim();
        while rest.len() > room {
            let end = (0..=room).rev().find(|end| rest.is_char_boundary(*end));
            let end = end.filter(|end| *end > 0).unwrap_or(rest.len());
            let head = &rest[..end];
            // A long word is cut rather than that half a line stays empty.
            let space = head.rfind(' ').filter(|space| *space > end / 2);
            let end = if rest[end..].starts_with(' ') {
                end
            } else {
                space.unwrap_or(end)
            };
            lines.push(rest[..end].trim_end().to_owned());
            rest = rest[end..].trim_start();
        }
        if !rest.is_empty() {
            lines.push(rest.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_with_tags_and_without() {
        let line = Line::read("@time=x;a=b :me!u@host  JOIN #a :b c\r\n");
        assert_eq!(line.from, "me!u@host");
        assert_eq!(line.command, "JOIN");
        assert_eq!(line.words, ["#a", "b c"]);
        assert_eq!(Line::read("PING :1 2").said(), "1 2");
        assert_eq!(Line::read("error x").command, "ERROR");
        assert_eq!(Line::read("").command, "");
        assert_eq!(Line::read("@x").word(3), "");
    }

    #[test]
    fn text_is_cut_between_words_and_never_within_a_character() {
        assert_eq!(split("one two three", 9), ["one two", "three"]);
        assert_eq!(split("one two\n\nthree", 99), ["one two", "three"]);
        assert_eq!(split(&"ä".repeat(7), 5), ["ää", "ää", "ää", "ä"]);
        assert_eq!(split("a bcdefghijk", 6), ["a bcde", "fghijk"]);
        assert_eq!(split("one two", 3), ["one", "two"]);
        for room in 4..40 {
            let text = "Füür — 日本語のコミット 🎉🎉 and so on".repeat(3);
            let lines = split(&text, room);
            assert!(lines.iter().all(|line| line.len() <= room), "{lines:?}");
            let all: String = lines.concat();
            assert_eq!(all.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
