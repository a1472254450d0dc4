//! The site as it is published: below a sub-path of some host that knows nothing of it, with `404.html` for what is not there.

use crate::support::{Page, site};
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
};
use serde_json::json;
use std::{
    mem,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use tower_http::services::{ServeDir, ServeFile};
use url::Url;

/// What was asked for and is not there.
type Missing = Arc<Mutex<Vec<String>>>;

/// Serves the site below the sub-path that `book.toml` names. Not as "localhost": there a page looks for `cargo course`.
async fn serve() -> (Url, Missing) {
    let index = Url::parse(&site("index.html")).unwrap();
    let folder = index.join(".").unwrap().to_file_path().unwrap();
    let not_found = ServeFile::new(folder.join("404.html"));
    let files = ServeDir::new(folder).not_found_service(not_found);
    let missing = Missing::default();
    let app = Router::new()
        .nest_service("/actors-with-tokio", files)
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(missing.clone(), note));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let site = format!("http://book.localhost:{port}/actors-with-tokio/");
    (Url::parse(&site).unwrap(), missing)
}

async fn note(State(missing): State<Missing>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if response.status().is_client_error() {
        missing.lock().unwrap().push(path);
    }
    response
}

#[tokio::test]
async fn below_a_sub_path_nothing_is_missing_and_nobody_else_is_asked() {
    let (site, missing) = serve().await;
    let page = Page::new().await;
    page.open(site.as_str()).await;
    let chapters = page.chapters().await;
    assert!(chapters.len() > 15, "{chapters:?}");
    // `links.rs` looks at the links of all pages; these show that they hold here, too.
    let chapters: Vec<_> = chapters.iter().step_by(7).collect();
    for chapter in &chapters {
        assert!(chapter.starts_with(site.as_str()), "{chapter}");
        page.open(chapter).await;
        let elsewhere = page
            .value(&format!(
                "performance.getEntriesByType('resource').map(entry => entry.name)
                    .filter(name => !name.startsWith({:?}) && !name.startsWith('data:'))",
                site.as_str()
            ))
            .await;
        assert_eq!(elsewhere, json!([]), "{chapter}");
        assert_eq!(page.complaints().await, [""; 0], "{chapter}");
    }
    // From one page to another, and by the search.
    page.click("a[rel~=prev]").await;
    page.open(&format!("{site}01-recipe.html?search=WeakSender"))
        .await;
    page.click("#mdbook-searchresults a[href*='09-cycles']")
        .await;
    page.until("location.pathname === '/actors-with-tokio/09-cycles.html'")
        .await;

    page.without_javascript().await;
    for chapter in &chapters {
        page.open(chapter).await;
    }
    assert_eq!(*missing.lock().unwrap(), [""; 0]);
}

#[tokio::test]
async fn what_is_not_there_is_answered_by_a_page_of_the_book_that_leads_back() {
    let (site, missing) = serve().await;
    let page = Page::new().await;
    page.open(&format!("{site}no/such/page.html")).await;
    page.sees("main h1", "This page is not in the book").await;
    assert_eq!(
        mem::take(&mut *missing.lock().unwrap()),
        ["/actors-with-tokio/no/such/page.html"]
    );
    page.complaints().await; // of that one
    page.click("main a[href*='introduction']").await;
    page.until("location.pathname === '/actors-with-tokio/introduction.html'")
        .await;
    assert_eq!(*missing.lock().unwrap(), [""; 0]);
    assert_eq!(page.complaints().await, [""; 0]);
}

#[tokio::test]
async fn a_link_to_a_page_shows_its_title_its_address_and_a_picture_that_is_there() {
    let (site, _) = serve().await;
    let page = Page::new().await;
    page.open(&format!("{site}06-select.html")).await;
    let said = page
        .value(
            "Object.fromEntries([...document.querySelectorAll('meta[property]')].map(meta => [meta.getAttribute('property'), meta.content]))",
        )
        .await;
    assert_eq!(said["og:title"], "Select - Actors with Tokio");
    assert!(said["og:description"].as_str().unwrap().len() > 30);
    let canonical = page
        .value("document.querySelector('link[rel=canonical]').href")
        .await;
    assert_eq!(said["og:url"], canonical);
    let canonical = Url::parse(canonical.as_str().unwrap()).unwrap();
    assert_eq!(canonical.path(), "/actors-with-tokio/06-select.html");
    let picture = Url::parse(said["og:image"].as_str().unwrap()).unwrap();
    assert_eq!(picture.domain(), canonical.domain());
    let here = site.join(picture.path()).unwrap();
    let width = page
        .awaited(&format!(
            "(async () => {{ const picture = new Image(); picture.src = {:?}; await picture.decode(); return picture.naturalWidth; }})()",
            here.as_str()
        ))
        .await;
    assert_eq!(width, 1200);
    let edit = page
        .value("document.querySelector('a[rel=edit]').href")
        .await;
    assert!(
        edit.as_str()
            .unwrap()
            .ends_with("/edit/main/book/src/06-select.md"),
        "{edit}"
    );
    let listed = page
        .awaited("fetch('sitemap.xml').then(answer => answer.text())")
        .await;
    assert!(
        listed.as_str().unwrap().contains(canonical.as_str()),
        "{listed}"
    );
}
