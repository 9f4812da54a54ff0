use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, SslOpts};

use super::{Question, Rows, Server, Tls, roots, told};

/// Asks a MySQL or MariaDB server.
pub async fn ask(server: &Server, questions: &[Question]) -> Result<Vec<Rows>, String> {
    let mut options = OptsBuilder::default()
        .user(Some(&server.user))
        .pass(server.password.as_deref())
        .db_name(Some(&server.database))
        .ip_or_hostname(&server.host)
        .tcp_port(server.port)
        // Else it goes on by a socket of its own choice, which may not be there.
        .prefer_socket(false);
    if let Some(socket) = &server.socket {
        options = options.socket(Some(socket.to_string_lossy()));
    }
    if let Tls::Checked(file) = &server.tls {
        let trusted = roots::trusted(file.as_deref()).await?;
        let trusted = trusted
            .into_iter()
            .map(|certificate| certificate.to_vec().into())
            .collect();
        options = options.ssl_opts(
            SslOpts::default()
                .with_disable_built_in_roots(true)
                .with_root_certs(trusted),
        );
    }
    let failed = |error: mysql_async::Error| told(&error);
    let mut connection = Conn::new(options).await.map_err(failed)?;
    let mut answers = Vec::new();
    for question in questions {
        let values = mysql_async::Params::from(question.values.clone());
        let rows: Vec<Row> = connection
            .exec(&question.text, values)
            .await
            .map_err(failed)?;
        answers.push(rows.into_iter().map(texts).collect::<Result<Rows, _>>()?);
    }
    // What it says of the end changes nothing.
    drop(connection.disconnect().await);
    Ok(answers)
}

fn texts(row: Row) -> Result<Vec<String>, String> {
    let value =
        |value| mysql_async::from_value_opt(value).map_err(|_| "a column is no text".to_owned());
    row.unwrap().into_iter().map(value).collect()
}
