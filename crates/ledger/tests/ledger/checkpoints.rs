//! Origins, notes and checkpoints: strict reading.

use proptest::prelude::*;
use shuyu_ledger::{
    Checkpoint, CheckpointError, FolderKind, KeyError, Note, NoteError, NoteSignature, Origin,
    SignedCheckpoint, SigningKey, Suite, VerifyingKey,
};

use crate::sample;

fn good() -> String {
    sample::log(10).checkpoint().to_string()
}

#[test]
fn origins_come_back_and_others_are_refused() {
    let text = "shuyu/yunnan-01/access-2/production/c2sp";
    let origin: Origin = text.parse().unwrap();
    assert_eq!((origin.installation(), origin.log()), ("yunnan-01", "access-2"));
    assert_eq!(
        (origin.folder(), origin.suite()),
        (FolderKind::Production, Suite::C2sp)
    );
    assert_eq!(origin.to_string(), text);
    for bad in [
        "",
        "shuyu",
        "shuyu/a/b/production",
        "shuyu/a/b/production/sm/",
        "shuyu/a/b/production/sm\n",
        "shuyu/a/b/Production/sm",
        "shuyu/a/b/production/md5",
        "shuyu//b/production/sm",
        "shuyu/a/b c/production/sm",
        "shuyu/a+/b/production/sm",
        "shuyu/云南/b/production/sm",
        "other/a/b/production/sm",
    ] {
        assert!(bad.parse::<Origin>().is_err(), "{bad}");
    }
    assert!(Origin::new(&"a".repeat(65), "b", FolderKind::Training, Suite::Sm).is_err());
}

#[test]
fn a_checkpoint_reads_as_the_documentation_says() {
    let log = sample::log(10);
    let signed = log.checkpoint();
    let text = signed.to_string();
    let lines: Vec<&str> = text.split('\n').collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0], "shuyu/yunnan-01/proceedings/training/sm");
    assert_eq!((lines[1], lines[3], lines[5]), ("10", "", ""));
    assert!(lines[4].starts_with("— shuyu/yunnan-01/proceedings/training/sm "));
    let read = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    assert_eq!(read, signed);
    assert_eq!(
        read.verify(&log.key.verifying_key()).unwrap(),
        &log.head.checkpoint()
    );
    // Signing draws on nothing but key and text.
    assert_eq!(log.checkpoint(), signed);
}

#[test]
fn another_key_did_not_sign() {
    let other = SigningKey::from_bytes(&[0x33; 32]).unwrap().verifying_key();
    let signed = sample::log(2).checkpoint();
    assert_eq!(signed.verify(&other).unwrap_err(), CheckpointError::NotSigned);
}

#[test]
fn witnesses_are_read_and_do_not_stand_in_for_the_log() {
    let log = sample::log(2);
    let key = log.key.verifying_key();
    let witness = NoteSignature {
        name: "witness.example/w1".into(),
        key_id: [1, 2, 3, 4],
        signature: vec![9; 72],
    };
    let mut signed = log.checkpoint();
    signed.add_cosignature(witness.clone()).unwrap();
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    read.verify(&key).unwrap();
    assert_eq!(read.signatures().last(), Some(&witness));
    assert_eq!(
        signed.add_cosignature(witness.clone()),
        Err(CheckpointError::Note(NoteError::Repeated { line: 3 }))
    );

    let mut alone = Note::new(read.signed_text().to_owned()).unwrap();
    alone.push(witness).unwrap();
    let alone = SignedCheckpoint::parse(alone.to_string().as_bytes()).unwrap();
    assert_eq!(alone.verify(&key).unwrap_err(), CheckpointError::NotSigned);
}

#[test]
fn an_sm2_key_does_not_sign_a_c2sp_log() {
    let origin = Origin::new("a", "b", FolderKind::Training, Suite::C2sp).unwrap();
    let checkpoint = Checkpoint {
        origin,
        size: 0,
        root: Suite::C2sp.empty_root(),
    };
    let refused = CheckpointError::Key(KeyError::Suite(Suite::C2sp));
    assert_eq!(
        SignedCheckpoint::sign(checkpoint, &sample::key()).unwrap_err(),
        refused
    );
}

