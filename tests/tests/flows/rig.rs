//! A simulator and a client of any provider, and a walk through everything that its file describes.

use std::sync::Arc;

use oauth_core::spec::{FieldKind, FieldType, Operation, ProfileMap, RefreshNeeds, RevokeEnds, RevokedToken};
use oauth_core::{
    Account, Browser, CanAuthorize, CanRefresh, Client, ClientAuth, Compiled, ExposeSecret as _, HasApi, HasProfile,
    OperationCall, Profile, ProviderSpec, Scopes, Step, TokenSet,
};
use oauth_simulator::{Builder, Endpoint, Recorded, SimUser, Simulator};
pub(crate) use oauth_tests::counter::Counter;
use oauth_tests::fitting::{self, settings};
use oauth_tests::login::ManualClock;
use serde_json::{Value, json};

/// Where the provider sends the browser back to. Nothing listens there: the scripted user hands the address over.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:4001/callback?app=1";
/// The client's id.
pub(crate) const ID: &str = "my client:1";
/// The client's secret, with everything that an encoder can get wrong.
pub(crate) const SECRET: &str = "s3cret +/%=&:\"ä";

/// The simulator's user, when a test gives it none.
const SUBJECT: &str = "20071";

/// A file's text as a spec.
pub(crate) fn spec(yaml: &str) -> Arc<ProviderSpec> {
    Arc::new(ProviderSpec::from_yaml(yaml).unwrap_or_else(|faults| panic!("{faults}")))
}

/// A provider with this client, its settings given where they have no default.
pub(crate) fn builder(spec: &Arc<ProviderSpec>) -> Builder {
    let client = fitting::registered(spec, ID, SECRET).redirect_uri(redirect(spec));
    let clock = Arc::new(ManualClock::new());
    let builder = Simulator::builder(Arc::clone(spec)).client(client).rng(Counter::new(7)).clock(clock);
    settings(spec).into_iter().fold(builder, |builder, (name, value)| builder.setting(name, value))
}

/// The running provider.
pub(crate) async fn simulate(spec: &Arc<ProviderSpec>) -> Simulator {
    builder(spec).start().await.unwrap_or_else(|error| panic!("{error}"))
}

/// [`REDIRECT`], as far as the provider takes it.
fn redirect(spec: &ProviderSpec) -> String {
    fitting::redirect_uri(spec, REDIRECT)
}

/// A client that has its own idea of the simulator's provider, the same random bytes as every other.
pub(crate) fn client_of(sim: &Simulator, spec: &ProviderSpec) -> Client {
    let client = sim.dynamic_client_of(spec.clone()).unwrap_or_else(|error| panic!("{error}"));
    client.redirect_uri(redirect(sim.spec())).rng(Counter::new(1))
}

/// The typed client of a compiled provider.
pub(crate) fn typed_client<P: Compiled>(sim: &Simulator) -> Client<P> {
    sim.client::<P>().redirect_uri(redirect(sim.spec())).rng(Counter::new(1))
}

/// The client that a program gets from the catalog.
pub(crate) fn catalog_client(sim: &Simulator, entry: oauth_core::CatalogEntry) -> Client {
    let credentials = match entry.spec().client_auth.method {
        oauth_core::spec::ClientAuthMethod::None => ClientAuth::none(),
        _ => ClientAuth::secret(sim.client_secret().clone()),
    };
    let client = settings(entry.spec()).into_iter().fold(entry.client(ID, credentials), |client, (name, value)| {
        client.set(&name, value).unwrap_or_else(|error| panic!("{}", error.explain()))
    });
    client.redirect_uri(redirect(entry.spec())).rng(Counter::new(1)).clock(sim.clock()).dangerous_at(sim.origin())
}

/// Why a walk ended early.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The provider showed a page that ends the login.
    Page(oauth_simulator::Error),
    /// The client gave up.
    Client(oauth_core::Error),
    /// Everything was answered, and the answer was not the one that was asked for.
    Result(Step, String),
}

impl Broken {
    /// How far the walk came.
    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Page(_) => Step::Authorize,
            Self::Client(error) => error.step(),
            Self::Result(step, _) => *step,
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Page(error) => error.fmt(f),
            Self::Client(error) => f.write_str(&error.explain()),
            Self::Result(_, what) => f.write_str(what),
        }
    }
}

impl From<oauth_simulator::Error> for Broken {
    fn from(error: oauth_simulator::Error) -> Self {
        Self::Page(error)
    }
}

