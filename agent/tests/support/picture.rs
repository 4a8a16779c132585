use agent::pipeline::convert::I420;
use agent::platform::Pixels;
use openh264::decoder::Decoder;
use openh264::formats::YUVSource as _;
use protocol::geometry::{PixelRect, PixelSize};
use protocol::video::{AccessUnit, Region};

/// A viewer's picture: a decoder for each region.
pub(crate) struct Decoded {
    regions: Vec<(PixelRect, Decoder, Option<Vec<u8>>)>,
}

impl Decoded {
    pub(crate) fn new(regions: &[Region]) -> Self {
        let region = |region: &Region| (region.rect, Decoder::new().expect("compiled in"), None);
        Self { regions: regions.iter().map(region).collect() }
    }

    pub(crate) fn take(&mut self, units: &[AccessUnit]) {
        for unit in units {
            let (rect, decoder, brightness) = &mut self.regions[usize::from(unit.region)];
            let picture = decoder.decode(&unit.data).expect("a whole picture").expect("at once, without delay");
            let (width, height) = picture.dimensions();
            assert_eq!((width, height), (usize::from(rect.width), usize::from(rect.height)));
            let rows = picture.y().chunks(picture.strides().0).take(height);
            *brightness = Some(rows.flat_map(|row| &row[..width]).copied().collect());
        }
    }

    /// Mean and largest difference of brightness, region by region, to a picture in BGRA.
    pub(crate) fn difference(&self, bgra: &[u8], size: PixelSize) -> Vec<(f64, u8)> {
        let pixels = Pixels { bgra, stride_bytes: usize::from(size.width) * 4, size };
        let regions = self.regions.iter().map(|(rect, _, brightness)| {
            let mut expected = I420::new(rect.width, rect.height);
            expected.update(&pixels, *rect, *rect).expect("it fits");
            let brightness = brightness.as_ref().expect("every region came");
            let differences = brightness.iter().zip(expected.y()).map(|(a, b)| a.abs_diff(*b));
            let sum: u64 = differences.clone().map(u64::from).sum();
            (sum as f64 / expected.y().len() as f64, differences.max().unwrap_or(0))
        });
        regions.collect()
    }
}
