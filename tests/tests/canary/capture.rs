//! One subscriber for the whole process: everything that `tracing` and `log` carry, from all crates, at trace level.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Everything that was logged so far, by all tests of this program.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// How much was said so far.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What was said since then.
    pub(crate) fn since(&self, start: usize) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)[start..]).into_owned()
    }
}

/// Starts to listen, once.
pub(crate) fn listen() -> &'static Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .finish()
            .init();
        lines
    })
}

/// The capture works: what the engine says with `tracing` is in it, and what the transport says with `log`.
pub(crate) fn must_have_heard(text: &str) {
    for expected in
        ["oauth.authorize", "oauth.callback", "oauth.exchange", "oauth_core", "code exchanged", "TRACE", "reqwest"]
    {
        assert!(text.contains(expected), "nothing from `{expected}` was heard in {} bytes", text.len());
    }
}