#[test]
fn malformed_checkpoints_are_refused() {
    let good = good();
    let lines: Vec<&str> = good.lines().collect();
    let (body, signature) = (lines[..3].join("\n"), lines[4]);
    for (from, to) in [
        ("\n10\n", "\n010\n"),
        ("\n10\n", "\n+10\n"),
        ("\n10\n", "\n-1\n"),
        ("\n10\n", "\n 10\n"),
        ("\n10\n", "\n\n"),
        ("\n10\n", "\n18446744073709551616\n"),
        ("\n10\n", "\n10\r\n"),
        ("\n10\n", "\n10\n10\n"),
        ("=\n\n", "=\nextension\n\n"),
        ("=\n\n", "\n\n"),
        ("=\n\n", "=="),
        ("=\n\n", "=\n\n\n"),
        ("=\n\n", "=\n"),
        ("=\n\n", "=\n\n\t"),
        ("— ", "- "),
        ("— ", "—"),
        ("— ", "—  "),
        ("training/sm\n", "training/sm\u{85}\n"),
        ("shuyu/", "/"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from:?}");
        assert!(SignedCheckpoint::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    for bad in [
        String::new(),
        "\n".into(),
        "\n\n".into(),
        "\n\n\n".into(),
        good.trim_end().into(),
        format!("{good}\n"),
        format!("{good}{signature}\n"),
        format!("\u{feff}{good}"),
        format!("{body}\n"),
        format!("{body}\n\n"),
        format!("{body}\n\n— name \n"),
        format!("{body}\n\n— name AAAA\n"),
        format!("{body}\n\n— name AAAAAA==\n"),
        format!("{body}\n\n— na+me AAAAAAA=\n"),
        format!("{body}\n\n—  AAAAAAA=\n"),
        format!("{body}\n\n— name AAAAAAB=\n"),
        format!("{body}\n\n— name AAAA AAAA\n"),
        format!("{body}\n\n— name AAAAAAA=\r\n"),
        format!(
            "{body}\n\n{}",
            (0..65).map(|i| format!("— n{i} AAAAAAA=\n")).collect::<String>()
        ),
        format!("{body}\n\n— name {}\n", "A".repeat(64 * 1024)),
    ] {
        assert!(SignedCheckpoint::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
    SignedCheckpoint::parse(format!("{body}\n\n— name AAAAAAA=\n").as_bytes()).unwrap();
}

#[test]
fn every_changed_byte_of_a_checkpoint_is_noticed() {
    let good = good().into_bytes();
    let key = sample::key().verifying_key();
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[place] ^= 1 << bit;
            let verified = SignedCheckpoint::parse(&bad).and_then(|signed| signed.verify(&key).cloned());
            assert!(verified.is_err(), "byte {place} bit {bit}");
        }
    }
}

#[test]
fn keys_come_back_from_pem_and_are_not_printed() {
    let key = SigningKey::from_bytes(&[0x44; 32]).unwrap();
    let private = key.to_pem().unwrap();
    assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(
        SigningKey::from_pem(&private).unwrap().verifying_key(),
        key.verifying_key()
    );
    let public = key.verifying_key().to_pem().unwrap();
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(VerifyingKey::from_pem(&public).unwrap(), key.verifying_key());
    assert_eq!(SigningKey::from_pem(&public).unwrap_err(), KeyError::PrivatePem);
    assert_eq!(VerifyingKey::from_pem(&private).unwrap_err(), KeyError::PublicPem);
    assert!(!format!("{key:?}").contains("4444"));
}

#[test]
fn numbers_that_are_no_keys_are_refused() {
    let order = hex::decode("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123").unwrap();
    let mut number: [u8; 32] = order.try_into().unwrap();
    let refused = |bytes: &[u8; 32]| SigningKey::from_bytes(bytes).unwrap_err() == KeyError::OutOfRange;
    assert!(refused(&[0; 32]) && refused(&[0xff; 32]) && refused(&number));
    number[31] -= 1;
    assert!(refused(&number), "order less one");
    number[31] -= 1;
    SigningKey::from_bytes(&number).unwrap().sign(b"text").unwrap();
}

#[test]
fn other_spellings_of_a_signature_are_refused() {
    let key = sample::key();
    let good = key.sign(b"text").unwrap();
    let public = key.verifying_key();
    public.verify(b"text", &good).unwrap();
    let mut long_form = good.clone();
    long_form.splice(1..2, [0x81, good[1]]);
    let mut trailing = good.clone();
    trailing.push(0);
    let zero = [0x30, 6, 2, 1, 0, 2, 1, 0].to_vec();
    for bad in [long_form, trailing, good[..good.len() - 1].to_vec(), vec![], zero] {
        assert_eq!(
            public.verify(b"text", &bad),
            Err(KeyError::Signature),
            "{bad:02x?}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(SignedCheckpoint::parse(&bytes).is_err());
        let _ = sample::key().verifying_key().verify(b"text", &bytes);
    }

    /// Notes made of the right pieces in any order: what is read is written again alike.
    #[test]
    fn what_is_read_is_written_alike(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["\n", "\n\n", "— ", "a", "shuyu/a/b/training/sm", " ", "AAAAAAA=", "1"]),
            0..14,
        ),
    ) {
        let text = pieces.concat();
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
