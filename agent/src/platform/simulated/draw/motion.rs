//! The moving parts of the front-of-room displays; each is a pure function of its frame number.

use super::super::super::text::{Bgra, blend_pixel};
use super::paint::{coverage, scaled};
use super::{Area, Rgba, palette};

struct Wave {
    /// Crest, as a part of the height.
    level: f32,
    swing: f32,
    length_px: f32,
    speed: f32,
    opacity: u8,
}

const WAVES: [Wave; 3] = [
    Wave { level: 0.34, swing: 0.20, length_px: 1450.0, speed: 0.011, opacity: 40 },
    Wave { level: 0.52, swing: 0.17, length_px: 1020.0, speed: -0.015, opacity: 56 },
    Wave { level: 0.70, swing: 0.13, length_px: 780.0, speed: 0.021, opacity: 76 },
];

/// Three translucent hills that drift across; they fill the area from their crests to its bottom.
pub(super) fn waves(target: &mut Bgra<'_>, area: Area, frame: u32, tint: Rgba) {
    let other = tint.towards(palette::TEAL, 150);
    for (i, wave) in WAVES.iter().enumerate() {
        let crests: Vec<f32> = (0..area.width).map(|x| wave.crest(area, x, frame)).collect();
        let colour = tint.towards(other, (i * 100) as u8);
        below(target, area, &crests, |_| colour.with_opacity(wave.opacity));
    }
}

impl Wave {
    fn crest(&self, area: Area, x: i32, frame: u32) -> f32 {
        let turn = frame as f32 * self.speed;
        let at = x as f32 / self.length_px * std::f32::consts::TAU;
        let bend = (at + turn).sin() * 0.72 + (at * 0.53 - turn * 1.3 + 1.7).sin() * 0.28;
        area.y as f32 + area.height as f32 * (self.level + self.swing * bend)
    }
}

/// A line that moves to the left with a soft surface below it and a dot at its end.
pub(super) fn chart(target: &mut Bgra<'_>, area: Area, frame: u32, seed: u32, colour: Rgba) {
    let line = Area::new(area.x, area.y + 14, area.width - 20, area.height - 14);
    let heights: Vec<f32> = (0..line.width).map(|x| curve(line, x, frame, seed)).collect();
    below(target, line, &heights, |y| {
        let depth = (y - line.y) * 255 / line.height.max(1);
        colour.with_opacity(scaled(70, (255 - depth.clamp(0, 255)) as u8))
    });
    let visible = Area::from(target.clip).intersection(area);
    for x in visible.x.max(line.x)..visible.right().min(line.right()) {
        let at = (x - line.x) as usize;
        let slope = heights.get(at + 1).map_or(0.0, |next| next - heights[at]);
        let reach = 2.2 * (1.0 + slope * slope).sqrt();
        for y in (heights[at] - reach - 1.0) as i32..=(heights[at] + reach + 1.0) as i32 {
            target.blend(x, y, colour.rgb(), coverage((y as f32 + 0.5 - heights[at]).abs() - reach));
        }
    }
    if let Some(last) = heights.last() {
        dot(target, visible, (line.right() as f32, *last), 9.0, colour);
        dot(target, visible, (line.right() as f32, *last), 4.5, palette::WHITE);
    }
}

/// A calm curve: slow waves of unlike lengths, moved by a pixel and a half a frame.
fn curve(area: Area, x: i32, frame: u32, seed: u32) -> f32 {
    let at = (x as f32 + frame as f32 * 1.5) / 100.0;
    let phase = (seed % 628) as f32 / 100.0;
    let bend =
        (at * 0.61 + phase).sin() * 0.45 + (at * 1.37 + phase * 2.0).sin() * 0.3 + (at * 2.9 + phase).sin() * 0.12;
    area.y as f32 + area.height as f32 * (0.46 - 0.42 * bend)
}

/// Covers every column from its `tops` to the bottom of the area.
fn below(target: &mut Bgra<'_>, area: Area, tops: &[f32], colour: impl Fn(i32) -> Rgba) {
    let visible = Area::from(target.clip).intersection(area);
    let highest = tops.iter().copied().fold(f32::MAX, f32::min) as i32;
    for y in visible.y.max(highest)..visible.bottom() {
        let colour = colour(y);
        let start = y as usize * target.stride_bytes + visible.x as usize * 4;
        let Some(row) = target.pixels.get_mut(start..start + visible.width as usize * 4) else { return };
        let tops = &tops[(visible.x - area.x) as usize..];
        for (pixel, top) in row.chunks_exact_mut(4).zip(tops) {
            let depth = y as f32 + 1.0 - top;
            if 1.0 <= depth {
                blend_pixel(pixel, colour.rgb(), colour.3);
            } else if 0.0 < depth {
                blend_pixel(pixel, colour.rgb(), scaled(colour.3, (depth * 255.0) as u8));
            }
        }
    }
}

fn dot(target: &mut Bgra<'_>, visible: Area, (x, y): (f32, f32), radius: f32, colour: Rgba) {
    let around =
        Area::new((x - radius) as i32 - 1, (y - radius) as i32 - 1, radius as i32 * 2 + 4, radius as i32 * 2 + 4);
    let around = around.intersection(visible);
    for row in around.y..around.bottom() {
        for column in around.x..around.right() {
            let distance = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
            target.blend(column, row, colour.rgb(), coverage(distance - radius));
        }
    }
}
