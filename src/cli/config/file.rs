use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use crate::cli::error::CliError;
use crate::host;
use crate::spec::{MatrixText, Problem, Problems, nearest};

/// Where the configuration file is to be.
pub enum ConfigPlace {
    /// Where it usually is; it need not be there.
    Usual(PathBuf),
    /// Where the user says it is.
    Named(PathBuf),
}

impl ConfigPlace {
    /// The one that `DJBUILD_CONFIG` names, else the user's.
    pub fn find() -> Option<Self> {
        match std::env::var_os("DJBUILD_CONFIG").filter(|path| !path.is_empty()) {
            Some(named) => Some(Self::Named(named.into())),
            None => host::config_file().map(Self::Usual),
        }
    }
}

/// The configuration file as read: values by the long names of options.
#[derive(Debug, Default)]
pub struct ConfigFile {
    /// Where it is or would be.
    pub path: Option<PathBuf>,
    values: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    values: Vec<String>,
    line: usize,
}

impl ConfigFile {
    /// Reads the file; one that is not there says nothing.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn read(place: Option<&ConfigPlace>, names: &[String]) -> Result<Self, CliError> {
        let (path, is_named) = match place {
            None => return Ok(Self::default()),
            Some(ConfigPlace::Usual(path)) => (path, false),
            Some(ConfigPlace::Named(path)) => (path, true),
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
                String::new()
            }
            Err(error) => return Err(CliError::read(path)(error)),
        };
        let file = MatrixText::new(&path.to_string_lossy(), &text);
        let values = parse(&file, names).map_err(CliError::Config)?;
        Ok(Self {
            path: Some(path.to_owned()),
            values,
        })
    }

    /// What it says of an option.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        Some(&self.values.get(name)?.values)
    }

    /// Where it says so.
    pub fn place(&self, name: &str) -> Option<String> {
        let line = self.values.get(name)?.line;
        Some(format!("{}:{line}", self.path.as_ref()?.display()))
    }
}

fn parse(file: &MatrixText, names: &[String]) -> Result<BTreeMap<String, Entry>, Problems> {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let problem = |span, message: String, help| Problem {
        file: file.clone(),
        span,
        message,
        help,
        other: None,
    };
    let mut problems: Vec<Problem> = errors
        .into_iter()
        .map(|error| {
            problem(
                error.span().unwrap_or(0..0),
                error.message().to_owned(),
                None,
            )
        })
        .collect();
    let mut found = BTreeMap::new();
    for (key, value) in table.into_inner() {
        let name: &str = key.get_ref();
        if !names.iter().any(|known| known == name) {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let help = match nearest(name, &known) {
                Some(word) => format!("did you mean {word}?"),
                None => "keys are the long options of `djbuild run`".to_owned(),
            };
            problems.push(problem(
                key.span(),
                format!("unknown key {name}"),
                Some(help),
            ));
            continue;
        }
        match words(value.get_ref()) {
            Some(values) => {
                let line = file.place(key.span().start).line;
                found.insert(name.to_owned(), Entry { values, line });
            }
            None => problems.push(problem(
                value.span(),
                format!(
                    "{name} is a word in quotes, a whole number, true or false, or a list of such"
                ),
                None,
            )),
        }
    }
    if problems.is_empty() {
        return Ok(found);
    }
    problems.sort_by_key(|problem| problem.span.start);
    Err(Problems(problems))
}

/// A value as it would be typed after its flag.
fn words(value: &DeValue<'_>) -> Option<Vec<String>> {
    let word = |value: &DeValue<'_>| match value {
        DeValue::String(word) => Some(word.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(items) => items.iter().map(|item| word(item.get_ref())).collect(),
        value => word(value).map(|word| vec![word]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<BTreeMap<String, Entry>, Problems> {
        let names = ["jobs", "database", "quiet"].map(str::to_owned);
        parse(&MatrixText::new("config.toml", text), &names)
    }

    #[test]
    fn values_are_what_would_be_typed() {
        let values = parsed("jobs = 4\nquiet = true\ndatabase = [\"sqlite\", \"mysql\"]\n");
        let values = values.expect("valid");
        assert_eq!(values["jobs"].values, ["4"]);
        assert_eq!(values["quiet"].values, ["true"]);
        assert_eq!(values["database"].values, ["sqlite", "mysql"]);
        assert_eq!(values["database"].line, 3);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let problems = parsed("job = 4\njobs = { a = 1 }\n").expect_err("two mistakes");
        let told = problems.to_string();
        assert!(
            told.contains("config.toml:1:1: unknown key job; did you mean jobs?"),
            "{told}"
        );
        assert!(
            told.contains("config.toml:2:8: jobs is a word in quotes"),
            "{told}"
        );
    }
}
