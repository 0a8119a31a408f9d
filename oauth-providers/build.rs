//! Makes a new provider file known to cargo; edits and removals are seen by the macro itself.

fn main() {
    println!("cargo::rerun-if-changed=providers");
    // Where symbolic links are checked out as text files, `providers` is one and the folder is beside this crate.
    if !std::path::Path::new("providers").is_dir() {
        println!("cargo::rerun-if-changed=../providers");
    }
}
