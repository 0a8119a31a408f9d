//! All faults of all files at once. The sound file beside them is usable: no message is about `initech`.

oauth_providers::providers!("yaml/two_faulty_files");

fn main() {
    let initech = initech::Initech::client("client-id", "client-secret");
    let _ = initech.authorize();
    assert_eq!(catalog().len(), 1);
}
