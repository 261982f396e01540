//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

/// The address a request comes from, as far as the server knows.
///
/// A proxy on this machine names the address of its client last in `X-Forwarded-For`; from anybody else the header
/// is not believed. A request that only this machine has to do with has none.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(address(peer.map(|peer| peer.0.ip()), &parts.headers)))
    }
}

fn address(peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let here = |peer: IpAddr| peer.is_loopback() || peer.to_canonical().is_loopback();
    if let Some(peer) = peer.filter(|peer| !here(*peer)) {
        return Some(peer.to_canonical());
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back()?;
    let last = forwarded.to_str().ok()?.rsplit(',').next()?;
    last.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let forwarded = HeaderMap::from_iter([(
            HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_static("198.51.100.9, 203.0.113.7"),
        )]);
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        for (peer, given, expected) in [
            (ip("192.0.2.1"), &forwarded, ip("192.0.2.1")),
            (ip("127.0.0.1"), &forwarded, ip("203.0.113.7")),
            (ip("::1"), &forwarded, ip("203.0.113.7")),
            (ip("::ffff:192.0.2.1"), &forwarded, ip("192.0.2.1")),
            (None, &forwarded, ip("203.0.113.7")),
            (ip("127.0.0.1"), &HeaderMap::new(), None),
        ] {
            assert_eq!(address(peer, given), expected, "{peer:?}");
        }
    }
}
