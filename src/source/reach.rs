/// Whether the remote is asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is, and what is cached is a way out.
    Online,
    /// Only what is cached counts.
    Offline,
}
