/** The red ring as people in the room see it: the frame around a display, and the names in its line. */

import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { Picture } from './picture.ts';
import { ringFont } from './places.ts';

const RED = [0xd6, 0x14, 0x1e] as const;
const WHITE = 0xff;

/** `part` is a ring that something covers, or that is being drawn. */
export function ringOn(picture: Picture): 'none' | 'part' | 'whole' {
  const { width, height } = picture;
  const isRed = (x: number, y: number) => picture.at(x, y).every((value, channel) => value === RED[channel]);
  let [n, nRed] = [0, 0];
  const look = (x: number, y: number) => {
    n += 1;
    if (isRed(x, y)) nRed += 1;
  };
  for (let x = 0; x < width; x += 1) for (const y of [0, height - 1]) look(x, y);
  for (let y = 0; y < height; y += 1) for (const x of [0, width - 1]) look(x, y);
  return nRed === 0 ? 'none' : nRed === n ? 'whole' : 'part';
}

/** How white each pixel is, from 0 to 1; top row first. */
interface Letters {
  width: number;
  height: number;
  values: Float32Array;
}

/** Size of the line's letters in pixels: 15 at 1080 rows. */
const letterSize = ({ width, height }: Picture) => Math.max(11, Math.round((15 * Math.min(width, height)) / 1080));

/**
 * How much the best place in the ring's line looks like `text` in the ring's font: about 1 when it stands there. `page`
 * draws the letters to compare with.
 */
export async function likenessInRing(picture: Picture, text: string, page: Page): Promise<number> {
  const line = lineOf(picture);
  let best = 0;
  // A letter may stand between two pixels.
  for (const shift of [0, 0.25, 0.5, 0.75]) best = Math.max(best, likeness(line, await drawn(page, text, letterSize(picture), shift)));
  return best;
}

/** The part of the screen that may hold the line. */
function lineOf(picture: Picture): Letters {
  const [width, height] = [picture.width, letterSize(picture) * 3];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    // Between red and white, green alone tells how much of each there is.
    for (let x = 0; x < width; x += 1) values[y * width + x] = (picture.at(x, y)[1] - RED[1]) / (WHITE - RED[1]);
  }
  return { width, height, values };
}

async function drawn(page: Page, text: string, size: number, shift: number): Promise<Letters> {
  const font = readFileSync(ringFont()).toString('base64');
  const { width, height, values } = await page.evaluate(
    async ({ text, size, shift, font }) => {
      const face = new FontFace('ring', Uint8Array.from(atob(font), (char) => char.charCodeAt(0)));
      document.fonts.add(await face.load());
      // Drawn large and made small, it is the plain area of the letters, whatever this system does to small ones.
      const scale = 8;
      const canvas = document.createElement('canvas');
      const paint = canvas.getContext('2d')!;
      const style = () => {
        paint.font = `${size * scale}px ring`;
        paint.fontKerning = 'none';
      };
      style();
      const width = Math.ceil(paint.measureText(text).width / scale + 1);
      const height = Math.ceil(size * 1.25);
      Object.assign(canvas, { width: width * scale, height: height * scale });
      style();
      paint.fillText(text, shift * scale, size * scale);
      const { data } = paint.getImageData(0, 0, canvas.width, canvas.height);
      const values = Array.from({ length: width * height }, (_, place) => {
        const [left, top] = [(place % width) * scale, Math.floor(place / width) * scale];
        let sum = 0;
        for (let y = top; y < top + scale; y += 1) for (let x = left; x < left + scale; x += 1) sum += data[(y * canvas.width + x) * 4 + 3]!;
        return sum / (scale * scale * 255);
      });
      return { width, height, values };
    },
    { text, size, shift, font },
  );
  return { width, height, values: Float32Array.from(values) };
}

/** The highest correlation of `wanted` with any place in `line`. */
function likeness(line: Letters, wanted: Letters): number {
  const n = wanted.values.length;
  const mean = wanted.values.reduce((sum, value) => sum + value, 0) / n;
  const pattern = wanted.values.map((value) => value - mean);
  const patternNorm = Math.sqrt(pattern.reduce((sum, value) => sum + value * value, 0));
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
