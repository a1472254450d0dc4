//! The shadowed types can be used wherever Tokio's can: they are Send, Sync, Unpin, unwind safe, Clone and Debug when Tokio's are.

use std::{
    cell::Cell,
    fmt::Debug,
    future::Ready,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    sync::Arc,
};

/// Whether a type has a trait, asked without a bound: the trait's `answer` is taken only when the type has none of its own.
macro_rules! can {
    ($type:ty: $trait:ident) => {{
        struct Ask<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        trait No {
            fn answer(&self) -> bool {
                false
            }
        }
        impl<T: ?Sized> No for Ask<T> {}
        #[allow(dead_code)]
        impl<T: $trait + ?Sized> Ask<T> {
            fn answer(&self) -> bool {
                true
            }
        }
        Ask::<$type>(std::marker::PhantomData).answer()
    }};
}

macro_rules! same {
    ($($type:tt)*) => {
        same_in!([Send Sync Unpin UnwindSafe RefUnwindSafe Clone Debug] $($type)*);
    };
}

macro_rules! same_in {
    ([] $($type:tt)*) => {};
    ([$trait:ident $($more:ident)*] $($type:tt)*) => {
        assert_eq!(
            can!(tokio::$($type)*: $trait),
            can!(tokio_traced::$($type)*: $trait),
            concat!(stringify!($($type)*), ": ", stringify!($trait))
        );
        same_in!([$($more)*] $($type)*);
    };
}

type Local = Rc<u8>;
type NotSync = Cell<u8>;
struct Plain;

#[test]
fn shadowed_types_can_do_what_tokios_can() {
    assert!(!can!(Rc<u8>: Send));
    assert!(can!(u8: Send));
    same!(sync::mpsc::Sender<u8>);
    same!(sync::mpsc::Sender<Local>);
    same!(sync::mpsc::Sender<NotSync>);
    same!(sync::mpsc::Sender<Plain>);
    same!(sync::mpsc::Receiver<u8>);
    same!(sync::mpsc::Receiver<Local>);
    same!(sync::mpsc::Receiver<NotSync>);
    same!(sync::mpsc::Receiver<Plain>);
    same!(sync::mpsc::WeakSender<u8>);
    same!(sync::mpsc::UnboundedSender<NotSync>);
    same!(sync::mpsc::UnboundedReceiver<NotSync>);
    same!(sync::mpsc::WeakUnboundedSender<u8>);
    same!(sync::mpsc::OwnedPermit<u8>);
    same!(sync::mpsc::Permit<'static, u8>);
    same!(sync::oneshot::Sender<u8>);
    same!(sync::oneshot::Sender<Local>);
    same!(sync::oneshot::Sender<Plain>);
    same!(sync::oneshot::Receiver<u8>);
    same!(sync::oneshot::Receiver<NotSync>);
    same!(sync::oneshot::Receiver<Plain>);
    same!(sync::watch::Sender<u8>);
    same!(sync::watch::Sender<NotSync>);
    same!(sync::watch::Receiver<u8>);
    same!(sync::watch::Receiver<Local>);
    same!(sync::broadcast::Sender<u8>);
    same!(sync::broadcast::Receiver<u8>);
    same!(sync::Semaphore);
    same!(sync::SemaphorePermit<'static>);
    same!(sync::OwnedSemaphorePermit);
    same!(sync::Mutex<u8>);
    same!(sync::Mutex<Local>);
    same!(sync::Mutex<NotSync>);
    same!(sync::Mutex<Plain>);
    same!(sync::MutexGuard<'static, u8>);
    same!(sync::MutexGuard<'static, Local>);
    same!(sync::MutexGuard<'static, NotSync>);
    same!(sync::MappedMutexGuard<'static, u8>);
    same!(sync::MappedMutexGuard<'static, NotSync>);
    same!(sync::OwnedMutexGuard<u8>);
    same!(sync::OwnedMutexGuard<Local>);
    same!(sync::OwnedMutexGuard<NotSync>);
    same!(sync::OwnedMappedMutexGuard<u8, NotSync>);
    same!(sync::RwLock<u8>);
    same!(sync::RwLock<Local>);
    // Not `RwLock<NotSync>`: Tokio's is Send, although nobody else could use it; this one is not.
    same!(sync::RwLock<Plain>);
    same!(sync::RwLockReadGuard<'static, u8>);
    same!(sync::RwLockReadGuard<'static, NotSync>);
    same!(sync::RwLockWriteGuard<'static, u8>);
    same!(sync::RwLockWriteGuard<'static, NotSync>);
    same!(sync::RwLockMappedWriteGuard<'static, u8>);
    same!(sync::OwnedRwLockReadGuard<u8>);
    same!(sync::OwnedRwLockReadGuard<NotSync>);
    same!(sync::OwnedRwLockWriteGuard<u8>);
    same!(sync::OwnedRwLockWriteGuard<NotSync>);
    same!(sync::OwnedRwLockMappedWriteGuard<u8>);
    same!(sync::Notify);
    same!(sync::futures::Notified<'static>);
    same!(sync::futures::OwnedNotified);
    same!(sync::Barrier);
    same!(sync::BarrierWaitResult);
    same!(sync::OnceCell<u8>);
    same!(sync::OnceCell<Local>);
    same!(sync::OnceCell<NotSync>);
    same!(sync::OnceCell<Plain>);
    same!(task::JoinHandle<u8>);
    same!(task::JoinHandle<Local>);
    same!(task::JoinHandle<NotSync>);
    same!(task::JoinHandle<Plain>);
    same!(task::JoinSet<u8>);
    same!(task::JoinSet<Local>);
    same!(time::Sleep);
    same!(time::Interval);
    same!(time::Timeout<Ready<u8>>);
}

#[test]
fn futures_of_methods_can_be_sent_to_another_thread() {
    fn is_send(_: &impl Send) {}
    let (sender, mut receiver) = tokio_traced::sync::mpsc::channel::<Cell<u8>>(1);
    is_send(&sender.send(Cell::new(1)));
    is_send(&sender.reserve());
    is_send(&sender.closed());
    is_send(&receiver.recv());
    let mutex = Arc::new(tokio_traced::sync::Mutex::new(Cell::new(1)));
    is_send(&mutex.lock());
    is_send(&mutex.clone().lock_owned());
    let rwlock = Arc::new(tokio_traced::sync::RwLock::new(1));
    is_send(&rwlock.read());
    is_send(&rwlock.clone().write_owned());
    let cell = tokio_traced::sync::OnceCell::new();
    is_send(&cell.get_or_init(async || 1));
    is_send(&tokio_traced::sync::Barrier::new(1).wait());
}
