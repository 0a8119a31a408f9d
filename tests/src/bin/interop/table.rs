//! What a suite has driven: one row for each capability of the server, and every row of it passed.

use std::error::Error;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The capabilities of one server, in the order in which they were driven. One that fails ends the run, so that a row that
/// is in the table has passed.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<(String, usize)>,
}

impl Table {
    /// Adds the checks of a capability.
    pub(crate) fn row(&mut self, capability: &str, Checks { passed }: Checks) {
        match self.rows.iter_mut().find(|(known, _)| known == capability) {
            Some((_, count)) => *count += passed,
            None => self.rows.push((capability.to_owned(), passed)),
        }
    }

    /// The rows of a table that a process of this suite has printed, and what it printed before.
    pub(crate) fn take_over(&mut self, printed: &str) {
        for line in printed.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            match cells[..] {
                ["", _, capability, checks, "passed", ""] => {
                    let passed = checks.parse().unwrap_or_default();
                    self.row(capability, Checks { passed });
                }
                _ if line.starts_with("  ") || line.ends_with(':') => println!("{line}"),
                _ => {}
            }
        }
    }

    /// Prints the table. A row without a check has shown nothing.
    pub(crate) fn print(&self, server: &str) -> Result<()> {
        println!("| server | capability | checks | outcome |\n|---|---|---|---|");
        for (capability, checks) in &self.rows {
            println!("| {server} | {capability} | {checks} | passed |");
        }
        if let Some((capability, _)) = self.rows.iter().find(|(_, checks)| *checks == 0) {
            return Err(format!("nothing was checked of {capability}").into());
        }
        let checks: usize = self.rows.iter().map(|(_, checks)| checks).sum();
        println!("{server}: {} capabilities, {checks} checks, all passed", self.rows.len());
        Ok(())
    }
}

/// The checks of one capability.
pub(crate) struct Checks {
    passed: usize,
}

impl Checks {
    /// Of what, as the reader sees it.
    pub(crate) fn of(title: &str) -> Self {
        println!("{title}:");
        Self { passed: 0 }
    }

    /// One that has to hold.
    pub(crate) fn require(&mut self, what: &str, holds: bool) -> Result<()> {
        println!("  {} {what}", if holds { "ok  " } else { "FAIL" });
        self.passed += usize::from(holds);
        if holds { Ok(()) } else { Err(what.into()) }
    }
}
