use crate::model::{DatabaseKind, ParseError, PythonSpec};
use crate::spec::{
    BranchChoice, DatabaseChoice, PLAIN, Pattern, PythonChoice, Releases, Spec, Variant,
    VariantChoice, nearest,
};

/// What the user asked for on top of a matrix file: globs over each axis, any
/// of which may match. Branches are the source's business.
///
/// A word that the matrix does not have is added to it, so that
/// `--database mariadb11.8` on the quick matrix tests `MariaDB` instead of
/// nothing.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub(super) pythons: Vec<Pattern>,
    pub(super) databases: Vec<Pattern>,
    pub(super) variants: Vec<Pattern>,
}

/// The filters as typed, flag by flag.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filters<'a> {
    /// `--python`.
    pub pythons: &'a [String],
    /// `--database`.
    pub databases: &'a [String],
    /// `--variant`.
    pub variants: &'a [String],
}

/// A filter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} {typed}: {problem}")]
pub struct SelectError {
    flag: &'static str,
    typed: String,
    problem: String,
}

impl Selection {
    /// Understands the filters as typed.
    ///
    /// # Errors
    /// When one is no glob, or an exact word that names nothing or nothing that
    /// can exist.
    pub fn new(filters: Filters<'_>, spec: &Spec) -> Result<Self, SelectError> {
        let selection = Self {
            pythons: patterns("python", filters.pythons)?,
            databases: patterns("database", filters.databases)?,
            variants: patterns("variant", filters.variants)?,
        };
        let releases = &spec.releases;
        for pattern in selection.pythons.iter().filter(|p| p.is_word()) {
            check_python(pattern, releases)
                .map_err(|problem| refuse("python", pattern, problem))?;
        }
        for pattern in selection.databases.iter().filter(|p| is_choice(p)) {
            check_database(pattern, releases)
                .map_err(|problem| refuse("database", pattern, problem))?;
        }
        for pattern in selection.variants.iter().filter(|p| p.is_word()) {
            check_variant(pattern, &spec.definitions)
                .map_err(|problem| refuse("variant", pattern, problem))?;
        }
        Ok(selection)
    }

    /// The Pythons named exactly: they are looked at whether the matrix has them
    /// or not.
    pub fn exact_pythons(&self) -> impl Iterator<Item = PythonSpec> {
        self.pythons
            .iter()
            .filter_map(|pattern| pattern.as_str().parse().ok())
    }

    /// The databases named exactly, likewise: `mysql8.4`, `postgresql:min`.
    pub fn exact_databases(&self) -> Vec<DatabaseChoice> {
        let exact = self.databases.iter().filter(|pattern| is_choice(pattern));
        exact
            .filter_map(|pattern| pattern.as_str().parse().ok())
            .collect()
    }

    /// What a database's bare name stands for where a matrix has no release of
    /// it: the newest.
    pub fn missing_databases(&self, known: &[DatabaseChoice]) -> Vec<DatabaseChoice> {
        self.databases
            .iter()
            .filter_map(kind_of)
            .filter(|kind| known.iter().all(|choice| choice.kind() != *kind))
            .map(DatabaseChoice::newest)
            .collect()
    }

    /// The variants asked for, whether the matrix lists them or not: a file may
    /// define many and list none.
    pub fn asked_variants(&self, defined: &[Variant]) -> Vec<VariantChoice> {
        let asked = |name: &str| self.variants.iter().any(|pattern| pattern.matches(name));
        let plain = asked(PLAIN).then_some(None);
        let defined = defined.iter().filter(|variant| asked(&variant.name));
        plain
            .into_iter()
            .chain(defined.map(|variant| Some(variant.name.clone())))
            .collect()
    }

    /// Whether a variant was asked for by its name.
    pub fn names_variant(&self, variant: Option<&str>) -> bool {
        let mut named = self.variants.iter();
        named.any(|pattern| Some(pattern.as_str()) == variant)
    }
}

/// Whether a matrix wants a branch of a source; `today` is `YYYY-MM-DD`.
pub fn wants_branch(spec: &Spec, branch: &str, today: &str) -> bool {
    spec.branches.iter().any(|choice| match &choice.value {
        BranchChoice::Supported => spec.releases.supports_branch(branch, today),
        BranchChoice::Matching(pattern) => pattern.matches(branch),
    })
}

/// `postgresql` means every `PostgreSQL` of the matrix.
pub(super) fn kind_of(pattern: &Pattern) -> Option<DatabaseKind> {
    pattern.as_str().parse().ok()
}

/// `postgresql:*` is a choice and no glob.
fn is_choice(pattern: &Pattern) -> bool {
    let typed = pattern.as_str();
    let word = typed.split_once(':').map_or(typed, |(kind, _)| kind);
    !word.contains(['*', '?', '[', '{']) && kind_of(pattern).is_none()
}

pub(super) fn choice_of(pattern: &Pattern) -> Option<DatabaseChoice> {
    pattern.as_str().parse().ok()
}

fn check_python(pattern: &Pattern, releases: &Releases) -> Result<(), String> {
    let typed = pattern.as_str();
    let python: PythonSpec = typed.parse().map_err(|error: ParseError| {
        let bare = typed.trim_start_matches("python");
        match bare.parse::<PythonSpec>() {
            Ok(python) if bare != typed => format!("did you mean {python}?"),
            _ if PythonChoice::WORDS.contains(&typed) => {
                format!("{typed} is a word for matrix files; {}", error.problem)
            }
            _ => error.problem,
        }
    })?;
    releases.impossible_python(python).map_or(Ok(()), Err)
}

fn check_database(pattern: &Pattern, releases: &Releases) -> Result<(), String> {
    let typed = pattern.as_str();
    let choice: DatabaseChoice = typed.parse().map_err(|error: ParseError| {
        let letters = typed.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let kinds = DatabaseKind::ALL.map(DatabaseKind::as_str);
        match nearest(letters, &kinds) {
            Some(kind) if kind != letters => {
                format!("did you mean {kind}{}?", &typed[letters.len()..])
            }
            _ => error.problem,
        }
    })?;
    match choice {
        DatabaseChoice::Exact(spec) => releases.impossible_database(spec).map_or(Ok(()), Err),
        _ => Ok(()),
    }
}

fn check_variant(pattern: &Pattern, defined: &[Variant]) -> Result<(), String> {
    let names: Vec<&str> = defined.iter().map(|variant| &*variant.name).collect();
    let typed = pattern.as_str();
    if typed == PLAIN || names.contains(&typed) {
        return Ok(());
    }
    Err(match nearest(typed, &names) {
        Some(name) => format!("did you mean {name}?"),
        None if names.is_empty() => "this matrix defines no variants".to_owned(),
        None => format!("this matrix has {}", names.join(", ")),
    })
}

fn refuse(flag: &'static str, pattern: &Pattern, problem: String) -> SelectError {
    SelectError {
        flag,
        typed: pattern.to_string(),
        problem,
    }
}

fn patterns(flag: &'static str, typed: &[String]) -> Result<Vec<Pattern>, SelectError> {
    let understand = |typed: &String| {
        Pattern::new(typed).map_err(|problem| SelectError {
            flag,
            typed: typed.clone(),
            problem,
        })
    };
    typed.iter().map(understand).collect()
}
