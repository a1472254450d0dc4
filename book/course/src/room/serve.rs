//! What the room answers. With the join code a learner's program says where it stands, and a page counts; with the trainer's token a page
//! sees everybody. Everything else is text that anybody may read: the two pages and their style.
//!
//! Web pages of others can send requests from a browser in the room, so: the Host must be an address in numbers, which no foreign page can
//! make its own name (DNS rebinding); an Origin, which browsers send, must be the same; no CORS header; and secrets come in a header that
//! no foreign page may set.

use crate::room::{
    people::{PeopleHandle, Refusal},
    plan::Plan,
    secret::Secret,
    standing::{LONGEST, Name, Standing},
    view,
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// The header with the key of a learner's program.
pub const KEY: &str = "x-room-key";

/// The pages use nothing but what this server has.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the server needs of the rest.
#[derive(Clone, Debug)]
pub struct Room {
    /// Requests tell and ask it.
    pub people: PeopleHandle,
    /// What may be told.
    pub plan: Arc<Plan>,
    /// With it one may say where one stands, and see counts.
    pub code: Secret,
    /// With it one may see everybody.
    pub token: Secret,
}

/// All that there is to ask for.
pub fn router(room: Room) -> Router {
    Router::new()
        .route("/standing", post(tell))
        .route("/leave", post(leave))
        .route("/counts", get(counts))
        .route("/places", get(places))
        .route(
            "/",
            file("text/html", include_str!("../../room/projector.html")),
        )
        .route(
            "/trainer",
            file("text/html", include_str!("../../room/trainer.html")),
        )
        .route(
            "/room.css",
            file("text/css", include_str!("../../room/room.css")),
        )
        .route(
            "/course.css",
            file("text/css", include_str!("../../../theme/course.css")),
        )
        .route(
            "/room.js",
            file("text/javascript", include_str!("../../room/room.js")),
        )
        .route(
            "/favicon.svg",
            file("image/svg+xml", include_str!("../../../theme/favicon.svg")),
        )
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(middleware::from_fn(guard))
        .with_state(room)
}

fn file(media_type: &'static str, text: &'static str) -> axum::routing::MethodRouter<Room> {
    get(move || async move { ([(header::CONTENT_TYPE, media_type)], text) })
}

/// Why a request has no other answer.
enum No {
    /// It brings no secret, or another one.
    Secret(&'static str),
    /// It is not what a program of this version says.
    Strange,
    /// It cannot be taken now.
    Refusal(Refusal),
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Secret(which) => (
                StatusCode::UNAUTHORIZED,
                format!("this is not the room's {which}: copy it again from the trainer's terminal"),
            ),
            Self::Strange => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "the room does not know what this says: bring both copies of the course to the same version".to_owned(),
            ),
            Self::Refusal(refusal) => {
                let status = match refusal {
                    Refusal::Taken => StatusCode::CONFLICT,
                    Refusal::TooFast => StatusCode::TOO_MANY_REQUESTS,
                    Refusal::Full | Refusal::Closed => StatusCode::SERVICE_UNAVAILABLE,
                };
                (status, refusal.to_string())
            }
        };
        (status, text).into_response()
    }
}

async fn tell(State(room): State<Room>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, No> {
    let key = key(&room, &headers)?;
    let standing = serde_json::from_slice::<Standing>(&body)
        .ok()
        .filter(|standing| room.plan.has(standing))
        .ok_or(No::Strange)?;
    room.people.tell(standing, key).await.map_err(No::Refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The body is the name. Nobody may have it: then there is nobody to forget.
async fn leave(
    State(room): State<Room>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, No> {
    let key = key(&room, &headers)?;
    let who: Name = serde_json::from_slice(&body).map_err(|_| No::Strange)?;
    room.people.leave(who, key).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn counts(State(room): State<Room>, headers: HeaderMap) -> Result<Response, No> {
    has(&room.code, &headers).ok_or(No::Secret("join code"))?;
    Ok(json(&view::counts(&room.plan, &room.people.see().await)))
}

async fn places(State(room): State<Room>, headers: HeaderMap) -> Result<Response, No> {
    has(&room.token, &headers).ok_or(No::Secret("token"))?;
    Ok(json(&view::places(&room.plan, &room.people.see().await)))
}

/// The key of a program that has the join code.
fn key(room: &Room, headers: &HeaderMap) -> Result<Secret, No> {
    has(&room.code, headers).ok_or(No::Secret("join code"))?;
    let key = text(headers, KEY).and_then(|key| Secret::read(key, Secret::TOKEN));
    key.ok_or(No::Strange)
}

/// `None`: they have another one, or none.
fn has(secret: &Secret, headers: &HeaderMap) -> Option<()> {
    let said = text(headers, header::AUTHORIZATION.as_str())?.strip_prefix("Bearer ")?;
    secret.is(said).then_some(())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn json(value: &serde_json::Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (content_type, value.to_string()).into_response()
}

/// Lets nobody in but programs and our own pages, and says to the browser what they may do.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match is_ours(request.headers()) {
        true => next.run(request).await,
        false => {
            let text =
                "open the room by its address in numbers, as the trainer's terminal shows it";
            (StatusCode::FORBIDDEN, text).into_response()
        }
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn is_ours(headers: &HeaderMap) -> bool {
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    // A browser leaves the usual port away, and puts brackets round IPv6.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_number = host.parse::<SocketAddr>().is_ok() || bare.parse::<IpAddr>().is_ok();
    let is_same = match headers.get(header::ORIGIN) {
        Some(origin) => {
            origin
                .to_str()
                .ok()
                .and_then(|origin| origin.strip_prefix("http://"))
                == Some(host)
        }
        None => true,
    };
    is_number && is_same
}
