//! Reads what a stream says of itself ([ITU-T H.264] 7.3.2.1.1 and annex E).
//!
//! [ITU-T H.264]: https://www.itu.int/rec/T-REC-H.264

use protocol::video::Codec;

const TYPE_MASK: u8 = 0x1f;
const SEQUENCE_PARAMETER_SET: u8 = 7;

/// The codec string's bytes, from the sequence parameter set of an access unit in Annex B.
pub(super) fn codec(access_unit: &[u8]) -> Option<Codec> {
    match *sequence_parameter_set(access_unit)? {
        [profile, constraints, level, ..] => Some(Codec::H264 { profile, constraints, level }),
        _ => None,
    }
}

/// The bytes of the sequence parameter set, behind its header and up to the next unit.
fn sequence_parameter_set(access_unit: &[u8]) -> Option<&[u8]> {
    let units = access_unit.windows(3).enumerate().filter(|(_, bytes)| *bytes == [0, 0, 1]).map(|(at, _)| at + 3);
    let start =
        units.clone().find(|at| access_unit.get(*at).is_some_and(|b| b & TYPE_MASK == SEQUENCE_PARAMETER_SET))?;
    let end = units.map(|at| at - 3).find(|at| start < *at).unwrap_or(access_unit.len());
    access_unit.get(start + 1..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::convert::I420;
    use crate::pipeline::encoder::{Encoder as _, Wanted};
    use crate::pipeline::openh264::{OpenH264, Quality};

    /// Bits of a parameter set, without the bytes that Annex B put in between.
    struct Bits {
        bytes: Vec<u8>,
        at: usize,
    }

    impl Bits {
        fn new(escaped: &[u8]) -> Self {
            let mut bytes: Vec<u8> = Vec::new();
            for byte in escaped {
                if *byte != 3 || !bytes.ends_with(&[0, 0]) {
                    bytes.push(*byte);
                }
            }
            Self { bytes, at: 0 }
        }

        fn flag(&mut self) -> bool {
            self.bits(1) == 1
        }

        fn bits(&mut self, n_bits: usize) -> u32 {
            (0..n_bits).fold(0, |value, _| {
                let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
                self.at += 1;
                value << 1 | u32::from(bit)
            })
        }

        fn exp_golomb(&mut self) -> u32 {
            let n_zeros = (0..32).take_while(|_| !self.flag()).count();
            (1 << n_zeros) - 1 + self.bits(n_zeros)
        }
    }

    /// What decides about delay, size and colour.
    #[derive(Debug, PartialEq, Eq)]
    struct Sps {
        n_reference_frames: u32,
        size: (u32, u32),
        vui: Vui,
    }

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Vui {
        /// Full range, then primaries, transfer and matrix.
        colour: Option<(bool, [u32; 3])>,
        /// Reorder frames, then the decoder's buffer.
        bitstream_restriction: Option<(u32, u32)>,
    }

    fn parse(bytes: &[u8]) -> Sps {
        let mut bits = Bits::new(bytes);
        let profile = bits.bits(24) >> 16;
        assert!([66, 77].contains(&profile), "higher profiles have more fields");
        bits.exp_golomb();
        bits.exp_golomb();
        match bits.exp_golomb() {
            0 => _ = bits.exp_golomb(),
            1 => panic!("picture order type 1 is for interlaced streams"),
            _ => {}
        }
        let n_reference_frames = bits.exp_golomb();
        bits.flag();
        let (width, height) = ((bits.exp_golomb() + 1) * 16, (bits.exp_golomb() + 1) * 16);
        assert!(bits.flag(), "frames only");
        bits.flag();
        let crop = if bits.flag() { [0; 4].map(|_| bits.exp_golomb() * 2) } else { [0; 4] };
        let size = (width - crop[0] - crop[1], height - crop[2] - crop[3]);
        let vui = if bits.flag() { parse_vui(&mut bits) } else { Vui::default() };
        Sps { n_reference_frames, size, vui }
    }

    fn parse_vui(bits: &mut Bits) -> Vui {
        assert!(!bits.flag() && !bits.flag(), "no aspect ratio, no overscan");
        let colour = bits.flag().then(|| {
            bits.bits(3);
            let full_range = bits.flag();
            assert!(bits.flag(), "the colours are described");
            (full_range, [0; 3].map(|_| bits.bits(8)))
        });
        for absent in ["chroma place", "timing", "NAL HRD", "VCL HRD", "picture structure"] {
            assert!(!bits.flag(), "{absent}");
        }
        let bitstream_restriction = bits.flag().then(|| {
            bits.flag();
            let [.., reorder, buffer] = [0; 6].map(|_| bits.exp_golomb());
            (reorder, buffer)
        });
        Vui { colour, bitstream_restriction }
    }

    #[test]
    fn a_decoder_need_not_hold_a_picture_back() {
        for (width, height) in [(480, 272), (438, 264), (64, 48)] {
            let mut encoder = OpenH264::new(Quality::Display).expect("the library is compiled in");
            let picture = I420::new(width, height);
            let key = encoder.encode(&picture, Wanted::Key).expect("a black picture");
            let sps = parse(sequence_parameter_set(&key.data).expect("a key begins with one"));
            assert_eq!(sps.vui.bitstream_restriction, Some((0, 1)), "no reordering, one picture in the decoder");
            assert_eq!(sps.n_reference_frames, 1);
            assert_eq!(sps.size, (u32::from(width), u32::from(height)));
            assert_eq!(sps.vui.colour, Some((false, [1, 1, 1])), "BT.709, limited range");
            let Some(Codec::H264 { profile, .. }) = key.codec else { panic!("a key names its codec") };
            assert_eq!(profile, 66);
        }
    }

    #[test]
    fn bytes_without_a_parameter_set_have_no_codec() {
        for bytes in [&[][..], &[0, 0, 1], &[0, 0, 0, 1, 0x65, 1, 2, 3], &[0, 0, 1, 0x67, 66]] {
            assert_eq!(codec(bytes), None, "{bytes:?}");
        }
    }
}
