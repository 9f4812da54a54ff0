//! The names of djbuild's labels. Clean-up works by them alone.
//!
//! Values on containers and networks are such as Kubernetes takes too. Those of
//! images are not: there they are no labels of Kubernetes'.

/// A label on a container, network, volume or image.
pub type Label = (String, String);

/// On containers and networks: the run they belong to.
pub const RUN: &str = "djbuild.run";
/// On containers and networks: whose run it is, so that two users of one
/// engine never clean up after each other.
pub const OWNER: &str = "djbuild.owner";
/// On containers and networks: the host whose process started them, for a home may
/// be copied with all that names its installation.
pub const HOST: &str = "djbuild.host";
/// On containers and networks: that host's kernel since it was started.
pub const BOOT: &str = "djbuild.boot";
/// On a run's sign of life: when it was given, in seconds since 1970.
pub const BEAT: &str = "djbuild.beat";
/// On a cell's container: the cell, as far as a label may say it; the container's
/// `DJBUILD_CELL` has its whole name.
pub const CELL: &str = "djbuild.cell";
/// On a service's container: its name.
pub const SERVICE: &str = "djbuild.service";
/// On images: what kind of cache they are (`base`, `image` or `tree`).
pub const CACHE: &str = "djbuild.cache";
/// On tree layers: the snapshot inside.
pub const SNAPSHOT: &str = "djbuild.snapshot";
/// On tree layers: names all that is in them but the tree.
pub const FOUNDATION: &str = "djbuild.foundation";
