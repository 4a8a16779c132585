//! Every decoder: golden vectors, one form for each value, and no panic on any bytes.

use proptest::prelude::*;
use protocol::secure::SignedGrant;
use protocol::testing::samples;

const VECTORS: &str = include_str!("vectors/messages.txt");

/// A change here is a change of the wire: raise `protocol::VERSION`, then replace the file with what this prints.
#[test]
fn messages_have_the_bytes_of_the_golden_vectors() {
    let lines: Vec<_> =
        samples().iter().map(|sample| format!("{} {}\n", sample.name, hex::encode(&sample.bytes))).collect();
    let now = lines.concat();
    assert!(now == VECTORS, "the bytes of a message changed; they are now:\n{now}<end>");
}

#[test]
fn samples_are_read_back() {
    for sample in samples() {
        assert_eq!((sample.reencode)(&sample.bytes).as_deref(), Ok(&sample.bytes[..]), "{}", sample.name);
    }
}

#[test]
fn a_shorter_or_longer_message_is_refused() {
    for sample in samples() {
        for length in 0..sample.bytes.len() {
            assert!((sample.reencode)(&sample.bytes[..length]).is_err(), "{} cut to {length}", sample.name);
        }
        let longer = [&sample.bytes[..], &[0]].concat();
        assert!((sample.reencode)(&longer).is_err(), "{} with a byte more", sample.name);
    }
}

/// A change to a message: another byte, a cut, more bytes.
#[derive(Debug, Clone)]
enum Change {
    Set { at: prop::sample::Index, to: u8 },
    Cut { at: prop::sample::Index },
    Append { bytes: Vec<u8> },
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, to)| Change::Set { at, to }),
        1 => any::<prop::sample::Index>().prop_map(|at| Change::Cut { at }),
        1 => prop::collection::vec(any::<u8>(), 1..40).prop_map(|bytes| Change::Append { bytes }),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Set { at, to } if !bytes.is_empty() => {
            let index = at.index(bytes.len());
            bytes[index] = *to;
        }
        Change::Cut { at } if !bytes.is_empty() => bytes.truncate(at.index(bytes.len())),
        Change::Append { bytes: more } => bytes.extend_from_slice(more),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_has_one_form(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 0..5),
    ) {
        let samples = samples();
        let sample = &samples[which.index(samples.len())];
        let mut bytes = sample.bytes.clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        if let Ok(again) = (sample.reencode)(&bytes) {
            prop_assert_eq!(again, bytes, "{} has two forms", sample.name);
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(which in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let samples = samples();
        let _ = (samples[which.index(samples.len())].reencode)(&bytes);
        let _ = SignedGrant::from_untrusted(bytes).read_unverified();
    }

    #[test]
    fn no_text_makes_an_enrolment_string_panic(text in "(redring1\\.)?[A-Za-z0-9_=-]{0,200}") {
        let _ = text.parse::<protocol::secure::EnrolmentString>();
    }
}
