//! What a server may answer with: the client of the crate `redis` reads whatever comes, so its stream is read along.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use oauth_core::store::MAX_RECORD;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A record, and room for what the server says of itself.
const MAX_BULK: usize = MAX_RECORD + 64 * 1024;
/// All of one reply.
const MAX_REPLY: usize = 2 * MAX_RECORD;
const MAX_LINE: usize = 4096;
const MAX_ELEMENTS: i64 = 4096;
const MAX_DEPTH: usize = 4;

/// Follows the replies of a server in the protocol's version 2 and ends at the first that is none of ours.
#[derive(Default)]
pub(super) struct ReplyLimits {
    state: State,
    /// How many elements each array that is under way still waits for.
    open: Vec<i64>,
    size: usize,
}

/// A reply that breaks a limit or the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsound;

#[derive(Clone, Copy, Default)]
enum State {
    /// Before the byte that says what comes.
    #[default]
    Kind,
    /// In a line; `ending` after its CR.
    Line { kind: u8, length: usize, number: Number, ending: bool },
    /// In a string, with what is left of it and of its CR LF.
    Bulk { left: usize },
}

#[derive(Clone, Copy, Default)]
struct Number {
    value: i64,
    negative: bool,
    digits: u8,
}

impl Number {
    fn push(&mut self, byte: u8) -> Result<(), Unsound> {
        match byte {
            b'-' if self.digits == 0 && !self.negative => self.negative = true,
            b'0'..=b'9' => {
                let digit = i64::from(byte - b'0');
                self.value = self.value.checked_mul(10).and_then(|value| value.checked_add(digit)).ok_or(Unsound)?;
                self.digits = self.digits.saturating_add(1);
            }
            _ => return Err(Unsound),
        }
        Ok(())
    }

    fn value(self) -> Result<i64, Unsound> {
        match (self.digits, self.negative) {
            (0, _) => Err(Unsound),
            (_, true) => Ok(-self.value),
            (_, false) => Ok(self.value),
        }
    }
}

impl ReplyLimits {
    /// The next bytes of the server.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Unsound> {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.state {
                State::Bulk { left } if left > 2 => {
                    let taken = (left - 2).min(bytes.len());
                    self.state = State::Bulk { left: left - taken };
                    bytes = &bytes[taken..];
                }
                _ => {
                    self.step(byte)?;
                    bytes = rest;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), Unsound> {
        match (self.state, byte) {
            (State::Kind, b'+' | b'-' | b':' | b'$' | b'*') => {
                self.grow(1)?;
                self.state = State::Line { kind: byte, length: 0, number: Number::default(), ending: false };
            }
            (State::Line { kind, number, ending: true, .. }, b'\n') => self.line_ended(kind, number)?,
            (State::Line { kind, length, number, ending: false }, b'\r') => {
                self.state = State::Line { kind, length, number, ending: true };
            }
            (State::Line { kind, length, mut number, ending: false }, byte) if byte != b'\n' && length < MAX_LINE => {
                self.grow(1)?;
                if !matches!(kind, b'+' | b'-') {
                    number.push(byte)?;
                }
                self.state = State::Line { kind, length: length + 1, number, ending: false };
            }
            (State::Bulk { left: 2 }, b'\r') => self.state = State::Bulk { left: 1 },
            (State::Bulk { left: 1 }, b'\n') => self.element_ended(),
            _ => return Err(Unsound),
        }
        Ok(())
    }

    fn line_ended(&mut self, kind: u8, number: Number) -> Result<(), Unsound> {
        match (kind, if matches!(kind, b'+' | b'-') { 0 } else { number.value()? }) {
            (b'$', length @ 0..) => {
                let length = usize::try_from(length).ok().filter(|length| *length <= MAX_BULK).ok_or(Unsound)?;
                self.grow(length)?;
                self.state = State::Bulk { left: length + 2 };
            }
            (b'*', elements @ 1..=MAX_ELEMENTS) if self.open.len() < MAX_DEPTH => {
                self.open.push(elements);
                self.state = State::Kind;
            }
            (b'$', -1) | (b'*', -1 | 0) | (b'+' | b'-' | b':', _) => self.element_ended(),
            _ => return Err(Unsound),
        }
        Ok(())
    }

