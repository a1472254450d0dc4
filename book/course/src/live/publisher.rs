//! The actor that builds the book into a new folder each time and then tells the server which folder to serve: a page
//! is never missing while the book is rebuilt, and a book that does not build leaves the last good one in place.

use crate::{live::book, terminal};
use std::{fs, path::PathBuf};
use tokio::{
    sync::{mpsc, watch},
    task::spawn_blocking,
};

/// One message that waits is enough: it stands for all changes until its build begins.
const MAILBOX: usize = 1;

enum Message {
    /// The sources have changed.
    Rebuild,
}

/// What is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edition {
    /// How many builds were tried, failed ones too. 0: the first is still under way.
    pub number: u64,
    /// The folder of the last one that succeeded.
    pub folder: Option<PathBuf>,
}

struct Publisher {
    /// The watcher and the server hold the other end. When the last handle is dropped, nobody is left to read: the
    /// actor ends.
    receiver: mpsc::Receiver<Message>,
    /// The server holds the other ends and looks at each request.
    edition: watch::Sender<Edition>,
    /// The book's sources.
    book: PathBuf,
    /// Each edition gets a folder in here. Nobody else writes here.
    folder: PathBuf,
}

impl Publisher {
    async fn run(mut self) {
        while let Some(message) = self.receiver.recv().await {
            match message {
                Message::Rebuild => self.rebuild().await,
            }
        }
    }

    async fn rebuild(&mut self) {
        let last = self.edition.borrow().clone();
        let number = last.number + 1;
        let folder = self.folder.join(format!("book-{number}"));
        let (source, destination) = (self.book.clone(), folder.clone());
        let scratch = self.folder.join("sources");
        // mdBook blocks.
        let built = spawn_blocking(move || book::build(&source, &destination, &scratch)).await;

        let folder = match built {
            Ok(Ok(warnings)) => {
                for warning in warnings {
                    terminal::warn(&warning);
                }
                // The last edition stays for the requests that are under way; the one before that is history.
                let _ = fs::remove_dir_all(
                    self.folder
                        .join(format!("book-{}", number.saturating_sub(2))),
                );
                Some(folder)
            }
            Ok(Err(error)) => {
                terminal::error(&error);
                last.folder
            }
            // The build panicked, or the program ends: the panic has said so.
            Err(_) => last.folder,
        };
        self.edition.send_replace(Edition { number, folder });
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // The editions were for this run. What cannot be removed now goes at the start of a later run on the same port.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Tells the publisher that the book changed, and shows what is published. The actor lives as long as one of these
/// does.
#[derive(Clone, Debug)]
pub struct PublisherHandle {
    /// The actor holds the other end.
    sender: mpsc::Sender<Message>,
    /// The actor holds the other end. It is a field here so that to look costs no message.
    edition: watch::Receiver<Edition>,
}

impl PublisherHandle {
    /// Starts the actor. The book's sources are in `book`; what is built goes into `folder`, which is emptied.
    /// Nothing is built yet: see [`rebuild`](Self::rebuild).
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new(book: PathBuf, folder: PathBuf) -> Self {
        // What an earlier run left. If it cannot be removed, building over it says so.
        let _ = fs::remove_dir_all(&folder);
        let (sender, receiver) = mpsc::channel(MAILBOX);
        let (edition_sender, edition) = watch::channel(Edition::default());
        let actor = Publisher {
            receiver,
            edition: edition_sender,
            book,
            folder,
        };
        tokio::spawn(actor.run());
        Self { sender, edition }
    }

    /// The book's sources have changed: it will be built anew.
    pub fn rebuild(&self) {
        // Full: a build waits already and will see this change too. Closed: nobody is left to read.
        let _ = self.sender.try_send(Message::Rebuild);
    }

    /// What is served now.
    pub fn edition(&self) -> Edition {
        self.edition.borrow().clone()
    }

    /// What is served now, built anew if it was taken away, as `cargo clean` does. Its folder is gone if that fails.
    ///
    /// # Cancel safety
    /// Dropping the future does no harm; the build goes on.
    pub async fn whole_edition(&self) -> Edition {
        let edition = self.edition();
        match &edition.folder {
            Some(folder) if !book::is_built(folder) => {
                self.rebuild();
                let edition = self.tried(edition.number + 1).await;
                let folder = edition.folder.filter(|folder| book::is_built(folder));
                Edition { folder, ..edition }
            }
            _ => edition,
        }
    }

    /// Waits until `count` builds were tried.
    pub async fn tried(&self, count: u64) -> Edition {
        let mut edition = self.edition.clone();
        // An error says that the actor has ended: then what there is stays.
        let _ = edition.wait_for(|edition| edition.number >= count).await;
        self.edition()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, read_to_string, write};

    #[tokio::test]
    async fn a_book_that_does_not_build_leaves_the_last_good_one_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        create_dir_all(&source).unwrap();
        write(source.join("SUMMARY.md"), "- [One](one.md)\n").unwrap();
        write(source.join("one.md"), "# First words\n").unwrap();

        let publisher = PublisherHandle::new(folder.path().to_owned(), folder.path().join("built"));
        assert_eq!(publisher.edition(), Edition::default());
        publisher.rebuild();
        let first = publisher.tried(1).await.folder.unwrap();

        write(source.join("SUMMARY.md"), "- [One](gone.md)\n").unwrap();
        publisher.rebuild();
        assert_eq!(publisher.tried(2).await.folder.unwrap(), first);
        assert!(
            !source.join("gone.md").exists(),
            "never writes into the sources"
        );

        write(source.join("SUMMARY.md"), "- [One](one.md)\n").unwrap();
        write(source.join("one.md"), "# Second words\n").unwrap();
        publisher.rebuild();
        let third = publisher.tried(3).await.folder.unwrap();
        assert!(
            read_to_string(third.join("one.html"))
                .unwrap()
                .contains("Second words")
        );
        assert!(
            read_to_string(first.join("one.html")).is_err(),
            "an old edition is cleared away"
        );
    }

    #[tokio::test]
    async fn an_edition_that_was_taken_away_is_built_anew_when_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        create_dir_all(&source).unwrap();
        write(source.join("SUMMARY.md"), "- [One](one.md)\n").unwrap();
        write(source.join("one.md"), "# First words\n").unwrap();
        let built = folder.path().join("built");
        let publisher = PublisherHandle::new(folder.path().to_owned(), built.clone());
        publisher.rebuild();
        let first = publisher.tried(1).await;
        assert_eq!(publisher.whole_edition().await, first);

        write(source.join("SUMMARY.md"), "- [One](gone.md)\n").unwrap();
        fs::remove_dir_all(&built).unwrap();
        assert_eq!(publisher.whole_edition().await.folder, None);
        write(source.join("SUMMARY.md"), "- [One](one.md)\n").unwrap();
        assert!(publisher.whole_edition().await.folder.is_some());

        fs::remove_dir_all(&built).unwrap();
        // Others that ask meanwhile wait for the same build.
        let (one, other) = tokio::join!(publisher.whole_edition(), publisher.whole_edition());
        for edition in [one, other] {
            assert!(edition.folder.unwrap().join("one.html").is_file());
        }
    }
}
