//! Authentication by stored keys. Where they are stored is not known here: the service brings the look-up.
//!
//! A key that was found is remembered for less than a second, so that a busy caller costs one look-up a second and a
//! revoked key is refused within one. What is remembered is only ever used for the very key that was shown before.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use futures::future::BoxFuture;
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;
use tonic::Status;
use tracing::Instrument as _;

use crate::api_key::{ApiKey, KeyHash};
use crate::auth::{Authenticator, Credentials, invalid_key, missing_key};
use crate::principal::{Principal, Role, Scope};
use crate::status::{Kind, Problem};

/// How long an answer of the store is used again.
const FRESH: Duration = Duration::from_millis(900);
/// How often the use of one key is noted.
const TOUCH_INTERVAL: Duration = Duration::from_secs(60);
/// Keys that are remembered; beyond it all are forgotten at once.
const MAX_REMEMBERED: usize = 10_000;
/// When to come back after a look-up failed.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What the store knows about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Whose it is.
    pub tenant: String,
    /// What the store keeps of its secret.
    pub digest: KeyHash,
    /// What its holder may do.
    pub role: Role,
    /// Narrows the role when it is not empty.
    pub scopes: BTreeSet<Scope>,
    /// From when on it is refused.
    pub expires_at: Option<SystemTime>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Why a key could not be looked up. It is logged, and the caller is asked to come back.
pub type LookUpError = Box<dyn Error + Send + Sync>;

/// Finds a key by its id.
pub type LookUp = Box<dyn Fn(String) -> BoxFuture<'static, Result<Option<StoredKey>, LookUpError>> + Send + Sync>;

/// Notes that a tenant's key was used: the tenant, then the id of the key.
pub type Touch = Box<dyn Fn(String, String) -> BoxFuture<'static, ()> + Send + Sync>;

/// Tells callers by the keys that they show.
pub struct StoredKeys {
    pepper: SecretString,
    look_up: LookUp,
    touch: Touch,
    remembered: Mutex<HashMap<String, Remembered>>,
    touched: Mutex<HashMap<String, Instant>>,
}

struct Remembered {
    key: StoredKey,
    /// Before the store was asked, so that the answer is never thought younger than it is.
    asked_at: Instant,
}

impl StoredKeys {
    /// Keys under this pepper, in this store.
    pub fn new(pepper: SecretString, look_up: LookUp, touch: Touch) -> Self {
        Self {
            pepper,
            look_up,
            touch,
            remembered: Mutex::default(),
            touched: Mutex::default(),
        }
    }

    async fn stored(&self, id: &str, shown: &KeyHash) -> Result<Option<StoredKey>, Problem> {
        if let Some(key) = self.recall(id, shown) {
            return Ok(Some(key));
        }
        let asked_at = Instant::now();
        let found = (self.look_up)(id.to_owned()).await.map_err(|error| {
            tracing::warn!(%error, "an api key could not be looked up");
            Problem::new(
                Kind::Unavailable(Some(RETRY_AFTER)),
                "KEYS_UNAVAILABLE",
                "API keys cannot be checked now",
            )
        })?;
        let found = found.filter(|key| same(&key.digest, shown));
        if let Some(key) = &found {
            self.remember(id, key.clone(), asked_at);
        }
        Ok(found)
    }

    fn recall(&self, id: &str, shown: &KeyHash) -> Option<StoredKey> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = remembered.get(id)?;
        (known.asked_at.elapsed() < FRESH && same(&known.key.digest, shown)).then(|| known.key.clone())
    }

    fn remember(&self, id: &str, key: StoredKey, asked_at: Instant) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(id.to_owned(), Remembered { key, asked_at });
    }

    /// Notes the use of a key, in the background.
    fn note_use(&self, tenant: &str, id: &str) {
        {
            let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            if touched.get(id).is_some_and(|at| at.elapsed() < TOUCH_INTERVAL) {
                return;
            }
            if touched.len() >= MAX_REMEMBERED {
                touched.clear();
            }
            touched.insert(id.to_owned(), Instant::now());
        }
        tokio::spawn((self.touch)(tenant.to_owned(), id.to_owned()).in_current_span());
    }
}

fn same(stored: &KeyHash, shown: &KeyHash) -> bool {
    stored.0.ct_eq(&shown.0).into()
}

fn is_valid(key: &StoredKey, now: SystemTime) -> bool {
    !key.revoked && key.expires_at.is_none_or(|end| now < end)
}

