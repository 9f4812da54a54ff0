//! A proxy before an engine's socket that breaks connections where it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Where a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// When its request is known, of which the engine hears nothing.
    AtRequest,
    /// After so many bytes of the request.
    Request(u64),
    /// After so many bytes of the answer: with 0 it is answered and not heard.
    Answer(u64),
}

/// What breaks: requests whose first line contains the text.
type Rule = Option<(&'static str, Cut)>;

pub struct Proxy {
    pub address: String,
    rule: Arc<Mutex<Rule>>,
    cuts: Arc<AtomicU64>,
}

impl Proxy {
    /// A proxy on a TCP port, for as long as the tests run.
    pub fn new(socket: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let rule = Arc::new(Mutex::new(None));
        let cuts = Arc::new(AtomicU64::new(0));
        let (rules, counted) = (Arc::clone(&rule), Arc::clone(&cuts));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a connection");
                let (rules, counted) = (Arc::clone(&rules), Arc::clone(&counted));
                std::thread::spawn(move || serve(client, socket, &rules, &counted));
            }
        });
        Self {
            address,
            rule,
            cuts,
        }
    }

    /// From now on requests with this text in their first line break there.
    pub fn cut(&self, text: &'static str, cut: Cut) {
        *self.rule.lock().expect("no panic") = Some((text, cut));
    }

    pub fn mend(&self) {
        *self.rule.lock().expect("no panic") = None;
    }

    /// How many connections broke so far.
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

fn serve(mut client: TcpStream, socket: &str, rule: &Mutex<Rule>, cuts: &AtomicU64) {
    let mut head = Vec::new();
    let mut bytes = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match client.read(&mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(read) => head.extend_from_slice(&bytes[..read]),
        }
    }
    let text = String::from_utf8_lossy(&head);
    let line = text.lines().next().unwrap_or_default();
    let cut = match *rule.lock().expect("no panic") {
        Some((text, cut)) if line.contains(text) => Some(cut),
        _ => None,
    };
    if cut.is_some() {
        cuts.fetch_add(1, Ordering::Relaxed);
    }
    if cut == Some(Cut::AtRequest) {
        return;
    }
    let Ok(mut engine) = UnixStream::connect(socket) else {
        return;
    };
    let request = match cut {
        Some(Cut::Request(bytes)) => bytes,
        _ => u64::MAX,
    };
    let answer = match cut {
        Some(Cut::Answer(bytes)) => bytes,
        _ => u64::MAX,
    };
    if engine.write_all(&head).is_err() {
        return;
    }
    let ends = |client: &TcpStream, engine: &UnixStream| {
        let client = client.try_clone().expect("a socket");
        (client, engine.try_clone().expect("a socket"))
    };
    let (asking, asked) = ends(&client, &engine);
    let other = std::thread::spawn(move || pass(asking, asked, request, head.len() as u64));
    pass(engine, client, answer, 0);
    let _ = other.join();
}

/// Copies until the end or the limit, which ends both sides at once.
fn pass<F, T>(mut from: F, mut to: T, limit: u64, mut passed: u64)
where
    F: Read + End,
    T: Write + End,
{
    let mut bytes = vec![0; 16 * 1024];
    loop {
        match from.read(&mut bytes) {
            Ok(read) if read > 0 => {
                let left = limit.saturating_sub(passed);
                let kept = u64::try_from(read).expect("a length").min(left);
                let kept = usize::try_from(kept).expect("a length");
                passed += kept as u64;
                if to.write_all(&bytes[..kept]).is_err() || kept < read {
                    break;
                }
            }
            _ => break,
        }
    }
    from.end();
    to.end();
}

trait End {
    fn end(&self);
}

impl End for TcpStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl End for UnixStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}
