//! The rules at hand: the current ones and every version some case is pinned to.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use shuyu_kernel::{Digest, Refusal};
use shuyu_profile::{Profile, ProfileSource, scenario::Scenario};

/// Loaded profiles by digest.
pub struct Profiles {
    current: Arc<Profile>,
    source: (ProfileSource, ProfileSource),
    scenarios: BTreeMap<String, Scenario>,
    pinned: RwLock<BTreeMap<Digest, Arc<Profile>>>,
}

impl Profiles {
    /// The current profile, the bytes it was read from (base, own) and its scenarios.
    pub fn new(
        profile: Profile,
        base: ProfileSource,
        own: ProfileSource,
        scenarios: BTreeMap<String, Scenario>,
    ) -> Self {
        let current = Arc::new(profile);
        let pinned = BTreeMap::from([(current.digest, current.clone())]);
        Self {
            current,
            source: (base, own),
            scenarios,
            pinned: RwLock::new(pinned),
        }
    }

    /// The rules new cases are opened under.
    pub fn current(&self) -> Arc<Profile> {
        self.current.clone()
    }

    /// The bytes of the current profile: base and own.
    pub fn source(&self) -> (&ProfileSource, &ProfileSource) {
        (&self.source.0, &self.source.1)
    }

    /// Scenarios of the current profile by file name.
    pub fn scenarios(&self) -> &BTreeMap<String, Scenario> {
        &self.scenarios
    }

    /// Makes an older version available again.
    pub fn pin(&self, profile: Profile) {
        let mut pinned = self.pinned.write().unwrap_or_else(PoisonError::into_inner);
        pinned.insert(profile.digest, Arc::new(profile));
    }

    /// Whether some version at hand answers yes.
    pub(crate) fn know(&self, asked: impl Fn(&Profile) -> bool) -> bool {
        let pinned = self.pinned.read().unwrap_or_else(PoisonError::into_inner);
        pinned.values().any(|profile| asked(profile))
    }

    /// The version with this digest.
    ///
    /// # Errors
    /// `profile_not_at_hand` if it was never loaded here.
    pub fn get(&self, digest: Digest) -> Result<Arc<Profile>, Refusal> {
        let pinned = self.pinned.read().unwrap_or_else(PoisonError::into_inner);
        pinned
            .get(&digest)
            .cloned()
            .ok_or_else(|| Refusal::conflict("profile_not_at_hand").fact("profile", digest.short()))
    }
}
