use std::time::Duration;

use tokio::sync::watch;

use crate::runtime::{Exit, Output};

/// What a container does, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a line to its standard output.
    Say(String),
    /// Writes a line to its standard error.
    Log(String),
    /// Lets time pass.
    Wait(Duration),
    /// Ends.
    Exit(i64),
    /// Is killed by the kernel for its memory.
    OutOfMemory,
    /// Writes to its standard error for ever.
    Flood,
}

/// What a container has come to.
#[derive(Default)]
pub struct State {
    pub written: Vec<Output>,
    pub exit: Option<Exit>,
    pub removed: bool,
}

/// Ends a container, unless it has ended.
pub fn end(state: &watch::Sender<State>, code: i64, out_of_memory: bool) {
    state.send_modify(|state| {
        state.exit.get_or_insert(Exit {
            code,
            out_of_memory,
            error: String::new(),
        });
    });
}

/// Does what the script says.
pub async fn play(steps: Vec<Step>, state: watch::Sender<State>) {
    let write = |output: Output| {
        state.send_modify(|state| {
            if state.exit.is_none() {
                state.written.push(output);
            }
        });
    };
    for step in steps {
        match step {
            Step::Say(line) => write(Output::Stdout(format!("{line}\n").into_bytes())),
            Step::Log(line) => write(Output::Stderr(format!("{line}\n").into_bytes())),
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Exit(code) => return end(&state, code, false),
            Step::OutOfMemory => return end(&state, 137, true),
            Step::Flood => {
                while state.borrow().exit.is_none() && !state.borrow().removed {
                    write(Output::Stderr(vec![b'x'; 4096]));
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
    std::future::pending::<()>().await;
}
