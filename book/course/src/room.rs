//! `cargo course room`, and how a learner's `cargo course` joins one: who is stuck where, with consent. Who tells whom:
//!
//! ```text
//! on each learner's machine        on the trainer's machine
//! keys ──> reporter ── HTTP ──────> server ──> people
//!                                     ^
//!                          HTTP ──────┘  the trainer's page, the projector's page
//! ```
//!
//! No arrow leads back: `people` answers and waits for nobody. It is the smallest whole system of actors in this program, and can be read
//! as one: the actor `people`; the limits in `door` and the answers in `serve`; then the other side, the actor `reporter`. Nothing is written to
//! a disk, and nothing is printed that names a person.

pub mod door;
pub mod learner;
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
/// The address is none of this machine's or taken, the exercises cannot be read, or there are no random numbers.
///
/// # Cancel safety
/// Dropping the future closes the room, and all is forgotten.
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
