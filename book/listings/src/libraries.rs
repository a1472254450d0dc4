//! Chapter 15: todo: which actor the page shows, another one than the exercise's.

// ANCHOR: first
/// todo: what the page records; each piece that it shows stands between anchors.
pub async fn first() {}
// ANCHOR_END: first

#[cfg(test)]
mod tests {
    use super::*;
    use harness::check;

    /// Page: "The idea": todo: what the page says; a test for each of its claims.
    #[test]
    fn it_is_as_the_page_says() {
        check(|| async {
            first().await;
            panic!("todo: what it comes to");
        });
    }
}
