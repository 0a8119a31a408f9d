//! What is measured, and who does it.

/// A job that several implementations do.
pub struct Workload {
    /// Its short name.
    pub id: &'static str,
    /// What one operation is.
    pub what: &'static str,
    /// What ours may cost.
    pub target: Target,
    /// How many operations are counted: fewer for what takes long, more for what differs from one to the next.
    pub repeat: u64,
    /// Who does it; the first is the floor.
    pub cases: Vec<Case>,
}

/// One implementation.
pub struct Case {
    /// Whose.
    pub who: &'static str,
    /// What is to be known of it.
    pub note: &'static str,
    /// Sets it up and gives one operation. What an operation makes it also drops.
    pub make: Make,
}

/// What ours may cost, as far as it is said.
#[derive(Default)]
pub struct Target {
    /// At most so many instructions.
    pub instructions: Option<f64>,
    /// At most so many times the floor's instructions.
    pub of_floor: Option<f64>,
    /// At most so many allocations.
    pub allocations: Option<f64>,
}

/// Sets an implementation up and gives one operation.
pub type Make = Box<dyn Fn() -> Box<dyn FnMut()>>;

/// An implementation.
pub fn case(who: &'static str, note: &'static str, make: impl Fn() -> Box<dyn FnMut()> + 'static) -> Case {
    Case { who, note, make: Box::new(make) }
}
