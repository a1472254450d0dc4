//! Keeps others out of a scratch workspace while one records in it, whichever process they are in.

use crate::error::Error;
use std::{
    fs::{self, File, TryLockError},
    path::Path,
    time::Duration,
};
use tokio::time::sleep;

/// The system has no way to await a file's lock, so we look now and then.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until nobody else has the lock. It is free again when the returned file is dropped, and when its process ends.
///
/// # Errors
/// The file cannot be created.
///
/// # Cancel safety
/// Dropping the future does no harm; the place in the queue is lost.
pub async fn lock(path: &Path) -> Result<File, Error> {
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = File::create(path).map_err(failed)?;
    // A file system without locks: then two recordings at once may fail, which the next one mends.
    while let Err(TryLockError::WouldBlock) = file.try_lock() {
        sleep(LOOK_EVERY).await;
    }
    Ok(file)
}
