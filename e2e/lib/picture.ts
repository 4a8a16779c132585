/** Pixels of a screenshot, or of an X server's own screen. */

import { PNG } from 'pngjs';
import type { Locator } from '@playwright/test';

export type Colour = readonly [red: number, green: number, blue: number];

export class Picture {
  private constructor(
    readonly width: number,
    readonly height: number,
    /** Where the red, green and blue of a pixel are. */
    private readonly order: readonly [number, number, number],
    private readonly data: Buffer,
    private readonly strideBytes = width * 4,
  ) {}

  static async of(element: Locator): Promise<Picture> {
    const { width, height, data } = PNG.sync.read(await element.screenshot());
    return new Picture(width, height, [0, 1, 2], data);
  }

  /** Of a dump in the form of `xwd` with 32 bits for each pixel (X11/XWDFile.h). */
  static ofDump(dump: Buffer): Picture {
    const field = (n: number) => dump.readUInt32BE(n * 4);
    const [headerBytes, width, height, bitsPerPixel, strideBytes, nColours] = [field(0), field(4), field(5), field(11), field(12), field(19)];
    if (bitsPerPixel !== 32) throw new Error(`a dump with ${bitsPerPixel} bits for each pixel cannot be read`);
    return new Picture(width, height, [2, 1, 0], dump.subarray(headerBytes + nColours * 12), strideBytes);
  }

  at(x: number, y: number): Colour {
    const place = Math.floor(y) * this.strideBytes + Math.floor(x) * 4;
    const [red, green, blue] = this.order.map((byte) => this.data[place + byte] ?? 0);
    return [red!, green!, blue!];
  }

  /** The part of the pixels that are like `colour`, from 0 to 1. */
  share(colour: Colour, tolerance = 40): number {
    let n = 0;
    for (let y = 0; y < this.height; y += 2) {
      for (let x = 0; x < this.width; x += 2) {
        if (near(this.at(x, y), colour, tolerance)) n += 1;
      }
    }
    return n / (Math.ceil(this.height / 2) * Math.ceil(this.width / 2));
  }

  /** The part of the pixels that differ clearly from `other`, from 0 to 1; 1 when the sizes differ. */
  difference(other: Picture, tolerance = 24): number {
    if (this.width !== other.width || this.height !== other.height) return 1;
    let n = 0;
    for (let y = 0; y < this.height; y += 2) {
      for (let x = 0; x < this.width; x += 2) {
        if (!near(this.at(x, y), other.at(x, y), tolerance)) n += 1;
      }
    }
    return n / (Math.ceil(this.height / 2) * Math.ceil(this.width / 2));
  }

  /** How many clearly different colours there are: 1 is a bare surface. */
  nColours(): number {
    const seen = new Set<number>();
    for (let y = 0; y < this.height; y += 4) {
      for (let x = 0; x < this.width; x += 4) {
        const [red, green, blue] = this.at(x, y);
        seen.add(((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4));
      }
    }
    return seen.size;
  }
}

function near(a: Colour, b: Colour, tolerance: number): boolean {
  return Math.abs(a[0] - b[0]) <= tolerance && Math.abs(a[1] - b[1]) <= tolerance && Math.abs(a[2] - b[2]) <= tolerance;
}
