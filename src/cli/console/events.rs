use std::io::BufRead;

use serde_json::Value;

use crate::cli::error::CliError;
use crate::cli::say::say;
use crate::control::{Client, Listening};
use crate::model::printable;
use crate::run::Home;

/// Shows what happens until somebody presses Enter, or the watcher ends.
pub fn follow() -> Result<(), CliError> {
    let client = Client::find(&Home::find()?)?.ok_or_else(|| {
        CliError::Usage("nobody watches, so nothing happens; `djbuild watch` does".to_owned())
    })?;
    let listening = client.listen()?;
    let end = listening.end().map_err(CliError::read("the socket"))?;
    let telling = std::thread::spawn(move || tell(listening));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    end();
    read.map_err(CliError::read("standard input"))?;
    telling
        .join()
        .unwrap_or_else(|_| Err(CliError::Usage("the events ended".to_owned())))
}

fn tell(listening: Listening) -> Result<(), CliError> {
    for event in listening {
        let Ok(event) = serde_json::from_str::<Value>(&event) else {
            continue;
        };
        say(&match (event["text"].as_str(), event["missed"].as_u64()) {
            (Some(text), _) => {
                let time = event["ts"].as_str().unwrap_or_default();
                format!("{time} {}\n", printable(text))
            }
            (None, Some(count)) => format!("({count} more were not taken in time)\n"),
            (None, None) => continue,
        })?;
    }
    Ok(())
}
