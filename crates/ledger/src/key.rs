//! SM2 keys of a log (GB/T 32918), their PEM forms, and signatures as ASN.1 DER (GM/T 0009).

use std::fmt;

use shuyu_kernel::Digest;
use sm2::{
    PublicKey, SecretKey,
    dsa::{
        self, Signature,
        signature::{Signer, Verifier},
    },
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
};
use zeroize::Zeroizing;

use crate::suite::Suite;

/// The distinguishing identifier of the signer: the default of GM/T 0009-2012 where signer and verifier have
/// agreed on no other. Part of every signature for ever.
pub const SM2_DISTID: &str = "1234567812345678";

/// The order of the curve of GB/T 32918.5-2017, less one. Not a private key: signing needs 1/(1 + d).
const ORDER_LESS_ONE: [u8; 32] = [
    0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x72,
    0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5, 0x41, 0x22,
];

/// The private key of a log. Erased from memory when dropped; never printed.
pub struct SigningKey {
    secret: SecretKey,
    public: VerifyingKey,
}

/// The public key of a log.
#[derive(Clone)]
pub struct VerifyingKey {
    key: dsa::VerifyingKey,
}

/// Why a key or a signature is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The 32 bytes are no private key of the curve (about one draw in four thousand million): draw again.
    #[error("the bytes are not a private key of the curve; draw again")]
    OutOfRange,
    /// Not a PKCS#8 private key for SM2 in PEM.
    #[error("not an SM2 private key (PKCS#8 PEM)")]
    PrivatePem,
    /// Not a SubjectPublicKeyInfo for SM2 in PEM.
    #[error("not an SM2 public key (SPKI PEM)")]
    PublicPem,
    /// The signature is not two numbers in DER, or was not made by this key over these bytes.
    #[error("the signature does not verify")]
    Signature,
    /// The signing step failed; another message would succeed (probability about 2^-256).
    #[error("signing failed")]
    Signing,
    /// This kind of key does not sign logs of that suite.
    #[error("an SM2 key does not sign a log of suite {0}")]
    Suite(Suite),
}

impl SigningKey {
    /// The key with this private number. The caller draws the 32 bytes from a cryptographic random source.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Self::from_secret(SecretKey::from_slice(bytes).map_err(|_| KeyError::OutOfRange)?)
    }

    /// Reads `BEGIN PRIVATE KEY` (PKCS#8), as this crate or OpenSSL writes it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::from_secret(SecretKey::from_pkcs8_pem(pem).map_err(|_| KeyError::PrivatePem)?)
    }

    fn from_secret(secret: SecretKey) -> Result<Self, KeyError> {
        if Zeroizing::new(secret.to_bytes()).as_slice() == ORDER_LESS_ONE {
            return Err(KeyError::OutOfRange);
        }
        let public = VerifyingKey::from_point(secret.public_key()).ok_or(KeyError::OutOfRange)?;
        Ok(Self { secret, public })
    }

    /// Writes `BEGIN PRIVATE KEY` (PKCS#8), not encrypted. The text is erased when dropped.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.secret
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| KeyError::PrivatePem)
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// Signs the bytes: SM2 with SM3 and [`SM2_DISTID`], as DER. The secret number of each signature is derived
    /// from key and message as in RFC 6979, so that no random source can betray the key.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signer = dsa::SigningKey::new(SM2_DISTID, &self.secret).map_err(|_| KeyError::Signing)?;
        let signature: Signature = signer.try_sign(message).map_err(|_| KeyError::Signing)?;
        Ok(signature.to_der().as_ref().to_vec())
    }
}

impl VerifyingKey {
    fn from_point(point: PublicKey) -> Option<Self> {
        dsa::VerifyingKey::new(SM2_DISTID, point)
            .ok()
            .map(|key| Self { key })
    }

    /// Reads `BEGIN PUBLIC KEY` (SPKI), as this crate or OpenSSL writes it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let point = PublicKey::from_public_key_pem(pem).map_err(|_| KeyError::PublicPem)?;
        Self::from_point(point).ok_or(KeyError::PublicPem)
    }

    /// Writes `BEGIN PUBLIC KEY` (SPKI) with lines ended by a newline.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.key
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| KeyError::PublicPem)
    }

    /// The point as 65 bytes: 0x04, x, y (GB/T 32918.1, uncompressed).
    pub fn to_point_bytes(&self) -> Vec<u8> {
        self.key.to_sec1_bytes().into_vec()
    }

    /// Checks an SM2 signature in DER over the bytes. Other spellings of the same two numbers are refused.
    pub fn verify(&self, message: &[u8], signature_der: &[u8]) -> Result<(), KeyError> {
        let signature = Signature::from_der(signature_der).map_err(|_| KeyError::Signature)?;
        if signature.to_der().as_ref() != signature_der {
            return Err(KeyError::Signature);
        }
        self.key
            .verify(message, &signature)
            .map_err(|_| KeyError::Signature)
    }

    /// The four bytes that point from a signature line to its key.
    ///
    /// C2SP signed-note leaves the type byte 0xff to signatures without a number of their own; the hash is
    /// that of the suite: the first four bytes of SM3(name ‖ newline ‖ 0xff ‖ `shuyu-sm2-sm3` ‖ point).
    /// A pointer only: what convinces is the signature.
    pub fn key_id(&self, name: &str) -> [u8; 4] {
        let point = self.to_point_bytes();
        let Digest([a, b, c, d, ..]) = Suite::Sm.hash(&[name.as_bytes(), b"\n\xffshuyu-sm2-sm3", &point]);
        [a, b, c, d]
    }

    /// SM3 of the 65 bytes of the point: a name for the key that people can read to each other.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.to_point_bytes())
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.to_point_bytes() == other.to_point_bytes()
    }
}
impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.fingerprint())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret, public {})", self.public.fingerprint())
    }
}
