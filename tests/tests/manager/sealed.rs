//! Opens and seals records as the documentation says they are, without the library's own code.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

use oauth_core::ExposeSecret as _;
use oauth_core::seal::SealingKey;
use oauth_core::store::{RecordKey, Store, StoredRecord, Write};

struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

fn derived(key: &SealingKey, info: &[u8], length: usize) -> Vec<u8> {
    use base64::Engine as _;
    let master = base64::engine::general_purpose::STANDARD.decode(key.expose_base64().expose_secret()).unwrap();
    let mut out = vec![0; length];
    let prk = Salt::new(HKDF_SHA256, b"").extract(&master);
    prk.expand(&[info], Len(length)).unwrap().fill(&mut out).unwrap();
    out
}

fn cipher(key: &SealingKey, record: &RecordKey) -> LessSafeKey {
    let info = framed(&[b"oauth-seal record key", b"record", record.as_str().as_bytes()]);
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &derived(key, &info, 32)).unwrap())
}

fn aad(record: &RecordKey, version: u64) -> Vec<u8> {
    framed(&[b"oas", &[1], b"record", record.as_str().as_bytes(), &version.to_be_bytes()])
}

/// What is in a record.
pub(crate) fn open(key: &SealingKey, record: &RecordKey, stored: &StoredRecord) -> serde_json::Value {
    assert_eq!(&stored.payload[..4], b"oas\x01");
    let id = derived(key, &framed(&[b"oauth-seal key id"]), 8);
    assert_eq!(&stored.payload[4..12], id, "sealed with that key");
    let (nonce, sealed) = stored.payload[12..].split_at(NONCE_LEN);
    let mut buffer = sealed.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
    let plain = cipher(key, record).open_in_place(nonce, Aad::from(aad(record, stored.version)), &mut buffer).unwrap();
    serde_json::from_slice(plain).unwrap()
}

/// A record with that content, at that version.
pub(crate) fn seal(key: &SealingKey, record: &RecordKey, version: u64, content: &serde_json::Value) -> StoredRecord {
    let nonce = [7; NONCE_LEN];
    let mut sealed = content.to_string().into_bytes();
    let id = derived(key, &framed(&[b"oauth-seal key id"]), 8);
    let unique = Nonce::assume_unique_for_key(nonce);
    cipher(key, record).seal_in_place_append_tag(unique, Aad::from(aad(record, version)), &mut sealed).unwrap();
    StoredRecord { version, due: None, payload: [&b"oas\x01"[..], &id, &nonce, &sealed].concat() }
}

/// Puts something else in the place of what a store has.
pub(crate) async fn put(store: &dyn Store, record: &RecordKey, stored: &StoredRecord) {
    store.delete(record, None).await.unwrap();
    store.save(record, Write { expected: None, record: stored, lease: None }).await.unwrap();
}
