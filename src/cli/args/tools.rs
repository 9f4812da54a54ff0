use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{ImageOptions, SelectOptions, duration};

/// Shown after the options of `clean`.
pub const CLEAN_HELP: &str = "\
What a live run uses stays, and so does what belongs to a run of which nobody can
tell whether it lives.

Examples:
  djbuild clean --dry-run                    what would go
  djbuild clean --older-than 6h              also where nobody can tell, after six hours
  djbuild clean --all-owners --yes           also what throwaway CI homes left, unasked";

/// Shown after the options of `completions`.
pub const COMPLETIONS_HELP: &str = "\
Examples:
  source <(djbuild completions bash)                        in ~/.bashrc
  source <(djbuild completions zsh)                         in ~/.zshrc
  djbuild completions fish > ~/.config/fish/completions/djbuild.fish

Pythons, databases, branches, cells and matrix files are completed too.";

#[derive(Debug, Args)]
pub struct InitOptions {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = crate::run::FILE_NAME)]
    pub file: PathBuf,
    /// Write one that watches a repository, and tests its commits: `djbuild watch`
    ///
    /// In a checkout of Django that is the remote `origin`, else Django's own.
    #[arg(long)]
    pub watch: bool,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct DoctorOptions {
    #[command(flatten)]
    pub images: ImageOptions,
}

#[derive(Debug, Args)]
pub struct CleanOptions {
    /// Remove too what this installation's runs left that began longer ago than this,
    /// where whether they live cannot be told: 6h, 2d
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub older_than: Option<Duration>,
    /// Remove too what other installations left, whose runs have given no sign of life
    /// on the engine for a while [those older than a day, unless --older-than says else]
    #[arg(long)]
    pub all_owners: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would be removed and remove nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub enum ImagesCommand {
    /// Make the images of a matrix, and run nothing
    Build(Box<BuildOptions>),
    /// List what is kept: why each image is there, its size, and what pruning would free
    List,
    /// Remove images that no run has used for a while
    Prune(PruneOptions),
}

#[derive(Debug, Args)]
pub struct BuildOptions {
    #[command(flatten)]
    pub select: SelectOptions,
    #[command(flatten)]
    pub images: ImageOptions,
}

#[derive(Debug, Args)]
pub struct PruneOptions {
    /// How long an image must not have been used: 12h, 30d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    pub unused_for: Duration,
    /// Remove every image that djbuild made
    #[arg(long, conflicts_with = "unused_for")]
    pub all: bool,
    /// Show what would be removed and remove nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct ConfigOptions {
    /// Say where each value comes from: the flag's default, the file's line, the variable
    #[arg(long)]
    pub show_origin: bool,
}

#[derive(Debug, Args)]
pub struct ManOptions {
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
