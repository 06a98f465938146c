//! Keeps the relocations of the widget's program, without which `pack` cannot split it into chunks.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32") {
        println!("cargo:rustc-link-arg-bin=widget=--emit-relocs");
    }
}
