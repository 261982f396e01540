//! The person vault (个人信息保险库): personal fields of the record, encrypted under a key of their subject.
//!
//! An entry holds a commitment, never the field. The field and the nonce of its commitment lie here, under
//! AES-256-GCM with a data key for each subject; the data keys are wrapped by the key of the vault. Deleting
//! one data key makes all fields of its subject unreadable for ever, and leaves every entry as it was.

use std::sync::Arc;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use serde::{Deserialize, Serialize};
use shuyu_domain::port::VaultItem;
use shuyu_kernel::Fault;
use zeroize::Zeroizing;

use crate::{
    config::KeySource,
    database::{Cell, DbError, Tx},
};

/// Bytes of a nonce (NIST SP 800-38D §5.2.1.1: 96 bits).
const NONCE_BYTES: usize = 12;
/// What the check row holds in the clear.
const CHECK: &[u8] = b"shuyu vault";

/// A personal field with what opens its commitment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Clear text.
    pub clear: String,
    /// Nonce of the commitment (see [`shuyu_ledger::commit`]).
    pub nonce: [u8; 32],
}

/// Encrypts, decrypts and forgets.
pub(crate) struct Vault {
    key: Zeroizing<[u8; 32]>,
    random: Arc<dyn KeySource>,
}

impl Vault {
    /// The vault under this key.
    pub fn new(key: [u8; 32], random: Arc<dyn KeySource>) -> Self {
        Self {
            key: Zeroizing::new(key),
            random,
        }
    }

    /// Whether the key is the one of this database. A new database takes it as its own.
    pub async fn fits(&self, tx: &mut Tx) -> Result<bool, DbError> {
        let sealed = self.seal(&self.key, "check", CHECK)?;
        let insert = "INSERT INTO vault_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        tx.execute(insert, &[Cell::Blob(sealed)]).await?;
        let stored = tx.row("SELECT sealed FROM vault_check WHERE id = 1", &[]).await?;
        let stored = stored.ok_or(DbError::Shape { column: 0 })?;
        Ok(open(&self.key, "check", stored.blob(0)?).is_some_and(|clear| *clear == CHECK))
    }

    /// Stores a field under the key of its subject, which is made with the first one.
    pub async fn put(&self, tx: &mut Tx, item: &VaultItem) -> Result<(), DbError> {
        let (key_id, key) = self.key_of(tx, &item.subject).await?;
        let field = Field {
            clear: item.clear.clone(),
            nonce: item.nonce,
        };
        let clear =
            serde_json::to_vec(&field).map_err(|error| Fault::new("encoding a vault field", error))?;
        let sealed = self.seal(&key, &place(&key_id, &item.reference), &Zeroizing::new(clear))?;
        let insert = "INSERT INTO vault (reference, key_id, sealed) VALUES ($1, $2, $3)";
        tx.execute(
            insert,
            &[item.reference.as_str().into(), key_id.into(), Cell::Blob(sealed)],
        )
        .await?;
        Ok(())
    }

    /// Reads a field, or `None` when it was erased or never there.
    pub async fn reveal(&self, tx: &mut Tx, reference: &str) -> Result<Option<Field>, DbError> {
        let select = "SELECT v.key_id, v.sealed, k.wrapped FROM vault v \
                      JOIN vault_key k ON k.key_id = v.key_id WHERE v.reference = $1";
        let Some(row) = tx.row(select, &[reference.into()]).await? else {
            return Ok(None);
        };
        let key_id = row.text(0)?;
        let key = self.unwrap_key(key_id, row.blob(2)?)?;
        let clear = open(&key, &place(key_id, reference), row.blob(1)?);
        let clear = clear.ok_or_else(|| Fault::new("reading a vault field", "it does not decrypt"))?;
        Ok(Some(
            serde_json::from_slice(&clear).map_err(|error| Fault::new("reading a vault field", error))?,
        ))
    }

    /// Whether there is a key of a subject.
    pub async fn keeps(&self, tx: &mut Tx, subject: &str) -> Result<bool, DbError> {
        let row = tx
            .row(
                "SELECT key_id FROM vault_key WHERE subject = $1",
                &[subject.into()],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Deletes the key of a subject. False when there was none.
    pub async fn erase(&self, tx: &mut Tx, subject: &str) -> Result<bool, DbError> {
        Ok(tx
            .execute("DELETE FROM vault_key WHERE subject = $1", &[subject.into()])
            .await?
            > 0)
    }

    async fn key_of(&self, tx: &mut Tx, subject: &str) -> Result<(String, Zeroizing<[u8; 32]>), DbError> {
        let select = "SELECT key_id, wrapped FROM vault_key WHERE subject = $1";
        if let Some(row) = tx.row(select, &[subject.into()]).await? {
            let key = self.unwrap_key(row.text(0)?, row.blob(1)?)?;
            return Ok((row.text(0)?.to_owned(), key));
        }
        let mut key = Zeroizing::new([0; 32]);
        self.random.fill(&mut *key);
        let mut name = [0; 16];
        self.random.fill(&mut name);
        let key_id = hex::encode(name);
        let wrapped = self.seal(&self.key, &key_place(&key_id), &*key)?;
        let insert = "INSERT INTO vault_key (key_id, subject, wrapped) VALUES ($1, $2, $3)";
        tx.execute(
            insert,
            &[key_id.as_str().into(), subject.into(), Cell::Blob(wrapped)],
        )
        .await?;
        Ok((key_id, key))
    }

    fn unwrap_key(&self, key_id: &str, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, Fault> {
        let clear = open(&self.key, &key_place(key_id), wrapped);
        let key = clear.and_then(|clear| <[u8; 32]>::try_from(clear.as_slice()).ok());
        key.map(Zeroizing::new)
            .ok_or_else(|| Fault::new("reading a vault key", "it does not decrypt"))
    }

    /// Nonce, ciphertext and tag. `place` is authenticated, so that sealed fields cannot change places.
    fn seal(&self, key: &[u8; 32], place: &str, clear: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill(&mut nonce);
        let payload = Payload {
            msg: clear,
            aad: place.as_bytes(),
        };
        let cipher = Aes256Gcm::new(&(*key).into());
        let sealed = cipher.encrypt(&nonce.into(), payload);
        let sealed =
            sealed.map_err(|_| Fault::new("sealing a vault field", "longer than the cipher takes"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }
}

fn key_place(key_id: &str) -> String {
    format!("shuyu/vault/v1/key/{key_id}")
}

fn place(key_id: &str, reference: &str) -> String {
    format!("shuyu/vault/v1/field/{key_id}/{reference}")
}

/// The clear text, or `None` when key, place or bytes are not the ones of sealing.
fn open(key: &[u8; 32], place: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: ciphertext,
        aad: place.as_bytes(),
    };
    let cipher = Aes256Gcm::new(&(*key).into());
    cipher.decrypt(&(*nonce).into(), payload).ok().map(Zeroizing::new)
}
