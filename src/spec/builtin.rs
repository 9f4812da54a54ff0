/// A matrix file that comes with djbuild.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// Its name, as `--matrix` takes it.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

/// The matrix files that come with djbuild, the default first.
pub const BUILTIN: [Builtin; 2] = [
    Builtin {
        name: "quick",
        text: include_str!("../../matrix/quick.toml"),
    },
    Builtin {
        name: "django",
        text: include_str!("../../matrix/django.toml"),
    },
];

/// The matrix file of this name.
pub fn builtin(name: &str) -> Option<Builtin> {
    BUILTIN.into_iter().find(|file| file.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_matrix_file_that_ships_is_valid() {
        for file in BUILTIN {
            let text = crate::spec::MatrixText::new(file.name, file.text);
            let releases = crate::spec::Releases::shipped();
            let spec = crate::spec::parse(&text, &releases, &|_| Err(String::new()));
            let spec = spec.expect(file.name);
            assert!(!spec.description.is_empty(), "{}", file.name);
        }
    }
}
