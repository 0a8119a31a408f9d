//! Counts the instructions of another process by letting it run one at a time (`ptrace`, on Linux).
//!
//! That takes some microseconds an instruction and needs no tool, and the processor is the real one.

use std::process::Command;

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Error;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};
    use std::ptr::null_mut;

    /// The instructions that the program runs between its two marks.
    pub fn counted(command: &mut Command) -> Result<u64, String> {
        let traced = || match unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) } {
            0 => Ok(()),
            _ => Err(Error::last_os_error()),
        };
        // SAFETY: the closure makes one system call and allocates nothing.
        let child = unsafe { command.env(super::MARKED, "1").stdout(Stdio::null()).pre_exec(traced) }.spawn();
        let child = child.map_err(|error| format!("not traced: {error}"))?;
        let pid = libc::pid_t::try_from(child.id()).map_err(|error| error.to_string())?;
        wait_for(pid, libc::SIGTRAP)?; // exec
        go(pid, libc::PTRACE_CONT)?;
        wait_for(pid, libc::SIGSTOP)?; // the first mark
        let mut steps = 0;
        loop {
            go(pid, libc::PTRACE_SINGLESTEP)?;
            match wait(pid)? {
                libc::SIGTRAP => steps += 1,
                libc::SIGSTOP => break, // the second mark
                other => return Err(format!("ended by signal {other}")),
            }
        }
        go(pid, libc::PTRACE_KILL)?;
        Ok(steps)
    }

    fn go(pid: libc::pid_t, how: libc::c_uint) -> Result<(), String> {
        // SAFETY: the child is ours and stopped; neither request has data.
        match unsafe { libc::ptrace(how, pid, null_mut::<u8>(), null_mut::<u8>()) } {
            -1 => Err(format!("not traced: {}", Error::last_os_error())),
            _ => Ok(()),
        }
    }

    /// The signal that the child has stopped with.
    fn wait(pid: libc::pid_t) -> Result<libc::c_int, String> {
        let mut status = 0;
        // SAFETY: the child is ours, and the status lives as long as the call.
        let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
        if waited == pid && libc::WIFSTOPPED(status) {
            Ok(libc::WSTOPSIG(status))
        } else {
            Err(format!("ended before it was counted (status {status})"))
        }
    }

    fn wait_for(pid: libc::pid_t, signal: libc::c_int) -> Result<(), String> {
        match wait(pid)? {
            got if got == signal => Ok(()),
            other => Err(format!("stopped by signal {other}")),
        }
    }

    /// Stops this process, for the one that counts.
    pub fn mark() {
        // SAFETY: a signal to oneself.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use std::process::Command;

    pub fn counted(_: &mut Command) -> Result<u64, String> {
        Err("counting by steps needs Linux".to_owned())
    }

    pub fn mark() {}
}

/// Says that somebody waits for the marks.
const MARKED: &str = "OAUTH_BENCHES_MARKED";

/// The instructions that the program runs between its two marks.
pub fn counted(command: &mut Command) -> Result<u64, String> {
    linux::counted(command)
}

/// Runs what is counted, between two marks where somebody waits for them.
pub fn marked(counted: impl FnOnce()) {
    if std::env::var_os(MARKED).is_none() {
        return counted();
    }
    linux::mark();
    counted();
    linux::mark();
}