    fn element_ended(&mut self) {
        self.state = State::Kind;
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return;
            }
            self.open.pop();
        }
        self.size = 0;
    }

    fn grow(&mut self, by: usize) -> Result<(), Unsound> {
        self.size += by;
        if self.size > MAX_REPLY { Err(Unsound) } else { Ok(()) }
    }
}

/// How a connection is, for those who use it.
#[derive(Debug, Default)]
pub(super) struct Health(AtomicU8);

impl Health {
    const CLOSED: u8 = 1;
    const UNSOUND: u8 = 2;

    pub(super) fn is_good(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    pub(super) fn is_unsound(&self) -> bool {
        self.0.load(Ordering::Acquire) & Self::UNSOUND != 0
    }

    /// Nothing more is asked over this connection.
    pub(super) fn close(&self) {
        self.0.fetch_or(Self::CLOSED, Ordering::AcqRel);
    }
}

/// The stream of a connection, with limits to what is read from it.
pub(super) struct Limited<S> {
    stream: S,
    limits: ReplyLimits,
    health: Arc<Health>,
}

impl<S> Limited<S> {
    pub(super) fn new(stream: S, health: Arc<Health>) -> Self {
        Self { stream, limits: ReplyLimits::default(), health }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // The kind of error after which the client gives the connection up.
        let unsound = || io::Error::new(io::ErrorKind::ConnectionAborted, "the reply is not one that was asked for");
        if self.health.is_unsound() {
            return Poll::Ready(Err(unsound()));
        }
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        let fresh = &buf.filled()[before..];
        if read.is_err() || fresh.is_empty() {
            self.health.close();
            return Poll::Ready(read);
        }
        let limits = &mut self.limits;
        if limits.read(fresh).is_err() {
            buf.set_filled(before);
            self.health.0.fetch_or(Health::UNSOUND, Ordering::AcqRel);
            return Poll::Ready(Err(unsound()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the bytes pass, however they are cut.
    fn passes(bytes: &[u8]) -> bool {
        let whole = ReplyLimits::default().read(bytes);
        let mut limits = ReplyLimits::default();
        let single = bytes.iter().try_for_each(|byte| limits.read(std::slice::from_ref(byte)));
        assert_eq!(whole, single, "{:?}", String::from_utf8_lossy(bytes));
        whole.is_ok()
    }

    #[test]
    fn replies_of_a_server_pass() {
        for reply in [
            "+OK\r\n",
            "-ERR no\r\n",
            ":-12\r\n",
            "$-1\r\n",
            "$0\r\n\r\n",
            "$2\r\n\r\n\r\n",
            "*-1\r\n",
            "*0\r\n",
            "*2\r\n*1\r\n$-1\r\n:1\r\n+OK\r\n",
            "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        ] {
            assert!(passes(reply.as_bytes()), "{reply:?}");
            assert!(passes(reply.repeat(1000).as_bytes()), "{reply:?} often");
        }
        let record = format!("${MAX_RECORD}\r\n{}\r\n", "x".repeat(MAX_RECORD));
        assert!(passes(record.repeat(3).as_bytes()));
    }

    #[test]
    fn rd_07_other_replies_do_not_pass() {
        let deep = "*1\r\n".repeat(5);
        let long = format!("+{}\r\n", "x".repeat(MAX_LINE + 1));
        let full = format!("*3\r\n{}", format!("${MAX_RECORD}\r\n{}\r\n", "x".repeat(MAX_RECORD)).repeat(3));
        for reply in [
            "$536870912\r\n",
            "$1200000\r\n",
            "$9223372036854775807\r\n",
            "$9223372036854775808\r\n",
            "$-2\r\n",
            "$+1\r\n",
            "$ 1\r\n",
            "$\r\n",
            "$-\r\n",
            "$1\r\nxx\r\n",
            "*100000000\r\n",
            "*-2\r\n",
            ":1x\r\n",
            "+a\nb\r\n",
            "+a\rb\r\n",
            "%1\r\n",
            "=10\r\n",
            "|1\r\n",
            ">1\r\n",
            "_\r\n",
            "HTTP/1.1 200 OK\r\n",
            "\r\n",
            &deep,
            &long,
            &full,
        ] {
            assert!(!passes(reply.as_bytes()), "{:?}", &reply[..reply.len().min(40)]);
        }
    }
}
