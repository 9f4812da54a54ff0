use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::protocol::{Answered, Greeting};
use super::{Address, Answer, Ask, ControlError, PROTOCOL};
use crate::run::Home;
use crate::watch::{Order, Status};

/// How long an answer may take: a disk that is busy, a file that is long.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a greeting may take, and how the farm stands: one that hangs is not waited for.
const IMPATIENCE: Duration = Duration::from_secs(5);
/// How long where a repository is looked at, which may be being fetched just then.
const LONG_PATIENCE: Duration = Duration::from_secs(900);
/// An answer may be long where many wait.
const LONGEST: u64 = 64 << 20;

/// One who speaks to a watcher.
#[derive(Debug)]
pub struct Client {
    reading: BufReader<UnixStream>,
    address: Address,
}

/// One who listens to what happens.
#[derive(Debug)]
pub struct Listening(BufReader<UnixStream>);

impl Client {
    /// Speaks to whoever watches with this state, if anybody does who listens.
    ///
    /// # Errors
    /// When a watcher is there and speaks otherwise.
    pub fn find(home: &Home) -> Result<Option<Self>, ControlError> {
        let address = Address::of(home);
        // Nobody is there, or one who was killed: it is the same.
        let Ok(stream) = address.with(|path| UnixStream::connect(path)) else {
            return Ok(None);
        };
        let mut client = Self {
            reading: BufReader::new(stream),
            address,
        };
        let socket = client.reading.get_ref();
        socket
            .set_read_timeout(Some(IMPATIENCE))
            .and_then(|()| socket.set_write_timeout(Some(IMPATIENCE)))
            .map_err(client.failed())?;
        // One that hangs is steered as one that is not there: what is kept is seen later.
        let Ok(line) = client.line() else {
            return Ok(None);
        };
        if let Ok(Answered {
            answer: Answer::Refused(why),
        }) = serde_json::from_str(&line)
        {
            return Err(ControlError::Refused(why));
        }
        match serde_json::from_str::<Greeting>(&line) {
            Ok(greeting) if greeting.protocol == PROTOCOL => Ok(Some(client)),
            Ok(greeting) => Err(ControlError::Strange(greeting.djbuild)),
            Err(_) => Err(ControlError::Strange("unknown".to_owned())),
        }
    }

    /// How the farm stands.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn status(&mut self) -> Result<Status, ControlError> {
        match self.ask(&Ask::Status)? {
            Answer::Status(status) => Ok(*status),
            Answer::Said(said) => Err(ControlError::Strange(said)),
            Answer::Refused(why) => Err(ControlError::Refused(why)),
        }
    }

    /// Has something done, and passes on what the watcher says of it.
    ///
    /// # Errors
    /// When it does not do it.
    pub fn order(&mut self, order: Order, who: &str) -> Result<String, ControlError> {
        self.say(&Ask::Order {
            who: who.to_owned(),
            order,
        })
    }

    /// Asks for something that is answered in a sentence.
    ///
    /// # Errors
    /// When it is refused.
    pub fn say(&mut self, ask: &Ask) -> Result<String, ControlError> {
        match self.ask(ask)? {
            Answer::Said(said) => Ok(said),
            Answer::Status(_) => Ok(String::new()),
            Answer::Refused(why) => Err(ControlError::Refused(why)),
        }
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// When the watcher has gone.
    pub fn listen(mut self) -> Result<Listening, ControlError> {
        self.write(&Ask::Events)?;
        let socket = self.reading.get_ref();
        socket.set_read_timeout(None).map_err(self.failed())?;
        Ok(Listening(self.reading))
    }

    fn ask(&mut self, ask: &Ask) -> Result<Answer, ControlError> {
        let patience = match ask {
            Ask::Status => IMPATIENCE,
            Ask::Base { .. } | Ask::Try { .. } => LONG_PATIENCE,
            _ => PATIENCE,
        };
        let socket = self.reading.get_ref();
        socket
            .set_read_timeout(Some(patience))
            .map_err(self.failed())?;
        self.write(ask)?;
        let line = self.line()?;
        let answered: Result<Answered, _> = serde_json::from_str(&line);
        let answered = answered.map_err(|error| ControlError::Strange(error.to_string()))?;
        Ok(answered.answer)
    }

    fn write(&mut self, ask: &Ask) -> Result<(), ControlError> {
        // Plain data with string keys: nothing in it can fail.
        let mut line = serde_json::to_string(ask).unwrap_or_default();
        line.push('\n');
        let mut socket = self.reading.get_ref();
        socket
            .write_all(line.as_bytes())
            .map_err(|_| ControlError::Gone)
    }

    fn line(&mut self) -> Result<String, ControlError> {
        let mut line = String::new();
        let mut limited = (&mut self.reading).take(LONGEST);
        let read = limited.read_line(&mut line).map_err(self.failed())?;
        if read == 0 {
            return Err(ControlError::Gone);
        }
        Ok(line)
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> ControlError + use<> {
        let path = self.address.path();
        move |error| ControlError::Io { path, error }
    }
}

impl Listening {
    /// Something by which another thread ends the listening.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn end(&self) -> std::io::Result<impl FnOnce() + Send + use<>> {
        let socket = self.0.get_ref().try_clone()?;
        Ok(move || {
            // It may have ended by itself.
            let _ = socket.shutdown(Shutdown::Both);
        })
    }
}

impl Iterator for Listening {
    type Item = String;

    /// The next thing that happens, as JSON; none when the watcher has gone.
    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    }
}
