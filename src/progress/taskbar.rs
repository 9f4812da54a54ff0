use std::io::Write;

/// A terminal's own progress, in its tab or the taskbar: the sequence OSC 9;4,
/// which `ConEmu` brought up and Windows Terminal, Ghostty and `WezTerm` took over
/// (<https://conemu.github.io/en/AnsiEscapeCodes.html#ConEmu_specific_OSC>).
#[derive(Debug, Default)]
pub struct Taskbar {
    shown: Option<(State, u64)>,
}

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Normal = 1,
    /// It goes on, and something failed.
    Failing = 2,
}

impl Taskbar {
    /// Shows how much is done, in hundredths, where that has changed.
    pub fn show(&mut self, state: State, percent: u64) -> std::io::Result<()> {
        let next = (state, percent.min(100));
        if self.shown == Some(next) {
            return Ok(());
        }
        self.shown = Some(next);
        write(&format!("{};{}", state as u8, next.1))
    }

    /// Takes it away.
    pub fn clear(&mut self) -> std::io::Result<()> {
        match self.shown.take() {
            Some(_) => write("0;0"),
            None => Ok(()),
        }
    }
}

fn write(what: &str) -> std::io::Result<()> {
    let mut stderr = std::io::stderr();
    write!(stderr, "\u{1b}]9;4;{what}\u{1b}\\")?;
    stderr.flush()
}
