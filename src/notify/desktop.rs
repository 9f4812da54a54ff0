use super::{Letter, NotifyError, command};

const PROGRAM: &str = "notify-send";

/// Shows it on the desktop of whoever watches.
pub fn show(letter: &Letter) -> Result<(), NotifyError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file());
    if !is_there {
        return Err(NotifyError::Later(format!(
            "{PROGRAM} is missing: install libnotify-bin (Debian, Ubuntu) or libnotify"
        )));
    }
    command::run(&words(letter), letter)
}

fn words(letter: &Letter) -> Vec<String> {
    // Some servers take markup in the second of these.
    let text = letter.short();
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    [PROGRAM, "--app-name=djbuild", "--", "djbuild", &text]
        .map(str::to_owned)
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_neither_an_option_nor_markup() {
        let letter = Letter {
            headline: "--icon=x <b>bold</b> & co".to_owned(),
            ..Letter::default()
        };
        let words = words(&letter);
        assert_eq!(words[2], "--");
        assert_eq!(words[4], "--icon=x &lt;b>bold&lt;/b> &amp; co");
    }
}
