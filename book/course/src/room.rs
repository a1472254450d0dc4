//! `cargo course room`, and how a learner's `cargo course` joins one: who is stuck where, with consent. Who tells whom:
//!
//! ```text
//! reporter ── a learner's machine ──> server ──> people
//! the two pages ── the trainer's ───>   │ asks <───┘
//! ```
//!
//! The server has a connection a request, so it is the only one who waits: for `people`, who waits for nobody. Nothing is written to a
//! disk, and nothing is printed that names a person. When the program ends, all is forgotten.

pub mod desk;
pub mod door;
pub mod people;
pub mod plan;
pub mod push;
pub mod reporter;
pub mod secret;
pub mod serve;
pub mod standing;
pub mod view;

use crate::{
    error::Error,
    room::{people::PeopleHandle, plan::Plan, secret::Secret, serve::Room},
    terminal,
    workspace::Workspace,
};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// Opens a room at this address, until the future is dropped.
///
/// # Errors
/// The address is none of this machine's or taken; the exercises cannot be read.
pub async fn run(workspace: &Workspace, bind: SocketAddr) -> Result<(), Error> {
    let failed = |source| Error::Bind {
        address: bind,
        source,
    };
    let listener = TcpListener::bind(bind).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let room = Room {
        people: PeopleHandle::new(),
        plan: Arc::new(Plan::of(workspace)?),
        code: Secret::new(Secret::CODE)?,
        token: Secret::new(Secret::TOKEN)?,
    };
    let (code, token) = (room.code.reveal(), room.token.reveal());
    terminal::say(format_args!(
        "the room is open; Ctrl-C closes it, and then it is forgotten\n\n\
         for you alone:      {}\n\
         for the projector:  {}\n\
         for the learners:   {}",
        terminal::strong(format_args!("http://{address}/trainer#{token}")),
        terminal::strong(format_args!("http://{address}/#{code}")),
        terminal::strong(format_args!(
            "cargo course --room {address}/{code} --as NAME"
        )),
    ));
    if address.ip().is_unspecified() {
        terminal::say(format_args!(
            "\nfor {} everybody takes this machine's address in the room's network",
            address.ip()
        ));
    }
    door::serve(listener, serve::router(room)).await;
    Ok(())
}
