/// The words of a line, as shells have them: what is in quotes is one word, and a
/// backslash takes the next character as it is. Nothing else means anything.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.trim().chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let next = rest.next().ok_or("a backslash ends the line")?;
                word.get_or_insert_default().push(next);
            }
            (None, c) if c.is_whitespace() => all.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(quote) = quote {
        return Err(format!("a {quote} that nothing ends"));
    }
    all.extend(word);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_quotes_is_one_word() {
        let line = r#"force --reason 'it is "so"' --branch "a\"b" c\ d '' "#;
        let expected = [
            "force",
            "--reason",
            r#"it is "so""#,
            "--branch",
            "a\"b",
            "c d",
            "",
        ];
        assert_eq!(words(line).expect("words"), expected);
        assert!(words("pause 'x").is_err());
        assert!(words("pause \\").is_err());
        assert!(words("  ").expect("none").is_empty());
    }
}
