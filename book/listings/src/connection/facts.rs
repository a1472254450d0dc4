//! What the page says of streams, tried.

use harness::{check, check_in_real_time, settle, within};
use std::{io, pin::pin, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex, split},
    net::{TcpListener, TcpStream},
    select,
    time::sleep,
};
use tokio_stream::StreamExt;
use tokio_util::codec::{FramedRead, LinesCodec};

const SECOND: Duration = Duration::from_secs(1);

/// Polls it until a second has gone by, and then drops it.
async fn cut<F: Future>(future: F) {
    let mut future = pin!(future);
    select! {
        biased;
        _ = &mut future => panic!("it was to be cut"),
        () = sleep(SECOND) => {}
    }
}

/// A peer that has written half of a line.
async fn half() -> (BufReader<DuplexStream>, DuplexStream) {
    let (stream, mut peer) = duplex(64);
    peer.write_all(b"gold 1").await.unwrap();
    (BufReader::new(stream), peer)
}

#[test]
fn read_line_loses_what_it_has_read_even_into_a_string_that_is_kept() {
    check(|| async {
        let (mut stream, mut peer) = half().await;
        let mut line = String::new();
        cut(stream.read_line(&mut line)).await;
        peer.write_all(b"01\n").await.unwrap();
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, "01\n");
    });
}

#[test]
fn read_until_keeps_it_in_a_vec_that_is_kept() {
    check(|| async {
        let (mut stream, mut peer) = half().await;
        let mut line = Vec::new();
        cut(stream.read_until(b'\n', &mut line)).await;
        assert_eq!(line, b"gold 1");
        peer.write_all(b"01\n").await.unwrap();
        stream.read_until(b'\n', &mut line).await.unwrap();
        assert_eq!(line, b"gold 101\n");
    });
}

#[test]
fn next_line_keeps_it_in_the_lines() {
    check(|| async {
        let (stream, mut peer) = half().await;
        let mut lines = stream.lines();
        cut(lines.next_line()).await;
        peer.write_all(b"01\n").await.unwrap();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "gold 101");
    });
}

#[test]
fn a_framed_read_keeps_what_it_has_read() {
    check(|| async {
        let (stream, mut peer) = half().await;
        let mut lines = FramedRead::new(stream, LinesCodec::new());
        cut(lines.next()).await;
        peer.write_all(b"01\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap(), "gold 101");
    });
}

#[test]
fn read_exact_loses_what_it_has_read() {
    check(|| async {
        let (mut stream, mut peer) = half().await;
        let mut bytes = [0; 8];
        cut(stream.read_exact(&mut bytes)).await;
        peer.write_all(b"01tin 20").await.unwrap();
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"01tin 20");
    });
}

#[test]
fn read_takes_nothing_when_it_is_cut() {
    check(|| async {
        let (mut stream, mut peer) = duplex(64);
        let mut bytes = [0; 8];
        cut(stream.read(&mut bytes)).await;
        peer.write_all(b"gold").await.unwrap();
        assert_eq!(stream.read(&mut bytes).await.unwrap(), 4);
    });
}

#[test]
fn write_all_has_written_nobody_knows_how_much() {
    check(|| async {
        let (mut stream, mut peer) = duplex(4);
        cut(stream.write_all(b"buy 3 tin\n")).await;
        let mut bytes = [0; 64];
        assert_eq!(peer.read(&mut bytes).await.unwrap(), 4);
        assert_eq!(&bytes[..4], b"buy ");
    });
}

#[test]
fn write_all_buf_keeps_what_is_left_in_the_buffer() {
    check(|| async {
        let (mut stream, mut peer) = duplex(4);
        let mut rest = &b"buy 3 tin\n"[..];
        cut(stream.write_all_buf(&mut rest)).await;
        assert_eq!(rest, b"3 tin\n");
        let writes = tokio::spawn(async move {
            stream.write_all_buf(&mut rest).await.unwrap();
        });
        let mut bytes = [0; 10];
        within("all of it", peer.read_exact(&mut bytes))
            .await
            .unwrap();
        assert_eq!(&bytes, b"buy 3 tin\n");
        writes.await.unwrap();
    });
}

#[test]
fn a_half_that_is_dropped_ends_nothing_and_shutdown_does() {
    check(|| async {
        let (stream, mut peer) = duplex(64);
        let (_reader, writer) = split(stream);
        drop(writer);
        settle().await;
        let mut bytes = [0; 8];
        cut(peer.read(&mut bytes)).await;

        let (stream, mut peer) = duplex(64);
        let (mut reader, mut writer) = split(stream);
        writer.shutdown().await.unwrap();
        assert_eq!(peer.read(&mut bytes).await.unwrap(), 0);
        // The other direction is still there.
        peer.write_all(b"gold").await.unwrap();
        assert_eq!(reader.read(&mut bytes).await.unwrap(), 4);
    });
}

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap());
    let (stream, accepted) = tokio::join!(stream, listener.accept());
    (stream.unwrap(), accepted.unwrap().0)
}

#[test]
fn an_owned_half_of_a_socket_that_is_dropped_ends_its_direction() {
    check_in_real_time(|| async {
        let (stream, mut peer) = tcp().await;
        let (mut reader, writer) = stream.into_split();
        drop(writer);
        let mut bytes = [0; 8];
        assert_eq!(peer.read(&mut bytes).await.unwrap(), 0);
        peer.write_all(b"gold").await.unwrap();
        assert_eq!(reader.read(&mut bytes).await.unwrap(), 4);
    });
}

#[test]
fn one_read_may_bring_several_writes() {
    check_in_real_time(|| async {
        let (mut stream, mut peer) = tcp().await;
        stream.write_all(b"gold 101\n").await.unwrap();
        stream.write_all(b"tin 20\n").await.unwrap();
        drop(stream);
        let mut all = String::new();
        peer.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "gold 101\ntin 20\n");
    });
}

#[test]
fn a_failed_write_of_a_quiet_socket_is_heard_late() {
    check(|| async {
        let (stream, peer) = duplex(64);
        let (mut reader, mut writer) = split(stream);
        drop(peer);
        // The half that reads hears at once that the peer has gone; the half that writes only when it writes.
        assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 0);
        let error = writer.write_all(b"buy 3 tin\n").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_reset_ends_both_directions() {
    check_in_real_time(|| async {
        let (mut stream, peer) = tcp().await;
        peer.set_zero_linger().unwrap();
        drop(peer);
        let error = stream.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(stream.write_all(b"buy 3 tin\n").await.is_err());
    });
}
