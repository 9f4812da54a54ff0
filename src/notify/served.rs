use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

/// An address of the web that answers one request, and that request: its lines, an empty
/// one, and its body.
pub fn served(
    answer: &'static str,
    says: &'static str,
) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let got = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a sender");
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        let (mut got, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            let lower = line.to_lowercase();
            if let Some(number) = lower.strip_prefix("content-length:") {
                length = number.trim().parse().expect("a number");
            }
            got.push_str(line.trim_end());
            got.push('\n');
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let length = says.len();
        write!(
            stream,
            "HTTP/1.1 {answer}\r\nContent-Length: {length}\r\n\r\n{says}"
        )
        .expect("heard");
        got + &String::from_utf8_lossy(&body)
    });
    (url, got)
}
