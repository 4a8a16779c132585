//! One display's regions, and what each viewer has of them. No clock, and no thread that outlives a call.

use protocol::geometry::{PixelRect, PixelSize};
use protocol::video::{AccessUnit, FrameKind, Region};
use protocol::wire::{Blob, List};

use super::convert::{ConvertError, I420};
use super::encoder::{EncodeError, Encoded, Encoder, Wanted};
use super::open_encoder;
use super::openh264::Quality;
use super::parallel;
use super::regions::Grid;
use crate::platform::Pixels;

/// The regions of a display in the encoder's format, converted when somebody needs them.
pub struct Screen {
    size: PixelSize,
    grid: Grid,
    regions: Vec<Planes>,
    /// So many regions are encoded at once.
    n_threads: usize,
}

struct Planes {
    rect: PixelRect,
    picture: I420,
    /// Changed since it was converted; empty when it is up to date.
    stale: PixelRect,
}

/// What one viewer has of a screen: an encoder per region, made when the region is first sent.
pub struct View {
    regions: Vec<ViewRegion>,
    is_announced: bool,
}

#[derive(Default)]
struct ViewRegion {
    encoder: Option<Box<dyn Encoder>>,
    is_pending: bool,
    wants_key: bool,
}

/// A picture for one viewer.
#[derive(Debug, Default)]
pub struct Coded {
    /// Set with a viewer's first picture, which has all regions.
    pub regions: Option<List<Region, { protocol::video::REGIONS_MAX }>>,
    pub units: Vec<AccessUnit>,
}

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum PictureError {
    Convert(#[from] ConvertError),
    Encode(#[from] EncodeError),
}

impl Screen {
    pub fn new(size: PixelSize) -> Self {
        Self::with_threads(size, parallel::n_threads())
    }

    /// The pictures are the same whatever the number of threads.
    pub fn with_threads(size: PixelSize, n_threads: usize) -> Self {
        let grid = Grid::new(size);
        let planes = |rect: PixelRect| Planes { rect, picture: I420::new(rect.width, rect.height), stale: rect };
        let regions = grid.rects().map(planes).collect();
        Self { size, grid, regions, n_threads }
    }

    pub fn size(&self) -> PixelSize {
        self.size
    }

    /// Notes what changed, for the conversion and for each viewer.
    pub fn damage<'a>(&mut self, rects: &[PixelRect], views: impl IntoIterator<Item = &'a mut View>) {
        let mut touched = vec![false; self.regions.len()];
        for rect in rects {
            for (index, part) in self.grid.touched(*rect) {
                self.regions[index].stale = self.regions[index].stale.union(part);
                touched[index] = true;
            }
        }
        for view in views {
            for (region, touched) in view.regions.iter_mut().zip(&touched) {
                region.is_pending |= touched;
            }
        }
    }

    /// Somebody begins to watch.
    pub fn view(&self) -> View {
        let region = || ViewRegion { is_pending: true, ..ViewRegion::default() };
        View { regions: self.regions.iter().map(|_| region()).collect(), is_announced: false }
    }

    /// Encodes what `view` is missing; `None` when it is missing nothing.
    ///
    /// # Errors
    /// When the picture does not have this screen's size, or the codec library fails. The view then starts anew.
    pub fn encode(&mut self, pixels: &Pixels<'_>, view: &mut View) -> Result<Option<Coded>, PictureError> {
        if !view.has_pending() {
            return Ok(None);
        }
        let coded = self.encode_pending(pixels, view);
        if coded.is_err() {
            *view = self.view();
        }
        coded.map(Some)
    }

    fn encode_pending(&mut self, pixels: &Pixels<'_>, view: &mut View) -> Result<Coded, PictureError> {
        let mut coded = Coded::default();
        let mut announced = Vec::new();
        let regions = self.regions.iter_mut().zip(&mut view.regions).enumerate();
        let pending: Vec<_> = regions.filter(|(_, (_, region))| region.is_pending).collect();
        let encode = |(index, (planes, region)): (usize, (&mut Planes, &mut ViewRegion))| {
            planes.convert(pixels)?;
            Ok::<_, PictureError>((index, planes.rect, region.encode(&planes.picture)?))
        };
        for encoded in parallel::map(pending, self.n_threads, encode) {
            let (index, rect, encoded) = encoded?;
            if let Some(codec) = encoded.codec {
                announced.push(Region { rect, codec });
            }
            coded.units.push(unit(index, encoded.kind, encoded.data)?);
        }
        if !std::mem::replace(&mut view.is_announced, true) {
            coded.regions = Some(List::fitted(announced));
        }
        Ok(coded)
    }
}

fn unit(index: usize, kind: FrameKind, data: Vec<u8>) -> Result<AccessUnit, EncodeError> {
    let bytes = data.len();
    let data = Blob::new(data).map_err(|_| EncodeError::TooLarge { bytes })?;
    Ok(AccessUnit { region: index as u16, kind, data })
}

impl Planes {
    fn convert(&mut self, pixels: &Pixels<'_>) -> Result<(), ConvertError> {
        if !self.stale.is_empty() {
            self.picture.update(pixels, self.rect, self.stale)?;
            self.stale = PixelRect::default();
        }
        Ok(())
    }
}

impl View {
    pub fn has_pending(&self) -> bool {
        self.regions.iter().any(|region| region.is_pending)
    }

    /// Has every region begin anew with a key.
    pub fn want_keys(&mut self) {
        for region in &mut self.regions {
            region.is_pending = true;
            region.wants_key = true;
        }
    }
}

impl ViewRegion {
    fn encode(&mut self, picture: &I420) -> Result<Encoded, EncodeError> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(open_encoder(Quality::Display)?),
        };
        let wanted = if std::mem::take(&mut self.wants_key) { Wanted::Key } else { Wanted::Any };
        let unit = encoder.encode(picture, wanted)?;
        self.is_pending = false;
        Ok(unit)
    }
}
