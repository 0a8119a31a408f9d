//! This program once more, as a child that is told what to do line by line.

use std::io::Write as _;
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Result;

/// The only argument of a child.
pub const ROLE: &str = "child";

/// A child process. It is killed when this is dropped.
pub struct Child {
    process: tokio::process::Child,
    orders: Option<ChildStdin>,
    said: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts the program again and gives it its orders.
    pub async fn start(orders: &Value) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = process.stdin.take().ok_or("a child without stdin")?;
        let stdout = process.stdout.take().ok_or("a child without stdout")?;
        let mut child = Self { process, orders: Some(stdin), said: BufReader::new(stdout).lines() };
        child.tell(orders).await?;
        Ok(child)
    }

    /// One more line for it.
    pub async fn tell(&mut self, line: &Value) -> Result<()> {
        let orders = self.orders.as_mut().ok_or("the child was told everything")?;
        orders.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(orders.flush().await?)
    }

    /// The next line that it says; `None` when it has ended.
    pub async fn hear(&mut self) -> Result<Option<Value>> {
        match self.said.next_line().await? {
            Some(line) => Ok(Some(serde_json::from_str(&line)?)),
            None => Ok(None),
        }
    }

    /// Kills it as nothing can be prepared for: `SIGKILL`, on Unix.
    pub async fn kill(&mut self) -> Result<()> {
        self.orders = None;
        Ok(self.process.kill().await?)
    }

    /// Waits for its end; there is nothing more to be told.
    pub async fn end(&mut self) -> Result<ExitStatus> {
        self.orders = None;
        Ok(self.process.wait().await?)
    }
}

/// What a child has of its parent: lines to read. A parent that is gone is the end of them.
pub struct Parent(UnboundedReceiver<String>);

impl Parent {
    /// The parent of this process.
    pub fn new() -> Self {
        let (lines, receiver) = unbounded_channel();
        // A thread of its own and not the runtime's: a process that wants to end does not wait for it.
        std::thread::spawn(move || {
            for line in std::io::stdin().lines().map_while(std::io::Result::ok) {
                let _ = lines.send(line);
            }
        });
        Self(receiver)
    }

    /// The next line that the parent says.
    pub async fn hear(&mut self) -> Result<Value> {
        let line = self.0.recv().await.ok_or("the parent is gone")?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Default for Parent {
    fn default() -> Self {
        Self::new()
    }
}

/// Tells the parent something: out at once, whatever becomes of this process next.
pub fn say(line: &Value) {
    let mut stdout = std::io::stdout().lock();
    // A parent that is gone hears nothing.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
