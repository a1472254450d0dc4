//! Every link inside of the book leads somewhere: to a file that is there, and to a place in it that is there. No browser is
//! needed for that, but the site is built here anyway.

use super::support::site;
use scraper::{Html, Selector};
use std::{
    collections::{BTreeMap, HashSet},
    fs,
};
use url::Url;

#[test]
fn every_internal_link_leads_somewhere() {
    let index = Url::parse(&site("index.html")).unwrap();
    let folder = index.join(".").unwrap().to_file_path().unwrap();
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let page = Html::parse_document(&fs::read_to_string(&path).unwrap());
            pages.insert(Url::from_file_path(path).unwrap(), page);
        }
    }
    let ids: BTreeMap<&Url, HashSet<&str>> =
        pages.iter().map(|(url, page)| (url, ids(page))).collect();

    let mut broken = Vec::new();
    let mut checked = 0;
    for (at, page) in &pages {
        for link in links(page) {
            // mdBook's page for what is not found is served from any path: its links are made for the web server's root.
            let Ok(mut url) = at.join(link) else {
                broken.push(format!("{at}: {link} is no address"));
                continue;
            };
            if url.scheme() != "file" || at.path().ends_with("/404.html") {
                continue;
            }
            checked += 1;
            let fragment = url.fragment().map(str::to_owned);
            if let Some(("answer", name)) = url.query().and_then(|query| query.split_once('='))
                && !is_answer(&url, name)
            {
                broken.push(format!("{at}: no such answer: {link}"));
            }
            url.set_fragment(None);
            url.set_query(None);
            if !url.to_file_path().is_ok_and(|path| path.is_file()) {
                broken.push(format!("{at}: no file for {link}"));
            } else if let (Some(fragment), Some(ids)) = (fragment, ids.get(&url))
                && !fragment.is_empty()
                && !ids.contains(fragment.as_str())
            {
                broken.push(format!("{at}: no such place: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(
        checked > 100,
        "only {checked} links were found: is this the book?"
    );
}

/// Whether the page can show it: src/others.js finds it by its name.
fn is_answer(page: &Url, name: &str) -> bool {
    let (folder, page) = page.path().rsplit_once('/').unwrap();
    let answers = page.replace(".html", ".js");
    let file = Url::parse(&format!("file://{folder}/answers/{answers}")).unwrap();
    let told = fs::read_to_string(file.to_file_path().unwrap()).unwrap_or_default();
    told.contains(&format!(r#""name":"{name}""#))
}

fn ids(page: &Html) -> HashSet<&str> {
    let with_id = Selector::parse("[id]").unwrap();
    page.select(&with_id)
        .filter_map(|element| element.attr("id"))
        .collect()
}

fn links(page: &Html) -> Vec<&str> {
    let with_link = Selector::parse("[href], [src]").unwrap();
    let links = page
        .select(&with_link)
        .filter_map(|element| element.attr("href").or(element.attr("src")));
    links.collect()
}
