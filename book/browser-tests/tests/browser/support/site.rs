//! The book as plain files, as it is published.

use super::copy::Copy;
use std::sync::OnceLock;
use url::Url;

/// The `file://` address of a page of the static site, which is built once for all tests.
pub fn site(page: &str) -> String {
    static SITE: OnceLock<Url> = OnceLock::new();
    let folder = SITE.get_or_init(|| {
        let copy = Copy::fresh();
        let folder = copy.path("target/site");
        let output = copy
            .cargo_course()
            .args(["build", "--dest"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Url::from_directory_path(folder).unwrap()
    });
    folder.join(page).unwrap().to_string()
}
