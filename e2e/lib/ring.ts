/** The red ring as people in the room see it: the frame around a display, and the names in its line. */

import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { Picture } from './picture.ts';
import { ringFont } from './places.ts';

const RED = [0xd6, 0x14, 0x1e] as const;
const WHITE = 0xff;
/** A word that stands in the line scores about 0.9, another one at most 0.7. */
const ALIKE = 0.8;

const isRed = (picture: Picture, x: number, y: number) => picture.at(x, y).every((value, channel) => value === RED[channel]);

/** `part` is a ring that something covers, or that is being drawn. */
export function ringOn(picture: Picture): 'none' | 'part' | 'whole' {
  const { width, height } = picture;
  const outermost: boolean[] = [];
  for (let x = 0; x < width; x += 1) for (const y of [0, height - 1]) outermost.push(isRed(picture, x, y));
  for (let y = 0; y < height; y += 1) for (const x of [0, width - 1]) outermost.push(isRed(picture, x, y));
  return outermost.every(Boolean) ? 'whole' : outermost.some(Boolean) ? 'part' : 'none';
}

/** Letters on a line: how white each pixel is, from 0 to 1; top row first. */
export interface Letters {
  width: number;
  height: number;
  values: number[];
}

/** Sizes in the ring that are so many pixels on a display of 1080 rows. */
const scaled = ({ width, height }: Picture, px: number) => Math.round((px * Math.min(width, height)) / 1080);
const letterSize = (picture: Picture) => Math.max(11, scaled(picture, 15));

/** The line of the ring: the red field in the middle below the top bar. */
export function lineOf(picture: Picture): Letters {
  const top = Math.max(2, scaled(picture, 4));
  let [left, right] = [Math.floor(picture.width / 2), Math.floor(picture.width / 2)];
  while (0 < left && isRed(picture, left - 1, top)) left -= 1;
  while (right < picture.width && isRed(picture, right, top)) right += 1;
  const [width, height] = [right - left, Math.floor(letterSize(picture) * 1.5)];
  // Between red and white, green alone tells how much of each there is.
  const white = (x: number, y: number) => (picture.at(x, y)[1] - RED[1]) / (WHITE - RED[1]);
  const values = Array.from({ length: width * height }, (_, place) => white(left + (place % width), top + Math.floor(place / width)));
  return { width, height, values };
}

/** The middle of each button in the ring's line, from left to right: the white fields in the red one. */
export function buttonsOf(picture: Picture): { x: number; y: number }[] {
  const top = Math.max(2, scaled(picture, 4));
  // Below the first row of a button, above its letters.
  const y = top + 2;
  const isWhite = (x: number) => picture.at(x, y).every((value) => value === WHITE);
  const found: { x: number; y: number }[] = [];
  for (let x = 0; x < picture.width; x += 1) {
    let width = 0;
    while (x + width < picture.width && isWhite(x + width)) width += 1;
    if (10 < width) found.push({ x: x + Math.floor(width / 2), y: top + Math.floor(letterSize(picture) * 0.75) });
    x += width;
  }
  return found;
}

/** Those of `names` that can be read in the ring's line. `page` draws what they are compared with. */
export async function namesIn(picture: Picture, names: readonly string[], page: Page): Promise<string[]> {
  const line = lineOf(picture);
  const found: string[] = [];
  for (const name of names) {
    // Word by word: the browser does not move letters as close together as the ring does.
    const drawings = await Promise.all(name.split(' ').map((word) => drawn(page, word, letterSize(picture))));
    if (drawings.every((word) => word.some((drawing) => ALIKE < likeness(line, drawing)))) found.push(name);
  }
  return found;
}

/** A word in the ring's font; four times, as it may stand between two pixels. */
async function drawn(page: Page, word: string, size: number): Promise<Letters[]> {
  const font = readFileSync(ringFont()).toString('base64');
  return page.evaluate(
    async ({ word, size, font }) => {
      if (document.fonts.size === 0) {
        const face = new FontFace('ring', Uint8Array.from(atob(font), (char) => char.charCodeAt(0)));
        document.fonts.add(await face.load());
      }
      // Drawn large and made small, it is the plain area of the letters, whatever this system does to small ones.
      const scale = 8;
      const canvas = document.createElement('canvas');
      const paint = canvas.getContext('2d', { willReadFrequently: true })!;
      paint.font = `${size * scale}px ring`;
      const width = Math.ceil(paint.measureText(word).width / scale + 1);
      const height = Math.ceil(size * 1.25);
      return [0, 0.25, 0.5, 0.75].map((shift) => {
        Object.assign(canvas, { width: width * scale, height: height * scale });
        paint.font = `${size * scale}px ring`;
        paint.fillText(word, shift * scale, size * scale);
        const { data } = paint.getImageData(0, 0, canvas.width, canvas.height);
        const values = Array.from({ length: width * height }, (_, place) => {
          const [left, top] = [(place % width) * scale, Math.floor(place / width) * scale];
          let sum = 0;
          for (let y = top; y < top + scale; y += 1) for (let x = left; x < left + scale; x += 1) sum += data[(y * canvas.width + x) * 4 + 3]!;
          return sum / (scale * scale * 255);
        });
        return { width, height, values };
      });
    },
    { word, size, font },
  );
}

/** The highest correlation of `wanted` with any place in `line`: 1 where it stands. */
function likeness(line: Letters, wanted: Letters): number {
  const n = wanted.values.length;
  const mean = wanted.values.reduce((sum, value) => sum + value, 0) / n;
  const pattern = wanted.values.map((value) => value - mean);
  const patternNorm = Math.hypot(...pattern);
  let best = 0;
  for (let top = 0; top + wanted.height <= line.height; top += 1) {
    for (let left = 0; left + wanted.width <= line.width; left += 1) {
      let [sum, squares, product] = [0, 0, 0];
      for (let y = 0; y < wanted.height; y += 1) {
        for (let x = 0; x < wanted.width; x += 1) {
          const seen = line.values[(top + y) * line.width + left + x]!;
          sum += seen;
          squares += seen * seen;
          product += seen * pattern[y * wanted.width + x]!;
        }
      }
      const norm = Math.sqrt(Math.max(squares - (sum * sum) / n, 1e-9)) * patternNorm;
      best = Math.max(best, product / norm);
    }
  }
  return best;
}
