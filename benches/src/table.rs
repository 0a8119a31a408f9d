//! The table that people read.

use crate::measure::{Cost, Counter, cost};
use crate::workload::{Target, Workload};

/// Whose target it is.
const OURS: &str = "ours";

/// What the command line asks for.
pub struct Options {
    counter: Counter,
    /// Whether a target that is missed is a failure.
    pub strict: bool,
    only: Vec<String>,
}

impl Options {
    /// From the arguments; `None` when they make no sense.
    pub fn parse(arguments: &[&str]) -> Option<Self> {
        let mut options = Self { counter: Counter::None, strict: false, only: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                "--strict" => options.strict = true,
                "--counter" => {
                    options.counter = match *arguments.next()? {
                        "steps" => Counter::Steps,
                        "valgrind" => Counter::Valgrind,
                        "none" => Counter::None,
                        _ => return None,
                    };
                }
                unknown if unknown.starts_with('-') => return None,
                workload => options.only.push(workload.to_owned()),
            }
        }
        Some(options)
    }

    /// Whether that workload is asked for.
    pub fn chosen(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }
}

/// Measures and prints; the workloads whose target is missed, `None` when something could not be measured.
pub fn print(workloads: &[Workload], options: &Options) -> Option<Vec<&'static str>> {
    let mut missed = Vec::new();
    for workload in workloads.iter().filter(|workload| options.chosen(workload.id)) {
        println!("{}: {}\n", workload.id, workload.what);
        println!("  {:<15}{:>13}{:>8}{:>13}{:>12}{:>8}", "", "instructions", "ratio", "allocations", "time", "ratio");
        let mut floor: Option<Cost> = None;
        for case in &workload.cases {
            let cost = match cost(workload.id, case, workload.repeat, options.counter) {
                Ok(cost) => cost,
                Err(why) => {
                    eprintln!("{why}");
                    return None;
                }
            };
            let least = floor.as_ref().unwrap_or(&cost);
            println!("{}", row(case.who, case.note, &cost, least));
            if case.who == OURS {
                let faults = faults(&workload.target, &cost, least);
                let verdict =
                    if faults.is_empty() { "met".to_owned() } else { format!("MISSED: {}", faults.join(", ")) };
                missed.extend((!faults.is_empty()).then_some(workload.id));
                if let Some(target) = words(&workload.target) {
                    println!("  {:<15}target {target}: {verdict}", "");
                }
            }
            floor.get_or_insert(cost);
        }
        println!();
    }
    Some(missed)
}

fn row(who: &str, note: &str, cost: &Cost, floor: &Cost) -> String {
    let instructions = cost.instructions.map_or("-".to_owned(), grouped);
    let ratio = cost.instructions.zip(floor.instructions).map_or("-".to_owned(), |(own, least)| ratio(own, least));
    let time = format!("{} ns", grouped(cost.nanoseconds));
    let time_ratio = self::ratio(cost.nanoseconds, floor.nanoseconds);
    let allocations = format!("{:.1}", cost.allocations);
    let allocations = allocations.trim_end_matches(".0");
    format!("  {who:<15}{instructions:>13}{ratio:>8}{allocations:>13}{time:>12}{time_ratio:>8}  {note}")
        .trim_end()
        .to_owned()
}

fn ratio(own: f64, least: f64) -> String {
    format!("{:.2}", own / least)
}

/// `12,345`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn words(target: &Target) -> Option<String> {
    let parts = [
        target.instructions.map(|most| format!("<= {} instructions", grouped(most))),
        target.of_floor.map(|most| format!("<= {most} x the floor's instructions")),
        target.allocations.map(|most| format!("<= {most} allocations")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What of the target is missed. What was not counted is not judged.
fn faults(target: &Target, cost: &Cost, floor: &Cost) -> Vec<&'static str> {
    let over = |own: Option<f64>, most: Option<f64>| own.zip(most).is_some_and(|(own, most)| own > most);
    let of_floor = cost.instructions.zip(floor.instructions).map(|(own, least)| own / least);
    let parts = [
        (over(cost.instructions, target.instructions) || over(of_floor, target.of_floor), "instructions"),
        (over(Some(cost.allocations), target.allocations), "allocations"),
    ];
    parts.into_iter().filter_map(|(over, what)| over.then_some(what)).collect()
}
