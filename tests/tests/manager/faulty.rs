//! A store in front of another one that fails, hangs or lets the test step in, as a process of its own would see it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::store::{
    Lease, LeaseAnswer, Listed, RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord, Write,
};

/// A step of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Load,
    Save,
    Delete,
    List,
    Claim,
    Lease,
    Release,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails, and nothing is done.
    Fail(StoreErrorKind),
    /// It is done, and fails all the same.
    DoneAndFail(StoreErrorKind),
    /// It never answers, and nothing is done.
    Hang,
    /// It is done, and never answers.
    DoneAndHang,
    /// It panics.
    Panic,
}

/// What the test does in the middle of a step.
type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// The store of one process.
pub(crate) struct Faulty {
    inner: Arc<dyn Store>,
    plan: Mutex<Plan>,
    dead: AtomicBool,
}

#[derive(Default)]
struct Plan {
    always: Vec<(Op, Option<RecordKey>, Fault)>,
    /// How many such steps pass before the one that fails.
    once: Vec<(Op, usize, Fault)>,
    before: Vec<(Op, Hook)>,
    after: Vec<(Op, Hook)>,
    done: Vec<Op>,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, plan: Mutex::default(), dead: AtomicBool::new(false) })
    }

    /// From now on each such step comes to this.
    pub(crate) fn always(&self, op: Op, fault: Fault) {
        self.plan().always.push((op, None, fault));
    }

    /// The same for the steps about one record.
    pub(crate) fn always_for(&self, op: Op, key: RecordKey, fault: Fault) {
        self.plan().always.push((op, Some(key), fault));
    }

    /// So many such steps pass; the next comes to this.
    pub(crate) fn at(&self, op: Op, passed: usize, fault: Fault) {
        self.plan().once.push((op, passed, fault));
    }

    /// All is well again.
    pub(crate) fn heal(&self) {
        let mut plan = self.plan();
        plan.always.clear();
        plan.once.clear();
    }

    /// Does something just before the next such step.
    pub(crate) fn before<F: Future<Output = ()> + Send + 'static>(&self, op: Op, hook: F) {
        self.plan().before.push((op, Box::new(move || Box::pin(hook) as BoxFuture<'static, ()>)));
    }

    /// Does something between the next such step and its answer.
    pub(crate) fn after<F: Future<Output = ()> + Send + 'static>(&self, op: Op, hook: F) {
        self.plan().after.push((op, Box::new(move || Box::pin(hook) as BoxFuture<'static, ()>)));
    }

    /// The process is gone: no step is begun or answered any more.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// How many such steps there were.
    pub(crate) fn count(&self, op: Op) -> usize {
        self.plan().done.iter().filter(|done| **done == op).count()
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().expect("no test panics while it holds this")
    }

    fn fault(&self, op: Op, key: Option<&RecordKey>) -> Option<Fault> {
        let mut plan = self.plan();
        plan.done.push(op);
        let mut due = None;
        plan.once.retain_mut(|(known, passed, fault)| {
            if *known != op {
                return true;
            }
            if *passed == 0 && due.is_none() {
                due = Some(*fault);
                return false;
            }
            *passed = passed.saturating_sub(1);
            true
        });
        let meant = |of: &Option<RecordKey>| of.is_none() || of.as_ref() == key;
        due.or_else(|| plan.always.iter().find(|(known, of, _)| *known == op && meant(of)).map(|(_, _, fault)| *fault))
    }

    async fn run<T>(
        &self,
        op: Op,
        key: Option<&RecordKey>,
        step: BoxFuture<'_, StoreResult<T>>,
    ) -> StoreResult<T> {
        self.is_alive().await;
        let hook = take(&mut self.plan().before, op);
        if let Some(hook) = hook {
            hook().await;
        }
        let failed = |kind| Err(StoreError::new(kind, self.inner.name(), "as the test wants"));
        let done = match self.fault(op, key) {
            None => step.await,
            Some(Fault::Fail(kind)) => failed(kind),
            Some(Fault::DoneAndFail(kind)) => {
                step.await?;
                failed(kind)
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::DoneAndHang) => {
                step.await?;
                std::future::pending().await
            }
            Some(Fault::Panic) => panic!("the store panics, as the test wants"),
        };
        let hook = take(&mut self.plan().after, op);
        if let Some(hook) = hook {
            hook().await;
        }
        self.is_alive().await;
        done
    }

    async fn is_alive(&self) {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

fn take(hooks: &mut Vec<(Op, Hook)>, op: Op) -> Option<Hook> {
    let at = hooks.iter().position(|(known, _)| *known == op)?;
    Some(hooks.remove(at).1)
}

impl Store for Faulty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        Box::pin(self.run(Op::Load, Some(key), self.inner.load(key)))
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.run(Op::Save, Some(key), self.inner.save(key, write)))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(self.run(Op::Delete, Some(key), self.inner.delete(key, expected)))
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        Box::pin(self.run(Op::List, None, self.inner.list(after, limit)))
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        Box::pin(self.run(Op::Claim, None, self.inner.claim_due(now, claim, limit)))
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        Box::pin(self.run(Op::Lease, Some(key), self.inner.lease(key, lasts)))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.run(Op::Release, Some(key), self.inner.release(key, lease)))
    }
}
