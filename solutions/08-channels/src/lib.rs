//! A solution of exercise 08: todo: what it does, in a line.

// todo: the whole lib.rs; no more than the exercise asks for
#[derive(Clone)]
pub struct Handle;

pub fn open() -> Handle {
    Handle
}

impl Handle {
    pub async fn ask(&self) -> u32 {
        0
    }
}
