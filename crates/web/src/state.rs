//! What every handler shares.

use std::sync::Arc;

use shuyu_app::App;

use crate::i18n::Texts;

/// The shared parts of the web edge. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The use cases.
    pub app: Arc<App>,
    /// The words of both languages.
    pub texts: Arc<Texts>,
    /// Cookies are marked `Secure` and named with the `__Host-` prefix. Off only where there is no TLS in front.
    pub secure_cookies: bool,
}
