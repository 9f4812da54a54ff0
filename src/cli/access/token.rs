use crate::access::{TokenError, Tokens};
use crate::cli::args::{ScopeWord, TokenCommand};
use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::say::{say, warn};
use crate::cli::watch::relative;
use crate::model::printable;
use crate::run::Home;
use crate::store::farm::Scope;
use crate::watch::now;

/// Makes, takes back and lists what scripts show to be let in.
pub fn token(command: &TokenCommand) -> Outcome {
    let mut tokens = Tokens::of(&Home::find()?.state)?;
    match command {
        TokenCommand::Add(options) => {
            let scope = match options.may {
                ScopeWord::Read => Scope::Read,
                ScopeWord::Steer => Scope::Steer,
            };
            let token = tokens.add(&options.name, scope, now())?;
            // A program that takes it reads one line and no more.
            say(&format!("{token}\n"))?;
            warn("this is shown once; whoever has it may do what it is good for");
        }
        TokenCommand::Remove { name } => {
            if !tokens.remove(name)? {
                return Err(CliError::Usage(format!(
                    "there is no token {}; `djbuild token list` shows which there are",
                    printable(name)
                )));
            }
            say(&format!("{name} lets nobody in any more\n"))?;
        }
        TokenCommand::List => {
            for token in tokens.all()? {
                let used = token.used.map_or("never shown".to_owned(), |at| {
                    format!("shown {}", relative(at, now()))
                });
                say(&format!(
                    "{}  {}  made {}, {used}\n",
                    token.name,
                    token.scope.as_str(),
                    relative(token.made, now())
                ))?;
            }
        }
    }
    Ok(Exit::Passed)
}

impl From<TokenError> for CliError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            TokenError::Twice(_) | TokenError::Name(_) => Self::Usage(error.to_string()),
        }
    }
}
