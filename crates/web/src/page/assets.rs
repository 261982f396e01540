//! Addresses of style sheets and the few lines of script. [`crate::server`] serves them.

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// Length, in hexadecimal digits, of the version in an address.
const VERSION_DIGITS: usize = 12;

/// The address of an asset; its version changes whenever the bytes do, so browsers may keep it for ever.
pub fn href(name: &str) -> String {
    let digest = Embedded::get(name)
        .map(|file| hex::encode(file.metadata.sha256_hash()))
        .unwrap_or_default();
    let version: String = digest.chars().take(VERSION_DIGITS).collect();
    format!("/assets/{name}?v={version}")
}

/// The bytes of an asset, for files that stand outside the platform; nothing if there is none.
pub fn bytes(name: &str) -> Vec<u8> {
    Embedded::get(name)
        .map(|file| file.data.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::href;

    #[test]
    fn every_asset_of_the_layout_exists() {
        for name in [
            "tokens.css",
            "base.css",
            "components.css",
            "pages.css",
            "print.css",
            "console.js",
        ] {
            assert!(href(name).len() > format!("/assets/{name}?v=").len(), "{name}");
        }
    }
}
