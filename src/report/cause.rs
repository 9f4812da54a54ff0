/// The line of a traceback that says what was raised: the first that is not
/// indented after the last frame. What follows, such as a difference of two
/// values, may be pages long.
pub fn cause(traceback: &str) -> &str {
    let lines: Vec<&str> = traceback.trim_end().lines().collect();
    let frame = lines.iter().rposition(|line| line.starts_with("  File \""));
    let after = frame.map_or(0, |frame| frame + 1);
    let raised = lines[after..].iter().find(|line| {
        !line.is_empty() && !line.starts_with([' ', '\t']) && !line.starts_with("Traceback ")
    });
    raised.or(lines.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_raised_comes_before_what_it_shows() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in t\n    \
                         self.assertEqual(a, b)\n    ~~~~^^^^\nAssertionError: 'a' != 'b'\n- a\n+ b\n";
        assert_eq!(cause(traceback), "AssertionError: 'a' != 'b'");
        assert_eq!(cause("one line"), "one line");
        assert_eq!(cause(""), "");
    }
}
