//! What the types allow, and what they do not. A wrong answer has to be a red test here and not a compile error, so each question has an
//! answer in both cases: where a type has no item of a name, the name means the item of a trait, or of an outer module.

use handles::{MemberHandle, ModeratorHandle};
use std::{any::TypeId, marker::PhantomData, ops::Deref};

/// What stands where a type has nothing of that name.
struct Nothing;

/// Gives every type something of these names. What the type itself has goes before it.
#[allow(non_upper_case_globals)]
trait Names {
    const slow_mode: Nothing = Nothing;
    const status: Nothing = Nothing;
    const close: Nothing = Nothing;
    const moderator: Nothing = Nothing;
    const promote: Nothing = Nothing;
    const upgrade: Nothing = Nothing;
}

impl<T> Names for T {}

/// Whether the type itself has what is named.
fn is_there<T: 'static>(_: T) -> bool {
    TypeId::of::<T>() != TypeId::of::<Nothing>()
}

/// Asks whether a type implements a trait: the constant of an `impl` with a bound goes before the trait's, if the bound is met.
struct Type<T>(PhantomData<T>);

trait Otherwise {
    const IS_CLONE: bool = false;
    const DEREFS: bool = false;
    const BECOMES_MODERATOR: bool = false;
}

impl<T> Otherwise for Type<T> {}

#[allow(dead_code)] // where the bound is not met, nobody uses it
impl<T: Clone> Type<T> {
    const IS_CLONE: bool = true;
}

#[allow(dead_code)]
impl<T: Deref> Type<T> {
    const DEREFS: bool = true;
}

#[allow(dead_code)]
impl<T: Into<ModeratorHandle>> Type<T> {
    const BECOMES_MODERATOR: bool = true;
}

pub fn members_only_post() {
    assert!(
        TypeId::of::<MemberHandle>() != TypeId::of::<ModeratorHandle>(),
        "members and moderator hold the same type: whatever tells them apart is looked at when the program runs. Two roles are two types"
    );
    for (name, is_there) in [
        ("slow_mode", is_there(MemberHandle::slow_mode)),
        ("status", is_there(MemberHandle::status)),
        ("close", is_there(MemberHandle::close)),
    ] {
        assert!(
            !is_there,
            "a member can call `{name}`, or there is at least a method of that name: what a member may not do should not be there, rather than be refused"
        );
    }
    assert!(
        !Type::<MemberHandle>::DEREFS && !Type::<ModeratorHandle>::DEREFS,
        "a handle implements Deref: it hands out each method of what is behind it, today's and tomorrow's. Write the methods that this role has"
    );
}

pub fn nothing_leads_from_a_member_to_a_moderator() {
    let ways = [
        Type::<MemberHandle>::BECOMES_MODERATOR,
        Type::<&'static MemberHandle>::BECOMES_MODERATOR,
        is_there(MemberHandle::moderator),
        is_there(MemberHandle::promote),
        is_there(MemberHandle::upgrade),
    ];
    assert!(
        !ways.contains(&true),
        "a member can make itself a moderator: rights can be given away, from the larger to the smaller one, and not be taken"
    );
}

pub fn there_is_one_moderator() {
    assert!(
        Type::<MemberHandle>::IS_CLONE,
        "a member's handle is Clone: there are many members"
    );
    assert!(
        !Type::<ModeratorHandle>::IS_CLONE,
        "a moderator's handle is Clone: after `close(self)` its double would still be there"
    );
}

/// The names that people give to messages. Where the answer has a public type of such a name, that one is found before these.
mod names {
    pub struct Message;
    pub struct Msg;
    pub struct Command;
    pub struct Request;
    pub struct RoomMessage;
    pub struct RoomCommand;
}

pub fn nobody_outside_writes_messages() {
    let nothing = {
        use names::*;
        [
            TypeId::of::<Message>(),
            TypeId::of::<Msg>(),
            TypeId::of::<Command>(),
            TypeId::of::<Request>(),
            TypeId::of::<RoomMessage>(),
            TypeId::of::<RoomCommand>(),
        ]
    };
    assert_eq!(
        found(),
        nothing,
        "your messages are public: whoever can write one needs no method for it, and asks for no right. Keep them private, with all that can send them"
    );
}

fn found() -> [TypeId; 6] {
    use names::*;
    {
        #[allow(unused_imports)] // a right answer has none of these
        use handles::*;
        [
            TypeId::of::<Message>(),
            TypeId::of::<Msg>(),
            TypeId::of::<Command>(),
            TypeId::of::<Request>(),
            TypeId::of::<RoomMessage>(),
            TypeId::of::<RoomCommand>(),
        ]
    }
}
