//! Writes `providers/schema.json`, the JSON Schema of provider files, from the types that read them:
//! `cargo run -p oauth-core --features json-schema --example schema`.

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../providers/schema.json");
    std::fs::write(path, oauth_core::json_schema())
}
