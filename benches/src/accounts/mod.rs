//! Many accounts: what the manager needs of memory, how long one takes to load, how many a worker refreshes in a second.
//!
//! The provider is in this process, so that nothing but the manager and its store is measured.

mod clock;
mod options;
mod provider;
mod store;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use oauth_core::seal::SealingKey;
use oauth_core::{Account, Client, OsRng, TokenManager, TokenSet};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use self::clock::Shifted;
use self::options::Options;
use self::provider::Answers;
use crate::provider::{client, token_text};

/// How many are imported at once.
const IMPORTS: usize = 64;
/// How many are loaded for the time of one.
const LOADS: usize = 2000;
/// How long the imported tokens last.
const LIFE: Duration = Duration::from_secs(3600);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures and prints.
pub fn print(options: &[&str]) -> ExitCode {
    let measured = Options::parse(options).and_then(|options| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(measure(&options))
    });
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accounts: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything that is measured needs this.
struct Rig {
    client: Client,
    manager: TokenManager,
    clock: Arc<Shifted>,
    provider: Arc<Answers>,
    accounts: usize,
}

async fn measure(options: &Options) -> Result<()> {
    let clock = Arc::new(Shifted::default());
    let provider = Arc::new(Answers::after(options.takes));
    let client = client().http_client(provider.clone()).clock(clock.clone());
    let store = store::open(&options.store, options.url.as_deref(), &clock).await?;
    let manager = TokenManager::over(Arc::clone(&store)).keys(SealingKey::generate(&OsRng)?);
    let manager = manager.client(client.clone()).clock(clock.clone()).build()?;
    let rig = Rig { client, manager, clock, provider, accounts: options.accounts };
    println!("{} accounts, {} store\n", options.accounts, options.store);

    let empty = resident()?;
    let began = Instant::now();
    rig.import().await?;
    rate("imported", options.accounts, began.elapsed());
    per_account("memory of an account that nobody uses", resident()?.saturating_sub(empty), options.accounts);
    if let Some(listed) = store.list(None, 1).await?.first()
        && let Some(record) = store.load(&listed.key).await?
    {
        row("a sealed record", &format!("{} B", record.payload.len()));
    }

    rig.load().await?;
    let before = resident()?;
    let handles = rig.handles().await?;
    per_account("memory of a handle, beside it", resident()?.saturating_sub(before), options.accounts);
    drop(handles);

    rig.work(options).await
}

impl Rig {
    async fn import(&self) -> Result<()> {
        let mut importing = JoinSet::new();
        for number in 0..self.accounts {
            if importing.len() >= IMPORTS {
                importing.join_next().await.ok_or("no task")???;
            }
            let (client, manager) = (self.client.clone(), self.manager.clone());
            // An hour from now, as a server that has just given it out says.
            let tokens = TokenSet::new(token_text(256))
                .with_refresh_token(token_text(128))
                .with_expires_at(SystemTime::now() + LIFE);
            importing.spawn(async move { manager.import(&client, name(number), tokens).await.map(drop) });
        }
        while let Some(imported) = importing.join_next().await {
            imported??;
        }
        Ok(())
    }

    /// Handles on accounts that nobody uses, one after the other.
    async fn load(&self) -> Result<()> {
        let mut times = Vec::new();
        for turn in 0..LOADS {
            // All over the store.
            let number = turn.wrapping_mul(7919) % self.accounts;
            let began = Instant::now();
            let account = self.manager.account(&self.client, name(number)).await?;
            times.push(began.elapsed());
            drop(account);
        }
        times.sort();
        let of = |part: usize| format!("{:.1} us", times[LOADS * part / 100].as_secs_f64() * 1e6);
        row("load one, median", &of(50));
        row("load one, 99 of 100", &of(99));
        Ok(())
    }

    async fn handles(&self) -> Result<Vec<Account>> {
        let mut handles = Vec::with_capacity(self.accounts);
        for number in 0..self.accounts {
            handles.push(self.manager.account(&self.client, name(number)).await?);
        }
        Ok(handles)
    }

    /// All tokens end soon, and one worker refreshes as many as it is to.
    async fn work(&self, options: &Options) -> Result<()> {
        self.clock.advance(LIFE - Duration::from_secs(60));
        let worker = self.manager.worker().batch(1024).at_once(options.at_once);
        let (mut refreshed, mut failed) = (0, 0);
        let began = Instant::now();
        while refreshed + failed < options.refreshes {
            let report = worker.run_once().await?;
            (refreshed, failed) = (refreshed + report.refreshed, failed + report.failed);
            if report.due == 0 {
                break;
            }
        }
        let took = began.elapsed();
        rate(&format!("refreshed by a worker, {} at once", options.at_once), refreshed, took);
        row("requests to the provider", &self.provider.requests().to_string());
        if failed > 0 { Err(format!("{failed} were not refreshed").into()) } else { Ok(()) }
    }
}

fn name(number: usize) -> String {
    format!("user-{number}")
}

fn row(what: &str, value: &str) {
    println!("  {what:<42}{value:>20}");
}

fn rate(what: &str, count: usize, took: Duration) {
    let seconds = took.as_secs_f64();
    row(what, &format!("{:.0} a second", count as f64 / seconds));
}

fn per_account(what: &str, bytes: usize, accounts: usize) {
    row(what, &format!("{} B", bytes / accounts.max(1)));
}

/// The memory that this process has, in bytes (Linux).
fn resident() -> Result<usize> {
    const PAGE: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).ok_or("no such field")?.parse()?;
    Ok(pages * PAGE)
}
