use std::io::{BufRead, IsTerminal, Read};

use console::Term;

use crate::cli::error::CliError;

/// Letters of the shortest; whoever guesses is slowed down, and not for ever.
const SHORTEST: usize = 8;
/// Bytes of the longest, which is as much as a login reads.
const LONGEST: usize = 4096;

/// A new password: typed twice where somebody types, else the first line of what comes.
pub fn new_password(name: &str) -> Result<String, CliError> {
    let password = if std::io::stdin().is_terminal() {
        let term = Term::stderr();
        let ask = |words: &str| -> Result<String, CliError> {
            let typed = term.write_str(words).and_then(|()| term.read_secure_line());
            typed.map_err(CliError::read("the terminal"))
        };
        let typed = ask(&format!("Password of {name}: "))?;
        if ask("Once more: ")? != typed {
            return Err(CliError::Usage(
                "these were two passwords; nothing is changed".to_owned(),
            ));
        }
        typed
    } else {
        let mut line = String::new();
        // More than the longest shows that it is too long.
        let most = LONGEST as u64 + 2;
        let mut input = std::io::stdin().lock().take(most);
        input
            .read_line(&mut line)
            .map_err(CliError::read("standard input"))?;
        let end = line.trim_end_matches(['\n', '\r']).len();
        line.truncate(end);
        line
    };
    if password.chars().count() < SHORTEST {
        return Err(CliError::Usage(format!(
            "a password has {SHORTEST} letters or more; nothing is changed"
        )));
    }
    if password.len() > LONGEST {
        return Err(CliError::Usage(format!(
            "a password has {LONGEST} bytes at most; nothing is changed"
        )));
    }
    Ok(password)
}
