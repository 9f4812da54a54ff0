//! A registry that has nothing, and says so in a way of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

/// Listens on a port for as long as the tests run, and answers each request with
/// what `answer` says of its `Authorization`: a status, headers and a body.
pub fn listen(
    answer: impl Fn(Option<&str>) -> (u16, &'static str, &'static str) + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = BufReader::new(connection.expect("a connection"));
            let (mut line, mut authorization) = (String::new(), None);
            while connection.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some((name, value)) = line.split_once(": ")
                    && name.eq_ignore_ascii_case("authorization")
                {
                    authorization = Some(value.trim().to_owned());
                }
                line.clear();
            }
            let (status, headers, body) = answer(authorization.as_deref());
            // Whoever asked may have gone.
            let _ = write!(
                connection.get_mut(),
                "HTTP/1.1 {status} X\r\nDocker-Distribution-Api-Version: registry/2.0\r\n\
                 Content-Type: application/json\r\n{headers}Content-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}
