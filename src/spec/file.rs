use std::path::{Component, Path, PathBuf};

use super::isolation::Isolation;
use super::problem::{Findings, MatrixText, Placed, Problem, Problems, nearest};
use super::read::{Typed, read};
use super::validate::{Part, overlay, validate};
use super::whole::Spec;
use super::{BranchChoice, Pattern, Place, Releases, builtin};

/// Reads the matrix file that another extends: by its path, or an error in words.
pub type Load<'a> = dyn Fn(&Path) -> Result<String, String> + 'a;

/// Reads a matrix file and those it extends.
///
/// # Errors
/// Everything that is wrong with them.
pub fn parse(file: &MatrixText, releases: &Releases, load: &Load<'_>) -> Result<Spec, Problems> {
    let (files, mut problems) = chain_of(file, load);
    // Those of the child stand in place of the parent's: hers are laid over last.
    let mut releases = releases.clone();
    for (file, typed) in files.iter().rev() {
        problems.extend(overlay(file, typed, &mut releases));
    }
    let mut chain: Vec<(MatrixText, Part)> = Vec::new();
    for (file, typed) in files {
        let (part, found) = validate(&file, typed, &releases);
        problems.extend(found);
        chain.push((file, part));
    }
    problems.extend(unknown_variants(&chain));
    match merge(file, chain, releases) {
        Ok(spec) if problems.is_empty() => Ok(spec),
        Ok(_) => Err(in_order(problems)),
        Err(missing) => {
            // A key that could not be read is there, and has been told of.
            if problems.is_empty() {
                problems = missing;
            }
            Err(in_order(problems))
        }
    }
}

/// A file and those it extends, as typed, the child first.
fn chain_of(file: &MatrixText, load: &Load<'_>) -> (Vec<(MatrixText, Typed)>, Vec<Problem>) {
    let mut chain: Vec<(MatrixText, Typed)> = Vec::new();
    let mut problems = Vec::new();
    let mut next = Some(file.clone());
    while let Some(file) = next.take() {
        let (typed, found) = read(&file);
        problems.extend(found);
        if let Some(extends) = &typed.file.extends {
            let mut findings = Findings::of(&file);
            let span = extends.span();
            let is_known =
                |name: &str| *file.name == *name || chain.iter().any(|(f, _)| *f.name == *name);
            match parent(&file.name, extends.get_ref(), load) {
                Ok(parent) if is_known(&parent.name) => {
                    let message = "this file extends itself, by way of others or at once";
                    findings.add(span, message);
                }
                Ok(parent) => next = Some(parent),
                Err(error) => {
                    let names: Vec<&str> = super::BUILTIN.iter().map(|file| file.name).collect();
                    let problem = findings.add(span, format!("{}: {error}", extends.get_ref()));
                    problem.help(match nearest(extends.get_ref(), &names) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("expected {} or the path of a file", names.join(", ")),
                    });
                }
            }
            problems.extend(findings.found);
        } else if typed.watch.is_some() && names_no_matrix(&typed) {
            // As where there is no file: it says what is watched, and no more.
            next = builtin("quick").map(|quick| MatrixText::new(quick.name, quick.text));
        }
        chain.push((file, typed));
    }
    (chain, problems)
}

/// Whether a file leaves it to others what is tested on what.
fn names_no_matrix(typed: &Typed) -> bool {
    let file = &typed.file;
    let lists = [
        &file.branches,
        &file.pythons,
        &file.databases,
        &file.variants,
    ];
    lists.iter().all(|list| list.is_none())
}

fn in_order(mut problems: Vec<Problem>) -> Problems {
    problems.sort_by(|a, b| (&a.file.name, a.span.start).cmp(&(&b.file.name, b.span.start)));
    Problems(problems)
}

/// The file that `name` stands for in a file called `child`.
fn parent(child: &str, name: &str, load: &Load<'_>) -> Result<MatrixText, String> {
    if let Some(file) = builtin(name) {
        return Ok(MatrixText::new(file.name, file.text));
    }
    let folder = Path::new(child).parent().unwrap_or(Path::new(""));
    let path = normal(&folder.join(name));
    let text = load(&path)?;
    Ok(MatrixText::new(&path.to_string_lossy(), &text))
}

/// A path without detours, so that a file has one name in a chain.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

fn unknown_variants(chain: &[(MatrixText, Part)]) -> Vec<Problem> {
    let defined: Vec<&str> = chain
        .iter()
        .flat_map(|(_, part)| part.definitions.iter().map(|variant| &*variant.name))
        .collect();
    let mut problems = Vec::new();
    for (file, part) in chain {
        let mut findings = Findings::of(file);
        for word in &part.named_variants {
            let name = word.get_ref().as_str();
            if !defined.contains(&name) {
                let problem = findings.add(word.span(), format!("no variant is called {name}"));
                if defined.is_empty() {
                    problem.help(format!("define it: [variant.{name}]"));
                } else {
                    problem.help(match nearest(name, &defined) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("there are {}", defined.join(", ")),
                    });
                }
            }
        }
        problems.extend(findings.found);
    }
    problems
}

/// The child's lists win; rules and variants add up, the child's first.
fn merge(
    file: &MatrixText,
    chain: Vec<(MatrixText, Part)>,
    releases: Releases,
) -> Result<Spec, Vec<Problem>> {
    let everything = Pattern::new("main").ok().map(BranchChoice::Matching);
    let top = Place {
        file: file.name.clone(),
        line: 1,
    };
    let default = |value| Placed {
        value,
        place: top.clone(),
    };
    let (mut pythons, mut databases) = (None, None);
    let mut spec = Spec {
        name: file.name.to_string(),
        description: String::new(),
        branches: Vec::new(),
        pythons: Vec::new(),
        databases: Vec::new(),
        variants: Vec::new(),
        isolation: Isolation::default(),
        excludes: Vec::new(),
        includes: Vec::new(),
        expects: Vec::new(),
        definitions: Vec::new(),
        releases,
        watch: None,
    };
    let (mut branches, mut variants, mut isolation) = (None, None, None);
    for (index, (_, part)) in chain.into_iter().enumerate() {
        if index == 0 {
            spec.description = part.description.unwrap_or_default();
            spec.expects = part.expects;
            spec.watch = part.watch;
        }
        branches = branches.or(part.branches);
        pythons = pythons.or(part.pythons);
        databases = databases.or(part.databases);
        variants = variants.or(part.variants);
        isolation = isolation.or(part.isolation);
        spec.excludes.extend(part.excludes);
        spec.includes.extend(part.includes);
        for variant in part.definitions {
            if spec
                .definitions
                .iter()
                .all(|known| known.name != variant.name)
            {
                spec.definitions.push(variant);
            }
        }
    }
    spec.branches = branches.unwrap_or_else(|| everything.into_iter().map(default).collect());
    spec.variants = variants.unwrap_or_else(|| {
        vec![Placed {
            value: None,
            place: top.clone(),
        }]
    });
    spec.isolation = isolation.unwrap_or_default();
    let mut findings = Findings::of(file);
    let mut require = |name: &str, example: &str| {
        findings
            .add(0..0, format!("{name} is missing"))
            .help(format!("{name} = {example}, or extends = \"quick\""));
    };
    match (pythons, databases) {
        (Some(pythons), Some(databases)) => {
            spec.pythons = pythons;
            spec.databases = databases;
            return Ok(spec);
        }
        (pythons, databases) => {
            if pythons.is_none() {
                require("pythons", "\"newest\"");
            }
            if databases.is_none() {
                require("databases", "[\"sqlite\"]");
            }
        }
    }
    Err(findings.found)
}
