//! Who may come in at a time. A connection carries one request and ends within seconds; when there are too many, the address that has the
//! most loses its oldest. So what is slow, silent or sends garbage costs a bounded amount of memory, and holds up nobody else.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::{
    collections::{HashMap, VecDeque},
    io,
    net::IpAddr,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};

/// How many connections there are at a time.
pub const MOST: usize = 128;

/// How long one may take. A learner's request takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes of a request are read before its body is asked for: the least that hyper works with.
const HEAD: usize = 8 * 1024;

/// How long to wait when the system gives no connection: it has no file descriptor left, for example.
const REST: Duration = Duration::from_secs(1);

/// Serves what comes to `listener`, until this future is dropped.
///
/// # Cancel safety
/// Dropping the future ends every connection. What a request had told by then stays told.
pub async fn serve(listener: TcpListener, router: Router) {
    let mut connections = Connections {
        tasks: JoinSet::new(),
        oldest_first: VecDeque::new(),
    };
    loop {
        select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.make_room().await;
                    connections.begin(stream, peer.ip(), router.clone());
                }
                // The peer was gone before we looked.
                Err(error) if is_the_peers(&error) => {}
                Err(_) => sleep(REST).await,
            },
            Some(()) = connections.next_end() => {}
        }
    }
}

struct Connections {
    /// A task each. They end with this set.
    tasks: JoinSet<()>,
    /// The same ones, by age, and where they come from.
    oldest_first: VecDeque<(IpAddr, AbortHandle)>,
}

impl Connections {
    fn begin(&mut self, stream: TcpStream, from: IpAddr, router: Router) {
        let mut http = http1::Builder::new();
        http.keep_alive(false).max_buf_size(HEAD);
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let task = self.tasks.spawn(async move {
            // However it ends: there is nobody who could do something about it.
            let _ = timeout(PATIENCE, connection).await;
        });
        self.oldest_first.push_back((from, task));
    }

    /// Ends one, if there are [`MOST`]. Whether its request has had its effect by then is not known.
    async fn make_room(&mut self) {
        if self.tasks.len() < MOST {
            return;
        }
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (from, _) in &self.oldest_first {
            *counts.entry(*from).or_default() += 1;
        }
        let most = counts.values().max().copied();
        let mut all = self.oldest_first.iter();
        if let Some((_, task)) = all.find(|(from, _)| counts.get(from).copied() == most) {
            task.abort();
        }
        while self.tasks.len() >= MOST {
            self.next_end().await;
        }
    }

    /// Waits until one has ended; `None`: there is none.
    ///
    /// # Cancel safety
    /// A call that is dropped has taken none out.
    async fn next_end(&mut self) -> Option<()> {
        let id = match self.tasks.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.oldest_first.retain(|(_, task)| task.id() != id);
        Some(())
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