#[tonic::async_trait]
impl Authenticator for StoredKeys {
    async fn authenticate(&self, credentials: Credentials<'_>, _method: &str) -> Result<Principal, Status> {
        let shown = credentials.bearer.ok_or_else(missing_key)?;
        let key = ApiKey::parse(shown).map_err(|_| invalid_key())?;
        let stored = self.stored(key.id(), &key.hash(&self.pepper)).await?;
        let stored = stored
            .filter(|key| is_valid(key, SystemTime::now()))
            .ok_or_else(invalid_key)?;
        self.note_use(&stored.tenant, key.id());
        Ok(Principal {
            tenant: stored.tenant,
            key_id: Some(key.id().to_owned()),
            role: stored.role,
            scopes: stored.scopes,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tonic::Code;

    use super::*;

    /// A store of one key that counts what it is asked.
    #[derive(Default)]
    struct Store {
        key: Mutex<Option<StoredKey>>,
        broken: Mutex<bool>,
        asked: AtomicUsize,
        touched: AtomicUsize,
    }

    fn pepper() -> SecretString {
        SecretString::from("a pepper for the tests")
    }

    fn shown() -> ApiKey {
        ApiKey::from_random(&[7; 40])
    }

    fn stored() -> StoredKey {
        StoredKey {
            tenant: "acme".to_owned(),
            digest: shown().hash(&pepper()),
            role: Role::Reader,
            scopes: BTreeSet::new(),
            expires_at: None,
            revoked: false,
        }
    }

    fn keys(store: &Arc<Store>) -> StoredKeys {
        let (asking, touching) = (Arc::clone(store), Arc::clone(store));
        let look_up = move |_id| {
            asking.asked.fetch_add(1, Ordering::SeqCst);
            let broken = *asking.broken.lock().expect("not poisoned");
            let key = asking.key.lock().expect("not poisoned").clone();
            let answer: Result<_, LookUpError> = if broken { Err("gone".into()) } else { Ok(key) };
            Box::pin(async move { answer }) as BoxFuture<'static, _>
        };
        let touch = move |_tenant, _id| {
            touching.touched.fetch_add(1, Ordering::SeqCst);
            Box::pin(async {}) as BoxFuture<'static, ()>
        };
        StoredKeys::new(pepper(), Box::new(look_up), Box::new(touch))
    }

    fn holding(key: Option<StoredKey>) -> Arc<Store> {
        Arc::new(Store {
            key: Mutex::new(key),
            ..Store::default()
        })
    }

    async fn call(keys: &StoredKeys, bearer: Option<&str>) -> Result<Principal, Code> {
        let credentials = Credentials {
            bearer,
            tenant: Some("other"),
        };
        keys.authenticate(credentials, "/a.B/C")
            .await
            .map_err(|status| status.code())
    }

    #[tokio::test]
    async fn a_key_names_its_tenant_and_busy_callers_share_look_ups() {
        let store = holding(Some(stored()));
        let keys = keys(&store);
        for _ in 0..20 {
            let principal = call(&keys, Some(shown().reveal())).await.expect("it is valid");
            assert_eq!((principal.tenant.as_str(), principal.role), ("acme", Role::Reader));
            assert_eq!(principal.key_id.as_deref(), Some(shown().id()));
        }
        assert!(store.asked.load(Ordering::SeqCst) <= 2, "one look-up a second");
        assert_eq!(store.touched.load(Ordering::SeqCst), 1, "one note a minute");
    }

    #[tokio::test]
    async fn every_other_key_is_refused_alike() {
        let other = ApiKey::from_random(&[8; 40]);
        let same_id = {
            let mut random = [9; 40];
            random[..8].copy_from_slice(&[7; 8]);
            ApiKey::from_random(&random)
        };
        assert_eq!(same_id.id(), shown().id());
        let store = holding(Some(stored()));
        let keys = keys(&store);
        call(&keys, Some(shown().reveal()))
            .await
            .expect("the right one is remembered");
        for wrong in [None, Some("sk_x"), Some(other.reveal()), Some(same_id.reveal())] {
            assert_eq!(call(&keys, wrong).await, Err(Code::Unauthenticated), "{wrong:?}");
        }
        let now = SystemTime::now();
        let revoked = StoredKey {
            revoked: true,
            ..stored()
        };
        let expired = StoredKey {
            expires_at: Some(now),
            ..stored()
        };
        for refused in [None, Some(revoked), Some(expired)] {
            let keys = self::keys(&holding(refused));
            assert_eq!(call(&keys, Some(shown().reveal())).await, Err(Code::Unauthenticated));
        }
    }

    #[test]
    fn a_key_holds_until_the_instant_of_its_end() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let key = StoredKey {
            expires_at: Some(end),
            ..stored()
        };
        assert!(is_valid(&key, end - Duration::from_nanos(1)));
        assert!(!is_valid(&key, end));
    }

    #[tokio::test]
    async fn what_is_remembered_grows_old() {
        let store = holding(Some(stored()));
        let keys = keys(&store);
        call(&keys, Some(shown().reveal())).await.expect("valid");
        store.key.lock().expect("not poisoned").as_mut().expect("there").revoked = true;
        {
            let mut remembered = keys.remembered.lock().expect("not poisoned");
            let known = remembered.get_mut(shown().id()).expect("it is remembered");
            known.asked_at = known.asked_at.checked_sub(FRESH).expect("the clock runs for longer");
        }
        assert_eq!(call(&keys, Some(shown().reveal())).await, Err(Code::Unauthenticated));
    }

    #[tokio::test]
    async fn a_store_that_fails_is_not_a_wrong_key() {
        let store = holding(Some(stored()));
        *store.broken.lock().expect("not poisoned") = true;
        let keys = keys(&store);
        assert_eq!(call(&keys, Some(shown().reveal())).await, Err(Code::Unavailable));
    }
}
