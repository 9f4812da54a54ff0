use crate::cli::error::CliError;
use crate::run::{Scope, of_project, parse, releases};
use crate::spec::{BUILTIN, MatrixText};

/// The matrix files there are, and what each is for.
pub fn list(scope: &Scope) -> Result<String, CliError> {
    let releases = releases(scope.releases.as_deref(), &scope.folder)?;
    let mut files: Vec<MatrixText> = Vec::new();
    if let Some(path) = of_project(&scope.folder) {
        let text =
            std::fs::read_to_string(scope.folder.join(&path)).map_err(CliError::read(&path))?;
        files.push(MatrixText::new(&path.to_string_lossy(), &text));
    }
    files.extend(BUILTIN.map(|file| MatrixText::new(file.name, file.text)));
    let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for file in &files {
        // One that is wrong is still there.
        let description = parse(file, &releases, &scope.folder).map_or_else(
            |_| "(see what is wrong with --check)".to_owned(),
            |spec| spec.description,
        );
        text.push_str(&format!("{:width$}  {description}\n", file.name));
    }
    Ok(text)
}
