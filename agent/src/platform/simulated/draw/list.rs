use super::super::super::text::{self, Style};
use super::{Area, Fill, Icon, Item, Op, Rgba, palette};

/// Where a line stands relative to its `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Align {
    Start,
    Middle,
    End,
}

/// What one display shows, in the order of drawing, and what of it can be touched (`T`).
#[derive(Debug)]
pub(in super::super) struct View<T> {
    pub(in super::super) items: Vec<Item>,
    /// The last one that holds a point has it.
    pub(in super::super) targets: Vec<(Area, T)>,
    clip: Area,
}

impl<T> View<T> {
    pub(in super::super) fn new(display: Area) -> Self {
        Self { items: Vec::with_capacity(160), targets: Vec::with_capacity(32), clip: display }
    }

    /// Draws with everything outside `area` cut off.
    pub(in super::super) fn clipped(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        let outer = self.clip;
        self.clip = outer.intersection(area);
        draw(self);
        self.clip = outer;
    }

    pub(in super::super) fn target(&mut self, area: Area, target: T) {
        let seen = area.intersection(self.clip);
        if 0 < seen.width && 0 < seen.height {
            self.targets.push((seen, target));
        }
    }

    pub(in super::super) fn panel(&mut self, area: Area, radius: i32, fill: Fill) {
        self.push(area, Op::Panel { area, radius, fill });
    }

    pub(in super::super) fn flat(&mut self, area: Area, radius: i32, colour: Rgba) {
        self.panel(area, radius, Fill::Flat(colour));
    }

    pub(in super::super) fn disc(&mut self, (x, y): (i32, i32), radius: i32, fill: Fill) {
        self.panel(Area::new(x - radius, y - radius, 2 * radius, 2 * radius), radius, fill);
    }

    pub(in super::super) fn outline(&mut self, area: Area, radius: i32, width: i32, colour: Rgba) {
        self.push(area, Op::Outline { area, radius, width, colour });
    }

    /// A surface with a thin edge.
    pub(in super::super) fn card(&mut self, area: Area, radius: i32, colour: Rgba) {
        self.flat(area, radius, colour);
        self.outline(area, radius, 1, palette::CARD_EDGE);
    }

    pub(in super::super) fn shadow(&mut self, area: Area, radius: i32, blur: i32, opacity: u8) {
        self.push(area.inset(-blur), Op::Shadow { area, radius, blur, opacity });
    }

    pub(in super::super) fn icon(&mut self, icon: Icon, area: Area, colour: Rgba) {
        self.push(area, Op::Icon { icon, area, colour });
    }

    pub(in super::super) fn arc(&mut self, area: Area, width: i32, thousandths: u16, colour: Rgba) {
        self.push(area, Op::Arc { area, width, thousandths, colour });
    }

    pub(in super::super) fn waves(&mut self, area: Area, frame: u32, tint: Rgba) {
        self.push(area, Op::Waves { area, frame, tint });
    }

    pub(in super::super) fn chart(&mut self, area: Area, frame: u32, seed: u32, colour: Rgba) {
        self.push(area, Op::Chart { area, frame, seed, colour });
    }

    /// One line; returns its width.
    pub(in super::super) fn text(
        &mut self,
        x: i32,
        baseline: i32,
        align: Align,
        text: &str,
        style: Style,
        colour: Rgba,
    ) -> f32 {
        let width = text::measure(text, style);
        let start = match align {
            Align::Start => x as f32,
            Align::Middle => x as f32 - width / 2.0,
            Align::End => x as f32 - width,
        };
        self.text_at(start, baseline, text, style, colour);
        width
    }

    /// One line, shortened when it is wider than `width`.
    pub(in super::super) fn text_within(
        &mut self,
        x: i32,
        baseline: i32,
        width: i32,
        text: &str,
        style: Style,
        colour: Rgba,
    ) {
        let fitted = text::fit(text, style, width as f32);
        self.text_at(x as f32, baseline, &fitted, style, colour);
    }

    /// Lines of words, each `size * 3 / 2` below the one before.
    pub(in super::super) fn paragraph(
        &mut self,
        (x, mut baseline): (i32, i32),
        width: i32,
        text: &str,
        style: Style,
        colour: Rgba,
    ) {
        let mut line = String::new();
        for word in text.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if text::measure(&longer, style) <= width as f32 {
                line = longer;
                continue;
            }
            self.text_at(x as f32, baseline, &line, style, colour);
            baseline += i32::from(style.size_px) * 3 / 2;
            word.clone_into(&mut line);
        }
        self.text_at(x as f32, baseline, &line, style, colour);
    }

    /// One line from a place between two pixels.
    pub(in super::super) fn text_at(&mut self, x: f32, baseline: i32, text: &str, style: Style, colour: Rgba) {
        if text.is_empty() {
            return;
        }
        // Letters may reach a little over their advance, and the place is rounded to a quarter.
        let width = text::measure(text, style).ceil() as i32 + 6;
        let (ascent, descent) = (style.ascent_px().ceil() as i32, style.descent_px().ceil() as i32);
        let bounds = Area::new(x.floor() as i32 - 3, baseline - ascent - 1, width, ascent + descent + 2);
        let x_quarters = (x * 4.0).floor() as i32;
        self.push(bounds, Op::Text { text: text.to_owned(), style, colour, x_quarters, baseline });
    }

    fn push(&mut self, bounds: Area, op: Op) {
        let bounds = bounds.intersection(self.clip);
        if 0 < bounds.width && 0 < bounds.height {
            self.items.push(Item { bounds, clip: self.clip, op });
        }
    }
}
