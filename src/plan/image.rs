use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Base, Context, Dockerfiles, Part, label};
use crate::model::{DatabaseKind, PythonSpec, hex};

/// What an image is made of. Its tag follows from it and from the base's own
/// id, so an unchanged recipe builds nothing.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Its readable name: `python3.14-postgresql`.
    pub name: String,
    /// What it stands on.
    pub base: Base,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The build context, Dockerfile included.
    pub context: Context,
    /// Whose it is.
    pub author: Author,
    /// Tells it from other recipes, whatever its base turns out to be.
    key: String,
}

/// Whose the requirements are that a build installs, and so whether it may have
/// what this host signs in with: installing runs code of their author's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Of somebody whose code is merged, or the user's own.
    Known,
    /// Of whoever opened a pull request.
    Anybody,
}

/// What a build gets from the host and no image keeps: it is in no image's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildEnvironment {
    /// Proxies and package indexes, as build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The host's CA bundle, where the host names one.
    pub ca_bundle: Arc<[u8]>,
    /// The Debian mirror for bases made here.
    pub debian_mirror: String,
}

impl BuildEnvironment {
    /// The build arguments for a recipe of somebody: addresses with a name or a
    /// password in them are not for anybody.
    pub fn arguments_for(&self, author: Author) -> impl Iterator<Item = (&String, &String)> {
        self.arguments
            .iter()
            .filter(move |(_, value)| author == Author::Known || !value.contains('@'))
    }
}

impl Recipe {
    /// The Python test image: the branch's requirements for one database.
    pub fn python(
        python: PythonSpec,
        database: DatabaseKind,
        requirements: &BTreeMap<String, Vec<u8>>,
        environment: &BuildEnvironment,
        registry_prefix: &str,
        files: &Dockerfiles,
    ) -> Self {
        let mut context = folder_context(files, "python").with(Part::File {
            path: "build/ca-bundle.crt".to_owned(),
            content: Arc::clone(&environment.ca_bundle),
            keyed: false,
        });
        for (name, content) in requirements {
            context = context.with_file(format!("build/requirements/{name}"), content.clone());
        }
        let arguments = [
            ("PYTHON", python.executable()),
            ("DATABASE", database.to_string()),
        ];
        Self::new(
            format!("{}-{database}", python.executable()),
            Base::python(python, registry_prefix, files),
            own(arguments),
            context,
        )
    }

    /// A service's image: the folder of Dockerfiles of this name on this base.
    pub fn service(folder: &str, base: Base, files: &Dockerfiles) -> Self {
        let context = folder_context(files, folder);
        Self::new(base.name.clone(), base, BTreeMap::new(), context)
    }

    fn new(
        name: String,
        base: Base,
        arguments: BTreeMap<String, String>,
        context: Context,
    ) -> Self {
        Self {
            key: tag(
                &name,
                &format!("{} {:?}", base.name, base.registry),
                &arguments,
                &context,
            ),
            name,
            base,
            arguments,
            context,
            author: Author::Known,
        }
    }

    /// The same recipe, of somebody.
    #[must_use]
    pub const fn by(mut self, author: Author) -> Self {
        self.author = author;
        self
    }

    /// Tells it from other recipes, whatever its base turns out to be.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The image's tag on a base with this id.
    pub fn tag(&self, base_id: &str) -> String {
        tag(&self.name, base_id, &self.arguments, &self.context)
    }
}

/// The build context of a folder of Dockerfiles. A user's own Dockerfile may lack
/// the label by which caches are found; ours have it where it costs least.
fn folder_context(files: &Dockerfiles, folder: &str) -> Context {
    let mut context = Context::default();
    for (path, content) in files.folder(folder) {
        let mut content = content.to_vec();
        if path == "Dockerfile" && !String::from_utf8_lossy(&content).contains(label::CACHE) {
            content.extend_from_slice(format!("\nLABEL {}=image\n", label::CACHE).as_bytes());
        }
        context = context.with_file(path, content);
    }
    context
}

/// A tag over everything an image is made of.
pub(super) fn tag(
    name: &str,
    base_id: &str,
    arguments: &BTreeMap<String, String>,
    context: &Context,
) -> String {
    let mut digest = Sha256::new();
    digest.update(base_id);
    for (key, value) in arguments {
        digest.update([0]);
        digest.update(key);
        digest.update([b'=']);
        digest.update(value);
    }
    digest.update([0]);
    context.key(&mut digest);
    format!("djbuild/{name}:{}", hex(&digest.finalize()[..8]))
}

fn own<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(requirement: &str, environment: &BuildEnvironment) -> Recipe {
        let requirements =
            BTreeMap::from([("py3.txt".to_owned(), requirement.as_bytes().to_vec())]);
        Recipe::python(
            PythonSpec::cpython(3, 14),
            DatabaseKind::Sqlite,
            &requirements,
            environment,
            "",
            &Dockerfiles::embedded(),
        )
    }

    #[test]
    fn an_unchanged_recipe_has_an_unchanged_tag() {
        let none = BuildEnvironment::default();
        assert_eq!(
            recipe("numpy", &none).tag("id"),
            recipe("numpy", &none).tag("id")
        );
    }

    #[test]
    fn a_tag_follows_requirements_and_base() {
        let none = BuildEnvironment::default();
        let tag = recipe("numpy", &none).tag("id");
        assert_ne!(tag, recipe("Pillow", &none).tag("id"));
        assert_ne!(tag, recipe("numpy", &none).tag("other"));
        assert!(tag.starts_with("djbuild/python3.14-sqlite:"), "{tag}");
    }

    #[test]
    fn requirements_of_anybody_are_installed_without_the_hosts_passwords() {
        let arguments = [
            ("HTTPS_PROXY", "http://proxy:3128"),
            ("FTP_PROXY", "https://me:secret@index.example/simple"),
        ];
        let environment = BuildEnvironment {
            arguments: arguments
                .map(|(key, value)| (key.into(), value.into()))
                .into(),
            ..BuildEnvironment::default()
        };
        let given = |author| environment.arguments_for(author).count();
        assert_eq!((given(Author::Known), given(Author::Anybody)), (2, 1));
    }

    #[test]
    fn the_hosts_ca_bundle_is_in_no_images_name() {
        let none = BuildEnvironment::default();
        let behind_proxy = BuildEnvironment {
            ca_bundle: b"CERTIFICATE".as_slice().into(),
            ..BuildEnvironment::default()
        };
        assert_eq!(
            recipe("x", &none).tag("id"),
            recipe("x", &behind_proxy).tag("id")
        );
    }
}
