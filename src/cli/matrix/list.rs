use crate::cli::args::SelectOptions;
use crate::cli::error::CliError;
use crate::cli::matrix_file::{of_project, parse, releases};
use crate::spec::{BUILTIN, MatrixText};

/// The matrix files there are, and what each is for.
pub fn list(options: &SelectOptions) -> Result<String, CliError> {
    let releases = releases(options.releases.as_deref())?;
    let mut files: Vec<MatrixText> = Vec::new();
    if let Some(path) = of_project() {
        let text = std::fs::read_to_string(&path).map_err(CliError::read(&path))?;
        files.push(MatrixText::new(&path.to_string_lossy(), &text));
    }
    files.extend(BUILTIN.map(|file| MatrixText::new(file.name, file.text)));
    let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for file in &files {
        // One that is wrong is still there.
        let description = parse(file, &releases).map_or_else(
            |_| "(see what is wrong with --check)".to_owned(),
            |spec| spec.description,
        );
        text.push_str(&format!("{:width$}  {description}\n", file.name));
    }
    Ok(text)
}
