//! Login on the web, by hand. `cargo run --example web` simulates every provider; one whose credentials are in the
//! environment (`GITHUB_CLIENT_ID`, `GITHUB_CLIENT_SECRET`, ...) is the real one.
#![allow(clippy::needless_pass_by_value, clippy::print_stdout, reason = "an example is short and talks to a person")]
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::{Router, routing::get};
use oauth_providers::{Client, Error, PendingAttempts};
use oauth_simulator::Simulator;

type App = std::sync::Arc<(Vec<Client>, PendingAttempts)>;
type Problem = (StatusCode, String);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let mut clients = Vec::new();
    for entry in oauth_providers::catalog() {
        let mut spec = entry.spec().as_ref().clone();
        spec.redirect = oauth_providers::spec::Redirect::default(); // some send browsers to https only; a simulated one to this machine
        let simulator = Box::leak(Box::new(Simulator::builder(spec.into()).sample_settings().start().await?));
        let client = entry.client_from_env().unwrap_or(simulator.dynamic_client()?);
        clients.push(client.redirect_uri(format!("{origin}/callback/{}", entry.id())));
    }
    let callback = get(callback).post(callback).head(|| async { StatusCode::METHOD_NOT_ALLOWED });
    let routes = Router::new().route("/", get(home)).route("/login/{id}", get(login)).route("/callback/{id}", callback);
    println!("Open {origin}");
    Ok(axum::serve(listener, routes.with_state(App::new((clients, PendingAttempts::new())))).await?)
}

async fn home(State(app): State<App>) -> Html<String> {
    let link = |client: &Client| format!("<p><a href=/login/{0}>Log in with {0}</a>", client.spec().id);
    Html(app.0.iter().map(link).collect())
}

async fn login(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let (url, pending, browser) = client(&app, &id)?.authorize().begin().await.map_err(problem)?.into_parts();
    app.1.insert(pending);
    let cookie = browser.set_cookie(&id, &format!("/callback/{id}"));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response())
}

type Callback = (State<App>, Path<String>, RawQuery, HeaderMap);
async fn callback(parts: Callback, form: String) -> Result<Html<String>, Problem> {
    let (State(app), Path(id), RawQuery(query), headers) = parts;
    let input = if form.is_empty() { query.unwrap_or_default() } else { form }; // a provider may answer with a POST
    let cookies = headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or_default();
    let cookie = cookies.split("; ").find_map(|pair| pair.strip_prefix(&*id)?.strip_prefix('='));
    let account = client(&app, &id)?.callback(input, &app.1, cookie).await.map_err(problem)?;
    let me = account.profile().await.map_err(problem)?;
    let mut shown = format!("subject: {:?}, name: {:?}, email: {:?}\n", me.subject, me.name, me.email);
    if account.spec().api.is_some() {
        shown += "GET / ";
        shown += &account.get("/").send().await.map_err(problem)?.text().await.map_err(problem)?;
    }
    Ok(Html(format!("<h1>Logged in with {id}</h1><pre>{}</pre>", shown.replace('&', "&amp;").replace('<', "&lt;"))))
}

fn client<'a>(app: &'a App, id: &str) -> Result<&'a Client, Problem> {
    app.0.iter().find(|client| client.spec().id == id).ok_or((StatusCode::NOT_FOUND, "no such provider".to_owned()))
}

fn problem(error: Error) -> Problem {
    (StatusCode::BAD_REQUEST, error.explain())
}
