/// What a run came to, as far as the engine is concerned; the verdicts are in its
/// events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whether the user stopped it.
    pub interrupted: bool,
    /// Why something of it is left on the engine, if so.
    pub left_behind: Option<String>,
}
