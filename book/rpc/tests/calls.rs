//! What chapter 17 says of tarpc: most of it in virtual time, over its transport in memory, and once over TCP.

use futures_util::StreamExt;
use harness::{alive_tasks, check, check_in_real_time, settle, within};
use rpc::{Answers, Ask, CallError, RemoteHandle, Requests, serve};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use tarpc::{serde_transport, tokio_serde::formats::Json, transport::channel};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep},
};

const WITHIN: Duration = Duration::from_millis(7_310);

/// An actor that numbers calls, each name once.
fn actor() -> mpsc::Sender<Ask> {
    let (sender, mut mailbox) = mpsc::channel::<Ask>(8);
    tokio::spawn(async move {
        let mut numbers = HashMap::new();
        while let Some((call, reply)) = mailbox.recv().await {
            let next = numbers.len() as u64 + 1;
            let _ = reply.send(*numbers.entry(call).or_insert(next));
        }
    });
    sender
}

/// A handle of that actor, and the task that serves it.
fn connected(actor: mpsc::Sender<Ask>) -> (RemoteHandle, JoinHandle<()>) {
    let (here, there) = channel::unbounded::<Answers, Requests>();
    let served = tokio::spawn(serve(actor, there));
    (RemoteHandle::new(here, WITHIN), served)
}

fn start(handle: &RemoteHandle, call: u128) -> JoinHandle<Result<u64, CallError>> {
    let handle = handle.clone();
    tokio::spawn(async move { handle.next_number_as(call).await })
}

#[test]
fn many_calls_are_under_way_at_once_and_all_ends_with_the_last_handle() {
    check(|| async {
        let (handle, _) = connected(actor());
        let calls: Vec<_> = (0..100).map(|call| start(&handle, call)).collect();
        let mut numbers = BTreeSet::new();
        for call in calls {
            numbers.extend(within("a call", call).await.unwrap());
        }
        assert!(numbers.into_iter().eq(1..=100));
        drop(handle);
        assert_eq!(alive_tasks().await, 0);
    });
}

#[test]
fn a_deadline_is_kept_in_virtual_time_and_the_server_drops_the_call_as_well() {
    check(|| async {
        // An actor that never answers.
        let (sender, mut mailbox) = mpsc::channel::<Ask>(8);
        let (handle, _) = connected(sender);
        let begin = Instant::now();
        let call = start(&handle, 1);
        let (_, mut reply) = within("the question", mailbox.recv()).await.unwrap();
        assert_eq!(
            within("the end", call).await.unwrap(),
            Err(CallError::TimedOut)
        );
        let took = begin.elapsed();
        assert!(
            took >= WITHIN - Duration::from_secs(1) && took <= WITHIN + Duration::from_secs(1),
            "{took:?}"
        );
        within("the server's end of it", reply.closed()).await;
    });
}

#[test]
fn a_dropped_call_is_cancelled_on_the_server() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel::<Ask>(8);
        let (handle, _) = connected(sender);
        let (call, other) = (start(&handle, 1), start(&handle, 2));
        let mut asked = HashMap::new();
        for _ in 0..2 {
            let (call, reply) = within("a question", mailbox.recv()).await.unwrap();
            asked.insert(call, reply);
        }
        call.abort();
        let began = Instant::now();
        within("the end", asked.get_mut(&1).unwrap().closed()).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        asked.remove(&2).unwrap().send(42).unwrap();
        assert_eq!(other.await.unwrap(), Ok(42));
    });
}

#[test]
fn a_broken_connection_fails_all_calls_and_the_client_does_not_connect_again() {
    check(|| async {
        let (sender, mut mailbox) = mpsc::channel::<Ask>(8);
        let (handle, served) = connected(sender);
        let calls: Vec<_> = (0..5).map(|call| start(&handle, call)).collect();
        within("a question", mailbox.recv()).await.unwrap();
        served.abort();
        for call in calls {
            assert_eq!(within("the end", call).await.unwrap(), Err(CallError::Net));
        }
        for _ in 0..2 {
            sleep(Duration::from_secs(3600)).await;
            assert_eq!(handle.next_number_as(9).await, Err(CallError::Net));
        }
    });
}

#[test]
fn a_call_that_is_tried_again_over_a_new_connection_counts_once_by_its_name() {
    check(|| async {
        let room = actor();
        let (first, served) = connected(room.clone());
        assert_eq!(first.next_number_as(7).await, Ok(1));
        served.abort();
        settle().await;
        let (second, _) = connected(room);
        assert_eq!(second.next_number_as(7).await, Ok(1));
        assert_eq!(second.next_number_as(8).await, Ok(2));
    });
}

#[test]
fn an_actor_that_is_gone_is_an_answer() {
    check(|| async {
        let (sender, mailbox) = mpsc::channel::<Ask>(8);
        drop(mailbox);
        let (handle, _) = connected(sender);
        assert_eq!(handle.next_number_as(1).await, Err(CallError::Closed));
    });
}

#[test]
fn it_works_over_tcp() {
    check_in_real_time(|| async {
        let mut clients = serde_transport::tcp::listen("127.0.0.1:0", Json::default)
            .await
            .unwrap();
        let address = clients.local_addr();
        let room = actor();
        let served = tokio::spawn(async move {
            let stream = clients.next().await.unwrap().unwrap();
            serve(room, stream).await;
        });
        let stream = serde_transport::tcp::connect(address, Json::default)
            .await
            .unwrap();
        let handle = RemoteHandle::new(stream, WITHIN);
        assert_eq!(handle.next_number_as(1).await, Ok(1));
        assert_eq!(handle.next_number_as(2).await, Ok(2));
        assert_eq!(handle.next_number_as(1).await, Ok(1));
        drop(handle);
        served.await.unwrap();
    });
}
