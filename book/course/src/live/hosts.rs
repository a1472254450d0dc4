//! Under which names the server answers. A foreign page can have its own name point to 127.0.0.1 (DNS rebinding), and
//! then the browser takes it for ours: so a request has to name a host of ours, and what has an effect has to come
//! from a page of ours. A port that is forwarded has another name, which the reader tells us with `--host`.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use std::str::FromStr;

/// A host that the reader trusts, as `--host` takes it: a name, or a whole address that was copied from the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: String,
    /// `None`: any port.
    port: Option<u16>,
}

impl FromStr for Host {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let text = (text
            .strip_prefix("https://")
            .or(text.strip_prefix("http://")))
        .unwrap_or(text);
        let text = text.split(['/', '?', '#']).next().unwrap_or_default();
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => {
                let port = port.parse().map_err(|_| "the port is no number")?;
                (name, Some(port))
            }
            None => (text, None),
        };
        if !is_name(name) {
            return Err(
                "name one host, as your browser's address bar shows it: name.example or name.example:8080",
            );
        }
        Ok(Self {
            name: name.to_ascii_lowercase(),
            port,
        })
    }
}

/// Letters, digits, dots and dashes: a name or an IPv4 address. No `*`: that would let any page in.
fn is_name(name: &str) -> bool {
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    !name.is_empty() && name.len() < 256 && name.chars().all(is_part)
}

impl Host {
    /// Whether the value of a Host header, or of an Origin without its scheme, names it.
    fn is(&self, host: &str) -> bool {
        host.parse().is_ok_and(|other: Self| {
            other.name == self.name && (self.port.is_none() || self.port == other.port)
        })
    }
}

/// The names of one server.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// On this machine.
    port: u16,
    /// What the reader has named.
    named: Vec<Host>,
}

impl Hosts {
    /// Those of a server on this port of 127.0.0.1, and what the reader has named.
    pub fn new(port: u16, named: Vec<Host>) -> Self {
        Self { port, named }
    }

    /// Lets a request in, or says why not.
    ///
    /// # Errors
    /// What its reader must know, as plain text.
    pub fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<(), String> {
        let host = text(headers.get(header::HOST)).unwrap_or_default();
        let is_local = self.is_local(host);
        if !is_local && !self.is_named(host) {
            let port = self.port;
            let ours = format!("this server answers to 127.0.0.1:{port} and localhost:{port}");
            return Err(refusal(&ours, "this was asked for", host));
        }
        match headers.get(header::ORIGIN) {
            Some(origin) => {
                let origin = text(Some(origin)).unwrap_or_default();
                let is_ours = is_local && origin.strip_prefix("http://") == Some(host);
                // What forwards a port may speak https outside, and may name 127.0.0.1 to us.
                let outside = (origin.strip_prefix("https://")).or(origin.strip_prefix("http://"));
                match is_ours || outside.is_some_and(|host| self.is_named(host)) {
                    true => Ok(()),
                    false => Err(refusal(
                        "what has an effect has to come from a page of the address that it goes to",
                        &format!("this was sent to {host} by a page of"),
                        outside.unwrap_or_default(),
                    )),
                }
            }
            // A browser leaves it away only where nothing can be changed.
            None if matches!(*method, Method::GET | Method::HEAD) => Ok(()),
            None => Err("what has an effect has to come from a page of this server".to_owned()),
        }
    }

    fn is_local(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"].iter().any(|name| {
            // Browsers leave the usual port away.
            host == format!("{name}:{}", self.port) || self.port == 80 && host == *name
        })
    }

    fn is_named(&self, host: &str) -> bool {
        self.named.iter().any(|named| named.is(host))
    }
}

