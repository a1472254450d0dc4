//! The two pages of a trainer's room: who is where, as text, for the trainer; counts, for everybody.

use crate::{
    accessibility::assert_accessible,
    support::{Page, Room, THEMES},
};

const STUCK: &str =
    r#""exercise":"recipe","passed":2,"of":14,"first":"numbers_start_at_one_and_go_on","hints":1"#;
const DONE: &str = r#""exercise":"recipe","passed":14,"of":14,"first":"","hints":0"#;

#[tokio::test]
async fn the_trainer_sees_names_as_text_and_what_they_have_unfolded_stays() {
    let mut room = Room::open();
    room.join("<img src=x onerror=alert(1)>", STUCK);
    let page = Page::new().await;
    page.open(&room.trainer).await;
    page.sees("[role=status]", "1 person is in the room").await;
    page.sees(".who", "<img src=x onerror=alert(1)>").await;
    assert_eq!(
        page.value("document.querySelector('main img')").await,
        serde_json::Value::Null
    );
    assert_eq!(
        page.value("location.hash").await,
        "",
        "the page may be shown to others"
    );

    page.click("summary").await;
    room.join("Bo", DONE);
    page.sees(".who", "Bo").await;
    page.sees("[role=status]", "2 people are in the room").await;
    assert!(page.shows("details li").await);
    assert_eq!(
        page.value("document.activeElement.localName").await,
        "summary"
    );

    page.load_again().await;
    page.sees(".who", "Bo").await;
    assert_eq!(page.complaints().await, [""; 0]);
}

#[tokio::test]
async fn the_projector_shows_how_to_join_and_counts_and_no_names() {
    let mut room = Room::open();
    let page = Page::new().await;
    page.open(&room.projector).await;
    page.sees("[role=status]", "0 people are in the room").await;
    room.join("Anna", STUCK);
    room.join("Bo", DONE);
    page.sees("tbody", "01-recipe\t1\t1").await;
    let text = page.text("html").await;
    assert!(!text.contains("Anna") && !text.contains("Bo"), "{text}");
    let join = room.projector.replace("http://", "").replace("/#", "/");
    page.sees("pre", &format!("cargo course --room {join} --as NAME"))
        .await;
    assert_eq!(page.complaints().await, [""; 0]);
}

#[tokio::test]
async fn without_the_secret_a_page_says_what_is_missing() {
    let room = Room::open();
    let page = Page::new().await;
    for address in [&room.trainer, &room.projector] {
        let (address, _) = address.split_once('#').unwrap();
        page.open(address).await;
        page.sees("[role=status]", "copy it again from the trainer's terminal")
            .await;
    }
}

#[tokio::test]
async fn both_pages_have_no_violation_in_any_theme_and_fit_a_phone() {
    let mut room = Room::open();
    room.join("Anna", STUCK);
    room.join(&"W".repeat(40), STUCK);
    room.join("Bo", DONE);
    let page = Page::new().await;
    page.with_less_motion().await;
    for address in [&room.trainer, &room.projector] {
        page.open(address).await;
        for theme in THEMES {
            page.set_theme(theme).await;
            page.sees("main :is(.who, td)", "").await;
            page.unfold().await;
            assert_accessible(&page, &format!("{address}, {theme}")).await;
        }
    }
    page.as_on_a_phone().await;
    for (address, shown) in [(&room.trainer, ".who"), (&room.projector, "td")] {
        page.open(address).await;
        page.load_again().await;
        page.sees(shown, "").await;
        page.assert_fits_a_phone().await;
    }
}
