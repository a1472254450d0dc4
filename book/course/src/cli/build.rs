//! `cargo course build`: the static site, ready to be published.

use crate::{error::Error, live::book, terminal, workspace::Workspace};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// Pages that no search engine should know: each stands for others, or for none.
const NO_PAGES: [&str; 3] = ["404.html", "print.html", "toc.html"];

/// The picture beside a link to a page, in the book's sources.
const PREVIEW: &str = "preview.png";

/// Builds the book into `destination`, else into `target/book`. The exit code is 1 if mdBook warned.
///
/// # Errors
/// The book does not build, or `destination` holds something else.
pub async fn build(workspace: &Workspace, destination: Option<PathBuf>) -> Result<u8, Error> {
    let destination = match destination {
        Some(path) => {
            // mdBook takes a relative path as relative to the book.
            let path =
                std::path::absolute(&path).map_err(|source| Error::Write { path, source })?;
            book::refuse_to_delete(&path)?;
            path
        }
        None => workspace.target.join("book"),
    };
    let (source, into) = (workspace.root.join("book"), destination.clone());
    let scratch = workspace.course_folder().join("sources");
    let built = spawn_blocking(move || {
        let warnings = book::build(&source, &into, &scratch)?;
        if let Some(site) = book::repository(&source)?.as_deref().and_then(published) {
            give_addresses(&into, &site).map_err(|source| Error::Write { path: into, source })?;
        }
        Ok::<_, Error>(warnings)
    })
    .await;
    let warnings = built.map_err(|panic| Error::Book(panic.to_string()))??;
    for warning in &warnings {
        terminal::warn(warning);
    }
    terminal::say(format_args!("the book is in {}", destination.display()));
    Ok(u8::from(!warnings.is_empty()))
}

/// Where GitHub publishes the site of a repository.
fn published(repository: &str) -> Option<String> {
    let (owner, name) = repository
        .strip_prefix("https://github.com/")?
        .split_once('/')?;
    Some(format!(
        "https://{}.github.io/{name}/",
        owner.to_lowercase()
    ))
}

/// What mdBook does not do: each page says its own address and that of its picture, and a sitemap lists all pages.
fn give_addresses(folder: &Path, site: &str) -> io::Result<()> {
    let index = fs::read_to_string(folder.join("index.html"))?;
    let mut addresses = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(".html") || NO_PAGES.contains(&&*name) {
            continue;
        }
        let page = fs::read_to_string(&path)?;
        // The first page is there under two names.
        let address = match page == index {
            true => site.to_owned(),
            false => format!("{site}{name}"),
        };
        let links = format!(
            "<link rel=\"canonical\" href=\"{address}\">\n\
             <meta property=\"og:url\" content=\"{address}\">\n\
             <meta property=\"og:image\" content=\"{site}{PREVIEW}\">\n\
             </head>"
        );
        fs::write(&path, page.replacen("</head>", &links, 1))?;
        addresses.push(format!("<url><loc>{address}</loc></url>\n"));
    }
    addresses.sort();
    addresses.dedup();
    let sitemap = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{}</urlset>\n",
        addresses.concat()
    );
    fs::write(folder.join("sitemap.xml"), sitemap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_says_its_address_and_the_first_one_does_so_under_both_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let page = |name: &str| folder.path().join(name);
        for name in ["index.html", "introduction.html"] {
            fs::write(page(name), "<head></head>Welcome").unwrap();
        }
        for name in ["01-recipe.html", "404.html", "print.html"] {
            fs::write(page(name), format!("<head></head>{name} <b></head></b>")).unwrap();
        }
        let site = published("https://github.com/Owner/Name").unwrap();
        give_addresses(folder.path(), &site).unwrap();

        let canonical = |name: &str| {
            let text = fs::read_to_string(page(name)).unwrap();
            let link = text.split_once("canonical\" href=\"")?.1;
            Some(link.split_once('"')?.0.to_owned())
        };
        let first = Some("https://owner.github.io/Name/".to_owned());
        assert_eq!(canonical("index.html"), first);
        assert_eq!(canonical("introduction.html"), first);
        let recipe = "https://owner.github.io/Name/01-recipe.html";
        assert_eq!(canonical("01-recipe.html").as_deref(), Some(recipe));
        assert_eq!(canonical("404.html"), None);
        let sitemap = fs::read_to_string(page("sitemap.xml")).unwrap();
        assert_eq!(sitemap.matches("<loc>").count(), 2, "{sitemap}");
    }

    #[test]
    fn a_repository_elsewhere_has_no_site_that_we_know_of() {
        assert_eq!(published("https://example.com/owner/name"), None);
    }
}