/// The rule, what was against it, and how to let this host in.
fn refusal(rule: &str, what: &str, host: &str) -> String {
    match host.parse::<Host>() {
        Ok(_) => format!(
            "{rule}; {what} {host}\n\n\
             If that is an address of yours for it (a forwarded port, a codespace), end it and start it with\n\n    \
             cargo course --host {host}\n"
        ),
        Err(_) => format!("{rule}; `cargo course --host NAME` adds an address"),
    }
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_may_be_copied_from_the_browser() {
        for text in [
            "fuzzy-3000.app.github.dev",
            " https://Fuzzy-3000.app.github.dev/01-recipe.html?x#y ",
            "http://fuzzy-3000.app.github.dev",
        ] {
            assert_eq!(host(text), host("fuzzy-3000.app.github.dev"));
        }
        for text in [
            "",
            "*",
            "*.example",
            "a b",
            "a:b",
            "a:70000",
            "ü.example",
            "a@b",
            "https://",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_without_a_port_is_any_port_and_one_with_a_port_is_that_one() {
        assert!(host("a.example").is("a.example") && host("a.example").is("A.example:8080"));
        assert!(host("a.example:8080").is("a.example:8080"));
        for other in [
            "a.example",
            "a.example:80",
            "a.example.org:8080",
            "b.a.example:8080",
            "a.example:8080:8080",
        ] {
            assert!(!host("a.example:8080").is(other), "{other}");
        }
    }

    /// Whether a request is let in by a server on port 3000, or on 80.
    fn admitted(
        port: u16,
        named: &[&str],
        method: Method,
        host: &str,
        origin: Option<&str>,
    ) -> bool {
        let named = named.iter().map(|name| name.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        Hosts::new(port, named).admit(&method, &headers).is_ok()
    }

    #[test]
    fn the_usual_port_may_be_left_away_where_it_is_ours() {
        let get = |port, host| admitted(port, &[], Method::GET, host, None);
        assert!(get(80, "localhost") && get(80, "127.0.0.1:80") && get(3000, "localhost:3000"));
        assert!(!get(3000, "localhost") && !get(80, "evil.example") && !get(3000, "localhost:80"));
        assert!(admitted(
            80,
            &[],
            Method::POST,
            "localhost",
            Some("http://localhost")
        ));
    }

    #[test]
    fn a_named_host_may_read_and_press_by_http_and_by_https() {
        let named = ["fuzzy-3000.app.github.dev", "box.local:8080"];
        let get = |host| admitted(3000, &named, Method::GET, host, None);
        assert!(get("fuzzy-3000.app.github.dev") && get("box.local:8080") && get("localhost:3000"));
        assert!(!get("fuzzy-3000.app.github.dev.evil.example") && !get("box.local"));

        let post = |host, origin| admitted(3000, &named, Method::POST, host, Some(origin));
        for origin in ["https://fuzzy-3000.app.github.dev", "http://box.local:8080"] {
            assert!(post("fuzzy-3000.app.github.dev", origin));
            // As it comes from a proxy that puts our own name in.
            assert!(post("localhost:3000", origin));
        }
        for origin in [
            "https://evil.example",
            "https://fuzzy-3000.app.github.dev.evil.example",
            "https://localhost:3000",
            "null",
            "fuzzy-3000.app.github.dev",
            "https://fuzzy-3000.app.github.dev@evil.example",
            "https://evil.example/fuzzy-3000.app.github.dev",
        ] {
            assert!(!post("localhost:3000", origin), "{origin}");
            assert!(!post("fuzzy-3000.app.github.dev", origin), "{origin}");
        }
        assert!(!admitted(
            3000,
            &named,
            Method::POST,
            "box.local:8080",
            None
        ));
    }

    #[test]
    fn a_refusal_says_how_to_be_let_in() {
        let refusal = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            let hosts = Hosts::new(3000, Vec::new());
            hosts.admit(&Method::GET, &headers).unwrap_err()
        };
        assert!(refusal("localhost").ends_with("cargo course --host localhost\n"));
        assert!(refusal("box.local:8080").ends_with("cargo course --host box.local:8080\n"));
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        headers.insert(header::ORIGIN, "http://localhost:3000".parse().unwrap());
        let other = Hosts::new(3000, Vec::new()).admit(&Method::POST, &headers);
        let other = other.unwrap_err();
        assert!(
            other.contains("to 127.0.0.1:3000 by a page of localhost:3000")
                && other.ends_with("cargo course --host localhost:3000\n")
                && !other.contains("answers to"),
            "{other}"
        );
        let strange = refusal("$(reboot)");
        assert!(
            strange.contains("--host NAME") && !strange.contains("reboot"),
            "{strange}"
        );
    }
}
