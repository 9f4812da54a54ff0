use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinSet;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Question, Rows, Server, Tls, roots, told};

/// Asks a PostgreSQL server.
pub async fn ask(server: &Server, questions: &[Question]) -> Result<Vec<Rows>, String> {
    // Ends with this, however this ends.
    let mut connection = JoinSet::new();
    let client = connect(server, &mut connection).await?;
    let mut answers = Vec::new();
    for question in questions {
        let values: Vec<&(dyn ToSql + Sync)> = question
            .values
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = client.query(&question.text, &values).await;
        let rows = rows.map_err(|error| told(&error))?;
        let texts = rows.iter().map(|row| {
            (0..row.len())
                .map(|column| row.try_get::<_, String>(column))
                .collect::<Result<Vec<String>, _>>()
        });
        let texts: Result<Rows, _> = texts.collect();
        answers.push(texts.map_err(|error| told(&error))?);
    }
    Ok(answers)
}

async fn connect(server: &Server, connection: &mut JoinSet<()>) -> Result<Client, String> {
    let mut config = Config::new();
    config
        .user(&server.user)
        .dbname(&server.database)
        .port(server.port)
        .application_name("djbuild");
    match &server.socket {
        Some(folder) => config.host_path(folder),
        None => config.host(&server.host),
    };
    if let Some(password) = &server.password {
        config.password(password);
    }
    let failed = |error: tokio_postgres::Error| told(&error);
    match &server.tls {
        Tls::Off => {
            config.ssl_mode(SslMode::Disable);
            let (client, work) = config.connect(NoTls).await.map_err(failed)?;
            connection.spawn(async { drop(work.await) });
            Ok(client)
        }
        Tls::Checked(file) => {
            config.ssl_mode(SslMode::Require);
            let mut trusted = RootCertStore::empty();
            trusted.add_parsable_certificates(roots::trusted(file.as_deref()).await?);
            let tls = ClientConfig::builder()
                .with_root_certificates(trusted)
                .with_no_client_auth();
            let tls = MakeRustlsConnect::new(tls);
            let (client, work) = config.connect(tls).await.map_err(failed)?;
            connection.spawn(async { drop(work.await) });
            Ok(client)
        }
    }
}
