//! The course's harness, as a dependency of a project of one's own.

use harness::{alive_tasks, check, within};
use own::Counter;

#[test]
fn it_ends_with_its_handle() {
    check(|| async {
        let counter = Counter::start();
        assert_eq!(within("the first number", counter.next()).await, 1);
        assert_eq!(alive_tasks().await, 1);
        drop(counter);
        assert_eq!(alive_tasks().await, 0);
    });
}
