use bollard::models::SystemVersion;

/// Where engines differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Whether it is Podman.
    pub is_podman: bool,
    /// Whether a bridge can do without an address of the machine's on it.
    pub isolates: bool,
}

/// The API of Docker 28.0, whose bridges can be isolated
/// (<https://docs.docker.com/engine/release-notes/28/>); older ones refuse the word.
const ISOLATES: (u32, u32) = (1, 48);

impl Abilities {
    /// Those of an engine that says this of itself.
    pub fn of(version: &SystemVersion) -> Self {
        // Podman's first component says so; its platform is that of the machine.
        let is_podman = version
            .components
            .iter()
            .flatten()
            .any(|component| component.name == "Podman Engine");
        let api = version.api_version.as_deref().and_then(|api| {
            let (major, minor) = api.split_once('.')?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
        Self {
            is_podman,
            isolates: !is_podman && api.is_some_and(|api| api >= ISOLATES),
        }
    }
}
