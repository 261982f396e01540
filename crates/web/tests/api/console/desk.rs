//! A browser without scripts: keeps cookies, reads hidden fields, sends forms.

use axum::http::Method;
use shuyu_kernel::Digest;

use crate::world::{Answered, PASSWORD, World};

const BORDER: &str = "a-border-between-the-parts";

/// Somebody signed in, in front of the console.
pub struct Desk<'a> {
    world: &'a World,
    cookies: Vec<(String, String)>,
    csrf: String,
}

/// A page or a redirect.
pub struct Page {
    pub answered: Answered,
    pub text: String,
}

impl Page {
    fn of(answered: Answered) -> Self {
        let text = String::from_utf8(answered.bytes.to_vec()).unwrap();
        Self { answered, text }
    }

    pub fn status(&self) -> u16 {
        self.answered.status.as_u16()
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status(), 303, "{}", self.text);
        self.answered.header("location")
    }

    /// That the page was drawn, whole and with one first heading.
    #[track_caller]
    pub fn drawn(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{}", self.text);
        assert_eq!(self.text.matches("<h1").count(), 1, "{}", self.text);
        assert!(self.text.trim_end().ends_with("</html>"));
        self
    }

    /// That the page says or holds all of these.
    #[track_caller]
    pub fn holds(&self, pieces: &[&str]) {
        for piece in pieces {
            assert!(self.text.contains(piece), "no {piece} in {}", self.text);
        }
    }

    /// That the page holds none of these.
    #[track_caller]
    pub fn lacks(&self, pieces: &[&str]) {
        for piece in pieces {
            assert!(!self.text.contains(piece), "{piece} in {}", self.text);
        }
    }

    /// The value of the first hidden field of a name.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("type=\"hidden\" name=\"{name}\" value=\"");
        self.after(&start)
    }

    #[track_caller]
    pub fn location_is(&self, path: &str) {
        assert_eq!(self.location(), path);
    }

    /// The start of the address of the first form below this one, up to the last slash: `…/waiting/2/`.
    #[track_caller]
    pub fn link_of_form(&self, start: &str) -> String {
        let address = format!("{start}{}", self.after(&format!("action=\"{start}")));
        let (head, _) = address.rsplit_once('/').unwrap();
        format!("{head}/")
    }

    /// The first link whose address begins like this.
    #[track_caller]
    pub fn link(&self, start: &str) -> String {
        format!("{start}{}", self.after(&format!("href=\"{start}")))
    }

    #[track_caller]
    fn after(&self, start: &str) -> String {
        let rest = self.text.split_once(start).map(|(_, rest)| rest);
        let value = rest.and_then(|rest| rest.split_once('"'));
        match value {
            Some((value, _)) => value.replace("&#38;", "&").replace("&amp;", "&"),
            None => panic!("no {start} in {}", self.text),
        }
    }

    /// Addresses of the rail.
    pub fn rail(&self) -> Vec<String> {
        let (_, rail) = self.text.split_once("<nav class=\"rail\"").unwrap();
        let (rail, _) = rail.split_once("</nav>").unwrap();
        let links = rail.split("href=\"").skip(1);
        links
            .map(|link| link.split('"').next().unwrap().to_owned())
            .collect()
    }
}

impl<'a> Desk<'a> {
    /// In front of the sign-in page, in nobody's name.
    pub fn nobody(world: &'a World) -> Self {
        Self {
            world,
            cookies: Vec::new(),
            csrf: String::new(),
        }
    }

    /// Signs in through the form of the page.
    pub async fn sign_in(world: &'a World, login: &str) -> Self {
        let mut desk = Self::nobody(world);
        let page = desk.try_sign_in(login, PASSWORD).await;
        assert_eq!(page.location(), "/");
        desk.csrf = desk.get("/").await.drawn(200).hidden("csrf");
        desk
    }

    /// The answer to a name and a password.
    pub async fn try_sign_in(&mut self, login: &str, password: &str) -> Page {
        let fields = [("login", login), ("password", password), ("next", "/")];
        self.send("/sign-in", &fields).await
    }

