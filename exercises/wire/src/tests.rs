use super::*;
use harness::check;
use tokio::io::{AsyncWriteExt, duplex};

#[test]
fn what_is_sent_arrives_however_it_is_cut() {
    check(|| async {
        for pipe in [1, 3, 1000] {
            let (here, there) = duplex(pipe);
            let (mut out, mut incoming) = (Outgoing::new(here), Incoming::new(there));
            let next = Request::Next {
                id: 7,
                call: CallId::new(),
                within: Duration::from_millis(1500),
            };
            let cancel = Request::Cancel { id: u64::MAX };
            out.push(next);
            out.push(cancel);
            for request in [next, cancel] {
                // Write and read are dropped in the middle, again and again.
                let arrives = async {
                    loop {
                        tokio::select! {
                            written = out.write(), if !out.is_empty() => written.unwrap(),
                            read = incoming.next() => return read.unwrap(),
                        }
                    }
                };
                assert_eq!(arrives.await, Some(request));
            }
            out.write().await.unwrap();
            assert!(out.is_empty());
        }
    });
}

#[test]
fn every_answer_can_be_sent() {
    let numbers = [
        Ok(u64::MAX),
        Err(CallError::Closed),
        Err(CallError::TimedOut),
        Err(CallError::Net),
    ];
    for number in numbers {
        let answer = Answer { id: 3, number };
        let bytes = BytesMut::from(answer.write());
        assert_eq!(Answer::read(bytes), Some(answer));
    }
}

#[test]
fn the_end_and_what_is_no_frame_are_told_apart() {
    check(|| async {
        for (bytes, is_end) in [
            (&b""[..], true),
            (b"\0\0", false),
            (b"\0\0\0\x01\x09", false),
            (b"\xff\xff\xff\xffxx", false),
        ] {
            let (mut here, there) = duplex(64);
            here.write_all(bytes).await.unwrap();
            drop(here);
            let read = Incoming::new(there).next::<Request>().await;
            assert_eq!(read.is_ok(), is_end, "{bytes:?}: {read:?}");
        }
    });
}

#[test]
fn names_differ() {
    assert_ne!(CallId::new(), CallId::new());
}
