use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};

/// Where long text goes: through the user's pager on a terminal, else straight to
/// standard output.
pub struct Pager {
    child: Option<Child>,
}

impl Pager {
    /// A pager where standard output is a terminal, unless `NO_PAGER` is set.
    pub fn on_terminal() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !io::stdout().is_terminal() || is_set("NO_PAGER") {
            return Self::none();
        }
        let pager = std::env::var("PAGER").unwrap_or_else(|_| "less -R".to_owned());
        // Which is how people say that they want none.
        if matches!(pager.trim(), "" | "cat") {
            return Self::none();
        }
        let mut command = Command::new("sh");
        command.args(["-c", &pager]).stdin(Stdio::piped());
        if !is_set("LESS") {
            // As git has it: colours stay, and what fits the screen is printed.
            command.env("LESS", "FRX");
        }
        let child = command.spawn().ok();
        if child.is_some() {
            // Ctrl-C is for the pager, which would be left alone with the terminal.
            tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        }
        Self { child }
    }

    /// Standard output itself.
    pub const fn none() -> Self {
        Self { child: None }
    }

    /// Waits until its reader is done.
    pub fn finish(mut self) {
        if let Some(child) = &mut self.child {
            // Its end is what a pager waits for.
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(stdin) => stdin.write(bytes),
            None => io::stdout().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(stdin) => stdin.flush(),
            None => io::stdout().flush(),
        }
    }
}
