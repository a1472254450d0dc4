//! The trouble of chapter 15: a handler that refuses, and nobody who asked.

use kameo::{
    Actor,
    actor::{ActorRef, Spawn},
    message::{Context, Message},
};

// ANCHOR: actor
#[derive(Actor)]
pub struct Door {
    inside: u32,
}

/// Somebody comes in.
pub struct Enter;

/// As many are inside as may be.
#[derive(Debug)]
pub struct Full;

impl Message<Enter> for Door {
    type Reply = Result<u32, Full>;

    async fn handle(&mut self, Enter: Enter, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        if self.inside == 3 {
            return Err(Full);
        }
        self.inside += 1;
        Ok(self.inside)
    }
}
// ANCHOR_END: actor

/// A door for three.
pub fn open() -> ActorRef<Door> {
    Door::spawn(Door { inside: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::{check, settle};
    use kameo::error::SendError;

    /// Page: "The trouble first".
    #[test]
    fn four_guests_tell_and_the_door_is_gone() {
        check(|| async {
            let door = open();
            for _ in 0..4 {
                assert!(door.tell(Enter).await.is_ok());
            }
            settle().await;
            let fifth = door.ask(Enter).await;
            assert!(matches!(fifth, Err(SendError::ActorNotRunning(Enter))));
        });
    }

    /// Page: "The trouble first": who asks gets the `Err`, and the door is there.
    #[test]
    fn four_guests_ask_and_the_fourth_is_refused() {
        check(|| async {
            let door = open();
            for guest in 1..=3 {
                assert_eq!(door.ask(Enter).await.unwrap(), guest);
            }
            for _ in 0..2 {
                let refused = door.ask(Enter).await;
                assert!(matches!(refused, Err(SendError::HandlerError(Full))));
            }
        });
    }
}
