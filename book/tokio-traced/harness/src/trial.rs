//! Tests of tests run many bodies, and a recording shows one.

/// As the real one; nothing is tried here.
#[derive(Debug)]
pub enum Tried {
    Passed,
    Overlooked(String),
    Failed(String),
    NeverEnded(String),
}

/// Cannot be recorded.
///
/// # Panics
/// Always.
pub fn tried<F>(_body: impl FnOnce() -> F + Send + 'static) -> Tried
where
    F: Future<Output = ()>,
{
    panic!("this test runs many bodies, each on a runtime of its own, and a recording shows one")
}

/// Cannot be recorded.
///
/// # Panics
/// Always.
pub fn cross_check(_test: impl FnMut() -> Result<(), String>) {
    panic!("this test runs many bodies, each on a runtime of its own, and a recording shows one")
}