impl From<oauth_core::Error> for Broken {
    fn from(error: oauth_core::Error) -> Self {
        Self::Client(error)
    }
}

/// What a walk found.
pub(crate) struct Walked<P: oauth_core::Provider> {
    pub(crate) account: Account<P>,
    pub(crate) granted: Vec<String>,
    pub(crate) profile: Option<Profile>,
    pub(crate) operations: Vec<(String, Value)>,
    pub(crate) refreshed: bool,
}

/// The scopes that the file names anywhere but in its list of known ones: enough for every described operation.
pub(crate) fn scopes(spec: &ProviderSpec) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    let needed = match spec.refresh.as_ref().and_then(|refresh| refresh.needs.as_ref()) {
        Some(RefreshNeeds::Scope(scope)) => Some(scope),
        _ => None,
    };
    let of_operations = operations(spec).flat_map(|operation| &operation.scopes);
    for scope in spec.scopes.default.iter().chain(&spec.scopes.required).chain(needed).chain(of_operations) {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}

/// The described operations.
pub(crate) fn operations(spec: &ProviderSpec) -> impl Iterator<Item = &Operation> {
    spec.api.iter().flat_map(|api| &api.operations)
}

/// A login by the scripted user.
pub(crate) async fn log_in<P: CanAuthorize>(sim: &Simulator, client: &Client<P>) -> Result<Account<P>, Broken> {
    let spec = client.spec();
    let wanted = scopes(spec).into_iter().fold(Scopes::<P>::new(), Scopes::raw);
    let mut authorize = client.authorize();
    if wanted.iter().next().is_some() {
        authorize = authorize.scopes(wanted);
    }
    // What the provider wants to see before it gives a refresh token, where its file does not send it always.
    let right = sim.spec();
    if let Some(RefreshNeeds::Param(name, value)) = right.refresh.as_ref().and_then(|refresh| refresh.needs.as_ref())
        && right.authorize.params.iter().all(|(known, _)| known != name)
    {
        authorize = authorize.param(name, value);
    }
    let (url, pending, browser) = authorize.begin().await?.into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await?;
    Ok(client.callback(callback, pending, Browser::from(browser)).await?)
}

/// Logs in, reads the profile, makes every described call with all its parameters, refreshes, reads the profile with the
/// new token, and revokes what it has.
pub(crate) async fn walk<P: CanAuthorize + CanRefresh + HasProfile + HasApi>(
    sim: &Simulator,
    client: &Client<P>,
) -> Result<Walked<P>, Broken> {
    let spec = client.spec();
    let account = log_in(sim, client).await?;
    let granted = account.tokens().scopes().to_vec();
    let mut profile = None;
    if spec.profile.is_some() {
        let found = account.profile().await?;
        if found.subject != SUBJECT {
            return Err(Broken::Result(Step::Profile, format!("the profile is that of `{}`", found.subject)));
        }
        profile = Some(found);
    }
    let mut results = Vec::new();
    for operation in operations(spec) {
        let result = account.clone().erase().call(call(operation)).await?;
        results.push((operation.name.clone(), result));
    }
    if spec.api.is_some() && operations(spec).next().is_none() {
        account.get("/anything").query("q", "a b&c").send().await?.error_for_status().await?;
    }
    let mut refreshed = false;
    if spec.refresh.is_some() {
        let before = account.token().await?;
        account.refresh().await?;
        let after = account.token().await?;
        if before.expose_secret() == after.expose_secret() {
            return Err(Broken::Result(Step::Refresh, "the refresh gave the old token".to_owned()));
        }
        if profile.is_some() {
            account.profile().await?;
        }
        refreshed = true;
    }
    if spec.revoke.is_some() {
        client.clone().erase().revoke(&account.tokens()).await?;
    }
    Ok(Walked { account, granted, profile, operations: results, refreshed })
}

/// Nothing is left to go on with after a walk, where the file says how a login is ended.
pub(crate) async fn is_over(client: &Client, tokens: &TokenSet) -> Result<(), Broken> {
    let spec = client.spec();
    let Some(rules) = &spec.revoke else { return Ok(()) };
    if rules.ends == Some(RevokeEnds::Grant) || rules.tokens.contains(&RevokedToken::Access) {
        let mut left: Value = serde_json::from_str(tokens.expose_json().expose_secret()).unwrap();
        left.as_object_mut().unwrap().remove("refresh_token");
        let account = client.account(TokenSet::from_exposed_json(&left.to_string().into()).unwrap());
        let asks = spec.profile.as_ref().is_some_and(|profile| profile.request.is_some());
        let refused = match (asks, &spec.api) {
            (true, _) => account.profile().await.is_err(),
            (false, Some(_)) => account.get("/anything").send().await?.error_for_status().await.is_err(),
            (false, None) => true,
        };
        if !refused {
            return Err(Broken::Result(Step::Revoke, "the access token is good after it was revoked".to_owned()));
        }
    }
    let over = rules.ends == Some(RevokeEnds::Grant) || rules.tokens.contains(&RevokedToken::Refresh);
    if over && spec.refresh.is_some() && client.refresh(tokens).await.is_ok() {
        return Err(Broken::Result(Step::Revoke, "the login goes on after it was revoked".to_owned()));
    }
    Ok(())
}