    /// The token of the session's forms.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let answered = self.asking(Method::GET, path).empty().await;
        self.kept(answered)
    }

    /// A file, as it comes.
    pub async fn download(&mut self, path: &str) -> Answered {
        self.asking(Method::GET, path).empty().await
    }

    /// Follows a redirect.
    pub async fn follow(&mut self, page: &Page) -> Page {
        let location = page.location().to_owned();
        self.get(&location).await
    }

    /// Sends a form with the session's token.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let all: Vec<(&str, &str)> = [("csrf", csrf.as_str())]
            .into_iter()
            .chain(fields.iter().copied())
            .collect();
        self.send(path, &all).await
    }

    /// Sends just these fields.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let ask = self
            .asking(Method::POST, path)
            .with("content-type", "application/x-www-form-urlencoded");
        let answered = ask.send(body.join("&")).await;
        self.kept(answered)
    }

    /// Sends a form of a group of questions as browsers do, with the session's token and papers: field, name of
    /// the file, bytes.
    pub async fn parts(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        papers: &[(&str, &str, &[u8])],
    ) -> Page {
        let mut body = Vec::new();
        let csrf = self.csrf.clone();
        for (name, value) in [("csrf", csrf.as_str())].iter().chain(fields) {
            let part =
                format!("--{BORDER}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for (name, file, bytes) in papers {
            let head = format!(
                "--{BORDER}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                 content-type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BORDER}--\r\n").as_bytes());
        let ask = self
            .asking(Method::POST, path)
            .with("content-type", &format!("multipart/form-data; boundary={BORDER}"));
        let answered = ask.send(body).await;
        self.kept(answered)
    }

    /// Fills the only group of a form, and comes to its check page.
    pub async fn fill(&mut self, form: &str, group: &str, fields: &[(&str, &str)]) -> Page {
        let all: Vec<(&str, &str)> = fields.iter().copied().chain([("then", "next")]).collect();
        let saved = self.parts(&format!("{form}/{group}"), &all, &[]).await;
        assert_eq!(saved.location(), format!("{form}/check"));
        self.follow(&saved).await.drawn(200)
    }

    /// Presses the button of a check page.
    pub async fn submit(&mut self, form: &str, check: &Page) -> Page {
        let (key, version) = (check.hidden("key"), check.hidden("version"));
        let fields = [("key", key.as_str()), ("version", version.as_str())];
        self.post(&format!("{form}/check"), &fields).await
    }

    /// Opens a case through its form, and gives its id.
    pub async fn open(&mut self, procedure: &str, fields: &[(&str, &str)]) -> String {
        let form = format!("/open/{procedure}");
        let check = self.fill(&form, "form", fields).await;
        let done = self.submit(&form, &check).await;
        case_of(done.location())
    }

    /// Takes an act that asks nothing, and comes to its result.
    pub async fn act(&mut self, case: &str, act: &str) -> Page {
        let form = format!("/cases/{case}/acts/{act}/-");
        let check = self.get(&format!("{form}/check")).await.drawn(200);
        let done = self.submit(&form, &check).await;
        self.follow(&done).await.drawn(200)
    }

    fn asking(&self, method: Method, path: &str) -> crate::world::Asking<'a> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let ask = self.world.ask(method, path).with("sec-fetch-site", "same-origin");
        if cookies.is_empty() {
            ask
        } else {
            ask.with("cookie", &cookies.join("; "))
        }
    }

    fn kept(&mut self, answered: Answered) -> Page {
        for cookie in answered.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Page::of(answered)
    }
}

/// The id in `/cases/{id}/result?…`.
#[track_caller]
pub fn case_of(location: &str) -> String {
    let rest = location.strip_prefix("/cases/").unwrap();
    let (id, rest) = rest.split_once('/').unwrap();
    assert!(rest.starts_with("result?first="), "{location}");
    id.to_owned()
}

/// Root of a log, to show that nothing was written.
pub async fn state(world: &World) -> (u64, Digest) {
    let entries = world
        .app
        .record()
        .entries(shuyu_domain::port::Log::Proceedings, 0, 10_000)
        .await
        .unwrap();
    let all: Vec<u8> = entries.iter().flat_map(|entry| entry.bytes.clone()).collect();
    (entries.len() as u64, Digest::of(&all))
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
