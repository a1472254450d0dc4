//! The exercise's own program, with this solution in it.
extern crate chat_solution as chat;
#[path = "../../../exercises/16-chat/src/main.rs"]
mod program;

fn main() -> std::io::Result<()> {
    program::main()
}
