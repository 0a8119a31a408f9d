use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::FileStore;
use super::folder::Part;
use super::lease::milliseconds;
use super::line;
use super::lock::Of;
use super::record::is_of_the_record;
use super::write::replace;
use crate::store::{RecordKey, StoreResult};

/// One file has all claims.
const KIND: &str = "oauth-claims";
const FILE: &str = "claims";
/// More than the claims of a hundred thousand records.
const MAX_CLAIMS: usize = 16 * 1024 * 1024;

/// Each claimed record: the version that was claimed, and until when, in milliseconds. Another version is not claimed.
type Claims = BTreeMap<RecordKey, (u64, u64)>;

impl FileStore {
    pub(super) fn claim_due_now(&self, now: SystemTime, claim: Duration, limit: usize) -> StoreResult<Vec<RecordKey>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let _locked = self.lock(Of::Claims)?;
        let now_ms = milliseconds(now);
        let mut claims = self.claims()?;
        let before = claims.len();
        claims.retain(|_, (_, until)| *until > now_ms);
        let mut due = Vec::new();
        for key in self.keys()? {
            let head = match self.head_of(&self.folder.file(Part::Records, key.as_str())) {
                Ok(Some(head)) => head,
                // Deleted, or damaged: then nobody knows when it is due, and loading it says what is wrong.
                Ok(None) => continue,
                Err(error) if is_of_the_record(&error) => continue,
                Err(error) => return Err(error),
            };
            let claimed = claims.get(&key).is_some_and(|(version, _)| *version == head.version);
            if let Some(at) = head.due.filter(|due| *due <= now && !claimed) {
                due.push((at, key, head.version));
            }
        }
        due.sort_unstable();
        due.truncate(limit);
        let until = now_ms.saturating_add(u64::try_from(claim.as_millis()).unwrap_or(u64::MAX));
        claims.extend(due.iter().map(|(_, key, version)| (*key, (*version, until))));
        if !due.is_empty() || claims.len() != before {
            self.keep_claims(&claims)?;
        }
        Ok(due.into_iter().map(|(_, key, _)| key).collect())
    }

    /// A record that is made anew is not claimed, whatever version it begins with.
    pub(super) fn forget_claim(&self, key: &RecordKey) -> StoreResult<()> {
        let _locked = self.lock(Of::Claims)?;
        let mut claims = self.claims()?;
        if claims.remove(key).is_some() { self.keep_claims(&claims) } else { Ok(()) }
    }

    /// Claims only spread the work: what cannot be read is none.
    fn claims(&self) -> StoreResult<Claims> {
        let path = self.folder.file(Part::Leases, FILE);
        let Some((bytes, _)) = self.folder.read(&path, MAX_CLAIMS)? else { return Ok(Claims::new()) };
        let Ok(([_], begins)) = line::read(KIND, &bytes) else { return Ok(Claims::new()) };
        let claim = |line: &str| {
            let mut fields = line.split(' ');
            let (key, version, until) = (fields.next()?, fields.next()?, fields.next()?);
            Some((key.parse().ok()?, (line::number(version).ok()?, line::number(until).ok()?)))
        };
        Ok(String::from_utf8_lossy(&bytes[begins..]).lines().filter_map(claim).collect())
    }

    fn keep_claims(&self, claims: &Claims) -> StoreResult<()> {
        let mut text = line::write(KIND, format_args!("{}", claims.len()));
        for (key, (version, until)) in claims {
            text.extend([key.as_str(), " ", &version.to_string(), " ", &until.to_string(), "\n"]);
        }
        replace(&self.folder.file(Part::Leases, FILE), &[text.as_bytes()], &*self.rng)
    }
}