/// A call of the operation with a value for each parameter, optional ones included.
pub(crate) fn call(operation: &Operation) -> OperationCall {
    let call = OperationCall::new(&operation.name);
    operation.parameters.iter().fold(call, |call, parameter| call.set(&parameter.name, value(parameter.kind)))
}

fn value(kind: FieldType) -> Value {
    if kind.list {
        let mut item = kind;
        item.list = false;
        return json!([value(item)]);
    }
    match kind.kind {
        FieldKind::Url => json!("https://example.com/a?b=c"),
        FieldKind::U32 | FieldKind::U64 | FieldKind::I64 => json!(5),
        FieldKind::F64 => json!(0.5),
        FieldKind::Bool => json!(true),
        FieldKind::Json => json!({"a": 1}),
        _ => json!("a b/c&d=ä"),
    }
}

/// The user of the simulator, by the fields of a profile.
pub(crate) fn expected_profile(spec: &ProviderSpec, profile: &Profile) {
    let rules = spec.profile.as_ref().expect("the spec has a profile");
    let further = rules.then.iter().map(|further| &further.map);
    let maps: Vec<&ProfileMap> =
        std::iter::once(&rules.map).chain(further).chain(spec.callback.profile.iter().map(|told| &told.map)).collect();
    let declared = |field: fn(&ProfileMap) -> &Vec<String>| maps.iter().any(|map| !field(map).is_empty());
    let only = |field: fn(&ProfileMap) -> &Vec<String>, value: &str| declared(field).then(|| value.to_owned());
    assert_eq!((profile.provider.as_str(), profile.subject.as_str()), (spec.id.as_str(), SUBJECT));
    assert_eq!(profile.username, only(|map| &map.username, "ada"));
    assert_eq!(profile.name, only(|map| &map.name, "Ada Lovelace"));
    assert_eq!(profile.email, only(|map| &map.email, "ada@example.com"));
    assert_eq!(profile.email_verified, declared(|map| &map.email_verified).then_some(true));
    assert_eq!(profile.avatar_url, only(|map| &map.avatar_url, "https://example.com/avatars/20071.png"));
    assert_eq!(profile.url, only(|map| &map.url, "https://example.com/people/20071"));
    // The user that the simulator has when a test gives it none is the one above.
    assert!(format!("{:?}", SimUser::default()).contains(SUBJECT));
}

/// How many requests of a kind the provider saw.
pub(crate) fn count(sim: &Simulator, endpoint: Endpoint) -> usize {
    sim.requests_to(endpoint).len()
}

/// A request as text, without what depends on the simulator's port.
pub(crate) fn written(request: &Recorded) -> String {
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        pairs.map(|(name, value)| format!("  {name} = {value}\n")).collect::<Vec<_>>().concat()
    };
    let headers = request.headers().iter().filter(|(name, _)| !matches!(name.as_str(), "host" | "cookie"));
    let headers = headers.map(|(name, value)| format!("  {name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    format!(
        "{:?} {} {} -> {}\n{} query:\n{} body:\n{}",
        request.endpoint(),
        request.method(),
        request.url(),
        request.status(),
        headers.collect::<Vec<_>>().concat(),
        pairs(&mut request.query_params()),
        pairs(&mut request.body_params()),
    )
}

/// All requests that the provider saw, without what is random in a minted secret: its signature, which the simulator
/// checked.
pub(crate) fn all_written(sim: &Simulator) -> Vec<String> {
    let is_minted = sim.spec().client_auth.minted.is_some();
    let unsigned = |request: &Recorded| {
        let text = written(request);
        let secret = request.param("client_secret").filter(|_| is_minted);
        match secret.and_then(|secret| secret.rsplit_once('.')) {
            Some((_, signature)) => text.replace(signature, "(signature)"),
            None => text,
        }
    };
    sim.requests().iter().map(unsigned).collect()
}
