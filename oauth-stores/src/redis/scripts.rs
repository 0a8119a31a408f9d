//! The steps that change something, each one script: the server runs it wholly, and nothing between its commands.

use redis::Script;

pub(super) struct Scripts {
    pub(super) load: Script,
    pub(super) save: Script,
    pub(super) delete: Script,
    pub(super) lease: Script,
    pub(super) release: Script,
    pub(super) claim: Script,
    pub(super) put: Script,
    pub(super) take: Script,
    pub(super) format: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            load: Script::new(include_str!("lua/load.lua")),
            save: Script::new(include_str!("lua/save.lua")),
            delete: Script::new(include_str!("lua/delete.lua")),
            lease: Script::new(include_str!("lua/lease.lua")),
            release: Script::new(include_str!("lua/release.lua")),
            claim: Script::new(include_str!("lua/claim.lua")),
            put: Script::new(include_str!("lua/put.lua")),
            take: Script::new(include_str!("lua/take.lua")),
            format: Script::new(include_str!("lua/format.lua")),
        }
    }
}
