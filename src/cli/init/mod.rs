mod watch;

use std::io::Write;
use std::path::Path;

use crate::cli::args::InitOptions;
use crate::cli::error::{CliError, Outcome};
use crate::cli::exit::Exit;
use crate::cli::say::say;
use crate::matrix::{Selection, Support, expand};
use crate::run::{FILE_NAME, RunError, parse, releases};
use crate::source::{Candidate, find_checkout, worktree};
use crate::spec::MatrixText;

/// Writes a matrix file fitted to what is here.
pub fn init(options: &InitOptions) -> Outcome {
    let here = std::env::current_dir().map_err(CliError::read("."))?;
    if options.watch {
        return init_watch(options, &here);
    }
    let checkout = find_checkout(&here)?.and_then(|folder| worktree(&folder).ok());
    let text = match &checkout {
        Some(candidate) => for_checkout(candidate)?,
        None => for_package(),
    };
    // What is offered as a start has to be right.
    parse(
        &MatrixText::new(&options.file.to_string_lossy(), &text),
        &releases(None, &here)?,
        &here,
    )?;
    write(options, &text)?;
    let name = options.file.display();
    let named = named(options);
    let (found, source) = match checkout {
        Some(candidate) => (format!("a Django checkout, {}", candidate.branch), ""),
        None => ("no Django checkout".to_owned(), " -s pypi:Django"),
    };
    say(&format!(
        "{name} written; here is {found}\n\
         \x20 djbuild matrix{named}{source}           what it would run\n\
         \x20 djbuild matrix{named}{source} --check   whether it is as it says\n\
         \x20 djbuild run{named}{source}              runs it\n"
    ))?;
    Ok(Exit::Passed)
}

/// Writes one that watches a repository.
fn init_watch(options: &InitOptions, here: &Path) -> Outcome {
    let text = watch::for_watching(here)?;
    let name = options.file.display();
    let spec = parse(
        &MatrixText::new(&options.file.to_string_lossy(), &text),
        &releases(None, here)?,
        here,
    )?;
    write(options, &text)?;
    let watched = spec.watch.into_iter().flat_map(|watch| watch.sources);
    let watched: Vec<String> = watched.map(|source| source.value).collect();
    let named = named(options);
    say(&format!(
        "{name} written; it watches {}\n\
         \x20 djbuild watch{named} --check   whether it does what it says\n\
         \x20 djbuild watch{named} --once    looks once, and tests what is new\n\
         \x20 djbuild watch{named}           goes on looking; http://127.0.0.1:8010/ shows how it stands\n",
        watched.join(", ")
    ))?;
    Ok(Exit::Passed)
}

/// The option that names the file, where it is not the one that is found unnamed.
fn named(options: &InitOptions) -> String {
    if options.file.as_os_str() == FILE_NAME {
        return String::new();
    }
    format!(" -m {}", options.file.display())
}

fn write(options: &InitOptions, text: &str) -> Result<(), CliError> {
    let path = &options.file;
    // A device must not become a file, nor a link a copy.
    let is_special = path.symlink_metadata().is_ok_and(|there| !there.is_file());
    if is_special && options.force {
        return Err(CliError::Usage(format!(
            "{} is no plain file; it is left alone",
            path.display()
        )));
    }
    let written = if options.force {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(std::path::Path::new("."));
        tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.persist(path)?;
                Ok(())
            })
    } else {
        std::fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => CliError::Usage(format!(
            "{} is there already; --force writes over it",
            path.display()
        )),
        _ => CliError::Usage(format!("{}: {}", path.display(), error.kind())),
    })
}

const HEAD: &str = "\
# A djbuild matrix file: what to test Django on. `djbuild matrix` shows what it
# comes to, `djbuild matrix --explain CELL` why a cell is in or out. Editors
# complete it with the schema that `djbuild schema` prints.
";

const TAIL: &str = "\
# Cells that are not worth their time, each with its reason:
#
# [[exclude]]
# python = \"3.12\"
# database = \"mysql*\"
# reason = \"the newest Python will do for MySQL\"

# Cells beyond the lists:
#
# [[include]]
# python = \"3.14t\"
# database = \"sqlite\"

# A variation of settings, environment or flags; variants = [\"plain\", \"reversed\"]
# runs it beside the plain cells, `--variant reversed` once:
#
# [variant.reversed]
# flags = [\"--reverse\"]
";

fn for_checkout(candidate: &Candidate) -> Result<String, CliError> {
    let support = Support::read(candidate).map_err(|error| RunError::Support {
        branch: candidate.branch.clone(),
        error,
    })?;
    let versions: Vec<String> = support
        .python_specs()
        .iter()
        .map(ToString::to_string)
        .collect();
    let body = format!(
        "description = \"Before a commit\"

# This checkout supports Python {}.
# \"newest\", \"oldest\", \"supported\", or a list: [\"oldest\", \"newest\"]
pythons = \"newest\"

# \"postgresql17\", \"postgresql:min\", \"postgresql:*\"; also mariadb, mysql, postgis
databases = [\"sqlite\", \"postgresql:max\"]

",
        versions.join(", ")
    );
    let text = format!("{HEAD}{body}{TAIL}");
    // The number is what the file itself comes to here.
    let spec = parse(
        &MatrixText::new(FILE_NAME, &text),
        &releases(None, Path::new(""))?,
        Path::new(""),
    )?;
    let branches = [(candidate.branch.as_str().into(), support)];
    let cells = expand(&spec, &branches, &Selection::default()).cells.len();
    Ok(format!(
        "{text}
# What has to be true; `djbuild matrix --check` tells whether it is.
[[expect]]
cells = {cells}

[[expect]]
cell = \"*-sqlite\"
"
    ))
}

fn for_package() -> String {
    format!(
        "{HEAD}description = \"Every Django that is still supported, on its oldest and newest Python\"

# Everything this file does not say is as in the matrix that comes with djbuild.
extends = \"django\"

# Of a git source; releases are named by --source pypi:Django==6.1.3.
branches = [\"supported-branches\"]
pythons = [\"oldest\", \"newest\"]
databases = [\"sqlite\", \"postgresql:max\"]

{TAIL}
# What has to be true; `djbuild matrix --check` tells whether it is.
[[expect]]
cell = \"*-sqlite\"
"
    )
}
