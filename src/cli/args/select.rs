use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::duration;
use crate::cli::completions;
use crate::source::Origin;

/// What to test on what.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What to test")]
pub struct SelectOptions {
    /// A matrix file, or the name of one that comes with djbuild [default: djbuild.toml if there is one, else quick]
    #[arg(long, short, value_name = "FILE", add = ArgValueCompleter::new(completions::matrices))]
    pub matrix: Option<String>,
    /// Where Django comes from: a checkout, a git URL, or pypi:Django==6.1.3; may be repeated
    ///
    /// Without it: the checkout around the current folder with its uncommitted
    /// changes, and outside of one the newest release on PyPI.
    #[arg(long, short, value_name = "SOURCE", add = ArgValueCompleter::new(completions::sources))]
    pub source: Vec<Origin>,
    /// Only these branches, as committed; may be repeated
    ///
    /// A glob over branches, or the name of a branch, a tag, a pull request
    /// (pull/123) or a commit.
    #[arg(long, short, value_name = "GLOB", add = ArgValueCompleter::new(completions::branches))]
    pub branch: Vec<String>,
    /// The files on disk too, beside the branches of --branch
    #[arg(long)]
    pub worktree: bool,
    /// Only Pythons matching this glob, or one the matrix lacks; may be repeated
    #[arg(long, short, value_name = "GLOB", add = ArgValueCompleter::new(completions::pythons))]
    pub python: Vec<String>,
    /// Only databases matching this glob or name, or one the matrix lacks; may be repeated
    #[arg(long, short, value_name = "GLOB", add = ArgValueCompleter::new(completions::databases))]
    pub database: Vec<String>,
    /// Only variants matching this glob, or one the matrix does not list; may be repeated
    #[arg(long, value_name = "GLOB", add = ArgValueCompleter::new(completions::variants))]
    pub variant: Vec<String>,
    /// The fewest cells that still touch everything
    #[arg(long, value_enum, default_value = "all")]
    pub cover: CoverWord,
    /// The best cells that fit into this time, by earlier runs: 20m, 2h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub budget: Option<Duration>,
    /// Cells at once [default: as many as cores and memory allow]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Ask no remote: take what is cached
    #[arg(long)]
    pub offline: bool,
    /// A file of released versions, in place of those of djbuild's own table
    #[arg(long, value_name = "FILE")]
    pub releases: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CoverWord {
    /// Every cell
    #[default]
    All,
    /// Every pair of values: of branch, Python, database and variant
    Pairwise,
    /// Every value
    Each,
    /// The oldest and the newest Python and release of each database
    MinMax,
}
