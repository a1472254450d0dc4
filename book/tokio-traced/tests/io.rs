//! Streams of bytes: those of `duplex` are recorded.

use tokio_traced as tokio;

use tokio::{
    Recording,
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
};

async fn reader(mut stream: DuplexStream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    text
}

#[test]
fn what_is_written_in_one_go_is_read_by_name() {
    let trace = Recording::new("Two pieces.").run(async {
        let (mut stream, peer) = duplex(4);
        let reads = tokio::spawn(reader(peer));
        stream.write_all(b"abcdef").await.unwrap();
        drop(stream);
        assert_eq!(reads.await.unwrap(), "abcdef");
    });
    let said = trace.sentences().join("\n");
    for expected in [
        r#"Main writes "abcd": it is on the wire to reader."#,
        "Main waits for a slot in the wire to reader.",
        r#"Reader reads "abcd"."#,
        r#"Main writes "ef": it is on the wire to reader."#,
        "Reader waits for bytes on the wire to reader.",
        "Reader reads the end: nothing more comes on the wire to reader.",
    ] {
        assert!(said.contains(expected), "{expected}\n\n{said}");
    }
}

#[tokio::test]
async fn outside_of_a_recording_it_is_tokios_own() {
    let (mut stream, peer) = duplex(4);
    let reads = tokio::spawn(reader(peer));
    stream.write_all(b"abcdef").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(reads.await.unwrap(), "abcdef");
}
