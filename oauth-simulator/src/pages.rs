//! What a person sees: plain, accessible HTML. Every value is escaped, nothing is loaded, no script runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use oauth_core::ProviderSpec;
use ring::digest;

use crate::SimUser;
use crate::reply::Reply;

/// Where the login form goes.
pub(crate) const LOGIN: &str = "/-/login";
/// Where the consent form goes.
pub(crate) const CONSENT: &str = "/-/consent";

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{display:grid;place-items:center;min-height:100vh;margin:0}\
main{box-sizing:border-box;width:min(28rem,92vw);padding:2rem;border:1px solid #8886;border-radius:.75rem}\
h1{font-size:1.35rem;margin:0 0 .75rem}p{margin:.5rem 0}ul{padding-left:1.25rem}small,.doc{opacity:.75}\
label{display:block;padding:.4rem 0}button{font:inherit;padding:.5rem 1.1rem;margin:.75rem .5rem 0 0;border-radius:.5rem;border:1px solid #888;cursor:pointer}\
.main{background:#0b57d0;border-color:#0b57d0;color:#fff}code{overflow-wrap:anywhere}\
:focus-visible{outline:3px solid #f90;outline-offset:2px}";

/// The login page: who is it?
pub(crate) fn login(spec: &ProviderSpec, users: &[SimUser], transaction: &str) -> Reply {
    let people = users.iter().enumerate().map(|(index, user)| {
        let checked = if index == 0 { " checked" } else { "" };
        let (subject, name, username) = (escape(&user.subject), escape(&user.name), escape(&user.username));
        format!("<label><input type=\"radio\" name=\"account\" value=\"{subject}\"{checked}> {name} <small>({username})</small></label>\n")
    });
    let body = format!(
        "<form method=\"post\" action=\"{LOGIN}\">\n<input type=\"hidden\" name=\"transaction\" value=\"{}\">\n\
         <fieldset><legend>Who are you?</legend>\n{}</fieldset>\n<button class=\"main\" type=\"submit\">Sign in</button>\n</form>",
        escape(transaction),
        people.collect::<String>(),
    );
    page(StatusCode::OK, &format!("Sign in to {}", spec.name), &body, true)
}

/// What the consent page shows.
pub(crate) struct Question<'a> {
    pub(crate) transaction: &'a str,
    pub(crate) client: &'a str,
    pub(crate) user: &'a SimUser,
    pub(crate) scopes: &'a [String],
    pub(crate) redirect_uri: &'a str,
}

/// The consent page: may it?
pub(crate) fn consent(spec: &ProviderSpec, question: &Question<'_>) -> Reply {
    let scopes = question.scopes.iter().map(|scope| {
        let doc = spec.scopes.known.iter().find(|known| known.value == *scope).and_then(|known| known.doc.as_deref());
        let doc = doc.map(|doc| format!(" <span class=\"doc\">{}</span>", escape(doc))).unwrap_or_default();
        format!("<li><code>{}</code>{doc}</li>\n", escape(scope))
    });
    let scopes: String = scopes.collect();
    let wanted = if scopes.is_empty() {
        "<p>It asks for no particular scope.</p>".to_owned()
    } else {
        format!("<p>It asks for:</p>\n<ul>\n{scopes}</ul>")
    };
    let body = format!(
        "<p>The app <code>{client}</code> wants to use the account of <strong>{name}</strong> ({email}).</p>\n{wanted}\n\
         <p><small>The answer goes to <code>{redirect}</code></small></p>\n\
         <form method=\"post\" action=\"{CONSENT}\">\n<input type=\"hidden\" name=\"transaction\" value=\"{transaction}\">\n\
         <button class=\"main\" type=\"submit\" name=\"decision\" value=\"approve\">Approve</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"switch\">Use another account</button>\n</form>",
        client = escape(question.client),
        name = escape(&question.user.name),
        email = escape(&question.user.email),
        redirect = escape(question.redirect_uri.split('?').next().unwrap_or_default()),
        transaction = escape(question.transaction),
    );
    // No `form-action` here: browsers apply it to the redirects behind the form, and those are the client's business.
    page(StatusCode::OK, &format!("{} asks", spec.name), &body, false)
}

/// The way back as a form (OAuth 2.0 Form Post Response Mode). No script sends it: a person presses the button.
pub(crate) fn form_post(spec: &ProviderSpec, redirect_uri: &str, pairs: &[(String, String)]) -> Reply {
    let fields = pairs.iter().map(|(name, value)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
    });
    let body = format!(
        "<form method=\"post\" action=\"{}\">\n{}<button class=\"main\" type=\"submit\">Continue</button>\n</form>",
        escape(redirect_uri),
        fields.collect::<String>(),
    );
    page(StatusCode::OK, &format!("Back from {}", spec.name), &body, false)
}

/// What went wrong, for the person: RFC 6749 section 4.1.2.1, "SHOULD inform the resource owner of the error".
pub(crate) fn problem(spec: &ProviderSpec, status: StatusCode, problem: &str) -> Reply {
    let body = format!("<p id=\"problem\">{}</p>", escape(problem));
    page(status, &format!("{} refuses this request", spec.name), &body, true)
}

/// The page at the simulator's own root.
pub(crate) fn index(spec: &ProviderSpec) -> Reply {
    let body = format!(
        "<p>It answers for <code>https://HOST/path</code> at <code>/HOST/path</code>.</p>\n<p>Facts: <code>{}</code></p>",
        escape(&spec.docs)
    );
    page(StatusCode::OK, &format!("Simulator of {}", spec.name), &body, true)
}

fn page(status: StatusCode, title: &str, body: &str, closed: bool) -> Reply {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{body}\n<p><small>This is a simulator on your own machine. Nothing here is real.</small></p>\n\
         </main>\n</body>\n</html>\n"
    );
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let forms = if closed { "; form-action 'self'" } else { "" };
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'{forms}");
    Reply::html(status, html).with(header::CONTENT_SECURITY_POLICY, &policy)
}

pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
