//! rejected: it_answers
//! says: todo: words of the failure
//! thinks: "todo: why somebody would write it"

// todo: a whole lib.rs that is wrong, and that people write
