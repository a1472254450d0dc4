// ANCHOR: test
mod support;

use own::Counter;
use support::check;

#[test]
fn two_callers_get_two_numbers() {
    check(|| async {
        let counter = Counter::start();
        let (one, other) = tokio::join!(counter.next(), counter.next());
        assert_eq!(one + other, 3);
    });
}
// ANCHOR_END: test
