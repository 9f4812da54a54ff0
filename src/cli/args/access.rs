use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Shown after the options of `user`.
pub const USER_HELP: &str = "\
Whoever is in the password file may log in and steer. Of passwords it has hashes alone
(Argon2id), and it is for its owner alone. djbuild.toml names it:

  [watch.login]
  users = \"users.txt\"

Examples:
  djbuild user add ann                       asks for the password, twice
  djbuild user add ann < password            takes its first line
  djbuild user remove ann                    ends her sessions too, within two minutes

Where djbuild.toml names a Django project (django = …), its users are those who log in,
and its admin is where they are made.";

/// Shown after the options of `token`.
pub const TOKEN_HELP: &str = "\
A script shows its token in a header: Authorization: Bearer djbuild_…

Examples:
  djbuild token add wallboard                may look, where looking takes a login
  djbuild token add release --may steer      may force, stop, pause, cancel, try and resend
  djbuild token list                         which there are, and when each was shown last";

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Let somebody in by a password, or give them another
    Add(NameOptions),
    /// Let somebody in no longer
    Remove(NameOptions),
    /// List who may log in
    List(FileOptions),
}

#[derive(Debug, Args)]
pub struct NameOptions {
    /// What they log in as
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub file: FileOptions,
}

#[derive(Debug, Args)]
pub struct FileOptions {
    /// The password file [default: the one that djbuild.toml names]
    #[arg(long, value_name = "PATH")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token, and show it once
    Add(TokenOptions),
    /// Take a token back
    Remove {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List tokens, without what they are
    List,
}

#[derive(Debug, Args)]
pub struct TokenOptions {
    /// What to call it, for whoever reads who wanted something
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is good for
    #[arg(long, value_enum, default_value = "read")]
    pub may: ScopeWord,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScopeWord {
    /// Looking
    Read,
    /// Looking, and to force, stop, pause, cancel, try and resend
    Steer,
}
