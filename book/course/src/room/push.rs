//! The learner's program speaks to the room: one small HTTP request at a time, of which nothing but the status comes back.

use crate::room::{
    secret::Secret,
    serve::KEY,
    standing::{Name, Standing},
};
use std::{fmt, io, str::FromStr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How an answer begins: "HTTP/1.1 204". Nothing more of it is read.
const STATUS: usize = 12;

/// A room, as `--room` takes it: "192.168.1.20:4000/abcdefgh".
#[derive(Clone, Debug)]
pub struct Place {
    /// Host and port.
    address: String,
    code: Secret,
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The address of the projector's page is right, too.
        let text = text.trim();
        let text = text.strip_prefix("http://").unwrap_or(text);
        let (address, code) = text
            .split_once('/')
            .ok_or("it is ADDRESS/CODE, as the trainer shows it")?;
        let (host, port) = address
            .rsplit_once(':')
            .ok_or("the address needs a port: 192.168.1.20:4000/CODE")?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err("the address is a host and a port: 192.168.1.20:4000/CODE");
        }
        let code = code.strip_prefix('#').unwrap_or(code).to_ascii_lowercase();
        Ok(Self {
            address: address.to_owned(),
            code: Secret::read(&code, Secret::CODE)
                .ok_or("the code has 8 letters and digits: copy it again")?,
        })
    }
}

/// Without the code.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Where the learner stands.
    Standing(Standing),
    /// The learner leaves.
    Leave(Name),
}

/// Why the room did not take it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It gave no answer.
    #[error("it cannot be reached ({0}); the next try follows by itself")]
    Unreachable(#[from] io::Error),
    /// Somebody else has the name.
    #[error(
        "somebody of your name is there: if that is you from before, you are in within a minute; if not, choose another name with --as"
    )]
    Taken,
    /// It is full, or asks for patience.
    #[error("it has no place at the moment; the next try follows by itself")]
    Busy,
    /// The code is another one.
    #[error(
        "the join code is wrong: copy it again from the projector, and start `cargo course` with it"
    )]
    Code,
    /// It does not understand.
    #[error(
        "it answers with {0}, so it is no room, or one of another version: bring both copies of the course to the same version"
    )]
    Strange(u16),
}

impl Refused {
    /// No other try can do better.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Code | Self::Strange(_))
    }
}

/// Brings a request to the room, under the key of this program. It takes at most three seconds.
///
/// # Errors
/// The room did not take it, or there was no answer: then it may have.
///
/// # Cancel safety
/// Dropping the future closes the connection; whether the request was taken is not known.
pub async fn deliver(room: &Place, key: &Secret, request: &Request) -> Result<(), Refused> {
    let asked = timeout(PATIENCE, ask(room, key, request)).await;
    match asked.map_err(io::Error::from)?? {
        204 => Ok(()),
        401 => Err(Refused::Code),
        409 => Err(Refused::Taken),
        429 | 503 => Err(Refused::Busy),
        other => Err(Refused::Strange(other)),
    }
}

async fn ask(room: &Place, key: &Secret, request: &Request) -> io::Result<u16> {
    let mut stream = TcpStream::connect(&room.address).await?;
    // A room answers to its address alone, under whatever name it was found.
    let host = stream.peer_addr()?;
    let (path, body) = match request {
        Request::Standing(standing) => ("/standing", standing.json()),
        Request::Leave(who) => ("/leave", serde_json::to_string(who)?),
    };
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n{KEY}: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        room.code.reveal(),
        key.reveal(),
        body.len(),
    );
    stream.write_all(request.as_bytes()).await?;
    let mut status = [0; STATUS];
    stream.read_exact(&mut status).await?;
    let status = str::from_utf8(&status)
        .ok()
        .and_then(|text| text.strip_prefix("HTTP/1.1 ")?.parse().ok());
    status.ok_or_else(|| io::Error::other("this is no web server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_typed_or_copied() {
        for right in [
            "192.168.1.20:4000/abcdefgh",
            " http://192.168.1.20:4000/#abcdefgh ",
            "192.168.1.20:4000/ABCDEFGH",
        ] {
            let place: Place = right.parse().unwrap();
            assert_eq!(place.to_string(), "192.168.1.20:4000");
            assert!(place.code.is("abcdefgh") && !format!("{place:?}").contains("abcdefgh"));
        }
        for wrong in [
            "",
            "192.168.1.20:4000",
            "192.168.1.20/abcdefgh",
            "192.168.1.20:x/abcdefgh",
            ":4000/abcdefgh",
            "192.168.1.20:4000/abc",
            "https://192.168.1.20:4000/abcdefgh",
            "192.168.1.20:4000/abcdefg\r",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong:?}");
        }
        assert!("[::1]:4000/abcdefgh".parse::<Place>().is_ok());
    }
}
