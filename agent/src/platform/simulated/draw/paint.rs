//! Pixels of single items.

use super::super::super::text::{self, Bgra};
use super::{Area, Fill, Item, Op, Rgba, icons, motion};

pub(super) fn item(target: &mut Bgra<'_>, item: &Item) {
    let clip = Area::from(target.clip).intersection(item.clip);
    target.clip = clip.on(target.size);
    match &item.op {
        Op::Panel { area, radius, fill } => panel(target, *area, *radius, *fill),
        Op::Outline { area, radius, width, colour } => outline(target, *area, *radius, *width, *colour),
        Op::Shadow { area, radius, blur, opacity } => shadow(target, *area, *radius, *blur, *opacity),
        Op::Text { text, style, colour, x_quarters, baseline } => {
            text::draw(text, *style, *x_quarters as f32 / 4.0, *baseline as f32, |x, y, coverage| {
                target.blend(x, y, colour.rgb(), scaled(colour.3, coverage));
            });
        }
        Op::Icon { icon, area, colour } => icons::draw(target, *icon, *area, *colour),
        Op::Arc { area, width, thousandths, colour } => arc(target, *area, *width, *thousandths, *colour),
        Op::Waves { area, frame, tint } => motion::waves(target, *area, *frame, *tint),
        Op::Chart { area, frame, seed, colour } => motion::chart(target, *area, *frame, *seed, *colour),
    }
}

pub(super) fn scaled(alpha: u8, coverage: u8) -> u8 {
    ((u32::from(alpha) * u32::from(coverage) + 127) / 255) as u8
}

/// How much of a pixel a shape covers whose edge is `distance_px` away (negative: inside).
pub(super) fn coverage(distance_px: f32) -> u8 {
    ((0.5 - distance_px).clamp(0.0, 1.0) * 255.0).round() as u8
}

/// Distance of a pixel's middle to the edge of a rounded rectangle.
fn rounded_distance(area: Area, radius: f32, x: i32, y: i32) -> f32 {
    let (half_width, half_height) = (area.width as f32 / 2.0, area.height as f32 / 2.0);
    let dx = (x as f32 + 0.5 - area.x as f32 - half_width).abs() - (half_width - radius);
    let dy = (y as f32 + 0.5 - area.y as f32 - half_height).abs() - (half_height - radius);
    dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
}

fn fitting(area: Area, radius: i32) -> i32 {
    radius.min(area.width / 2).min(area.height / 2).max(0)
}

fn panel(target: &mut Bgra<'_>, area: Area, radius: i32, fill: Fill) {
    let radius = fitting(area, radius);
    let seen = Area::from(target.clip).intersection(area);
    for y in seen.y..seen.bottom() {
        let in_corner = y < area.y + radius || area.bottom() - radius <= y;
        let edge = if in_corner { radius } else { 0 };
        let (left, right) = (area.x + edge, area.right() - edge);
        for x in (seen.x..left.min(seen.right())).chain(right.max(seen.x)..seen.right()) {
            let covered = coverage(rounded_distance(area, radius as f32, x, y));
            let colour = colour_at(fill, area, x, y);
            target.blend(x, y, colour.rgb(), scaled(colour.3, covered));
        }
        span(target, area, fill, y, left.max(seen.x), right.min(seen.right()));
    }
}

/// Fills `from..to` of a row that lies within the clip.
fn span(target: &mut Bgra<'_>, area: Area, fill: Fill, y: i32, from: i32, to: i32) {
    if to <= from {
        return;
    }
    let start = y as usize * target.stride_bytes;
    let Some(row) = target.pixels.get_mut(start + from as usize * 4..start + to as usize * 4) else { return };
    if let Fill::Diagonal(..) = fill {
        for (x, pixel) in (from..to).zip(row.chunks_exact_mut(4)) {
            let colour = colour_at(fill, area, x, y);
            text::blend_pixel(pixel, colour.rgb(), colour.3);
        }
        return;
    }
    let colour = colour_at(fill, area, from, y);
    let opaque = [colour.2, colour.1, colour.0, 255];
    for pixel in row.chunks_exact_mut(4) {
        if colour.3 == 255 {
            pixel.copy_from_slice(&opaque);
        } else {
            text::blend_pixel(pixel, colour.rgb(), colour.3);
        }
    }
}

