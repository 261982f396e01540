//! Numbers published by others.

use shuyu_kernel::Digest;
use shuyu_ledger::{ConsistencyProof, Frontier, InclusionProof, Suite, TreeCache, VerifyingKey};

/// The leaves of the test tree used by Certificate Transparency implementations (RFC 6962).
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn digests(texts: &[&str]) -> Vec<Digest> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn tree() -> TreeCache {
    let leaf = |text: &&str| Suite::C2sp.leaf_hash(&hex::decode(text).unwrap());
    TreeCache::from_leaves(Suite::C2sp, LEAVES.iter().map(leaf))
}

#[test]
fn sha256_roots() {
    let tree = tree();
    let mut frontier = Frontier::new(Suite::C2sp);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        .parse()
        .unwrap();
    assert_eq!((frontier.root(), tree.root_at(0).unwrap()), (empty, empty));
    for (i, root) in digests(&ROOTS).into_iter().enumerate() {
        frontier.push(tree.leaves()[i]);
        assert_eq!(frontier.root(), root, "size {}", i + 1);
        assert_eq!(tree.root_at(i as u64 + 1).unwrap(), root, "size {}", i + 1);
    }
}

#[test]
fn sha256_inclusion_path() {
    let path = digests(&[
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    assert_eq!(
        tree().inclusion(0, 8).unwrap(),
        InclusionProof {
            index: 0,
            size: 8,
            path
        }
    );
}

#[test]
fn sha256_consistency_path() {
    let path = digests(&[
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert_eq!(
        tree().consistency(6, 8).unwrap(),
        ConsistencyProof {
            first: 6,
            second: 8,
            path
        }
    );
}

/// GB/T 32905-2016, appendix A.
#[test]
fn sm3_of_the_standard() {
    let long = "abcd".repeat(16);
    for (message, digest) in [
        (
            "abc",
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
        ),
        (
            long.as_str(),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
        ),
    ] {
        assert_eq!(Digest::of(message.as_bytes()).to_string(), digest, "{message}");
    }
}

/// GB/T 32918.5-2017, appendix A: the message, key and signature on the curve of the standard, with the
/// identity 1234567812345678.
#[test]
fn sm2_signature_of_the_standard() {
    let point = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
                 ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
    let r = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
    let s = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    let d = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    let secret: [u8; 32] = hex::decode(d).unwrap().try_into().unwrap();
    let key = shuyu_ledger::SigningKey::from_bytes(&secret)
        .unwrap()
        .verifying_key();
    assert_eq!(hex::encode(key.to_point_bytes()), format!("04{point}"));
    assert_eq!(VerifyingKey::from_pem(&key.to_pem().unwrap()).unwrap(), key);

    // Both numbers have their highest bit set, so each takes 33 bytes in DER.
    let signature = hex::decode(format!("3046022100{r}022100{s}")).unwrap();
    key.verify(b"message digest", &signature).unwrap();
    key.verify(b"message digesT", &signature).unwrap_err();
}
