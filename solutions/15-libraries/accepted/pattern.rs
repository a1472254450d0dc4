//! accepted: todo: why it is right, and what it costs

// todo: a whole lib.rs that is right, and built in another way than the solution