fn colour_at(fill: Fill, area: Area, x: i32, y: i32) -> Rgba {
    let part = |at: i32, of: i32| (at.max(0) * 255 / of.max(1)).min(255);
    match fill {
        Fill::Flat(colour) => colour,
        Fill::Down(top, bottom) => top.towards(bottom, part(y - area.y, area.height) as u8),
        Fill::Diagonal(start, end) => {
            let at = part(x - area.x, area.width).midpoint(part(y - area.y, area.height));
            start.towards(end, at as u8)
        }
    }
}

fn outline(target: &mut Bgra<'_>, area: Area, radius: i32, width: i32, colour: Rgba) {
    let radius = fitting(area, radius);
    let seen = Area::from(target.clip).intersection(area);
    let inner = area.inset(width);
    let inner_radius = (radius - width).max(0) as f32;
    let edge = radius.max(width);
    for y in seen.y..seen.bottom() {
        let straight = area.y + edge <= y && y < area.bottom() - edge;
        let skip =
            if straight { (area.x + width)..(area.right() - width) } else { (area.x + edge)..(area.right() - edge) };
        let in_stroke = y < inner.y || inner.bottom() <= y;
        for x in seen.x..seen.right() {
            let covered = if skip.contains(&x) {
                if !in_stroke {
                    continue;
                }
                255
            } else if straight {
                255
            } else {
                let outer = coverage(rounded_distance(area, radius as f32, x, y));
                outer.saturating_sub(coverage(rounded_distance(inner, inner_radius, x, y)))
            };
            target.blend(x, y, colour.rgb(), scaled(colour.3, covered));
        }
    }
}

fn shadow(target: &mut Bgra<'_>, area: Area, radius: i32, blur: i32, opacity: u8) {
    let seen = Area::from(target.clip).intersection(area.inset(-blur));
    for y in seen.y..seen.bottom() {
        for x in seen.x..seen.right() {
            let distance = rounded_distance(area, fitting(area, radius) as f32, x, y).max(0.0);
            let near = (1.0 - distance / blur as f32).clamp(0.0, 1.0);
            target.blend(x, y, [0, 0, 0], (near * near * f32::from(opacity)) as u8);
        }
    }
}

fn arc(target: &mut Bgra<'_>, area: Area, width: i32, thousandths: u16, colour: Rgba) {
    let seen = Area::from(target.clip).intersection(area);
    let (middle_x, middle_y) = (area.x as f32 + area.width as f32 / 2.0, area.y as f32 + area.height as f32 / 2.0);
    let half = width as f32 / 2.0;
    let ring = area.width as f32 / 2.0 - half;
    let end = f32::from(thousandths) / 1000.0 * std::f32::consts::TAU;
    let tip = |angle: f32| (middle_x + ring * angle.sin(), middle_y - ring * angle.cos());
    let (start_tip, end_tip) = (tip(0.0), tip(end));
    for y in seen.y..seen.bottom() {
        for x in seen.x..seen.right() {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let (dx, dy) = (px - middle_x, py - middle_y);
            let angle = dx.atan2(-dy).rem_euclid(std::f32::consts::TAU);
            let distance = if angle <= end {
                (dx.hypot(dy) - ring).abs()
            } else {
                (px - start_tip.0).hypot(py - start_tip.1).min((px - end_tip.0).hypot(py - end_tip.1))
            };
            target.blend(x, y, colour.rgb(), scaled(colour.3, coverage(distance - half)));
        }
    }
}
