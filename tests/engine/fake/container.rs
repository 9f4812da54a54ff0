use std::time::Duration;

use tokio::sync::watch;

use djbuild::runtime::{Exit, Output};

/// What a container does, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a line to its standard output.
    Say(String),
    /// Writes a line to its standard error.
    Log(String),
    /// Lets time pass.
    Wait(Duration),
    /// Has its log end, as if there were no more, for whoever reads it now.
    EndLog,
    /// Ends.
    Exit(i64),
    /// Is killed by the kernel for its memory.
    OutOfMemory,
    /// A process of it is killed for its memory, and it lives on.
    LoseProcess,
    /// Writes to its standard error for ever.
    Flood,
}

/// What a container has come to.
#[derive(Default)]
pub struct Life {
    pub started: bool,
    pub written: Vec<Output>,
    pub exit: Option<Exit>,
    pub out_of_memory: bool,
    pub removed: bool,
    /// How often those who read what it writes were cut off.
    pub cuts: u32,
}

impl Life {
    /// Begins it, unless it has begun.
    pub fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.started, true)
    }
}

/// Ends a container, unless it has ended.
pub fn end(life: &watch::Sender<Life>, code: i64, out_of_memory: bool) {
    life.send_modify(|life| {
        life.out_of_memory |= out_of_memory;
        life.exit.get_or_insert(Exit {
            code,
            out_of_memory: life.out_of_memory,
            error: String::new(),
        });
    });
}

/// Does what the script says, until the container is removed.
pub async fn play(steps: Vec<Step>, life: watch::Sender<Life>) {
    let mut there = life.subscribe();
    tokio::select! {
        biased;
        _ = there.wait_for(|life| life.removed) => {}
        () = act(steps, &life) => {}
    }
}

async fn act(steps: Vec<Step>, life: &watch::Sender<Life>) {
    let write = |output: Output| {
        life.send_modify(|life| {
            if life.exit.is_none() {
                life.written.push(output);
            }
        });
    };
    for step in steps {
        match step {
            Step::Say(line) => write(Output::Stdout(format!("{line}\n").into_bytes())),
            Step::Log(line) => write(Output::Stderr(format!("{line}\n").into_bytes())),
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::EndLog => life.send_modify(|life| life.cuts += 1),
            Step::Exit(code) => return end(life, code, false),
            Step::OutOfMemory => return end(life, 137, true),
            Step::LoseProcess => life.send_modify(|life| life.out_of_memory = true),
            Step::Flood => {
                while life.borrow().exit.is_none() && !life.borrow().removed {
                    write(Output::Stderr(vec![b'x'; 4096]));
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
    std::future::pending::<()>().await;
}
