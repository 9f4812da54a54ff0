use std::borrow::Cow;

/// Bytes as lower-case hexadecimal digits: how digests are named.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `1 test`, `19,730 tests`, `2 processes`.
pub fn plural(count: u64, word: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let ending = match word.chars().last() {
        _ if count == 1 => "",
        Some('s') => "es",
        _ => "s",
    };
    format!("{grouped} {word}{ending}")
}

/// `0.4 s`, `12 s`, `3m05s`, `1h02m`, `3 days`.
pub fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3600..172_800 => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
        _ => format!("{} days", whole / 86_400),
    }
}

/// `512 B`, `1.4 MB`, `3.2 GB`: decimal, as container engines count.
pub fn bytes(count: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let mut amount = count as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 1000.0 || unit == "GB" {
            return if unit == "B" {
                format!("{count} B")
            } else {
                format!("{amount:.1} {unit}")
            };
        }
        amount /= 1000.0;
    }
    format!("{count} B")
}

/// Text that a terminal shows and does not obey: line breaks and tabs stay, and
/// every other control character, and those that turn the direction of writing
/// around, become visible escapes such as `\x1b` or `\u{202e}`. A carriage
/// return before a line break goes.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            c if !is_obeyed(c) => shown.push(c),
            c if u32::from(c) <= 0xff => shown.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => shown.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// Control characters (C0, DEL, C1) and Unicode's of direction: overrides,
/// embeddings, isolates and marks, with which a text can be made to read as another.
/// So are line and paragraph separators: some terminals break there.
fn is_obeyed(c: char) -> bool {
    let directs = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    directs || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_a_tests_text() {
        assert_eq!(printable("a\tb\nc größe 名前 👩‍🚀"), "a\tb\nc größe 名前 👩‍🚀");
        assert!(matches!(printable("plain"), Cow::Borrowed(_)));
        assert_eq!(printable("\x1b[2J\x07\x7f\0"), "\\x1b[2J\\x07\\x7f\\x00");
        assert_eq!(printable("\u{9b}31m"), "\\x9b31m");
        assert_eq!(printable("a\u{202e}b\u{2066}"), "a\\u{202e}b\\u{2066}");
        assert_eq!(printable("one\r\ntwo\rthree"), "one\ntwo\\x0dthree");
    }

    #[test]
    fn every_byte_is_two_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn numbers_read_like_numbers() {
        assert_eq!(plural(1, "test"), "1 test");
        assert_eq!(plural(0, "test"), "0 tests");
        assert_eq!(plural(2, "process"), "2 processes");
        assert_eq!(plural(19730, "test"), "19,730 tests");
        assert_eq!(plural(1_000_000, "test"), "1,000,000 tests");
    }

    #[test]
    fn sizes_are_as_engines_tell_them() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_449_000), "1.4 MB");
        assert_eq!(bytes(3_200_000_000_000), "3200.0 GB");
    }

    #[test]
    fn durations_are_as_exact_as_they_are_long() {
        assert_eq!(duration(0.42), "0.4 s");
        assert_eq!(duration(59.6), "1m00s");
        assert_eq!(duration(185.0), "3m05s");
        assert_eq!(duration(3725.0), "1h02m");
        assert_eq!(duration(300_000.0), "3 days");
    }
}
